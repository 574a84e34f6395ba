"""The time that a moved visit left is freed as one that was cancelled is, by the same rule."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client as Browser
from django.urls import reverse

from config.foundation.user import User
from intake.models import Practitioner, Service
from notifications.models import Message
from scheduling import booking, freed_times, waitlist
from scheduling.models import Appointment, Claim, FreedTime, Resource, Room, Shift, TimeOff
from tests.scheduling.desk.making import book, make_clinic, make_request, make_user

DENVER = ZoneInfo("America/Denver")
NOON = datetime(2027, 3, 1, 12, 5, tzinfo=DENVER)
LEFT_AT = datetime(2027, 3, 3, 10, 30, tzinfo=DENVER)
MOVED_TO = LEFT_AT + timedelta(days=7)


@pytest.fixture
def service(db: None) -> Service:
    return make_clinic()


@pytest.fixture
def robin(db: None) -> User:
    return make_user()


@pytest.fixture
def staff(client: Browser, robin: User) -> Iterator[Browser]:
    """Robin's window on the desk, that Monday noon."""
    with time_machine.travel(NOON, tick=False):
        client.force_login(robin, backend="allauth.account.auth_backends.AuthenticationBackend")
        yield client


@pytest.fixture
def moved(service: Service) -> Appointment:
    """Somebody moves from Wednesday at 10:30 to the Wednesday after, and would still rather come earlier."""
    visit = move(book(service, "Moves Away", LEFT_AT, now=NOON), MOVED_TO)
    return booking.wish_earlier(appointment=visit, wished=True, by=None, now=NOON)


def move(
    visit: Appointment, starts_at: datetime, *, now: datetime = NOON, by: User | None = None
) -> Appointment:
    return booking.move(
        appointment=visit, practitioner=visit.practitioner, room=visit.room, starts_at=starts_at, by=by, now=now
    )  # fmt: skip


def free(now: datetime = NOON) -> list[datetime]:
    return [each.starts_at for each in freed_times.free(now=now)]


def test_whoever_waits_is_offered_it_and_the_mover_is_not(service: Service, moved: Appointment) -> None:
    waits = make_request(service=service, now=NOON, name="One Wait", status="waitlisted")
    later = book(service, "Later Visit", LEFT_AT + timedelta(days=8), now=NOON)
    booking.wish_earlier(appointment=later, wished=True, by=None, now=NOON)
    (left,) = freed_times.free(now=NOON)
    assert (left.visit, left.starts_at) == (moved, LEFT_AT)
    assert [each.about for each in waitlist.candidates(freed=left, now=NOON)] == [waits, later]


def test_who_cancelled_and_asks_again_is_not_offered_what_they_gave_up(service: Service) -> None:
    visit = book(service, "Gives Up", LEFT_AT, now=NOON)
    booking.cancel(appointment=visit, by=None, now=NOON, answer_again=True)
    request = visit.appointment_request
    assert request is not None
    type(request).objects.filter(pk=request.pk).update(wishes={"waitlist_ok": True})
    (left,) = freed_times.free(now=NOON)
    assert waitlist.candidates(freed=left, now=NOON) == []


def test_a_yes_takes_it_and_what_the_later_visit_leaves_is_offered_in_turn(
    service: Service, moved: Appointment, robin: User
) -> None:
    was_at = LEFT_AT + timedelta(days=8)
    later = book(service, "Later Visit", was_at, now=NOON)
    booking.wish_earlier(appointment=later, wished=True, by=None, now=NOON)
    (left,) = freed_times.free(now=NOON)
    made = waitlist.invite(freed=left, people=[later], by=robin, now=NOON)
    assert free() == []
    waitlist.accept(invitation=made.invitations.get(), now=NOON + timedelta(minutes=5))
    later.refresh_from_db()
    assert later.starts_at == LEFT_AT
    assert free() == [was_at]


@pytest.mark.parametrize("minutes", [5, 30])
def test_a_visit_that_moves_a_little_leaves_nothing_to_fill(service: Service, minutes: int) -> None:
    move(book(service, "Moves Little", LEFT_AT, now=NOON), LEFT_AT + timedelta(minutes=minutes))
    assert free() == []


def test_a_visit_that_goes_to_a_colleague_leaves_the_time_of_the_first(service: Service) -> None:
    visit, robin = book(service, "Stays Then", LEFT_AT, now=NOON), service.practitioners.get()
    booking.move(
        appointment=visit, practitioner=a_colleague(service), room=Room.objects.get(code="pine"), starts_at=LEFT_AT, by=None,
        now=NOON,
    )  # fmt: skip
    (left,) = freed_times.free(now=NOON)
    assert (left.practitioner, left.starts_at) == (robin, LEFT_AT)


def a_colleague(service: Service) -> Practitioner:
    """Jordan works as Robin does, in the Pine room."""
    jordan = Practitioner.objects.create(
        code="P2", name="Jordan Example, PT", role="therapist", licensed_health_care=True
    )
    Resource.objects.create(kind="practitioner", practitioner=jordan)
    service.practitioners.add(jordan)
    for shift in Shift.objects.filter(practitioner__code="P1"):
        shift.pk, shift.practitioner = None, jordan
        shift.save(force_insert=True)
    room = Room.objects.create(code="pine", name="Pine room", location=Room.objects.get().location)
    Resource.objects.create(kind="room", room=room)
    room.services.add(service)
    return jordan


def test_an_undone_move_frees_nothing(service: Service, robin: User) -> None:
    then = NOON + timedelta(minutes=1)
    visit = move(book(service, "Moves Away", LEFT_AT, now=NOON), MOVED_TO, by=robin, now=then)
    booking.undo(appointment=visit, by=robin, now=then + timedelta(seconds=5))
    assert free() == []


def test_a_time_that_was_left_twice_is_listed_once(service: Service) -> None:
    visit = move(book(service, "Moves Away", LEFT_AT, now=NOON), MOVED_TO)
    visit = move(visit, LEFT_AT, now=NOON + timedelta(minutes=1))
    move(visit, MOVED_TO, now=NOON + timedelta(minutes=2))
    booking.cancel(appointment=book(service, "Came After", LEFT_AT, now=NOON), by=None, now=NOON)
    assert free() == [LEFT_AT]


def test_both_times_of_a_visit_that_moved_and_was_then_cancelled_are_free(moved: Appointment) -> None:
    booking.cancel(appointment=moved, by=None, now=NOON)
    assert free() == [LEFT_AT, MOVED_TO]


def test_a_time_somebody_took_since_is_not_free(service: Service, moved: Appointment) -> None:
    book(service, "Comes Then", LEFT_AT + timedelta(minutes=30), now=NOON)
    assert free() == []


def test_a_time_whose_room_somebody_took_is_not_free(service: Service, moved: Appointment) -> None:
    jordan = a_colleague(service)
    asked = make_request(service=service, now=NOON, name="Comes Then")
    booking.confirm(
        appointment_request=asked, practitioner=jordan, room=moved.room, starts_at=LEFT_AT, by=None, now=NOON
    )
    assert free() == []


def test_a_time_in_which_the_therapist_is_off_by_now_is_not_free(
    service: Service, moved: Appointment
) -> None:
    TimeOff.objects.create(
        practitioner=service.practitioners.get(), starts_at=LEFT_AT, ends_at=LEFT_AT + timedelta(hours=2)
    )
    assert free() == []


def test_a_time_whose_break_somebody_took_is_not_free(service: Service, moved: Appointment) -> None:
    book(service, "Comes Soon", LEFT_AT + timedelta(minutes=service.minutes), now=NOON)
    assert free() == []


def test_a_time_that_is_too_near_to_be_booked_is_not_listed(service: Service, moved: Appointment) -> None:
    notice = timedelta(hours=service.practitioners.get().minimum_notice_hours)
    assert free(now=LEFT_AT - notice) == [LEFT_AT]
    assert free(now=LEFT_AT - notice + timedelta(minutes=1)) == []


def test_a_day_that_has_its_first_visits_keeps_the_time_for_others(
    service: Service, moved: Appointment
) -> None:
    Service.objects.update(audience=["new"])
    Practitioner.objects.update(max_first_visits_per_day=0)
    assert free() == [LEFT_AT]


def test_a_time_that_has_passed_or_is_far_off_is_not_offered(service: Service, moved: Appointment) -> None:
    assert free(now=LEFT_AT) == []
    assert free(now=LEFT_AT - freed_times.AHEAD - timedelta(minutes=1)) == []


def test_the_database_lets_a_left_time_be_offered_once(
    service: Service, moved: Appointment, robin: User
) -> None:
    waits = make_request(service=service, now=NOON, name="One Wait", status="waitlisted")
    (left,) = freed_times.free(now=NOON)
    made = waitlist.invite(freed=left, people=[waits], by=robin, now=NOON)
    made.pk, made.hold = None, book(service, "Holds Time", LEFT_AT + timedelta(days=2), now=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        made.save(force_insert=True)


def test_staff_fill_it_from_the_lists_with_two_presses(
    staff: Browser, service: Service, moved: Appointment
) -> None:
    waits = make_request(service=service, now=NOON, name="One Wait", status="waitlisted")
    (left,) = freed_times.free(now=NOON)
    address = f"{reverse('desk:visit', args=[moved.pk])}?fill={left.key}"
    assert address in staff.get(reverse("desk:lists")).content.decode()
    page = staff.get(address).content.decode()
    assert "Its old time is free: Wed, Mar 3 · 10:30 am" in page
    assert "One Wait" in page
    said = {"request": str(waits.pk), "time": left.key}
    for _ in range(2):  # a double click asks nobody twice
        staff.post(reverse("desk:fill", args=[moved.pk]), said)
    assert Message.objects.filter(kind="waitlist_offer").count() == 1
    made = FreedTime.objects.get()
    assert (made.move, made.hold.starts_at) == (left.move, LEFT_AT)
    assert Claim.objects.filter(appointment=made.hold).count() == 2


@pytest.mark.parametrize("time", ["", "cancelled", "nonsense", "00000000-0000-0000-0000-000000000000"])
def test_a_time_the_visit_never_left_is_offered_to_nobody(
    staff: Browser, service: Service, moved: Appointment, time: str
) -> None:
    waits = make_request(service=service, now=NOON, name="One Wait", status="waitlisted")
    said = {"request": str(waits.pk), "time": time}
    answer = staff.post(reverse("desk:fill", args=[moved.pk]), said, follow=True)
    assert "That time is taken by now, or is offered already." in answer.content.decode()
    assert not FreedTime.objects.exists()
