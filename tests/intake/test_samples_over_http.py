"""The 40 requests of the sample clinic, posted page by page as a browser without a script posts them.

Nothing is called directly: every page's own fields go to its own address, hidden fields are taken from the page
that came back, and time passes between the first page and "send" as it did for the person.
"""

import html
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client as Browser

from config.sample_files import files_of
from config.sample_requests import posted
from intake.models import AppointmentRequest, RequestDraft
from notifications.models import Message
from tests.factories import load_sample_clinic, make_user
from tests.intake.test_samples import BEFORE, BY_ID, SAMPLES

PAGES = {
    "": ["service", "also", "package", "workshop_on", "people", "client_status", "for_whom", "where_during_visit"],
    "about/": ["body_areas", "side", "reason", "started_on", "pregnancy"],
    "safety/": [],
    "you/": ["first_name", "last_name", "name_to_use", "pronouns", "birth_date", "email", "phone", "mailing_address",
             "reach", "prefer", "best_time", "say_only", "representative"],
    "paying/": ["coverage", "carrier", "plan_type", "member_id", "group_number", "policyholder", "phone_on_card",
                "secondary", "prior_authorization", "medicare_number", "claim", "referral", "ask_estimate", "days",
                "parts", "earliest", "latest", "availability_notes", "waitlist_ok", "series", "access"],
    "send/": ["privacy_notice_seen", "policy_seen", "email_ok", "text_ok", "guardian_agrees", "telehealth",
              "waiver_signed", "website"],
}  # fmt: skip
HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"')
ON_QUESTIONNAIRES = re.compile(r"^[a-z0-9_]+-[i~]")
STORED, SENT_BACK, SET_ASIDE = (
    [sample["id"] for sample in SAMPLES if sample["expect"]["stored"] == stored and sample["id"] != "R29"]
    for stored in ("stored", "not_stored", "quarantined")
)


@pytest.fixture
def clinic(db: None) -> None:
    load_sample_clinic()


def form_of(sample: Mapping[str, Any]) -> dict[str, list[str]]:
    form = BY_ID[sample.get("same_form_as", sample["id"])]["form"]
    return posted(form, honeypot=sample.get("honeypot", ""))


def on_page(said: Mapping[str, list[str]], page: str) -> dict[str, list[str]]:
    if page == "safety/":
        return {name: values for name, values in said.items() if ON_QUESTIONNAIRES.match(name)}
    starts = tuple(PAGES[page])
    return {
        name: values
        for name, values in said.items()
        if name.startswith(starts) and not ON_QUESTIONNAIRES.match(name)
    }


class Person:
    """Somebody with a browser, who presses "Continue" again when the same page comes back with more on it."""

    def __init__(self, sample: Mapping[str, Any]) -> None:
        self.sample, self.said = sample, form_of(sample)
        language = sample["lang"]
        self.browser = Browser(HTTP_ACCEPT_LANGUAGE=language)

    def post(self, page: str, **more: Any) -> HttpResponse:
        answer = self.browser.post(f"/request/{page}", {**on_page(self.said, page), **more})
        for _again in range(3):
            if answer.status_code != 200 or "later" in more:
                break
            hidden = {
                name: value for name, value in HIDDEN.findall(answer.content.decode()) if name != "draft"
            }
            answer = self.browser.post(f"/request/{page}", {**on_page(self.said, page), **hidden, **more})
        return answer

    def files(self) -> dict[str, list[SimpleUploadedFile]]:
        """The sample's files; a video as long as it says."""
        found: dict[str, list[SimpleUploadedFile]] = {}
        for field, file in files_of(self.sample.get("form", {})):
            content = file.content.ljust(file.size, b"\0")
            found.setdefault(field, []).append(SimpleUploadedFile(file.name, content, file.content_type))
        return found

    def fill_in(self) -> HttpResponse:
        """Every page; the answer of the last one."""
        sent_at = datetime.fromisoformat(self.sample["submitted_at"])
        is_class = self.said["service"] == ["WORKSHOP"]
        with time_machine.travel(sent_at - timedelta(seconds=self.sample["seconds_to_fill"]), tick=False):
            self.browser.get("/request/")
            self.post("")
            for _times in range(self.sample.get("saved_and_resumed", 0)):
                self.post("about/", later="1")
            for page in ["you/"] if is_class else ["about/", "safety/", "you/"]:
                self.last_error = self.post(page)
            if files := self.files():
                self.with_files = self.post("paying/", **files)
            self.post("paying/")
        with time_machine.travel(sent_at, tick=False):
            return self.post("send/")


def enter_at_the_desk(code: str) -> HttpResponse:
    """A call that staff type in: one page with all of the form."""
    sample, desk = BY_ID[code], Browser()
    with time_machine.travel(datetime.fromisoformat(sample["submitted_at"]), tick=False):
        desk.force_login(make_user(email="desk@example.com"))
        hidden = dict(HIDDEN.findall(desk.get("/staff/requests/new/").content.decode()))
        how = {"came_by": "call", "told_of_right": "on", "language": sample["lang"], "act": "enter"}
        return desk.post("/staff/requests/new/", {**form_of(sample), **hidden, **how})


def fill_in(code: str) -> tuple[Person, HttpResponse]:
    person = Person(BY_ID[code])
    return person, person.fill_in()


@pytest.mark.parametrize("code", STORED)
def test_a_sample_posted_raw_is_stored_as_expected(code: str, clinic: None) -> None:
    for earlier in BEFORE.get(code, []):
        fill_in(earlier)

    if BY_ID[code].get("entered_by_staff"):
        person, answer = Person(BY_ID[code]), enter_at_the_desk(code)
        assert answer.headers.get("Location", "").startswith("/staff/request/")
    else:
        person, answer = fill_in(code)
        assert answer.headers.get("Location") == "/request/received/"
    sent = AppointmentRequest.objects.order_by("-submitted_at").first()
    assert sent is not None
    expect = BY_ID[code]["expect"]
    flags = set(expect["flags"])
    markers = {marker.code for marker in sent.markers.all()} | {hold.kind for hold in sent.holds.all()}
    seen = markers | {flag.finding["code"] for flag in sent.flags.all()}
    assert not flags - seen
    assert not set(expect.get("not_flags", [])) & seen
    assert sent.priority == expect["priority"]
    assert (sent.service.code if sent.service else None) == expect["service"]
    assert sent.cost_questions.exists() == expect["asks_cost"]
    local = sent.reply_by.astimezone(ZoneInfo("America/Denver")).replace(tzinfo=None)
    assert local == datetime.fromisoformat(expect["reply_by"])
    if "phone" in expect:
        assert str(sent.client.phone) == expect["phone"]
    assert sent.client.phone_extension == expect.get("phone_extension", "")
    if "client" not in expect:  # somebody new is called as they typed it, letter by letter
        typed = [person.said.get(name, [""])[0] for name in ("first_name", "last_name", "name_to_use")]
        kept = [sent.client.first_name, sent.client.last_name, sent.client.name_to_use]
        assert kept == [unicodedata.normalize("NFC", name.strip()) for name in typed]
    for name, shown in {"client": sent.client.code, "display_name": sent.client.display_name}.items():
        assert shown == expect.get(name, shown)
    if "email" in expect:
        assert sent.client.email.lower() == expect["email"].lower()
    if "dob" in expect:
        assert sent.client.birth_date.isoformat() == expect["dob"]
    if not sent.entered_by_id:
        assert sent.seconds_to_fill == BY_ID[code]["seconds_to_fill"]
        assert sent.reference in person.browser.get("/request/received/").content.decode()


@pytest.mark.parametrize("code", SENT_BACK)
def test_a_sample_with_mistakes_comes_back_with_what_was_typed(code: str, clinic: None) -> None:
    person, answer = fill_in(code)

    assert answer.status_code == 422
    assert not AppointmentRequest.objects.exists()
    names = {
        name.removeprefix("availability.").replace("dob", "birth_date")
        for name in BY_ID[code]["expect"]["field_errors"]
    }
    shown = answer.content.decode()
    for name in names:
        assert re.search(rf'href="[^"]*#id_{name}', shown), name
    (draft,) = RequestDraft.objects.all()
    kept = draft.answers["said"]
    wrong = {key: values for key, values in person.said.items() if key.startswith(tuple(names))}
    assert wrong
    assert {key: kept[key] for key in wrong} == wrong


def test_each_bad_file_is_named_in_a_sentence_and_none_is_kept(clinic: None) -> None:
    """R23: a program, a video of 43 MB, an empty file and a web page."""
    person, answer = fill_in("R23")

    told = html.unescape(person.with_files.content.decode()).split("data-focus")[1].split("</ul>")[0]
    assert re.findall(r"“([^”]+)”: ", told) == ["card.pdf.exe", "IMG_9.MOV", "referral.png", "scan.jpg"]
    assert person.with_files.status_code == 422
    assert answer["Location"] == "/request/received/"
    assert AppointmentRequest.objects.get().files.count() == 0


def test_all_forty_are_here() -> None:
    assert (len(STORED), len(SENT_BACK) + 1, len(SET_ASIDE)) == (33, 6, 1)


def test_send_pressed_twice_is_one_request_and_one_receipt(clinic: None) -> None:
    """R29 is R01, twelve seconds later, from the same page."""
    person, first = fill_in("R01")
    with time_machine.travel(datetime.fromisoformat(BY_ID["R29"]["submitted_at"]), tick=False):
        second = person.browser.post("/request/send/", on_page(form_of(BY_ID["R29"]), "send/"))

    assert (first["Location"], second["Location"]) == ("/request/received/", "/request/received/")
    assert AppointmentRequest.objects.count() == 1


def test_spam_is_thanked_set_aside_and_answered_with_no_mail(clinic: None) -> None:
    (code,) = SET_ASIDE
    _person, answer = fill_in(code)

    sent = AppointmentRequest.objects.get()
    assert answer["Location"] == "/request/received/"
    assert (sent.status, sent.priority) == ("quarantined", "low")
    assert sorted(marker.code for marker in sent.markers.all()) == sorted(BY_ID[code]["expect"]["flags"])
    assert not Message.objects.exists()
