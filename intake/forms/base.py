"""What every page of the request form shares: what it must know, and how it reads, refuses and suggests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.foundation.clinic import Clinic
from intake import prices, words
from intake.fields import BoxedDate
from intake.models import AppointmentRequest, Practitioner, Service
from intake.prices import PriceRow
from intake.widgets import DateBoxes, TileBoxes, TileRadios

HONEYPOT = "website"
YES_NO = [("yes", _("Yes")), ("no", _("No"))]
YES_NO_UNSURE = [*YES_NO, ("unsure", _("I am not sure"))]


@dataclass(frozen=True, slots=True)
class Setting:
    """What every page must know: the clinic, its services, today, and what was said so far (raw)."""

    clinic: Clinic
    services: Sequence[Service]
    today: date
    said: Mapping[str, Sequence[str]]
    practitioners: Sequence[Practitioner] = ()
    by_staff: bool = False  # typed by staff from a call or a note

    def first(self, name: str) -> str:
        values = self.said.get(name) or [""]
        return values[0]

    @property
    def service(self) -> Service | None:
        code = self.first("service")
        return next((service for service in self.services if service.code == code), None)

    @property
    def is_workshop(self) -> bool:
        return bool(self.service and self.service.is_workshop)

    @property
    def for_whom(self) -> str:
        said = self.first("for_whom")
        return said if said in AppointmentRequest.ForWhom.values else AppointmentRequest.ForWhom.SELF

    @property
    def is_returning(self) -> bool:
        return self.first("client_status") == AppointmentRequest.ClientStatus.RETURNING

    def price_rows(self) -> list[PriceRow]:
        return prices.price_rows(self.services)


def _posted_as(name: str, field: forms.Field) -> list[str]:
    """The names under which a field is posted: its own, or one for each box of a date."""
    boxes = isinstance(field.widget, DateBoxes)
    return [f"{name}_{part}" for part in ("month", "day", "year")] if boxes else [name]


class StepForm(forms.Form):
    """`setting` must be given; `data` is what was posted (or said before) as name → values."""

    required_css_class = ""

    def __init__(self, data: Mapping[str, Sequence[str]] | None = None, *, setting: Setting) -> None:
        self.setting = setting
        super().__init__(None if data is None else MultiValueDict({k: list(v) for k, v in data.items()}))
        self.set_up()

    def set_up(self) -> None:
        """Choices and bounds that depend on the clinic, the day, or what was said before."""

    def dated(self, name: str) -> BoxedDate:
        return cast(BoxedDate, self.fields[name])

    def choosing(self, name: str) -> forms.ChoiceField:
        return cast(forms.ChoiceField, self.fields[name])

    def names(self) -> set[str]:
        """Every name this page may post; anything else is ignored."""
        return {posted for name, field in self.fields.items() for posted in _posted_as(name, field)}

    def twice(self, posted: Mapping[str, Sequence[str]]) -> list[str]:
        """Fields that came twice though they can have one answer only; a date by any of its boxes."""
        single = {name: f for name, f in self.fields.items() if not isinstance(f, forms.MultipleChoiceField)}
        return [
            name
            for name, single_field in single.items()
            if any(len(posted.get(posted_name, ())) > 1 for posted_name in _posted_as(name, single_field))
        ]

    def problems(self) -> list[dict[str, str]]:
        """For the error summary: address of the control and sentence."""
        found = []
        for name, errors in self.errors.items():
            if name == NON_FIELD_ERRORS:
                found += [{"href": "#main", "text": str(error)} for error in errors]
                continue
            bound = self[name]
            suffix = getattr(bound.field.widget, "focus_suffix", "")
            short = getattr(bound.field, "short", "") or bound.label
            asked = str(short) if str(short).endswith("?") else f"{short}:"
            found += [{"href": f"#{bound.auto_id}{suffix}", "text": f"{asked} {error}"} for error in errors]
        return found

    def suggest(self) -> None:
        """Put beside each field what the person may have meant, agreed to with one press."""
        for name, errors in self.errors.as_data().items():
            for error in errors:
                meant = (error.params or {}).get("suggestion")
                if not meant:
                    continue
                is_date = isinstance(self.fields[name], BoxedDate)
                said = words.day(date.fromisoformat(meant), year=True, weekday=False) if is_date else meant
                self.fields[name].suggestion = {  # type: ignore[attr-defined]
                    "value": f"{name}={meant}",
                    "text": gettext("Yes, %(meant)s") % {"meant": said},
                }


def radios(choices: Mapping[Any, Any], **widget: Any) -> dict[str, Any]:
    return {"choices": list(choices.items()), "required": False, "widget": TileRadios(**widget)}


def boxes(choices: Mapping[str, Any], **widget: Any) -> dict[str, Any]:
    return {"choices": list(choices.items()), "required": False, "widget": TileBoxes(**widget)}
