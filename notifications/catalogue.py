"""Every message the product sends, by kind: what staff call it, who gets it, and an example of each.

A room registers its kinds when it is loaded (`notices.py`); nothing is sent whose kind is not here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.functional import Promise

from notifications.models import Audience
from notifications.rendering import Rendered, render

LANGUAGES = ("en", "es")


@dataclass(frozen=True)
class Kind:
    """`example` gives the context of a preview, the same shape as a real one, with nobody in it.

    `matters`: when it cannot be told, a person must do something. `has_text`: it fits a text message.
    `languages`: staff read English.
    """

    code: str
    label: str | Promise
    audience: Audience
    template: str
    example: Callable[[], Mapping[str, Any]]
    matters: bool = True
    has_text: bool = False

    @property
    def languages(self) -> tuple[str, ...]:
        return LANGUAGES if self.audience == Audience.CLIENT else LANGUAGES[:1]

    def preview(self, language: str) -> Rendered:
        with translation.override(language):
            context = dict(self.example())
        return render(self.template, context, language=language, zone=context.get("zone"))


_kinds: dict[str, Kind] = {}


def register(*kinds: Kind) -> None:
    """Put kinds into the catalogue. Two rooms cannot have the same code."""
    for kind in kinds:
        known = _kinds.setdefault(kind.code, kind)
        if known.template != kind.template:
            raise ValueError(f"The kind {kind.code} is taken by {known.template}.")


def kind(code: str) -> Kind:
    """Raises KeyError for a kind that nobody registered."""
    return _kinds[code]


def kinds() -> list[Kind]:
    """All kinds, for clients first, in the order they were registered."""
    return sorted(_kinds.values(), key=lambda known: known.audience != Audience.CLIENT)


def label(code: str) -> str:
    """What staff call it; the code itself for a kind of an older version."""
    return str(_kinds[code].label) if code in _kinds else code
