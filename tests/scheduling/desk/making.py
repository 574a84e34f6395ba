"""Small rows for the tests of the desk."""

import uuid
from datetime import UTC, datetime, time, timedelta
from typing import Any

from config.foundation.clinic import Clinic, Location
from config.foundation.user import User
from intake.models import AppointmentRequest, Client, Coverage, Practitioner, Service
from scheduling import booking
from scheduling.models import Appointment, Resource, Room, Shift

MONDAY = datetime(2027, 3, 1, 16, 24, tzinfo=UTC)  # Monday, March 1, 2027, 9:24 am in Denver


def make_user(**fields: Any) -> User:
    given = {"is_front_desk": True, "is_therapist": True, "first_name": "Robin", **fields}
    return User.objects.create_user(f"{uuid.uuid4().hex[:8]}@example.com", "a-long-password", **given)


def make_clinic() -> Service:
    """Robin works on weekdays from 9 to 5 in the Maple room; one service of an hour."""
    Clinic.objects.update_or_create(pk=1, defaults={"name": "Example PT", "time_zone": "America/Denver"})
    main = Location.objects.create(code="main", name="Main clinic")
    robin = Practitioner.objects.create(
        code="P1", name="Robin Example, PT", role="owner", licensed_health_care=True, minimum_notice_hours=12
    )
    Resource.objects.create(kind="practitioner", practitioner=robin)
    room = Room.objects.create(code="maple", name="Maple room", location=main)
    Resource.objects.create(kind="room", room=room)
    service = Service.objects.create(
        code="PT-FU",
        public_name="Follow-up visit",
        plain="One hour.",
        kind="health_care",
        estimate="gfe",
        minutes=60,
        buffer_after_minutes=10,
        price_cents=16500,
        modes=["in_person"],
        audience=["returning"],
    )
    service.practitioners.add(robin)
    room.services.add(service)
    for weekday in range(5):
        Shift.objects.create(
            practitioner=robin, location=main, weekday=weekday, starts=time(9), ends=time(17)
        )
    return service


def make_request(
    *, service: Service | None = None, now: datetime = MONDAY, name: str = "Blair Testerman", **fields: Any
) -> AppointmentRequest:
    first, _space, last = name.partition(" ")
    client = Client.objects.create(
        first_name=first, last_name=last, email="blair@example.org", prefers="text"
    )
    given: dict[str, Any] = {
        "submitted_at": now - timedelta(days=1),
        "reply_by": now + timedelta(hours=6),
        "story": "My right hip pops.",
        **fields,
    }
    return AppointmentRequest.objects.create(
        reference=uuid.uuid4().hex[:8].upper(),
        submission_id=uuid.uuid4(),
        client=client,
        client_status="new",
        service=service,
        service_asked=service,
        coverage=Coverage.objects.create(client=client, type="none"),
        **given,
    )


def make_visit(
    *, service: Service, starts_at: datetime, name: str = "Kit Voorbeeld", **fields: Any
) -> Appointment:
    first, _space, last = name.partition(" ")
    room = Room.objects.get()
    return Appointment.objects.create(
        client=Client.objects.create(first_name=first, last_name=last),
        service=service,
        practitioner=Practitioner.objects.get(),
        room=room,
        location=room.location,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=service.minutes),
        buffer_after_minutes=service.buffer_after_minutes,
        price_cents=service.price_cents,
        **fields,
    )


def book(service: Service, name: str, starts_at: datetime, *, now: datetime) -> Appointment:
    """Somebody asked and staff confirmed, by the way of the product."""
    return booking.confirm(
        appointment_request=make_request(service=service, now=now, name=name),
        practitioner=service.practitioners.get(),
        room=service.rooms.get(),
        starts_at=starts_at,
        by=None,
        now=now,
    )
