"""A visit that moves or is cancelled, who is told of it, and how it is taken back."""

from datetime import timedelta

import pytest

from config.foundation.versioned import StaleVersion
from intake.models import (
    Status,
)
from notifications.models import Message
from scheduling import booking
from scheduling.booking import NotBookable, SlotTaken, TooLate
from scheduling.models import Appointment, Claim
from tests.factories import NOW, make_appointment_request, make_user
from tests.scheduling.booked import at, confirm

pytestmark = pytest.mark.usefixtures("clinic")


def mails(visit: Appointment) -> list[str]:
    """The kinds of all that waits about it, by name: what is written in one moment has no order."""
    waiting = Message.objects.filter(subject_id=str(visit.pk), state="queued")
    return sorted(waiting.values_list("kind", flat=True))


def moved_to(visit: Appointment, start: str, *, by=None, now=NOW) -> Appointment:
    return booking.move(
        appointment=visit,
        practitioner=visit.practitioner,
        room=visit.room,
        starts_at=at(start),
        by=by,
        now=now,
    )


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
    said = Message.objects.get(kind="staff_change").text
    assert said.index("It was Wednesday, March 3, 9\xa0am") < said.index(
        "It is now Wednesday, March 10, 9\xa0am"
    )
