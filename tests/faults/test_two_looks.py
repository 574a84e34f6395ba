"""Two looks at the clocks at once, as a second beat makes them: each client gets one version of one estimate."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from config.foundation.clinic import Clinic
from intake.models import AppointmentRequest, CostQuestion
from scheduling.estimates import triggers, watch
from scheduling.models import Estimate, Trigger
from tests.factories import load_sample_clinic
from tests.scheduling.estimates.test_issue import NOW, a_request

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE, LOOKS = 12, 3


@pytest.fixture
def asked() -> list[AppointmentRequest]:
    """People who ticked that they want an estimate, and have none."""
    load_sample_clinic()
    found = [a_request(reference=f"PRICE{number:03}") for number in range(PEOPLE)]
    for each in found:
        CostQuestion.objects.create(
            client=each.client,
            appointment_request=each,
            how=CostQuestion.How.TICK,
            asked_at=NOW - timedelta(hours=1),
        )
    return found


def look_at_once(looks: int, *, now: datetime = NOW) -> list[Exception]:
    """What the looks died of."""
    together, died = threading.Barrier(looks), []

    def look() -> None:
        try:
            together.wait(20)
            watch.look(now=now)
        except Exception as error:
            died.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _each in range(looks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return died


def look_with_an_old_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between what a look found and what it does about it another look comes and goes."""
    choose, others = watch._to_answer, iter([watch.look])

    def chosen(*given: Any, **named: Any) -> list[Trigger]:
        found = choose(*given, **named)
        for look in others:
            look(now=NOW)
        return found

    monkeypatch.setattr(watch, "_to_answer", chosen)
    watch.look(now=NOW)


def without_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        watch,
        "_answer",
        lambda trigger, asked, *, now: watch.issue_for_request(appointment_request=asked, by=None, now=now),
    )


def derived() -> None:
    triggers.derive_requested(clinic=Clinic.get())
    assert Trigger.objects.running().count() == PEOPLE


def versions() -> set[tuple[int, str]]:
    return set(Estimate.objects.values_list("version", "status"))


def test_each_client_gets_one_version_of_one_estimate(asked: list[AppointmentRequest]) -> None:
    derived()

    died = look_at_once(LOOKS)

    assert (died, Estimate.objects.count(), versions()) == ([], PEOPLE, {(1, "issued")})


@pytest.mark.postgresql  # on SQLite one look waits for the other at its first line of writing
def test_control_looks_that_do_not_ask_whether_they_are_alone_die_of_each_other(
    asked: list[AppointmentRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    derived()
    without_asking(monkeypatch)

    assert look_at_once(LOOKS)


def test_a_look_whose_list_is_old_makes_no_second_version(
    asked: list[AppointmentRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    derived()

    look_with_an_old_list(monkeypatch)

    assert (Estimate.objects.count(), versions()) == (PEOPLE, {(1, "issued")})


def test_control_a_look_that_does_not_ask_again_makes_one(
    asked: list[AppointmentRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    derived()
    without_asking(monkeypatch)

    look_with_an_old_list(monkeypatch)

    assert (2, "issued") in versions()


@pytest.mark.postgresql  # SQLite has no rows to lock
def test_a_request_that_a_person_is_just_confirming_is_left_to_them_and_looked_at_again(
    asked: list[AppointmentRequest],
) -> None:
    derived()
    held = threading.Event()
    done = threading.Event()

    def confirming() -> None:
        with transaction.atomic():
            AppointmentRequest.objects.select_for_update(no_key=True).get(pk=asked[0].pk)
            held.set()
            done.wait(20)
        connection.close()

    person = threading.Thread(target=confirming)
    person.start()
    held.wait(20)
    watch.look(now=NOW)
    assert not Estimate.objects.filter(appointment_request=asked[0]).exists()
    done.set()
    person.join()

    watch.look(now=NOW)

    assert Estimate.objects.count() == PEOPLE
