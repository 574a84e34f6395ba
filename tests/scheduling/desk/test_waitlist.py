"""A freed time: ranked, held, offered to one or several; the first yes wins; nobody is written to at night."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from django.urls import reverse

from config.foundation.user import User
from intake.models import AppointmentRequest, Service
from notifications.models import Message
from scheduling import booking, freed_times, waitlist
from scheduling.freed_times import GivenUp
from scheduling.models import Appointment, AppointmentStatus, Claim, FreedTime, Invitation
from tests.scheduling.desk.making import book, make_clinic, make_request, make_user

DENVER = ZoneInfo("America/Denver")
NOON = datetime(2027, 3, 1, 12, 5, tzinfo=DENVER)
FREED_AT = datetime(2027, 3, 3, 10, 30, tzinfo=DENVER)


@pytest.fixture
def service(db: None) -> Service:
    return make_clinic()


@pytest.fixture
def gone(service: Service) -> Appointment:
    """Somebody cancels Wednesday at 10:30."""
    robin, room = service.practitioners.get(), service.rooms.get()
    visit = booking.record(
        code="A1", service=service, client=make_request(service=service).client, practitioner=robin, room=room,
        starts_at=FREED_AT, now=NOON,
    )  # fmt: skip
    return booking.cancel(appointment=visit, by=None, now=NOON)


@pytest.fixture
def freed(gone: Appointment) -> GivenUp:
    return time_of(gone)


def time_of(visit: Appointment) -> GivenUp:
    """The time that a visit gave up."""
    return freed_times.free(now=NOON, of=visit.pk)[0]


@pytest.fixture
def robin(db: None) -> User:
    return make_user()


def waits(service: Service, name: str, **wishes: Any) -> AppointmentRequest:
    return make_request(service=service, now=NOON, name=name, status="waitlisted", wishes=wishes)


def test_who_could_come_is_ranked_and_who_could_not_is_left_out(service: Service, freed: GivenUp) -> None:
    anyone = waits(service, "Any Time")
    wished = waits(service, "Wed Nesday", days=["wed"])
    named = waits(service, "Wants Robin", practitioner="P1")
    waits(service, "Before Work", parts=["before_8am"])  # R16 of the sample clinic: never offered this time
    waits(service, "Other Day", days=["fri"])
    waits(service, "Not Yet", earliest="2027-04-01")
    found = [each.about for each in waitlist.candidates(freed=freed, now=NOON)]
    assert found == [named, wished, anyone]


def test_a_longer_visit_does_not_fit_a_shorter_gap(service: Service, freed: GivenUp) -> None:
    waits(service, "Any Time")
    Service.objects.filter(pk=service.pk).update(minutes=90)
    assert waitlist.candidates(freed=freed, now=NOON) == []


def test_the_time_is_held_while_it_is_offered_and_all_are_told(
    service: Service, freed: GivenUp, robin: User
) -> None:
    people = [waits(service, "One Wait"), waits(service, "Two Wait")]
    made = waitlist.invite(freed=freed, people=people, by=robin, now=NOON)
    assert made.expires_at == NOON + waitlist.ANSWER_WITHIN
    assert Claim.objects.filter(appointment=made.hold).count() == 2
    assert Message.objects.filter(kind="waitlist_offer").count() == 2
    with pytest.raises(booking.SlotTaken):
        booking.confirm(
            appointment_request=make_request(service=service), practitioner=None, room=None, starts_at=FREED_AT,
            by=robin, now=NOON,
        )  # fmt: skip
    assert freed not in freed_times.free(now=NOON)


def test_the_first_yes_wins_and_the_second_is_told_so(service: Service, freed: GivenUp, robin: User) -> None:
    one, two = waits(service, "One Wait"), waits(service, "Two Wait")
    made = waitlist.invite(freed=freed, people=[one, two], by=robin, now=NOON)
    first, second = (
        made.invitations.get(appointment_request=two),
        made.invitations.get(appointment_request=one),
    )
    visit = waitlist.accept(invitation=first, now=NOON + timedelta(minutes=5))
    assert (visit.starts_at, visit.client) == (FREED_AT, two.client)
    with pytest.raises(waitlist.Gone):
        waitlist.accept(invitation=second, now=NOON + timedelta(minutes=6))
    one.refresh_from_db()
    second.refresh_from_db()
    assert (one.status, second.status) == ("waitlisted", "lost")
    assert Claim.objects.filter(starts_at=FREED_AT).count() == 2
    assert Message.objects.get(subject_id=str(second.pk)).state == "withdrawn"


def test_a_no_of_the_last_one_frees_the_time(service: Service, freed: GivenUp, robin: User) -> None:
    made = waitlist.invite(freed=freed, people=[waits(service, "One Wait")], by=robin, now=NOON)
    waitlist.decline(invitation=made.invitations.get(), now=NOON)
    made.refresh_from_db()
    assert made.status == "withdrawn"
    assert not Claim.objects.exists()
    assert freed in freed_times.free(now=NOON)


def test_an_unanswered_offer_runs_out(service: Service, freed: GivenUp, robin: User) -> None:
    made = waitlist.invite(freed=freed, people=[waits(service, "One Wait")], by=robin, now=NOON)
    assert waitlist.expire(now=NOON + timedelta(hours=3)) == 0
    late = NOON + timedelta(hours=4, minutes=1)
    with pytest.raises(waitlist.Gone):
        waitlist.accept(invitation=made.invitations.get(), now=late)
    assert waitlist.expire(now=late) == 1
    assert waitlist.expire(now=late) == 0
    assert made.invitations.get().status == "expired"
    assert freed in freed_times.free(now=late)


@pytest.mark.parametrize(
    ("now", "told", "until"),
    [
        ("2027-03-01T12:05", "2027-03-01T12:05", "2027-03-01T16:05"),
        ("2027-03-01T21:00", "2027-03-02T08:00", "2027-03-02T12:00"),
        ("2027-03-02T03:00", "2027-03-02T08:00", "2027-03-02T12:00"),
        ("2027-03-02T20:00", "2027-03-03T08:00", None),  # Robin wants 12 hours of notice before 10:30
        ("2027-03-02T19:00", "2027-03-02T19:00", "2027-03-02T22:30"),
    ],
)
def test_nobody_is_written_to_at_night(now: str, told: str, until: str | None) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=DENVER)
    given = {"now": moment, "starts_at": FREED_AT, "notice": timedelta(hours=12), "zone": DENVER}
    if until is None:
        with pytest.raises(waitlist.TooLateToAsk):
            waitlist.when_to_tell(**given)  # type: ignore[arg-type]
        return
    tell_at, ends_at = waitlist.when_to_tell(**given)  # type: ignore[arg-type]
    assert tell_at.astimezone(DENVER).isoformat()[:16] == told
    assert ends_at.astimezone(DENVER).isoformat()[:16] in {until, "2027-03-02T22:30"}


def test_the_database_knows_one_winner(service: Service, freed: GivenUp, robin: User) -> None:
    one, two = waits(service, "One Wait"), waits(service, "Two Wait")
    made = waitlist.invite(freed=freed, people=[one, two], by=robin, now=NOON)
    winner = made.invitations.get(appointment_request=one)
    waitlist.accept(invitation=winner, now=NOON)
    loser = Invitation.objects.filter(freed_time=made).exclude(pk=winner.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        loser.update(status="accepted", appointment=freed.visit)
    with pytest.raises(IntegrityError), transaction.atomic():
        loser.update(status="accepted")  # a yes without a visit


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql  # SQLite has one writer: nothing runs at once
def test_five_say_yes_at_once_and_one_gets_it() -> None:
    service, robin = make_clinic(), make_user()
    visit = booking.record(
        code="A1", service=service, client=None, practitioner=service.practitioners.get(),
        room=service.rooms.get(), starts_at=FREED_AT, now=NOON,
    )  # fmt: skip
    freed = time_of(booking.cancel(appointment=visit, by=robin, now=NOON))
    people = [waits(service, f"Wait Number{number}") for number in range(5)]
    made = waitlist.invite(freed=freed, people=people, by=robin, now=NOON)
    said: list[str] = []
    ready = threading.Barrier(5)

    def say_yes(invitation: Invitation) -> None:
        ready.wait()
        try:
            waitlist.accept(invitation=invitation, now=NOON)
            said.append("won")
        except waitlist.Gone:
            said.append("lost")
        finally:
            connection.close()

    threads = [threading.Thread(target=say_yes, args=[each]) for each in made.invitations.all()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["lost"] * 4 + ["won"]
    booked = Appointment.objects.filter(status=AppointmentStatus.BOOKED)
    assert booked.count() == 1
    assert Invitation.objects.filter(status="accepted").count() == 1


# --- pages ------------------------------------------------------------------------------------------


@pytest.fixture
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def staff(client: Browser, robin: User, at_noon: None) -> Browser:
    client.force_login(robin, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_two_presses_fill_a_freed_time_and_the_client_says_yes_by_link(
    staff: Browser, service: Service, freed: GivenUp
) -> None:
    one = waits(service, "One Wait")
    assert reverse("desk:visit", args=[freed.visit.pk]) in staff.get(reverse("desk:lists")).content.decode()
    page = staff.get(reverse("desk:visit", args=[freed.visit.pk])).content.decode()
    assert "One Wait" in page
    staff.post(reverse("desk:fill", args=[freed.visit.pk]), {"request": str(one.pk)})
    assert "offered to 1 person" in staff.get(reverse("desk:lists")).content.decode()
    link = next(word for word in Message.objects.get(kind="waitlist_offer").text.split() if "/v/" in word)
    path = link[link.index("/v/") :]
    client = Browser()
    for _ in range(3):  # scanners open links
        assert "Yes, I take it" in client.get(path).content.decode()
    assert FreedTime.objects.get().status == "open"
    assert "This time is yours" in client.post(path, {"act": "yes"}).content.decode()
    assert "This time is yours" in client.post(path, {"act": "yes"}).content.decode()
    assert Appointment.objects.filter(status="booked").count() == 1


@pytest.mark.parametrize("ticked", [[], ["x"], ["00000000-0000-0000-0000-000000000000"]])
def test_people_who_do_not_wait_cannot_be_asked(
    staff: Browser, service: Service, freed: GivenUp, ticked: list[str]
) -> None:
    waits(service, "One Wait")
    assert staff.post(reverse("desk:fill", args=[freed.visit.pk]), {"request": ticked}).status_code == 302
    assert not FreedTime.objects.exists()
    assert not Message.objects.filter(kind="waitlist_offer").exists()


def test_a_second_press_asks_nobody_again(staff: Browser, service: Service, freed: GivenUp) -> None:
    one = waits(service, "One Wait")
    for _ in range(2):
        staff.post(reverse("desk:fill", args=[freed.visit.pk]), {"request": str(one.pk)})
    assert FreedTime.objects.count() == 1
    assert Message.objects.filter(kind="waitlist_offer").count() == 1


def test_the_visit_that_gave_a_time_up_says_to_how_many_it_is_offered(
    staff: Browser, service: Service, freed: GivenUp
) -> None:
    address = reverse("desk:visit", args=[freed.visit.pk])
    assert "offered to" not in staff.get(address).content.decode()
    people = [str(waits(service, name).pk) for name in ("One Wait", "Two Wait")]
    staff.post(reverse("desk:fill", args=[freed.visit.pk]), {"request": people})
    page = staff.get(address).content.decode()
    assert "offered to 2 people" in page
    assert reverse("desk:waitlist_withdraw", args=[FreedTime.objects.get().pk]) in page


def test_staff_take_a_freed_time_back(staff: Browser, service: Service, freed: GivenUp) -> None:
    one = waits(service, "One Wait")
    staff.post(reverse("desk:fill", args=[freed.visit.pk]), {"request": str(one.pk)})
    address = reverse("desk:waitlist_withdraw", args=[FreedTime.objects.get().pk])
    assert "The time is free." in staff.post(address, follow=True).content.decode()
    assert "answered already" in staff.post(address, follow=True).content.decode()
    assert not Claim.objects.exists()


# --- who has a later visit and would come sooner ------------------------------------------------------


@pytest.fixture
def later(service: Service) -> Appointment:
    """Somebody who comes a week after the freed time and would come earlier."""
    visit = book(service, "Later Visit", FREED_AT + timedelta(days=7), now=NOON)
    return booking.wish_earlier(appointment=visit, wished=True, by=None, now=NOON)


def test_who_would_come_earlier_is_asked_after_those_who_have_no_visit(
    service: Service, freed: GivenUp, later: Appointment
) -> None:
    book(service, "Content Withit", FREED_AT + timedelta(days=8), now=NOON)
    before = book(service, "Comes Before", FREED_AT - timedelta(days=1), now=NOON)
    booking.wish_earlier(appointment=before, wished=True, by=None, now=NOON)
    anyone = waits(service, "Any Time")
    assert [each.about for each in waitlist.candidates(freed=freed, now=NOON)] == [anyone, later]


def test_a_yes_moves_the_later_visit_and_fulfils_the_wish(
    service: Service, freed: GivenUp, later: Appointment, robin: User
) -> None:
    waits_too = waits(service, "One Wait")
    made = waitlist.invite(freed=freed, people=[waits_too, later], by=robin, now=NOON)
    invitation = made.invitations.get(visit=later)
    assert waitlist.accept(invitation=invitation, now=NOON + timedelta(minutes=5)) == later
    later.refresh_from_db()
    assert (later.status, later.starts_at, later.earlier_since) == ("booked", FREED_AT, None)
    assert Appointment.objects.filter(status="booked").count() == 1
    # Only the new time is taken: the old one is free, and the hold has gone.
    assert set(Claim.objects.values_list("starts_at", flat=True)) == {FREED_AT}
    assert made.invitations.get(appointment_request=waits_too).status == "lost"


def test_a_no_leaves_the_later_visit_and_its_wish(freed: GivenUp, later: Appointment, robin: User) -> None:
    made = waitlist.invite(freed=freed, people=[later], by=robin, now=NOON)
    waitlist.decline(invitation=made.invitations.get(), now=NOON)
    was = later.starts_at
    later.refresh_from_db()
    assert (later.starts_at, later.earlier_since) == (was, NOON)


@pytest.mark.parametrize("how", ["cancelled", "moved before"])
def test_a_yes_for_a_visit_that_is_not_there_any_more_changes_nothing(
    freed: GivenUp, later: Appointment, robin: User, how: str
) -> None:
    made = waitlist.invite(freed=freed, people=[later], by=robin, now=NOON)
    if how == "cancelled":
        booking.cancel(appointment=later, by=robin, now=NOON)
    else:
        booking.move(
            appointment=later, practitioner=later.practitioner, room=later.room,
            starts_at=FREED_AT - timedelta(days=1), by=robin, now=NOON,
        )  # fmt: skip
    with pytest.raises((waitlist.Gone, booking.NotBookable)):
        waitlist.accept(invitation=made.invitations.get(), now=NOON)
    made.refresh_from_db()
    assert made.status == "open"
    assert Claim.objects.filter(appointment=made.hold).count() == 2


def test_a_visit_that_is_over_or_cancelled_takes_no_wish(service: Service, later: Appointment) -> None:
    gone = booking.cancel(appointment=later, by=None, now=NOON)
    with pytest.raises(booking.NotBookable):
        booking.wish_earlier(appointment=gone, wished=True, by=None, now=NOON)
    held = book(service, "Is Over", FREED_AT, now=NOON)
    with pytest.raises(booking.NotBookable):
        booking.wish_earlier(appointment=held, wished=True, by=None, now=FREED_AT)


def test_the_database_wants_a_request_or_a_visit_of_whom_it_invites(
    freed: GivenUp, later: Appointment, robin: User
) -> None:
    made = waitlist.invite(freed=freed, people=[later], by=robin, now=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        made.invitations.update(visit=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        made.invitations.update(appointment_request=later.appointment_request)


def test_staff_note_the_wish_and_drop_it_with_the_same_button(staff: Browser, service: Service) -> None:
    visit = book(service, "Later Visit", FREED_AT + timedelta(days=7), now=NOON)
    address = reverse("desk:visit", args=[visit.pk])
    assert 'name="wish" value="yes"' in staff.get(address).content.decode()
    for _ in range(2):  # a double click notes it once
        staff.post(reverse("desk:visit_earlier", args=[visit.pk]), {"wish": "yes"})
    page = staff.get(address).content.decode()
    assert "Asked when a time is freed." in page
    assert visit.events.filter(what="would_come_earlier").count() == 1
    assert "1 person would come sooner." in staff.get(reverse("desk:lists")).content.decode()
    staff.post(reverse("desk:visit_earlier", args=[visit.pk]), {"wish": "no"})
    visit.refresh_from_db()
    assert visit.earlier_since is None


def test_a_wish_for_what_is_cancelled_is_a_sentence(staff: Browser, later: Appointment) -> None:
    booking.cancel(appointment=later, by=None, now=NOON)
    answer = staff.post(reverse("desk:visit_earlier", args=[later.pk]), {"wish": "yes"})
    assert (answer.status_code, 'role="alert"' in answer.content.decode()) == (422, True)


def test_only_who_is_asked_alone_reads_that_the_time_is_kept_for_them(
    service: Service, freed: GivenUp, robin: User
) -> None:
    people = [waits(service, "One Wait"), waits(service, "Dos Espera")]
    AppointmentRequest.objects.filter(pk=people[1].pk).update(language="es")
    people[1].refresh_from_db()
    made = waitlist.invite(freed=freed, people=people, by=robin, now=NOON)
    both = {message.language: message.text for message in Message.objects.filter(kind="waitlist_offer")}
    assert "The first yes gets it." in both["en"]
    assert "Lo recibe quien diga que sí primero." in both["es"]
    assert "kept for you" not in both["en"]

    page = Browser().get(link_to("/v/", both["es"])).content.decode()
    assert "Se abrió un horario" in page
    assert "Lo recibe quien diga que sí primero." in page

    waitlist.withdraw(freed=made, by=robin, now=NOON)
    Message.objects.filter(kind="waitlist_offer").delete()
    waitlist.invite(freed=freed, people=people[:1], by=robin, now=NOON)
    alone = Message.objects.get(kind="waitlist_offer").text
    page = Browser().get(link_to("/v/", alone)).content.decode()
    assert "This is kept for you:" in alone
    assert "It is kept for you until" in page
    assert "more than one person" not in alone + page


def link_in(kind: str) -> str:
    return link_to("/v/", Message.objects.get(kind=kind).text)


def link_to(path: str, text: str) -> str:
    """The first address in a mail that leads there, on this site."""
    link = next(word for word in text.split() if path in word)
    return link[link.index(path) :]


def test_a_client_wishes_by_link_and_takes_the_earlier_time_by_link(
    staff: Browser, service: Service, freed: GivenUp
) -> None:
    visit = book(service, "Later Visit", FREED_AT + timedelta(days=7), now=NOON)
    client, path = Browser(), link_in("confirmed")
    assert "Tell me when an earlier time opens" in client.get(path).content.decode()
    visit.refresh_from_db()
    assert visit.earlier_since is None  # a look is no wish
    page = client.post(path, {"act": "earlier"}, follow=True).content.decode()
    assert "Keep my time" in page

    desk = staff.get(reverse("desk:visit", args=[freed.visit.pk])).content.decode()
    assert "would come earlier." in desk
    staff.post(reverse("desk:fill", args=[freed.visit.pk]), {"request": str(visit.pk)})
    told = Message.objects.get(kind="waitlist_offer").text
    assert "your visit of Wednesday, March 10" in told.replace("\n", " ")
    answer = client.post(link_in("waitlist_offer"), {"act": "yes"}).content.decode()
    assert "This time is yours" in answer
    visit.refresh_from_db()
    assert visit.starts_at == FREED_AT
