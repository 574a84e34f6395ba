"""Every page of the client's path, seen in English and in Spanish: what reads the same in both was never translated."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser

import pytest
import time_machine
from django.test import Client as Browser
from django.utils import translation

from config.foundation import links
from config.foundation.clinic import Clinic, Location
from config.sample_requests import posted
from intake.models import AppointmentRequest, Practitioner, RequestDraft
from notifications import catalogue
from scheduling import availability, booking
from scheduling.estimates import documents
from scheduling.models import Estimate
from tests.factories import NOW, load_sample_clinic, make_appointment_request, make_client, make_user
from tests.intake.test_request_pages import SAMPLES
from tests.scheduling.booked import confirm

pytestmark = [pytest.mark.once, pytest.mark.django_db]

# The same in both languages, and rightly so: names, numbers, addresses, and words both languages share.
SAME = {
    "Alex", "Sample", "Alex Sample", "Example PT", "No", "Normal", "Total", "Medicare", "TRICARE", "PDF", "Main clinic",
}  # fmt: skip
SAID_ALOUD = {"aria-label", "title", "alt", "placeholder", "data-over", "data-left", "data-busy", "data-head"}
LANGUAGES = ("en", "es")


class _Texts(HTMLParser):
    """What a page says: its text, and what is read out of attributes. Parts in a language of their own are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        void = tag in {"input", "meta", "link", "br", "hr", "img", "path", "circle", "use"}
        if not void and (
            self.silent or tag in {"script", "style", "svg"} or (tag != "html" and "lang" in given)
        ):
            self.silent.append(tag)
        if not self.silent:
            self.found += [value for name, value in attrs if name in SAID_ALOUD and value]

    def handle_endtag(self, tag: str) -> None:
        if self.silent and self.silent[-1] == tag:
            self.silent.pop()

    def handle_data(self, data: str) -> None:
        if not self.silent and data.strip():
            self.found.append(" ".join(data.split()))


def texts(page: str) -> set[str]:
    reader = _Texts()
    reader.feed(page)
    return set(reader.found)


def same_in_both(english: str, spanish: str, *, known: set[str]) -> set[str]:
    """Texts that read the same on both pages and hold words that nobody typed."""
    return {text for text in texts(english) & texts(spanish) if _has_words(text, known=known)}


def _has_words(text: str, *, known: set[str]) -> bool:
    if "@" in text or "http" in text:
        return False
    for one in sorted(SAME | known, key=len, reverse=True):
        text = text.replace(one, "")
    return bool(re.search(r"[^\W\d_]{2}", text))


@pytest.fixture(autouse=True)
def clinic(db: None) -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        load_sample_clinic()
        yield


def names_of_the_clinic() -> set[str]:
    """What the clinic itself has written, in one language: its names, addresses, and the names of its people."""
    clinic = Clinic.get()
    said = {str(clinic), clinic.short_name, clinic.name, *(one.name for one in Practitioner.objects.all())}
    for place in Location.objects.all():
        said |= {str(place), place.address, place.address.partition(", Salt")[0], place.parking}
    return (said | {SAMPLES["R01"]["form"]["reason"]}) - {""}


def walk(language: str) -> dict[str, str]:
    """The whole request form, right and wrong, each page as it stands: where → page."""
    browser = Browser(headers={"accept-language": language})
    said = {
        name: values
        for name, values in posted(SAMPLES["R01"]["form"]).items()
        if not name.startswith(("earliest", "latest"))
    }
    pages = {
        path: browser.get(path).content.decode()
        for path in ("/", "/help/", "/privacy/", "/your-right-to-an-estimate/", "/nowhere/", "/v/nothing")
    }
    pages["visit, nothing chosen"] = browser.post("/request/", {}).content.decode()
    pages["visit, a child"] = browser.get("/request/").content.decode()
    browser.post("/request/", {**said, "for_whom": ["child"]})
    draft = RequestDraft.objects.latest("created_at")
    draft.answers = {**draft.answers, "started_at": "2026-01-01T00:00:00+00:00"}
    draft.save()
    for step in ("about", "safety", "you", "paying"):
        pages[step] = browser.get(f"/request/{step}/").content.decode()
    wrong = {
        "first_name": "",
        "birth_date_month": "2",
        "birth_date_day": "30",
        "birth_date_year": "1985",
        "phone": "801-555",
        "email": "a@x",
    }
    pages["you, wrong"] = browser.post("/request/you/", wrong).content.decode()
    pages["you, a minor"] = browser.post(
        "/request/you/", {**said, "birth_date_month": ["2014-05-05"]}
    ).content.decode()
    pages["safety, urgent"] = browser.post("/request/safety/", {**said, "safety-i3": ["0"]}).content.decode()
    pages["about, too long"] = browser.post(
        "/request/about/", {**said, "reason": ["x " * 2001]}
    ).content.decode()
    for step in ("", "about/", "safety/", "you/", "paying/"):
        browser.post(f"/request/{step}", {**said, "for_whom": ["self"]})
    pages["send, unread"] = browser.post("/request/send/", {}).content.decode()
    browser.post("/request/paying/", {**said, "later": ["1"]})
    pages["saved"] = browser.get("/request/saved/").content.decode()
    pages["saved, mailed"] = browser.post("/request/saved/", {"email": "alex@example.com"}).content.decode()
    link = links.issue(
        purpose="draft",
        subject_id=RequestDraft.objects.latest("created_at").pk,
        expires_at=NOW + timedelta(days=7),
    )
    pages["way back"] = browser.get(link.path()).content.decode()
    pages["send"] = browser.get("/request/send/").content.decode()
    browser.post("/request/send/", said)
    pages["received"] = browser.get("/request/received/").content.decode()
    pages["sent already"] = browser.post("/request/you/", {"first_name": "Other"}).content.decode()
    AppointmentRequest.objects.update(priority="urgent")
    pages["received, urgent"] = browser.get("/request/received/").content.decode()
    return pages


def test_the_request_form_says_nothing_in_english_to_who_reads_spanish() -> None:
    english, spanish = walk("en"), walk("es")
    known = names_of_the_clinic()

    left = {where: same_in_both(english[where], spanish[where], known=known) for where in english}

    assert not {where: found for where, found in left.items() if found}
    assert len(texts(spanish["safety"])) > 40  # the control: there was much to read


def pages_behind_links(language: str) -> dict[str, str]:
    browser = Browser(headers={"accept-language": language})
    person = make_client(language=language, email=f"{language}@example.com")
    asked = make_appointment_request(client=person, language=language)
    times = availability.best_times(asked, now=NOW)
    offer = booking.offer(appointment_request=asked, times=times, by=make_user(), now=NOW)
    pages = {"offer": browser.get(_link("offer", offer.pk)).content.decode()}
    start = {"en": "2027-03-10T09:00", "es": "2027-03-10T11:00"}[language]
    visit = confirm(make_appointment_request(client=person, language=language), start)
    pages["visit"] = browser.get(_link("visit", visit.pk)).content.decode()
    documents.make_waiting(now=NOW)
    path = _link("estimate", Estimate.objects.get(appointment=visit).pk)
    pages["birth date"] = browser.get(path).content.decode()
    pages["birth date, wrong"] = browser.post(path, {"born_month": "x"}).content.decode()
    browser.post(path, {"born_month": "4", "born_day": "19", "born_year": "1986"})
    pages["estimate"] = browser.get(path).content.decode()
    return pages


def _link(purpose: str, subject: object) -> str:
    return links.issue(purpose=purpose, subject_id=subject, expires_at=NOW + timedelta(days=30)).path()


def test_what_stands_behind_the_links_in_mails_is_spanish_too() -> None:
    english, spanish = pages_behind_links("en"), pages_behind_links("es")
    known = names_of_the_clinic()

    left = {where: same_in_both(english[where], spanish[where], known=known) for where in english}

    assert not {where: found for where, found in left.items() if found}


def test_every_mail_to_clients_is_spanish_too() -> None:
    left: dict[str, set[str]] = {}
    for kind in catalogue.kinds():
        if "es" in kind.languages:
            seen: dict[str, str] = {}
            for language in LANGUAGES:
                with translation.override(language):
                    seen[language] = kind.preview(language).html
            left[kind.code] = same_in_both(seen["en"], seen["es"], known=names_of_the_clinic())

    assert len(left) > 8
    assert not {code: found for code, found in left.items() if found}


def test_switching_the_language_keeps_every_answer() -> None:
    browser = Browser()
    browser.post("/request/", {"service": "ORTHO-EVAL"})
    browser.post("/request/about/", {"reason": "Me duele mucho", "body_areas": ["hip"], "language": "es"})

    page = browser.get("/request/about/").content.decode()
    browser.post("/request/about/", {"reason": "Me duele mucho", "body_areas": ["hip"], "language": "en"})
    back = browser.get("/request/about/").content.decode()

    for shown, lang in ((page, "es"), (back, "en")):
        assert f'<html lang="{lang}">' in shown
        assert "Me duele mucho" in shown
        assert 'value="hip" id="id_body_areas_1" checked' in " ".join(shown.split()).replace(" >", ">")
