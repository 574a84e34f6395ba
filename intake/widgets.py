"""Controls of our forms: tiles for choices, three boxes for a date. The roof has their templates."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class _Tiles(forms.widgets.ChoiceWidget):
    """`hints`: a second line under a choice, by its value. `layout`: the grid class (`set--2`, `set--fit`)."""

    focus_suffix = "_0"  # where an error summary should jump to: the first tile

    def __init__(
        self,
        attrs: dict[str, Any] | None = None,
        *,
        layout: str = "",
        hints: Mapping[str, Text] | None = None,
    ) -> None:
        super().__init__(attrs)
        self.layout = layout
        self.hints = dict(hints or {})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["layout"] = self.layout
        return context

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        option["hint"] = self.hints.get(str(value), "")
        return option


class TileRadios(_Tiles, forms.RadioSelect):
    """One of several, as tiles."""


class TileBoxes(_Tiles, forms.CheckboxSelectMultiple):
    """Any of several, as tiles."""


class DateBoxes(forms.MultiWidget):
    """Month, day and year, each typed. The order is said by the labels, never guessed.

    The boxes post as `<name>_month`, `<name>_day`, `<name>_year`; the value is the list of the three texts
    as typed, so that a wrong date is shown again exactly as it came.
    """

    template_name = "django/forms/widgets/date_boxes.html"
    use_fieldset = True
    is_boxes = True
    focus_suffix = "_month"

    def __init__(self, attrs: dict[str, Any] | None = None, *, autocomplete: str = "") -> None:
        boxes: dict[str, forms.Widget | type[forms.Widget]] = {}
        for part in ("month", "day", "year"):
            box_attrs = {"inputmode": "numeric", "maxlength": "20"}
            box_attrs["autocomplete"] = f"{autocomplete}-{part}" if autocomplete else "off"
            boxes[part] = forms.TextInput(attrs=box_attrs)
        super().__init__(boxes, attrs)

    def decompress(self, value: Any) -> list[str | None]:
        """Initial values are ISO dates."""
        if not value:
            return [None, None, None]
        year, month, day = str(value).split("-")
        return [str(int(month)), str(int(day)), year]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        labels = {"month": _("Month"), "day": _("Day"), "year": _("Year")}
        for part, box in zip(("month", "day", "year"), context["widget"]["subwidgets"], strict=True):
            box["label"] = labels[part]
            box["attrs"]["id"] = f"id_{name}_{part}"
            box["attrs"].pop("aria-describedby", None)
        return context
