"""Verbs on visits: what they write, what they refuse, and that a refused act changes nothing."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from config.foundation.versioned import StaleVersion
from intake import triage
from intake.models import (
    AppointmentRequest,
    Client,
    CostQuestion,
    Coverage,
    Hold,
    Practitioner,
    Service,
    Status,
)
from notifications.models import Message
from notifications.outbox import address_hash
from scheduling import booking
from scheduling.booking import NotBookable, SlotTaken
from scheduling.models import Appointment, AppointmentStatus, Claim, Estimate, Resource, Room, Seat
from tests.factories import NOW, make_appointment_request, make_client, make_user
from tests.scheduling.booked import at, confirm

pytestmark = pytest.mark.usefixtures("clinic")
ROOT = Path(__file__).parents[2]


def test_confirming_claims_person_and_room_with_buffers_and_answers_the_request():
    pending, user = make_appointment_request(), make_user()

    visit = confirm(pending, "2027-03-03T09:00", by=user)

    pending.refresh_from_db()
    assert (pending.status, pending.answered_at, pending.answered_by) == (Status.BOOKED, NOW, user)
    assert (visit.status, visit.price_cents, visit.location.code) == (AppointmentStatus.BOOKED, 21000, "main")
    claims = Claim.objects.filter(appointment=visit).order_by("resource__kind")
    assert [(c.resource.kind, c.starts_at, c.ends_at) for c in claims] == [
        (kind, at("2027-03-03T09:00"), at("2027-03-03T10:30")) for kind in ("practitioner", "room")
    ]
    assert [(e.what, e.by, e.to_status) for e in visit.events.all()] == [("confirmed", user, "booked")]


def test_working_in_the_equipment_room_takes_its_machines_too():
    visit = confirm(make_appointment_request(), "2027-03-03T09:00", room="cedar")

    assert Claim.objects.filter(appointment=visit, resource__room__code="cedar").count() == 3


def test_who_comes_second_is_told_the_next_best_times_and_nothing_changes():
    first, second = make_appointment_request(), make_appointment_request()
    confirm(first, "2027-03-03T09:00")

    with pytest.raises(SlotTaken) as lost:
        confirm(second, "2027-03-03T09:15", room="cedar")

    second.refresh_from_db()
    assert second.status == Status.NEW
    assert len(lost.value.next_best) == 3
    assert Appointment.objects.count() == 1


def test_a_request_under_a_hold_is_not_booked():
    pending = make_appointment_request()
    Hold.objects.create(appointment_request=pending, kind=Hold.Kind.MEDICARE, opened_at=NOW)

    with pytest.raises(NotBookable, match="on_hold"):
        confirm(pending, "2027-03-03T09:00")


@pytest.mark.parametrize(
    ("start", "who", "room", "code"),
    [
        ("2027-02-22T09:00", "P1", "maple", "too_soon"),
        ("2027-03-04T12:00", "P1", "maple", "outside_hours"),
        ("2027-05-31T09:00", "P1", "maple", "closed"),
        ("2027-03-16T08:00", "P1", "maple", "time_off"),
        ("2027-03-03T09:00", "P3", "maple", "service_not_offered_by_practitioner"),
    ],
)
def test_a_time_the_rules_forbid_is_refused_by_name(start, who, room, code):
    with pytest.raises(NotBookable) as refused:
        confirm(make_appointment_request(), start, who=who, room=room)

    assert refused.value.code == code
    assert not Appointment.objects.exists()


def test_a_replayed_confirm_is_stale_and_books_nothing_more():
    pending = make_appointment_request()
    confirm(pending, "2027-03-03T09:00")

    with pytest.raises(StaleVersion):
        confirm(pending, "2027-03-03T09:00")
    assert Appointment.objects.count() == 1


def test_seats_of_a_class_are_counted_and_never_sold_twice():
    def book(people: int) -> Appointment:
        pending = make_appointment_request(service="WORKSHOP", people=people)
        return confirm(pending, "2027-03-20T09:30", who="P3", room="")

    first, second = book(2), book(10)

    assert (first.pk, second.seats_taken, Seat.objects.count()) == (second.pk, 12, 2)
    with pytest.raises(SlotTaken):
        book(1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.filter(pk=first.pk).update(seats_taken=13)
    booking.leave_class(seat=Seat.objects.get(people=2), by=None, now=NOW)
    assert book(1).seats_taken == 11


def test_the_database_refuses_an_overlap_whoever_writes_it():
    visit = confirm(make_appointment_request(), "2027-03-03T09:00")
    person = Resource.objects.get(practitioner__code="P1")

    def claim(start: str, end: str) -> Claim:
        return Claim(resource=person, appointment=visit, starts_at=at(start), ends_at=at(end))

    with pytest.raises(IntegrityError), transaction.atomic():
        claim("2027-03-03T10:29", "2027-03-03T11:00").save()
    touching = claim("2027-03-03T10:30", "2027-03-03T11:00")
    touching.save()
    touching.starts_at = at("2027-03-03T10:00")
    with pytest.raises(IntegrityError), transaction.atomic():
        touching.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        claim("2027-03-06T09:00", "2027-03-07T09:01").save()


def test_the_visits_of_the_sample_are_recorded_once_and_silently():
    client = Client.objects.first()
    values = {
        "service": Service.objects.get(code="EQUIP"),
        "client": client,
        "practitioner": None,
        "room": Room.objects.get(code="cedar"),
        "starts_at": at("2027-03-02T12:00"),
        "now": NOW,
    }
    first = booking.record(code="A06", **values)

    assert booking.record(code="A06", **values) == first
    booking.record(code="A07", **values)
    with pytest.raises(SlotTaken):
        booking.record(code="A99", **values)


@pytest.mark.parametrize("coverage", ["none", None])
@pytest.mark.parametrize("asks_for_price", [True, False])
def test_confirming_takes_at_most_25_statements_a_number_that_does_not_grow(coverage, asks_for_price):
    """From BEGIN to COMMIT: claims, visit, history, frozen estimate and both mails."""
    practitioner, room = Practitioner.objects.get(code="P1"), Room.objects.get(code="maple")

    def statements(start: str) -> int:
        client = make_client()
        answer = Coverage.objects.create(client=client, type=coverage) if coverage else None
        pending = make_appointment_request(client=client, coverage=answer)
        if asks_for_price:
            CostQuestion.objects.create(client=client, appointment_request=pending, asked_at=NOW, how="tick")
        with CaptureQueriesContext(connection) as queries:
            booking.confirm(
                appointment_request=pending,
                practitioner=practitioner,
                room=room,
                starts_at=at(start),
                by=None,
                now=NOW,
            )
        assert Estimate.objects.filter(appointment__appointment_request=pending).count() == 1
        assert Message.objects.filter(to_hash=address_hash(client.email)).count() == 2
        return len([one for one in queries if "SAVEPOINT" not in one["sql"]])

    first = statements("2027-03-03T09:00")
    for day in ("2027-03-08", "2027-03-10", "2027-03-22", "2027-03-24"):
        confirm(make_appointment_request(), f"{day}T09:00")

    assert statements("2027-03-29T09:00") == first <= 25


@pytest.mark.parametrize(("coverage", "promised"), [("none", True), (None, True), ("medicare", False)])
def test_only_who_is_to_have_an_estimate_reads_of_one_in_the_confirmation(coverage, promised):
    client = make_client()
    answer = Coverage.objects.create(client=client, type=coverage) if coverage else None
    visit = confirm(make_appointment_request(client=client, coverage=answer), "2027-03-03T09:00")

    mail = Message.objects.get(kind="confirmed", subject_id=str(visit.pk))

    assert ("Your estimate" in mail.text) is ("Your estimate" in mail.html) is promised
    assert Estimate.objects.filter(appointment=visit).exists() is promised


def test_nobody_else_writes_appointments_or_claims():
    ours = {"Appointment", "Claim", "Offer", "Seat", "AppointmentEvent"}
    writes = {
        "create",
        "bulk_create",
        "get_or_create",
        "update_or_create",
        "update",
        "bulk_update",
        "delete",
        "save",
        "move",
    }
    offenders = []
    for path in [
        *ROOT.glob("scheduling/**/*.py"),
        *ROOT.glob("intake/**/*.py"),
        *ROOT.glob("config/**/*.py"),
    ]:
        if path.is_relative_to(ROOT / "scheduling/booking") or "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Name) and node.func.id in ours:
                offenders.append((path.name, node.lineno))
            if isinstance(node.func, ast.Attribute) and node.func.attr in writes:
                names = {part.id for part in ast.walk(node.func.value) if isinstance(part, ast.Name)}
                if names & ours:
                    offenders.append((path.name, node.lineno))
    assert offenders == []


def test_declining_a_booked_request_cancels_its_visit_and_only_then_closes_it():
    pending, user = make_appointment_request(), make_user()
    visit = confirm(pending, "2027-03-03T09:00", by=user)
    pending.refresh_from_db()
    values = {"appointment_request": pending, "by": user, "now": NOW, "expect_version": pending.version}

    with pytest.raises(triage.NotAllowed, match="holds_time"):
        booking.letting_go(triage.decline, **values, reason="moved away")
    booking.letting_go(triage.decline, **values, reason="moved away", visits_too=True)

    visit.refresh_from_db()
    pending.refresh_from_db()
    assert (visit.status, pending.status, Claim.objects.count()) == ("cancelled", Status.DECLINED, 0)


@pytest.mark.parametrize("wanted", ["2027-03-03T09:00", "2027-04-28T09:00"])
def test_the_next_best_times_are_near_the_one_that_was_taken(wanted):
    """Also of a time further ahead than the best times are looked for."""
    confirm(make_appointment_request(), wanted)

    with pytest.raises(SlotTaken) as lost:
        confirm(make_appointment_request(), wanted)

    near = [abs(slot.starts_at - at(wanted)) for slot in lost.value.next_best]
    assert len(near) == 3
    assert max(near) < timedelta(days=8)


def test_next_best_times_that_break_a_wish_give_way_to_the_best_of_all_days():
    earliest = {"earliest": "2027-03-22"}
    confirm(make_appointment_request(), "2027-03-03T09:00")

    with pytest.raises(SlotTaken) as lost:
        confirm(make_appointment_request(wishes=earliest), "2027-03-03T09:00")

    assert min(slot.starts_at for slot in lost.value.next_best) >= at("2027-03-22T00:00")


def test_everyone_in_a_class_is_told_that_it_is_off_in_one_act_and_it_can_be_undone():
    user = make_user()
    people = [make_appointment_request(service="WORKSHOP") for _ in range(2)]
    for number, pending in enumerate(people):
        pending.client.email = f"seat{number}@example.org"
        pending.client.save()
        visit = confirm(pending, "2027-03-20T09:30", who="P3", room="")

    def told(kind: str) -> list[str]:
        rows = Message.objects.filter(kind=kind, subject_type="scheduling.seat", state="queued")
        return sorted(row.to for row in rows)

    everyone = ["seat0@example.org", "seat1@example.org"]
    assert told("confirmed") == everyone
    later = NOW + timedelta(minutes=1)  # two acts of one moment have no order
    booking.cancel(appointment=visit, by=user, now=later)
    assert (told("confirmed"), told("cancelled")) == ([], everyone)
    assert {AppointmentRequest.objects.get(pk=each.pk).status for each in people} == {"new"}

    booking.undo(appointment=visit, by=user, now=later)
    assert told("cancelled") == []
    assert Seat.objects.filter(cancelled_at=None).count() == 2
    assert {AppointmentRequest.objects.get(pk=each.pk).status for each in people} == {"booked"}
