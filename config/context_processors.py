"""What every page knows without its view saying so."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from config.foundation.clinic import Clinic, Location


def _main_address() -> str:
    return Location.objects.filter(kind=Location.Kind.CLINIC).values_list("address", flat=True).first() or ""


def clinic(request: HttpRequest) -> dict[str, Any]:
    """`clinic` and `main_address`, asked of the database only by pages that show them."""
    return {"clinic": SimpleLazyObject(Clinic.get), "main_address": SimpleLazyObject(_main_address)}
