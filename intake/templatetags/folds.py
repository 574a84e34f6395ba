"""`{% if form|touched:"claim_number claim_on" %} open{% endif %}`: what may wait is folded, never what was typed."""

from collections.abc import Mapping

from django import template
from django.forms import BoundField

register = template.Library()


@register.filter
def touched(fields: Mapping[str, BoundField], names: str) -> bool:
    """Something was typed into one of these, or is wrong in it. A whole form serves as well."""
    return any(_touched(fields[name]) for name in names.split())


def _touched(bound: BoundField) -> bool:
    return bool(bound.errors) or bound.field.has_changed(bound.initial, bound.data)
