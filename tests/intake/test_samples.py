"""The 40 requests of the sample clinic, typed as people type, through the form."""

import uuid
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.clinic_file.requests import draft_with_files
from config.foundation.models import User
from config.sample_requests import posted
from intake.models import AppointmentRequest, Consent, Hold
from intake.submission import NotReady, submit_form
from tests.factories import load_sample_clinic, sample_file

SAMPLES = sample_file()["requests"]
BY_ID = {sample["id"]: sample for sample in SAMPLES}
NOW_LOCAL = datetime.fromisoformat("2027-03-01T09:00:00-07:00")
BEFORE = {"R29": ["R01"], "R30": ["R02"], "R31": ["R24"]}
STORED = [sample["id"] for sample in SAMPLES if sample["expect"]["stored"] == "stored"]
REFUSED = [
    sample["id"] for sample in SAMPLES if sample["expect"].get("field_errors") and sample["id"] not in STORED
]


@pytest.fixture
def clinic(db: None) -> None:
    load_sample_clinic()


def send(code: str) -> AppointmentRequest:
    sample = BY_ID[code]
    form: dict[str, Any] = BY_ID[sample.get("same_form_as", code)]["form"]
    key = sample.get("idempotency_key", code)
    now = datetime.fromisoformat(sample["submitted_at"])
    staff = (
        User.objects.create_user(email="desk@example.com", password="x")
        if sample.get("entered_by_staff")
        else None
    )
    return submit_form(
        posted(form, honeypot=sample.get("honeypot", "")),
        submission_id=uuid.uuid5(uuid.NAMESPACE_URL, key),
        now=now,
        language=sample["lang"],
        seconds_to_fill=sample["seconds_to_fill"],
        times_resumed=sample.get("saved_and_resumed", 0),
        draft=draft_with_files(form, now=now),
        how_consented=Consent.How.READ_OUT_BY_PHONE if staff else Consent.How.WEB,
        by=staff,
    )


@pytest.mark.parametrize("code", STORED)
def test_a_sample_is_stored_as_expected(code: str, clinic: None) -> None:
    for earlier in BEFORE.get(code, []):
        send(earlier)

    sent = send(code)

    expect = BY_ID[code]["expect"]
    seen = {marker.code for marker in sent.markers.all()} | {hold.kind for hold in sent.holds.all()}
    seen |= {flag.finding["code"] for flag in sent.flags.all()}
    assert not set(expect["flags"]) - seen
    assert not set(expect.get("not_flags", [])) & seen
    held = {hold.kind for hold in sent.open_holds()}
    assert held == set(expect["flags"]) & set(Hold.Kind.values)
    assert (sent.status == "on_hold") == bool(held)
    assert all(hold.reason for hold in sent.open_holds())
    assert sent.priority == expect["priority"]
    assert (sent.service.code if sent.service else None) == expect["service"]
    assert sent.cost_questions.exists() == expect["asks_cost"]
    if "phone" in expect:
        assert str(sent.client.phone) == expect["phone"]
    assert sent.client.phone_extension == expect.get("phone_extension", "")
    local = sent.reply_by.astimezone(ZoneInfo("America/Denver")).replace(tzinfo=None)
    assert local == datetime.fromisoformat(expect["reply_by"])
    if "client" in expect:
        assert sent.client.code == expect["client"]
    if "display_name" in expect:
        assert sent.client.display_name == expect["display_name"]


@pytest.mark.parametrize("code", REFUSED)
def test_a_sample_is_sent_back_with_its_errors(code: str, clinic: None) -> None:
    with pytest.raises(NotReady) as refused:
        send(code)

    named = {
        name.removeprefix("availability.").replace("dob", "birth_date")
        for name in BY_ID[code]["expect"]["field_errors"]
    }
    assert set(refused.value.field_errors) == named
    assert not AppointmentRequest.objects.exists()


@pytest.mark.parametrize("code", [one["id"] for one in SAMPLES if one.get("form", {}).get("files")])
def test_the_files_of_a_sample_are_kept_as_far_as_they_are_pictures(code: str, clinic: None) -> None:
    sent = send(code)

    came = len(BY_ID[code]["form"]["files"])
    assert sent.files.count() == BY_ID[code]["expect"].get("files_kept", came)


def test_pressed_twice_is_one_request(clinic: None) -> None:
    assert send("R01") == send("R29")
    assert AppointmentRequest.objects.count() == 1


def test_spam_is_set_aside_not_dropped(clinic: None) -> None:
    sent = send("R33")

    assert (sent.status, sent.priority) == ("quarantined", "low")


def test_a_second_request_after_two_days_points_to_the_first(clinic: None) -> None:
    first = send("R02")

    second = send("R30")

    assert second.markers.get(code="possible_duplicate").other_request == first
