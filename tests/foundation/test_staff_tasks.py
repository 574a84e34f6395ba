from datetime import timedelta

import pytest
from django.utils import timezone

from config.foundation.models import StaffTask, User
from config.foundation.staff_tasks import Priority, close_task, open_task

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def ask(key="call:1", **said):
    return open_task(
        **{"key": key, "kind": "call", "subject_type": "x", "subject_id": 1, "title": "Call", **said}
    )


def test_a_task_is_asked_once():
    assert ask() == ask(title="Call again")
    assert StaffTask.objects.get().title == "Call"


def test_a_done_task_stays_done_unless_opened_again():
    ask()
    close_task(key="call:1", by=None)
    assert ask().done_at is not None
    assert ask(reopen=True, title="Call again").done_at is None


def test_the_second_person_to_close_it_is_told():
    robin = User.objects.create_user("robin@example.com")
    ask()
    assert close_task(key="call:1", by=robin, outcome="reached")
    assert not close_task(key="call:1", by=None)
    assert StaffTask.objects.get().done_by == robin


def test_the_most_important_comes_first():
    ask("later", due_at=NOW + timedelta(days=2))
    ask("no date")
    ask("sooner", due_at=NOW)
    ask("urgent", priority=Priority.URGENT)
    ask("today", priority=Priority.TODAY)
    keys = StaffTask.objects.still_open().most_important_first().values_list("key", flat=True)
    assert list(keys) == ["urgent", "today", "sooner", "later", "no date"]
