"""A message that cannot be read, built or survived: it fails alone, and a person is asked."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from config.foundation.staff_tasks import StaffTask
from notifications import delivery
from notifications.models import Attempt, Message, State
from tests.mail_sink import Sink
from tests.notifications.messages import make_many, make_message

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_message_that_cannot_be_read_fails_alone(smtp_sink: Sink) -> None:
    good, bad = make_many(2)
    with connection.cursor() as cursor:  # the address of one row in the place of another: it must not open
        cursor.execute('SELECT "to" FROM notifications_message WHERE key = %s', [good.key])
        stolen = cursor.fetchone()[0]
        cursor.execute('UPDATE notifications_message SET "to" = %s WHERE key = %s', [stolen, bad.key])

    assert delivery.drain() == 1

    bad = Message.objects.get(pk=bad.pk)
    assert (bad.state, bad.last_code) == (State.FAILED, "cannot be built: DecryptionError")
    assert [mail["To"] for mail in smtp_sink.messages] == ["person0@example.com"]
    assert StaffTask.objects.count() == 1


def test_a_row_that_keeps_killing_its_sender_is_taken_out(smtp_sink: Sink) -> None:
    poison = make_message(key="poison", to="poison@example.com")
    now = timezone.now()
    for died in range(3):
        delivery.claim(now=now, limit=1, worker=f"victim{died}")
        Attempt.objects.create(message=poison, number=died + 1, worker=f"victim{died}", started_at=now)
        now += timedelta(seconds=301)
    make_message(key="good", to="good@example.com")

    delivery.drain(now=now)

    poison.refresh_from_db()
    assert poison.state == State.FAILED
    assert [mail["To"] for mail in smtp_sink.messages] == ["good@example.com"]
    assert StaffTask.objects.count() == 1


def test_a_message_that_cannot_be_put_together_harms_neither_the_one_before_it_nor_the_one_after(
    smtp_sink: Sink,
) -> None:
    _first, broken, _last = make_many(3)
    broken.content = {"subject": "two\nlines", "text": "x"}
    broken.save()

    assert delivery.drain() == 2

    assert [mail["To"] for mail in smtp_sink.messages] == ["person0@example.com", "person2@example.com"]
    assert list(Message.objects.order_by("key").values_list("state", flat=True)) == [
        State.SENT,
        State.FAILED,
        State.SENT,
    ]
