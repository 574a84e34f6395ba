"""A checked clinic file into the database: idempotent, silent, all or nothing."""

from collections.abc import Callable, Iterable
from datetime import date, time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from config.clinic_file.moments import Calendar
from config.clinic_file.reading import ClinicFile
from config.foundation.models import Clinic, Closure, Location
from intake import form_library
from intake.models import (
    SHIPPED_FORM_URL,
    Client,
    Package,
    Practitioner,
    PriceLine,
    Service,
    ServiceKind,
    ServiceQuestionnaire,
)
from scheduling import booking
from scheduling.booking import NotBookable, SlotTaken
from scheduling.models import Resource, Room, ServiceHours, Shift, TimeOff, Weekday

DAYS = dict(zip(["mon", "tue", "wed", "thu", "fri", "sat", "sun"], Weekday, strict=True))


@transaction.atomic
def load(clinic_file: ClinicFile, *, starting: date | None = None) -> None:
    """Write or update everything the file names. Rows the file does not name are left alone.

    Raises ClinicFileError with the line of the section that cannot be stored.
    """
    data = clinic_file.data
    calendar = Calendar(anchor=data["anchor_now"], zone=data["timezone"], starting=starting)
    sections: list[tuple[str, Callable[[], None]]] = [
        ("clinic", lambda: _clinic(data)),
        ("locations", lambda: _locations(data["locations"])),
        ("closures", lambda: _closures(data.get("closures", []), calendar)),
        ("practitioners", lambda: _practitioners(data["practitioners"], calendar)),
        ("services", lambda: _services(data["services"])),
        ("rooms", lambda: _rooms(data.get("rooms", []), data["services"])),
        ("packages", lambda: _packages(data.get("packages", []))),
        ("time_off", lambda: _time_off(data.get("time_off", []), calendar)),
        ("clients", lambda: _clients(data.get("clients", []), calendar)),
        ("appointments", lambda: _appointments(data.get("appointments", []), calendar)),
    ]
    for name, write in sections:
        try:
            write()
        except (DatabaseError, ValidationError, NotBookable, SlotTaken) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise clinic_file.error((name,), f"{name}: this cannot be stored: {reason}") from error
    form_library.load_shipped(now=timezone.now())


def _clinic(data: dict[str, Any]) -> None:
    clinic, policies = data["clinic"], data["policies"]
    Clinic.objects.update_or_create(
        pk=1,
        defaults={
            "name": clinic["name"],
            "short_name": clinic["short_name"],
            "legal_name": clinic["legal_name"],
            "tin": clinic.get("tin", ""),
            "npi_organization": clinic.get("npi_organization", ""),
            "phone": clinic["phone"],
            "email": clinic["email"],
            "website": clinic.get("website", ""),
            "time_zone": data["timezone"],
            "languages": clinic["languages"],
            "practice_state": clinic.get("practice_state", ""),
            "payment_text": clinic.get("payment", ""),
            "reply_promise_text": policies.get("reply_promise", ""),
            "late_arrival_text": policies.get("late_arrival", ""),
            "minors_text": policies.get("minors", ""),
            "reply_by_time": time.fromisoformat(policies["reply_by_time"]),
            "proposal_hold_hours": policies.get("proposal_hold_hours", 48),
            "change_notice_hours": policies.get("change_notice_hours", 24),
            "late_change_fee_percent": policies.get("late_change_fee_percent", 0),
            "no_show_fee_percent": policies.get("no_show_fee_percent", 0),
            "first_late_change_waived": policies.get("first_late_change_waived", True),
            "draft_kept_days": policies.get("draft_kept_days", 7),
            "reminders_hours": policies.get("reminders_hours_before", [48, 3]),
        },
    )


def _locations(rows: Iterable[dict[str, Any]]) -> None:
    for row in rows:
        Location.objects.update_or_create(
            code=row["code"],
            defaults={
                "name": row["name"],
                "kind": row["kind"],
                "address": row.get("address") or "",
                "way_in": row.get("way_in") or "",
                "step_free": row.get("step_free", False),
                "parking": row.get("parking", ""),
            },
        )


def _closures(rows: Iterable[dict[str, Any]], calendar: Calendar) -> None:
    for row in rows:
        absolute = row.get("absolute", False)
        Closure.objects.update_or_create(
            starts_on=calendar.day(row.get("date") or row["date_from"], absolute=absolute),
            ends_on=calendar.day(row.get("date") or row["date_to"], absolute=absolute),
            from_time=_time(row.get("from")),
            to_time=_time(row.get("to")),
            defaults={"reason": row["reason"]},
        )


def _practitioners(rows: Iterable[dict[str, Any]], calendar: Calendar) -> None:
    locations = {location.code: location for location in Location.objects.all()}
    for position, row in enumerate(rows):
        practitioner, _ = Practitioner.objects.update_or_create(
            code=row["code"],
            defaults={
                "name": row["name"],
                "role": row.get("role", "").replace("_", " ").capitalize(),
                "licensed_health_care": row["licensed_health_care"],
                "npi": row.get("npi") or "",
                "license_number": row.get("license") or "",
                "languages": row.get("languages", ["en"]),
                "gender_for_matching": row.get("gender_for_matching", ""),
                "minimum_notice_hours": row.get("minimum_notice_hours", 24),
                "max_first_visits_per_day": row.get("max_first_visits_per_day"),
                "position": position,
            },
        )
        Resource.objects.get_or_create(kind=Resource.Kind.PRACTITIONER, practitioner=practitioner)
        practitioner.shifts.all().delete()
        Shift.objects.bulk_create(
            Shift(
                practitioner=practitioner,
                location=locations[shift["at"]],
                weekday=DAYS[day],
                starts=time.fromisoformat(shift["from"]),
                ends=time.fromisoformat(shift["to"]),
                every_weeks=shift.get("every_weeks", 1),
                anchor_on=calendar.day(shift["starting"]) if "starting" in shift else None,
            )
            for day, shifts in row["weekly_hours"].items()
            for shift in shifts
        )


def _services(rows: Iterable[dict[str, Any]]) -> None:
    locations = {location.code: location for location in Location.objects.all()}
    practitioners = {practitioner.code: practitioner for practitioner in Practitioner.objects.all()}
    for position, row in enumerate(rows):
        plan = row.get("typical_plan", {})
        service, _ = Service.objects.update_or_create(
            code=row["code"],
            defaults={
                "public_name": row["public_name"],
                "public_name_es": row.get("public_name_es", ""),
                "plain": row["plain"],
                "plain_es": row.get("plain_es", ""),
                "kind": row["kind"],
                "estimate": row["estimate"],
                "minutes": row["minutes"],
                "buffer_before_minutes": row.get("before", 0),
                "buffer_after_minutes": row.get("after", 0),
                "price_cents": row["price_cents"],
                "needs_practitioner": bool(row.get("practitioners")),
                "modes": row.get("modes", ["in_person"]),
                "audience": row.get("for", ["new", "returning"]),
                "needs": row.get("needs", []),
                "location": locations.get(row.get("at", "")),
                "uses_equipment_place": row.get("uses_equipment_place", False),
                "min_people": row.get("min_people"),
                "max_people": row.get("max_people"),
                "typical_follow_ups_low": plan.get("follow_ups_low"),
                "typical_follow_ups_high": plan.get("follow_ups_high"),
                "typical_per_week": plan.get("per_week"),
                "position": position,
            },
        )
        service.practitioners.set(practitioners[code] for code in row.get("practitioners", []))
        service.hours.all().delete()
        ServiceHours.objects.bulk_create(
            ServiceHours(
                service=service,
                weekday=DAYS[day],
                starts=time.fromisoformat(start),
                ends=time.fromisoformat(end),
            )
            for day, (start, end) in row.get("bookable_hours", {}).items()
        )
        _price_list(service, row)
        _screeners(service, row.get("screeners", []))
    _follow_ups()


def _price_list(service: Service, row: dict[str, Any]) -> None:
    PriceLine.objects.update_or_create(
        service=service,
        position=0,
        defaults={
            "name": service.public_name,
            "name_es": service.public_name_es,
            "service_codes": row.get("service_codes", []),
            "quantity": 1,
            "unit_cents": row["price_cents"],
        },
    )


def _screeners(service: Service, slugs: list[str]) -> None:
    service.questionnaires.all().delete()
    ServiceQuestionnaire.objects.bulk_create(
        ServiceQuestionnaire(service=service, url=SHIPPED_FORM_URL.format(slug=slug), position=position)
        for position, slug in enumerate(slugs)
    )


def _follow_ups() -> None:
    """After a first visit come follow-ups: the first health care service for returning clients only."""
    health_care = Service.objects.filter(kind=ServiceKind.HEALTH_CARE)
    follow_up = health_care.filter(audience=["returning"]).order_by("position").first()
    health_care.exclude(typical_follow_ups_low=None).update(follow_up=follow_up)


def _rooms(rows: Iterable[dict[str, Any]], services: Iterable[dict[str, Any]]) -> None:
    locations = {location.code: location for location in Location.objects.all()}
    for position, row in enumerate(rows):
        room, _ = Room.objects.update_or_create(
            code=row["code"],
            defaults={
                "name": row["name"],
                "location": locations[row["location"]],
                "kind": row.get("kind", ""),
                "features": row.get("features", []),
                "position": position,
            },
        )
        used_by = [service["code"] for service in services if row["code"] in service.get("rooms", [])]
        room.services.set(Service.objects.filter(code__in=used_by))
        Resource.objects.get_or_create(kind=Resource.Kind.ROOM, room=room)
        for number in range(1, row.get("equipment_places", 0) + 1):
            Resource.objects.get_or_create(kind=Resource.Kind.MACHINE, room=room, machine_number=number)


def _packages(rows: Iterable[dict[str, Any]]) -> None:
    for row in rows:
        Package.objects.update_or_create(
            code=row["code"],
            defaults={
                "service": Service.objects.get(code=row["service"]),
                "visits": row["visits"],
                "price_cents": row["price_cents"],
                "valid_months": row["valid_months"],
                "refund": row.get("refund", ""),
            },
        )


def _time_off(rows: Iterable[dict[str, Any]], calendar: Calendar) -> None:
    for row in rows:
        TimeOff.objects.update_or_create(
            practitioner=Practitioner.objects.get(code=row["practitioner"]),
            starts_at=calendar.moment(row["from"]),
            ends_at=calendar.moment(row["to"]),
            defaults={},
        )


def _clients(rows: Iterable[dict[str, Any]], calendar: Calendar) -> None:
    for row in rows:
        client = Client.objects.filter(code=row["code"]).first() or Client(code=row["code"])
        client.first_name, client.last_name = row["first_name"], row.get("last_name", "")
        client.email, client.phone = row.get("email", ""), row.get("phone", "")
        client.set_birth_date(date.fromisoformat(row["dob"]) if "dob" in row else None)
        client.last_visit_on = calendar.day(row["last_visit"]) if "last_visit" in row else None
        client.home_practitioner = Practitioner.objects.filter(code=row.get("home_practitioner", "")).first()
        client.save()


def _appointments(rows: Iterable[dict[str, Any]], calendar: Calendar) -> None:
    """Visits already agreed. They claim their time and nobody is told."""
    now = calendar.moment(calendar.anchor)
    for row in rows:
        held_until = row.get("held_until")
        booking.record(
            code=row["code"],
            service=Service.objects.get(code=row["service"]),
            client=Client.objects.filter(code=row["client"]).first(),
            practitioner=Practitioner.objects.filter(code=row["practitioner"] or "").first(),
            room=Room.objects.filter(code=row["room"] or "").first(),
            starts_at=calendar.moment(row["start"]),
            held_until=calendar.moment(held_until) if held_until else None,
            people=row.get("people"),
            now=now,
        )


def _time(text: str | None) -> time | None:
    return time.fromisoformat(text) if text else None
