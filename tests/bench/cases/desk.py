"""The desk's first view, beside the landing page, with a year's worth of work on it.

2,000 requests wait and 500 visits stand in the shown week. The first view is the page and the feed its calendar
asks for. A ratio to the landing page, which shows the same frame of a page, since a second says more about the
machine; and the second itself, which is what a person at the desk waits.
"""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from intake.models import AppointmentRequest, Client, Coverage, Flag, Marker, Practitioner, Service
from scheduling.models import Appointment, Room
from tests.bench.measure import Result, side_by_side
from tests.scheduling.desk.making import make_clinic, make_user

REQUESTS, VISITS = 2000, 500
MOST_QUERIES = 30
MOST_SECONDS = 1.0  # a person waits for it; the ratio beside it holds on a slower machine


def cases(full: bool) -> Iterator[Result]:
    """First view and queue refresh as ratios to the landing page; queries against their bound."""
    now = datetime.now(UTC)
    service = make_clinic()
    staff = Browser()
    staff.force_login(make_user(), backend="allauth.account.auth_backends.AuthenticationBackend")
    _requests(3, service, now)
    _visits(3, service, now)
    few = _queries(staff, "/staff/?view=week")
    _requests(REQUESTS * (5 if full else 1), service, now)
    _visits(VISITS, service, now)
    many = _queries(staff, "/staff/?view=week")

    def landing() -> None:
        assert staff.get("/").status_code == 200

    def first_view() -> None:
        assert staff.get("/staff/?view=week").status_code == 200
        assert staff.get("/staff/calendar.json?view=week").status_code == 200

    def refresh() -> None:
        assert staff.get("/staff/pulse/?view=week").status_code == 200

    a, b = side_by_side(first_view, landing)
    yield Result(
        f"desk: first view, {REQUESTS} requests and {VISITS} visits / landing page", a, b, floor=60, goal=40
    )
    yield Result("desk: first view, seconds over one second", a, MOST_SECONDS, floor=1, goal=1)
    a, b = side_by_side(refresh, landing)
    yield Result("desk: what polling asks every ten seconds / landing page", a, b, floor=40, goal=25)
    yield Result(f"desk: queries of the page / {MOST_QUERIES}", many, MOST_QUERIES, floor=1, goal=1)
    yield Result("desk: queries with all that / queries with three rows", many, few, floor=1, goal=1)


def _queries(browser: Browser, address: str) -> int:
    browser.get(address)
    with CaptureQueriesContext(connection) as seen:
        browser.get(address)
    return len(seen)


def _requests(number: int, service: Service, now: datetime) -> None:
    clients = Client.objects.bulk_create(
        Client(
            first_name=f"Person{each}", last_name="Testerman", email=f"p{each}@example.org", prefers="text"
        )
        for each in range(number)
    )
    covered = Coverage.objects.bulk_create(Coverage(client=client, type="none") for client in clients)
    made = AppointmentRequest.objects.bulk_create(
        AppointmentRequest(
            reference=uuid.uuid4().hex[:8].upper(),
            submission_id=uuid.uuid4(),
            client=client,
            client_status="new",
            service=service,
            service_asked=service,
            coverage=coverage,
            submitted_at=now - timedelta(hours=each % 96),
            reply_by=now + timedelta(hours=each % 72 - 12),
            story="My right hip pops every time I get up.",
        )
        for each, (client, coverage) in enumerate(zip(clients, covered, strict=True))
    )
    Flag.objects.bulk_create(
        Flag(appointment_request=one, level="same_day", finding={"label": "Numb"}) for one in made[::5]
    )
    Marker.objects.bulk_create(Marker(appointment_request=one, code="has_question") for one in made[::3])


def _visits(number: int, service: Service, now: datetime) -> None:
    room, person = Room.objects.get(), Practitioner.objects.get()
    monday = (now - timedelta(days=now.weekday())).replace(hour=15, minute=0, second=0, microsecond=0)
    clients = Client.objects.bulk_create(
        Client(first_name=f"Visitor{each}", last_name="Voorbeeld") for each in range(number)
    )
    starts = [monday + timedelta(days=each % 5, minutes=(each // 5) % 9 * 60) for each in range(number)]
    Appointment.objects.bulk_create(
        Appointment(
            client=client,
            service=service,
            practitioner=person,
            room=room,
            location=room.location,
            starts_at=start,
            ends_at=start + timedelta(minutes=service.minutes),
            price_cents=service.price_cents,
        )
        for client, start in zip(clients, starts, strict=True)
    )
