"""Which estimates the board calls "issued and not with the client yet"."""

import pytest

from intake import contact
from notifications.models import Message, State
from scheduling.estimates import delivery, documents
from scheduling.models import Trigger
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
