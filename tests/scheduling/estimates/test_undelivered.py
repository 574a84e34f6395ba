"""Which estimates the board calls "issued and not with the client yet"."""

from datetime import datetime, timedelta

import pytest

from config.foundation.staff_tasks import StaffTask
from config.foundation.user import User
from intake import contact
from notifications.models import Message, State
from scheduling.estimates import delivery, documents
from scheduling.models import Estimate, EstimateEvent, Trigger
from tests.scheduling.estimates.test_issue import NOW, a_request, a_staff_member, confirmed

pytestmark = pytest.mark.usefixtures("clinic")


def test_a_second_mail_that_arrives_makes_up_for_the_first_that_came_back() -> None:
    estimate = confirmed(a_request())
    documents.make_waiting(now=NOW)
    assert list(delivery.undelivered()) == [estimate]
    Message.objects.update(state=State.SENT, sent_at=NOW)
    delivery.follow(now=NOW)
    assert not delivery.undelivered().exists()
    Message.objects.update(receipt="bounced")
    delivery.follow(now=NOW)
    assert list(delivery.undelivered()) == [estimate]

    again = contact.send_again(message=Message.objects.get(), by=a_staff_member(), now=NOW)
    assert list(delivery.undelivered()) == [estimate]
    Message.objects.filter(pk=again.pk).update(state=State.SENT, sent_at=NOW)
    delivery.follow(now=NOW)

    assert not delivery.undelivered().exists()
    assert not Trigger.objects.running().exists()


@pytest.fixture
def came_back() -> Estimate:
    """Its mail left and bounced: the clock runs, and a task asks somebody to find another way."""
    estimate = confirmed(a_request())
    documents.make_waiting(now=NOW)
    Message.objects.update(state=State.SENT, sent_at=NOW)
    delivery.follow(now=NOW)
    Message.objects.update(receipt="bounced")
    delivery.follow(now=NOW)
    return estimate


@pytest.fixture
def robin() -> User:
    return a_staff_member()


def post(estimate: Estimate, by: User, *, at: datetime = NOW) -> None:
    delivery.give(estimate=estimate, what=EstimateEvent.What.POSTED, by=by, now=at)


def how_it_stands(estimate: Estimate) -> tuple[bool, bool, list[str]]:
    """Is it undelivered, does its clock run, and which tasks are open."""
    tasks = StaffTask.objects.still_open().order_by("key")
    running = Trigger.objects.running().filter(satisfied_by=estimate).exists()
    return estimate in delivery.undelivered(), running, list(tasks.values_list("key", flat=True))


def test_a_note_by_mistake_is_taken_back_and_all_is_as_before(came_back: Estimate, robin: User) -> None:
    before = how_it_stands(came_back)
    post(came_back, robin)
    assert how_it_stands(came_back)[:2] == (False, False)
    delivery.take_back(estimate=came_back, by=robin, now=NOW + timedelta(seconds=10))
    assert how_it_stands(came_back) == before
    assert before == (True, True, [f"estimate-undelivered:{came_back.pk}"])
    # Both lines stay in the history: what was issued keeps its proof, mistakes and all.
    assert set(came_back.events.values_list("what", flat=True)) >= {"posted", "taken_back"}


def test_what_was_taken_back_can_be_noted_anew_at_once(came_back: Estimate, robin: User) -> None:
    post(came_back, robin)
    delivery.take_back(estimate=came_back, by=robin, now=NOW + timedelta(seconds=2))
    post(came_back, robin, at=NOW + timedelta(seconds=4))
    assert how_it_stands(came_back) == (False, False, [])


def test_of_two_notes_the_last_is_taken_back_and_the_first_stands(came_back: Estimate, robin: User) -> None:
    post(came_back, robin)
    later = NOW + timedelta(seconds=5)
    delivery.give(estimate=came_back, what=EstimateEvent.What.HANDED, by=robin, now=later)
    delivery.take_back(estimate=came_back, by=robin, now=later)
    assert how_it_stands(came_back) == (False, False, [])


@pytest.mark.parametrize("why", ["eleven seconds", "somebody else", "twice", "nothing noted"])
def test_what_cannot_be_taken_back_changes_nothing(came_back: Estimate, robin: User, why: str) -> None:
    by, now = robin, NOW + timedelta(seconds=1)
    if why != "nothing noted":
        post(came_back, robin)
    if why == "twice":
        delivery.take_back(estimate=came_back, by=robin, now=now)
    if why == "eleven seconds":
        now = NOW + timedelta(seconds=11)
    if why == "somebody else":
        by = User.objects.create_user("other@example.com", "a long password", is_front_desk=True)
    before = (how_it_stands(came_back), came_back.events.count())
    with pytest.raises(delivery.TooLate):
        delivery.take_back(estimate=came_back, by=by, now=now)
    assert (how_it_stands(came_back), came_back.events.count()) == before
