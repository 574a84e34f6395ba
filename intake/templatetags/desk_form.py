"""Form fields as the desk draws them: denser than a client's page, plain selects and boxes, no tiles."""

from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField

register = template.Library()


@register.inclusion_tag("desk/field.html")
def desk_field(bound: BoundField, label: str = "", wide: bool = False) -> dict[str, Any]:
    """One field with its label, hint, control and error. `label` says it in staff's words."""
    field, chosen = bound.field, bound.value()
    shown: Any = bound
    kind = "line"
    widget = field.widget
    if getattr(widget, "is_boxes", False):
        kind = "date"
    elif isinstance(widget, forms.CheckboxSelectMultiple) or isinstance(field, forms.MultipleChoiceField):
        kind = "boxes"
    elif isinstance(widget, forms.CheckboxInput):
        kind = "tick"
    elif isinstance(widget, (forms.RadioSelect, forms.Select)):
        plain = forms.Select(attrs={"class": "field"}, choices=_with_blank(field, widget))
        shown = bound.as_widget(widget=plain)
    else:
        shown = bound.as_widget(attrs={"class": "field"})
    values = [str(one) for one in chosen] if isinstance(chosen, (list, tuple)) else []
    return {
        "bound": bound,
        "label": label or bound.label,
        "kind": kind,
        "shown": shown,
        "options": [(str(value), text, str(value) in values) for value, text in _choices(widget)]
        if kind == "boxes"
        else [],
        "is_on": bool(chosen) and str(chosen) not in {"False", "0", ""},
        "wide": wide,
    }


def _choices(widget: Any) -> list[tuple[Any, Any]]:
    return [(getattr(value, "value", value), text) for value, text in widget.choices]


def _with_blank(field: Any, widget: Any) -> list[tuple[Any, Any]]:
    choices = _choices(widget)
    return (
        choices
        if field.required or any(str(value) == "" for value, _text in choices)
        else [("", "–"), *choices]
    )
