"""The six pages, posted as a browser without a script posts them."""

import re
from html import unescape

import pytest
from django.test import Client as Browser

from config.sample_requests import posted
from intake import words
from intake.models import AppointmentRequest, RequestDraft
from tests.factories import load_sample_clinic, sample_file

SAMPLES = {sample["id"]: sample for sample in sample_file()["requests"]}
STEPS = ["", "about/", "safety/", "you/", "paying/", "send/"]


@pytest.fixture
def clinic(db: None) -> None:
    load_sample_clinic()


def typed(code: str) -> dict[str, list[str]]:
    """Without wishes for days that are over when the test runs."""
    said = posted(SAMPLES[code]["form"])
    return {name: values for name, values in said.items() if not name.startswith(("earliest", "latest"))}


@pytest.fixture
def patient(clinic: None) -> Browser:
    """Somebody who began the form a while ago, so that speed does not speak against them."""
    browser = Browser()
    browser.post("/request/", {"service": "not_sure"})
    draft = RequestDraft.objects.get()
    draft.answers = {**draft.answers, "started_at": "2026-01-01T00:00:00+00:00"}
    draft.save()
    return browser


def test_the_landing_page_names_every_price(clinic: None) -> None:
    page = Browser().get("/").content.decode()

    assert all(price in page for price in ("$210", "$240", "$165", "$30", "$55", "$870", "$1,530"))


def test_the_whole_way_ends_with_a_receipt(patient: Browser) -> None:
    said = typed("R01")

    last = [patient.post(f"/request/{step}", said) for step in STEPS][-1]

    assert last["Location"] == "/request/received/"
    sent = AppointmentRequest.objects.get()
    page = patient.get("/request/received/").content.decode()
    assert sent.reference in page
    assert "We have your request, Alex." in page


def test_every_page_shows_again_what_was_said(patient: Browser) -> None:
    said = typed("R01")
    for step in STEPS[:-1]:
        patient.post(f"/request/{step}", said)

    assert "alex.sample@example.com" in patient.get("/request/you/").content.decode()
    assert "since I moved house" in patient.get("/request/about/").content.decode()
    assert "since I moved house" in patient.get("/request/send/").content.decode()


def test_sent_twice_is_one_request(patient: Browser) -> None:
    said = typed("R01")
    for step in [*STEPS, STEPS[-1]]:
        last = patient.post(f"/request/{step}", said)

    assert last.status_code == 302
    assert AppointmentRequest.objects.count() == 1


def test_another_answer_after_sending_is_said_so(patient: Browser) -> None:
    said = typed("R01")
    for step in STEPS:
        patient.post(f"/request/{step}", said)

    assert patient.post("/request/you/", {**said, "first_name": "Other"}).status_code == 409


def test_an_urgent_answer_shows_help_before_the_next_page(patient: Browser) -> None:
    said = typed("R06")
    patient.post("/request/", said)
    patient.post("/request/about/", said)

    page = patient.post("/request/safety/", said)

    assert page.status_code == 200
    assert "tel:911" in page.content.decode()
    assert 'name="seen_urgent"' in page.content.decode()


def test_the_receipt_of_an_urgent_request_says_only_to_get_help(patient: Browser) -> None:
    said = {**typed("R06"), "seen_urgent": ["1"]}
    for step in STEPS:
        patient.post(f"/request/{step}", said)

    page = patient.get("/request/received/").content.decode()

    assert "Call 911" in page
    assert "What happens next" not in page


def test_a_lost_cookie_loses_nothing(patient: Browser) -> None:
    said = typed("R01")
    patient.post("/request/", said)
    page = patient.get("/request/about/").content.decode()
    token = page.split('name="draft" value="')[1].split('"')[0]
    stranger = Browser()

    stranger.post("/request/about/", {**said, "draft": token})

    assert RequestDraft.objects.count() == 1


def test_what_was_typed_stands_beside_its_error(patient: Browser) -> None:
    said = {**typed("R21"), "birth_date_month": ["3"], "birth_date_day": ["13"], "birth_date_year": ["1993"]}

    page = patient.post("/request/you/", said)

    text = page.content.decode()
    assert page.status_code == 422
    assert "sam.sample@example,com" in text
    assert "Did you mean sam.sample@example.com?" in text
    assert "Five numbers are missing" in text


def test_a_suggestion_stands_beside_its_field(patient: Browser) -> None:
    page = patient.post("/request/you/", {**typed("R21"), "email": ["sam@gmial.com"]}).content.decode()

    (field,) = (one for one in page.split('<div class="field') if 'name="email"' in one)
    assert 'name="agree" value="email=sam@gmail.com"' in field


def test_a_question_in_the_summary_keeps_its_question_mark(patient: Browser) -> None:
    page = patient.post("/request/", {}).content.decode()

    assert "What would you like? Please choose one." in page


def test_a_suggestion_is_taken_with_one_press(patient: Browser) -> None:
    said = {**typed("R21"), "phone": ["801-555-0121"], "agree": ["email=sam.sample@example.com"]}

    assert patient.post("/request/you/", said).status_code == 302


def test_switching_to_spanish_keeps_what_was_typed(patient: Browser) -> None:
    said = typed("R13")
    patient.post("/request/", said)
    patient.post("/request/you/", {**said, "language": "es"})

    page = patient.get("/request/you/").content.decode()

    assert "Sobre usted" in page
    assert "María José" in page


def test_the_back_button_a_reload_and_a_second_tab_lose_nothing(patient: Browser) -> None:
    said = typed("R02")
    patient.post("/request/", said)
    patient.post("/request/about/", said)
    first_tab = patient.get("/request/you/").content.decode()
    patient.post("/request/paying/", said)  # another tab is further on
    patient.post("/request/you/", said)  # the first tab is sent after it
    patient.post("/request/about/", {**said, "side": ["left"]})  # back, and another answer

    draft = RequestDraft.objects.get()

    assert 'name="draft"' in first_tab
    kept = draft.answers["said"]
    assert kept["member_id"] == said["member_id"]
    assert kept["first_name"] == said["first_name"]
    assert kept["side"] == ["left"]


PHONES = sorted(
    {
        sample["form"]["phone"]
        for sample in SAMPLES.values()
        if sample.get("form", {}).get("phone") and sample["expect"].get("phone")
    }
)


@pytest.mark.parametrize("phone", PHONES)
def test_a_phone_in_any_style_is_read_back(phone: str, patient: Browser) -> None:
    said = {**typed("R01"), "phone": [phone]}
    patient.post("/request/", said)

    assert patient.post("/request/you/", said).status_code == 302
    e164 = next(
        one["expect"]["phone"]
        for one in SAMPLES.values()
        if one.get("form", {}).get("phone") == phone and one["expect"].get("phone")
    )
    assert words.phone(e164) in patient.get("/request/send/").content.decode()


def test_an_error_summary_leads_to_each_field(patient: Browser) -> None:
    page = patient.post("/request/you/", {"phone": "801", "birth_date_month": "13"}).content.decode()

    summary = page.split("data-focus")[1].split("</ul>")[0]
    targets = re.findall(r'href="#([^"]+)"', summary)
    assert {"id_first_name", "id_birth_date_month", "id_phone"} <= set(targets)
    assert all(f'id="{target}"' in page for target in targets)


def test_a_long_text_shows_how_many_letters_are_left(patient: Browser) -> None:
    page = patient.get("/request/about/").content.decode()

    assert 'data-limit="4000"' in page
    assert "Up to 4000 letters" in page


@pytest.mark.parametrize("code", ["R02", "R14", "R18", "R24", "R26", "R36", "R39", "R40"])
def test_everything_that_was_typed_is_shown_before_sending(code: str, patient: Browser) -> None:
    said = typed(code)
    for step in ("", "about/", "you/", "you/", "paying/"):
        patient.post(f"/request/{step}", {**said, "minor_seen": "1"})

    page = unescape(patient.get("/request/send/").content.decode())

    assert ("extension 7" in page) == (code == "R18")
    lines = {name: values[0] for name, values in said.items() if name in TYPED_LINES and values[0].strip()}
    assert [name for name, value in lines.items() if " ".join(value.split()) not in page] == []


TYPED_LINES = {
    "first_name", "last_name", "name_to_use", "pronouns", "best_time", "say_only", "mailing_address", "carrier", "plan_type",
    "member_id", "group_number", "policyholder_name", "claim_number", "claim_employer", "claim_adjuster", "claim_attorney",
    "availability_notes", "access_notes", "representative_first_name", "representative_last_name",
    "representative_relation", "representative_email", "where_during_visit",
}  # fmt: skip


def test_a_child_alone_is_asked_about_the_adult_and_not_about_themselves(patient: Browser) -> None:
    said = typed("R25")
    patient.post("/request/", said)

    page = patient.post("/request/you/", said).content.decode()

    adult = page.split("Your parent or guardian")[1]
    assert "Their first name" in adult
    assert "What are they to you?" in adult
    assert "Your first name" not in page
    shown = patient.post("/request/you/", {**said, "minor_seen": "1", "representative_first_name": "Kit"})
    assert shown.status_code == 302
    assert "Kit" in patient.get("/request/send/").content.decode().split("Your parent or guardian")[1]
