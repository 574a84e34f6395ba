"""What staff decide before there is a time."""

from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse

from intake.models import AppointmentRequest, Hold, Marker
from tests.scheduling.desk.making import MONDAY, make_clinic, make_request

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]


@pytest.fixture
def on_monday():
    with time_machine.travel(MONDAY, tick=False):
        yield


def decide(staff: Browser, asked: AppointmentRequest, act: str, **more: Any) -> Any:
    asked.refresh_from_db()
    values = {"act": act, "version": asked.version, **more}
    answer = staff.post(reverse("desk:decide", args=[asked.pk]), values)
    asked.refresh_from_db()
    return answer


def test_a_hold_is_set_and_lifted_with_a_reason_by_a_named_person(staff: Browser) -> None:
    asked = make_request(service=make_clinic())
    assert decide(staff, asked, "hold", why="Ask Robin first").status_code == 302
    assert asked.status == "on_hold"
    opened = Hold.objects.get()
    assert decide(staff, asked, "release", hold=str(opened.pk), why="  ").status_code == 422
    assert asked.status == "on_hold"
    decide(staff, asked, "release", hold=str(opened.pk), why="Robin says yes")
    opened.refresh_from_db()
    assert (asked.status, opened.lift_reason) == ("new", "Robin says yes")
    assert opened.lifted_by is not None


def test_a_request_with_two_holds_stays_held_until_the_last_is_lifted(staff: Browser) -> None:
    asked = make_request(service=make_clinic(), status="on_hold")
    first, second = (
        Hold.objects.create(appointment_request=asked, kind=kind, opened_at=MONDAY)
        for kind in ("medicare_hold", "age_65_check_medicare")
    )
    decide(staff, asked, "release", hold=str(first.pk), why="Not on Medicare")
    assert asked.status == "on_hold"
    decide(staff, asked, "release", hold=str(second.pk), why="Is 64")
    assert asked.status == "new"


def test_an_urgent_request_gets_times_only_after_somebody_looked(staff: Browser) -> None:
    asked = make_request(service=make_clinic(), priority="urgent")
    page = reverse("desk:request", args=[asked.pk])
    assert staff.get(page).context["times"] == []
    decide(staff, asked, "call", outcome="talked")
    assert staff.get(page).context["times"] == []
    decide(staff, asked, "looked_at", why="Seen at the hospital, cleared")
    assert len(staff.get(page).context["times"]) == 3


@pytest.mark.parametrize(("act", "status"), [("decline", "declined"), ("refer", "referred")])
def test_a_no_keeps_its_reason_and_can_be_taken_back(staff: Browser, act: str, status: str) -> None:
    asked = make_request(service=make_clinic())
    assert decide(staff, asked, act).status_code == 422
    decide(staff, asked, act, why="Not our field")
    assert asked.status == status
    assert asked.answered_at == MONDAY
    decide(staff, asked, "restore")
    assert asked.status == "new"


def test_a_question_moves_the_request_and_stays_in_the_house(staff: Browser) -> None:
    asked = make_request(service=make_clinic())
    decide(staff, asked, "ask", why="Is Wednesday at 9 too early?")
    assert asked.status == "needs_information"
    assert "Wednesday" in staff.get(reverse("desk:request", args=[asked.pk])).content.decode()


def test_spam_is_set_aside_and_restored_by_one_press(staff: Browser) -> None:
    asked = make_request(service=make_clinic())
    decide(staff, asked, "set_aside")
    assert asked.status == "quarantined"
    decide(staff, asked, "restore")
    assert asked.status == "new"


def test_what_was_typed_is_kept_on_a_stale_page(staff: Browser) -> None:
    asked = make_request(service=make_clinic())
    values = {"act": "release", "version": 7, "why": "x"}
    assert staff.post(reverse("desk:decide", args=[asked.pk]), values).status_code == 409
    answer = staff.post(
        reverse("desk:decide", args=[asked.pk]), {"act": "hold", "version": 7, "why": "Keep me"}
    )
    assert answer.status_code == 409
    assert answer.context["typed"] == "Keep me"
    asked.refresh_from_db()
    assert asked.status == "new"


@pytest.mark.parametrize("act", ["", "explode", "release"])
def test_an_act_that_does_not_exist_changes_nothing(staff: Browser, act: str) -> None:
    asked = make_request(service=make_clinic())
    assert decide(staff, asked, act, why="x", hold="not-an-id").status_code == (
        409 if act == "release" else 422
    )
    assert asked.version == 1


def test_one_person_who_wrote_twice_is_joined_with_both_wishes_and_parted_again(staff: Browser) -> None:
    service = make_clinic()
    one = make_request(service=service, wishes={"days": ["tue"]})
    other = make_request(service=service, wishes={"days": ["wed"]})
    Marker.objects.create(appointment_request=one, code="possible_duplicate", other_request=other)
    assert (
        "Join, keep both wishes"
        in staff.get(reverse("desk:compare", args=[one.pk, other.pk])).content.decode()
    )
    versions = {"version": one.version, "other_version": other.version}
    assert staff.post(reverse("desk:join", args=[one.pk, other.pk]), versions).status_code == 302
    one.refresh_from_db()
    other.refresh_from_db()
    assert one.wishes["days"] == ["tue", "wed"]
    assert (other.status, other.merged_into) == ("merged", one)
    decide(staff, other, "restore")
    assert (other.status, other.merged_into) == ("new", None)


def test_a_visit_is_chosen_for_who_was_not_sure(staff: Browser) -> None:
    service = make_clinic()
    asked = make_request(service=None)
    page = staff.get(reverse("desk:request", args=[asked.pk])).content.decode()
    assert "Which visit shall it be?" in page
    assert decide(staff, asked, "service", service="nothing").status_code == 422
    assert decide(staff, asked, "service", service=service.code).status_code == 302
    assert (asked.service, asked.version) == (service, 2)
    page = staff.get(reverse("desk:request", args=[asked.pk])).content.decode()
    assert "Service chosen (Robin)" in page
    assert "Best times" in page


def test_a_hold_says_why_since_when_and_what_to_do(staff: Browser) -> None:
    asked = make_request(service=make_clinic(), status="on_hold")
    Hold.objects.create(
        appointment_request=asked, kind="medicare_hold", reason="Medicare is named.", opened_at=MONDAY
    )
    page = staff.get(reverse("desk:request", args=[asked.pk])).content.decode()
    for words in (
        "Hold: Medicare",
        "Medicare is named.",
        "Set when it came in.",
        "Paying cash does not lift it.",
    ):
        assert words in page
    assert "Best times" not in page
