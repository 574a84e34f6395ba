"""Verbs on visits: what they write, what they refuse, and that a refused act changes nothing."""

import ast
from datetime import datetime, timedelta
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
from scheduling import availability, booking
from scheduling.booking import NotBookable, OfferClosed, SlotTaken, TooLate
from scheduling.models import Appointment, AppointmentStatus, Claim, Estimate, Offer, Resource, Room, Seat
from tests.factories import NOW, ZONE, make_appointment_request, make_client, make_user

pytestmark = pytest.mark.usefixtures("clinic")
ROOT = Path(__file__).parents[2]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def confirm(
    pending: AppointmentRequest, start: str, *, who: str = "P1", room: str = "maple", now=NOW, by=None
) -> Appointment:
    return booking.confirm(
        appointment_request=pending,
        practitioner=Practitioner.objects.get(code=who),
        room=Room.objects.get(code=room) if room else None,
        starts_at=at(start),
        by=by,
        now=now,
    )


def make_offer(pending: AppointmentRequest, *, now=NOW) -> Offer:
    times = availability.best_times(pending, now=now)
    return booking.offer(appointment_request=pending, times=times, by=make_user(), now=now)


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


def test_an_offer_holds_its_times_and_the_first_pick_releases_the_rest():
    pending = make_appointment_request()
    made = make_offer(pending)
    times = list(made.times.order_by("starts_at"))

    taken = booking.accept(offer_time=times[1], now=NOW + timedelta(hours=1))

    pending.refresh_from_db()
    made.refresh_from_db()
    assert (pending.status, made.status, taken.status) == (Status.BOOKED, "accepted", "booked")
    assert sorted(made.times.values_list("status", flat=True)) == ["booked", "released", "released"]
    assert set(Claim.objects.values_list("appointment", "held_until")) == {(taken.pk, None)}
    with pytest.raises(OfferClosed):
        booking.accept(offer_time=times[0], now=NOW + timedelta(hours=1))


def test_a_time_offered_is_not_free_for_others_until_it_runs_out():
    offered, other = make_appointment_request(), make_appointment_request()
    slot = make_offer(offered).times.order_by("starts_at").last()
    values = {"practitioner": slot.practitioner, "room": slot.room, "starts_at": slot.starts_at, "by": None}

    with pytest.raises(SlotTaken):
        booking.confirm(appointment_request=other, now=NOW, **values)
    later = NOW + timedelta(hours=48)
    assert booking.confirm(appointment_request=other, now=later, **values).status == "booked"
    with pytest.raises(OfferClosed):
        booking.accept(offer_time=slot, now=later)


def test_offers_that_ran_out_are_closed_and_their_requests_wait_again():
    pending = make_appointment_request()
    make_offer(pending)

    assert booking.expire_offers(now=NOW + timedelta(hours=48)) == 1
    pending.refresh_from_db()
    assert pending.status == Status.NEW
    assert not Claim.objects.exists()


def test_none_of_these_frees_the_times():
    pending = make_appointment_request()
    made = make_offer(pending)

    booking.turn_down(offer=made, now=NOW)

    pending.refresh_from_db()
    assert pending.status == Status.NEW
    assert not Claim.objects.exists()
    with pytest.raises(OfferClosed):
        booking.turn_down(offer=made, now=NOW)


def test_a_new_offer_replaces_the_old_one():
    pending = make_appointment_request()
    first = make_offer(pending)
    pending.refresh_from_db()

    second = make_offer(pending)

    first.refresh_from_db()
    assert (first.status, second.status) == ("withdrawn", "open")
    assert set(Claim.objects.values_list("appointment__offer", flat=True)) == {second.pk}


def test_moving_keeps_the_old_time_when_the_new_one_is_taken():
    visit = confirm(make_appointment_request(), "2027-03-03T09:00")
    confirm(make_appointment_request(), "2027-03-08T09:00")

    with pytest.raises(SlotTaken) as lost:
        booking.move(
            appointment=visit,
            practitioner=visit.practitioner,
            room=visit.room,
            starts_at=at("2027-03-08T09:30"),
            by=None,
            now=NOW,
        )

    visit.refresh_from_db()
    assert visit.starts_at == at("2027-03-03T09:00")
    assert lost.value.next_best
    assert Claim.objects.filter(appointment=visit).count() == 2


def test_moving_may_overlap_the_old_time_and_is_history():
    visit = confirm(make_appointment_request(), "2027-03-03T09:00")

    moved = booking.move(
        appointment=visit,
        practitioner=visit.practitioner,
        room=visit.room,
        starts_at=at("2027-03-03T09:30"),
        by=None,
        now=NOW + timedelta(minutes=1),
    )

    assert (moved.starts_at, moved.sequence) == (at("2027-03-03T09:30"), 1)
    assert moved.events.last().from_starts_at == at("2027-03-03T09:00")
    assert set(Claim.objects.values_list("starts_at", flat=True)) == {at("2027-03-03T09:30")}
    with pytest.raises(StaleVersion):
        booking.move(
            appointment=visit,
            practitioner=None,
            room=None,
            starts_at=at("2027-03-08T09:30"),
            by=None,
            now=NOW,
        )


def test_a_cancelled_time_can_be_booked_again():
    pending = make_appointment_request()
    visit = confirm(pending, "2027-03-03T09:00")

    booking.cancel(appointment=visit, by=None, now=NOW, why="cannot come")

    pending.refresh_from_db()
    assert pending.status == Status.WITHDRAWN
    assert confirm(make_appointment_request(), "2027-03-03T09:00").status == "booked"
    with pytest.raises(NotBookable):
        booking.cancel(appointment=visit, by=None, now=NOW)


def test_confirming_can_be_undone_for_ten_seconds_by_who_did_it():
    user, pending = make_user(), make_appointment_request()
    visit = confirm(pending, "2027-03-03T09:00", by=user)

    with pytest.raises(TooLate):
        booking.undo(appointment=visit, by=make_user(), now=NOW)
    with pytest.raises(TooLate):
        booking.undo(appointment=visit, by=user, now=NOW + timedelta(seconds=11))
    booking.undo(appointment=visit, by=user, now=NOW + timedelta(seconds=9))

    pending.refresh_from_db()
    assert (pending.status, pending.answered_at) == (Status.NEW, None)
    assert not Claim.objects.exists()


def test_a_move_and_a_cancellation_can_be_undone():
    user = make_user()
    visit = confirm(make_appointment_request(), "2027-03-03T09:00", by=user)
    visit = booking.move(
        appointment=visit,
        practitioner=visit.practitioner,
        room=visit.room,
        starts_at=at("2027-03-08T14:00"),
        by=user,
        now=NOW + timedelta(minutes=1),
    )

    assert booking.undo(appointment=visit, by=user, now=NOW + timedelta(minutes=1)).starts_at == at(
        "2027-03-03T09:00"
    )
    later = NOW + timedelta(minutes=2)
    booking.cancel(appointment=visit, by=user, now=later)
    back = booking.undo(appointment=visit, by=user, now=later)
    assert (back.status, back.appointment_request.status) == ("booked", "booked")
    assert Claim.objects.filter(starts_at=at("2027-03-03T09:00")).count() == 2


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


# --- a request that holds time is closed ----------------------------------------------------------


@pytest.mark.parametrize("verb", ["decline", "hold", "waitlist", "set_aside", "withdraw"])
def test_what_takes_a_request_out_of_play_lets_go_of_its_offer_first(verb):
    pending, user = make_appointment_request(), make_user()
    made = make_offer(pending)
    pending.refresh_from_db()
    said = {"reason": "does not fit"} if verb in {"decline", "hold"} else {}

    booking.letting_go(
        getattr(triage, verb),
        appointment_request=pending,
        by=user,
        now=NOW,
        expect_version=pending.version,
        **said,
    )

    pending.refresh_from_db()
    made.refresh_from_db()
    assert pending.status not in {Status.NEW, Status.OFFERED}
    assert (made.status, Claim.objects.count()) == ("withdrawn", 0)
    assert set(made.times.values_list("status", flat=True)) == {"released"}
    assert Message.objects.get(kind="offered_times").state == "withdrawn"


@pytest.mark.parametrize(
    ("verb", "told"), [("hold", 1), ("waitlist", 1), ("decline", 0), ("set_aside", 0), ("withdraw", 0)]
)
def test_who_has_read_of_an_offer_is_told_when_the_clinic_takes_it_back(verb, told):
    pending, user = make_appointment_request(), make_user()
    make_offer(pending)
    Message.objects.filter(kind="offered_times").update(state="sent", sent_at=NOW)
    pending.refresh_from_db()
    said = {"reason": "does not fit"} if verb in {"decline", "hold"} else {}

    booking.letting_go(
        getattr(triage, verb),
        appointment_request=pending,
        by=user,
        now=NOW,
        expect_version=pending.version,
        **said,
    )

    assert Message.objects.filter(kind="offer_ended").count() == told


def test_the_letter_says_that_the_clinic_took_the_times_back():
    made = make_offer(make_appointment_request())
    Message.objects.filter(kind="offered_times").update(state="sent", sent_at=NOW)

    booking.withdraw_offer(offer=made, by=make_user(), now=NOW)

    letter = Message.objects.get(kind="offer_ended")
    assert "we could not keep the times we had offered you" in letter.text
    assert "/v/" in letter.text  # the way on: their request


def test_a_decline_without_a_reason_changes_nothing():
    pending = make_appointment_request()
    made = make_offer(pending)
    pending.refresh_from_db()

    with pytest.raises(triage.NotAllowed):
        booking.letting_go(
            triage.decline,
            appointment_request=pending,
            by=make_user(),
            now=NOW,
            expect_version=pending.version,
            reason=" ",
        )

    made.refresh_from_db()
    assert (made.status, made.times.filter(status="held").count()) == ("open", 3)


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


# --- who is told of a move ------------------------------------------------------------------------


def mails(visit: Appointment) -> list[str]:
    waiting = Message.objects.filter(subject_id=str(visit.pk), state="queued").order_by("created_at")
    return list(waiting.values_list("kind", flat=True))


def moved_to(visit: Appointment, start: str, *, by=None, now=NOW) -> Appointment:
    return booking.move(
        appointment=visit,
        practitioner=visit.practitioner,
        room=visit.room,
        starts_at=at(start),
        by=by,
        now=now,
    )


def test_a_move_tells_the_client_once_whether_or_not_they_knew_the_old_time():
    user = make_user()
    visit = confirm(make_appointment_request(), "2027-03-03T09:00", by=user)

    moved = moved_to(visit, "2027-03-10T09:00", by=user, now=NOW + timedelta(seconds=4))
    assert mails(visit) == ["confirmed"]  # of the new time: the old one never left
    booking.undo(appointment=moved, by=user, now=NOW + timedelta(seconds=8))
    assert mails(visit) == ["confirmed"]

    Message.objects.filter(kind="confirmed", state="queued").update(state="sent", sent_at=NOW)
    visit.refresh_from_db()
    moved_to(visit, "2027-03-10T09:00", now=NOW + timedelta(hours=1))
    assert mails(visit) == ["moved", "staff_change"]


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
