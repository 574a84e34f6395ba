"""Urgent and same-day requests bring the task to call first; it is done when somebody has called, and only then."""

from collections.abc import Callable

import pytest

from config.foundation.models import StaffTask, User
from intake import call_first, triage
from intake.models import AppointmentRequest
from tests.factories import NOW, load_sample_clinic, make_appointment_request, make_user
from tests.intake.bad_input.conftest import Asker

Verb = Callable[[AppointmentRequest, User], object]


def how(pending: AppointmentRequest, by: User) -> dict[str, object]:
    pending.refresh_from_db()
    return {"appointment_request": pending, "by": by, "now": NOW, "expect_version": pending.version}


def talk(pending: AppointmentRequest, by: User, outcome: str = triage.TALKED) -> None:
    triage.record_call(outcome=outcome, **how(pending, by))  # type: ignore[arg-type]


def waits(pending: AppointmentRequest) -> bool:
    return (
        StaffTask.objects.still_open().about(subject_type=call_first.SUBJECT, subject_id=pending.pk).exists()
    )


@pytest.fixture(autouse=True)
def clinic(db: None) -> None:
    load_sample_clinic()


@pytest.fixture
def same_day() -> AppointmentRequest:
    found = make_appointment_request(service=None, priority="same_day")
    call_first.keep_task(found, by=None, now=NOW)
    return found


def test_an_urgent_request_brings_an_urgent_task_without_a_word_of_health() -> None:
    sent = Asker("R06").stored(seen_urgent=["1"])

    task = StaffTask.objects.get(kind=call_first.KIND)
    assert (task.title, task.priority, task.details) == (
        f"Call first: request {sent.reference}",
        "urgent",
        "",
    )


def test_only_a_talk_ends_the_task_of_a_same_day_request(same_day: AppointmentRequest) -> None:
    robin = make_user()
    talk(same_day, robin, triage.NO_ANSWER)
    talk(same_day, robin, triage.LEFT_MESSAGE)
    assert waits(same_day)

    talk(same_day, robin)

    assert StaffTask.objects.get().done_by == robin


def test_a_talk_does_not_end_an_urgent_one_but_a_look_does() -> None:
    pending, robin = make_appointment_request(service=None, priority="urgent"), make_user(roles="therapist")
    call_first.keep_task(pending, by=None, now=NOW)
    talk(pending, robin)
    assert waits(pending)

    triage.looked_at(reason="Was seen at the emergency room.", **how(pending, robin))  # type: ignore[arg-type]

    assert not waits(pending)


@pytest.mark.parametrize(
    "end",
    [
        lambda pending, by: triage.decline(reason="Another place fits", **how(pending, by)),
        lambda pending, by: triage.withdraw(**how(pending, by)),
        lambda pending, by: triage.set_aside(**how(pending, by)),
    ],
    ids=["declined", "withdrawn", "set aside"],
)
def test_nobody_is_called_about_a_closed_request_until_it_is_restored(
    same_day: AppointmentRequest, end: Verb
) -> None:
    robin = make_user(roles="front_desk therapist")
    end(same_day, robin)
    assert not waits(same_day)

    triage.restore(**how(same_day, robin))  # type: ignore[arg-type]

    assert waits(same_day)
