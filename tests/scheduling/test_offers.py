"""Times held for a client to choose from, and what becomes of them when their request is closed."""

from datetime import timedelta

import pytest

from intake import triage
from intake.models import Status
from notifications.models import Message
from scheduling import booking
from scheduling.booking import OfferClosed, SlotTaken
from scheduling.models import Claim
from tests.factories import NOW, make_appointment_request, make_user
from tests.scheduling.booked import make_offer

pytestmark = pytest.mark.usefixtures("clinic")


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


def let_go(pending, verb, *, by):
    said = {"reason": "does not fit"} if verb in {"decline", "hold"} else {}
    booking.letting_go(
        getattr(triage, verb),
        appointment_request=pending,
        by=by,
        now=NOW,
        expect_version=pending.version,
        **said,
    )


@pytest.mark.parametrize("verb", ["decline", "hold", "waitlist", "set_aside", "withdraw"])
def test_what_takes_a_request_out_of_play_lets_go_of_its_offer_first(verb):
    pending, user = make_appointment_request(), make_user()
    made = make_offer(pending)
    pending.refresh_from_db()

    let_go(pending, verb, by=user)

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

    let_go(pending, verb, by=user)

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
