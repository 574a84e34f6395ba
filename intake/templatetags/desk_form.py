"""Form fields as the desk draws them: denser than a client's page, plain selects and boxes, no tiles."""

from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField

register = template.Library()


@register.inclusion_tag("desk/field.html")
def desk_field(bound: BoundField, label: str = "", wide: bool = False, hints: bool = True) -> dict[str, Any]:
    """One field with its label, hint, control and error. `label` says it in staff's words; without `hints` the
    words that are meant for clients are left out."""
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
        shown = _bare(bound, hints).as_widget(widget=plain)
    else:
        shown = _bare(bound, hints).as_widget(attrs={"class": "field"})
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
        "hint": bound.help_text if hints else "",
    }


def _bare(bound: BoundField, hints: bool) -> BoundField:
    """Without its hint a control must not point to one."""
    if not hints:
        bound.help_text = ""
    return bound


def _choices(widget: Any) -> list[tuple[Any, Any]]:
    return [(getattr(value, "value", value), text) for value, text in widget.choices]


def _with_blank(field: Any, widget: Any) -> list[tuple[Any, Any]]:
    choices = _choices(widget)
    return (
        choices
        if field.required or any(str(value) == "" for value, _text in choices)
        else [("", "–"), *choices]
    )
