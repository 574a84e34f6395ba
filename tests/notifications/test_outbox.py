from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from config.foundation.user import User
from notifications import outbox
from notifications.models import Message, State
from notifications.rendering import Rendered
from tests.notifications.messages import make_many, make_message

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_a_message_outside_a_transaction_is_refused() -> None:
    with pytest.raises(outbox.NotInTransaction):
        outbox.enqueue(
            key="k",
            kind="received",
            to="a@example.com",
            language="en",
            rendered=Rendered("s", "t", "h"),
            now=timezone.now(),
        )


@pytest.mark.django_db(transaction=True)
def test_a_message_shares_the_fate_of_what_it_tells() -> None:
    def tell_and_fail() -> None:
        with transaction.atomic():
            make_message()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        tell_and_fail()

    assert Message.objects.count() == 0


def test_the_same_key_tells_once() -> None:
    first = make_message(key="visit:1:confirmed:v1")
    second = make_message(key="visit:1:confirmed:v1", to="other@example.com")

    assert second.pk == first.pk
    assert Message.objects.get().to == "alex.sample@example.com"


def test_what_was_rendered_and_for_whom_is_not_readable_in_the_database() -> None:
    make_message(to="alex.sample@example.com")

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM notifications_message")
        row = repr([bytes(value) if isinstance(value, memoryview) else value for value in cursor.fetchone()])

    assert "alex.sample" not in row
    assert "March 8" not in row
    assert "Your visit" not in row


def test_a_held_message_waits_until_it_is_released() -> None:
    message = make_message(waits_for="estimate:7")
    assert message.state == State.HELD

    assert outbox.release(waits_for="estimate:7") == 1
    assert outbox.release(waits_for="estimate:7") == 0

    message.refresh_from_db()
    assert message.state == State.QUEUED


def test_withdrawing_takes_back_what_waits_and_leaves_what_was_sent() -> None:
    now = timezone.now()
    sent, waiting, held, other = make_many(3)[0], None, None, None
    rows = make_many(4, prefix="more")
    waiting, held, other = rows[0], rows[1], rows[2]
    Message.objects.filter(pk=sent.pk).update(state=State.SENT, sent_at=now)
    Message.objects.filter(pk=held.pk).update(state=State.HELD, waits_for="x")
    Message.objects.filter(pk=other.pk).update(kind="reminder")

    count = outbox.withdraw(
        subject_type="scheduling.appointment", subject_id="1", kinds=["confirmed"], reason="moved"
    )

    states = dict(Message.objects.values_list("pk", "state"))
    assert count == 5  # two of the first three, and all but the reminder of the four
    assert states[sent.pk] == State.SENT
    assert states[waiting.pk] == states[held.pk] == State.WITHDRAWN
    assert states[other.pk] == State.QUEUED


def test_withdrawing_everything_by_mistake_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a key"):
        outbox.withdraw(reason="oops")


def test_the_message_id_says_nothing_about_the_person() -> None:
    message = make_message(to="alex.sample@example.com")

    assert message.message_id == f"<{message.pk}@example.com>"


def test_sending_again_makes_a_new_row_with_the_same_words_once_a_minute() -> None:
    by = User.objects.create_user(email="robin@example.com", password="a long password here")
    now = timezone.now().replace(second=0)
    message = make_message()
    Message.objects.filter(pk=message.pk).update(state=State.SENT, sent_at=now)
    message.refresh_from_db()

    again = outbox.send_again(message=message, by=by, now=now)
    twice = outbox.send_again(message=message, by=by, now=now + timedelta(seconds=5))

    assert again.pk == twice.pk != message.pk
    assert (again.to, again.text, again.created_by) == (message.to, message.text, by)
    assert again.message_id != message.message_id


def test_what_still_waits_is_not_sent_again() -> None:
    by = User.objects.create_user(email="robin@example.com", password="a long password here")

    with pytest.raises(outbox.NotWaiting):
        outbox.send_again(message=make_message(), by=by, now=timezone.now())
