"""Groups 1 to 6, 9 and 19 followed all the way: what was typed in every field, seen from the page before sending to
the visit, its mails and calendar file, the estimate with its PDF, the day sheet and the feeds."""

import base64
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pypdf
import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse
from django.utils.html import escape
from icalendar import Calendar

from config.foundation import links
from intake import triage
from intake.fields import Email, Line, Telephone
from intake.forms import STEPS
from intake.models import AppointmentRequest, Service
from intake.notices import REQUEST_LINK
from notifications.models import Message
from scheduling.estimates import documents, typeset
from scheduling.models import Appointment, Estimate
from scheduling.notices import ESTIMATE_LINK, VISIT_LINK
from tests.factories import NOW, load_sample_clinic, make_user
from tests.intake.bad_input.conftest import Asker, everywhere
from tests.intake.bad_input.test_names_and_text import HARMLESS, LIVE
from tests.scheduling.booked import confirm

pytestmark = pytest.mark.once  # what a page makes of a text rests on no engine

SHORT = 38  # fits the narrowest field
TYPED = [
    name
    for form in STEPS.values()
    for name, field in form.base_fields.items()
    if isinstance(field, Line) and not isinstance(field, (Email, Telephone))
]
CASES = {
    **{
        case: HARMLESS[case]
        for case in ("01 script", "02 image", "03 textarea", "04 template", "04 format", "06 scripts")
    },
    "04 typesetting": '#read("/etc/passwd") $x^2$ *b* @ref',
    "05 quotes": """a' OR 1=1; -- " \\""",
    "06 with joiners": "O’Brien-Smith, Jr. Łukasz Иван",
    "17 calendar": "a;b,c\\nEND:VEVENT",
}


@pytest.fixture(autouse=True)
def on_monday(db: None) -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        load_sample_clinic()
        yield


def typed_everywhere(text: str) -> tuple[AppointmentRequest, dict[str, str]]:
    """A daughter asks for her father and writes the same into every line there is; staff call and lift what that
    holds. The request, and every page that showed it until then."""
    asker = Asker()
    said: dict[str, list[str]] = {name: [text] for name in TYPED}
    said |= {"for_whom": ["adult_in_my_care"], "representative_phone": ["801-555-0177"]}
    sent = asker.stored(**said)
    before_sending = Asker()
    for page in ("", "about/", "you/", "paying/"):
        before_sending.post(page, **said)
    seen = {
        **everywhere(asker, sent),
        "before sending": before_sending.browser.get("/request/send/").content.decode(),
    }
    owner = make_user(roles="front_desk therapist administrator")
    act: dict[str, Any] = {"by": owner, "now": NOW}
    triage.choose_service(
        appointment_request=sent,
        service=Service.objects.get(code="ORTHO-EVAL"),
        **act,
        expect_version=sent.version,
    )
    triage.record_call(appointment_request=sent, outcome=triage.TALKED, **act, expect_version=sent.version)
    for hold in sent.open_holds():
        version = AppointmentRequest.objects.get(pk=sent.pk).version
        triage.release(hold=hold, reason="Asked", **act, expect_version=version)
    return AppointmentRequest.objects.get(pk=sent.pk), seen


def opened(purpose: str, subject: object, browser: Browser | None = None, query: str = "") -> bytes:
    link = links.issue(purpose=purpose, subject_id=subject, expires_at=NOW + timedelta(days=9))
    reader = browser or Browser()
    reader.post(link.path(), {"born_month": "4", "born_day": "19", "born_year": "1986"})
    answer = reader.get(link.path() + query)
    assert answer.status_code == 200, purpose
    return b"".join(answer) if answer.streaming else answer.content


def booked(sent: AppointmentRequest) -> tuple[Appointment, Estimate]:
    visit = confirm(sent, "2027-03-03T09:00")
    documents.make_waiting(now=NOW)
    return visit, Estimate.objects.get(appointment=visit)


def pages_after_booking(visit: Appointment, estimate: Estimate) -> dict[str, str]:
    desk = Browser()
    desk.force_login(make_user(email="therapist@example.com", roles="front_desk therapist administrator"))
    addresses = {
        "visit at the desk": f"/staff/visit/{visit.pk}/",
        "day sheet": "/staff/day/2027-03-03/sheet/",
        "proof of the estimate": reverse("estimates:proof", args=[estimate.pk]),
        "file of the estimates": reverse("estimates:file", args=[visit.client_id]),
        "ledger": "/staff/messages/",
        "entering a new one": f"/staff/requests/new/?client={visit.client_id}",
        "mending the person": f"/staff/clients/{visit.client_id}/edit/",
        "desk of that day": "/staff/?day=2027-03-03",
    }
    found = {}
    for place, address in addresses.items():
        answer = desk.get(address)
        assert answer.status_code == 200, f"{place}: {answer.status_code}"
        found[place] = answer.content.decode()
    found |= {
        "request by link": opened(REQUEST_LINK, visit.appointment_request_id).decode(),
        "visit by link": opened(VISIT_LINK, visit.pk).decode(),
        "estimate by link": opened(ESTIMATE_LINK, estimate.pk).decode(),
    }
    for message in Message.objects.all():
        found[f"mail {message.kind} {message.pk}"] = message.html
    return found


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_it_is_only_text_all_the_way(text: str) -> None:
    short = text[:SHORT]
    sent, before = typed_everywhere(short)
    visit, estimate = booked(sent)
    told = list(Message.objects.all())

    seen = {**before, **pages_after_booking(visit, estimate)}
    assert len(seen) > 20
    assert not [(place, live) for place, shown in seen.items() for live in LIVE if live in shown]
    assert not [place for place, shown in seen.items() if "60481729" in shown]
    for place in (
        "before sending",
        "request at the desk",
        "visit at the desk",
        "day sheet",
        "estimate by link",
    ):
        assert escape(short) in seen[place], place
    assert not [message.subject for message in told if short in message.subject]

    assert short in "".join(in_feeds())
    files = [base64.b64decode(part["content"]) for one in told for part in one.attachments or []]
    for file in [*files, opened(VISIT_LINK, visit.pk, query="?calendar=1")]:
        (event,) = Calendar.from_ical(file).walk("VEVENT")
        assert event["UID"]
        assert short not in file.decode()  # a calendar is seen by others: it holds no name of the client

    assert all(word in printed(estimate) for word in typeset.EMOJI.sub("", short).split())


def in_feeds() -> list[str]:
    """Every text in the two feeds of the desk's calendar."""
    desk = Browser()
    desk.force_login(make_user(email="desk@example.com"))
    span = {"from": "2027-03-03T00:00", "to": "2027-03-04T00:00"}
    whole = [
        desk.get("/staff/visits.json", span).json(),
        desk.get("/staff/calendar.json", {"day": "2027-03-03"}).json(),
    ]
    return list(_texts_in(whole))


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts_in(inner)


def printed(estimate: Estimate) -> str:
    """The text of the PDF, whose long words may break anywhere."""
    pdf = opened(ESTIMATE_LINK, estimate.pk, query="?document=pdf")
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return " ".join("".join(page.extract_text() for page in pages).replace("\u200b", "").split())


def test_group_09_invisible_signs_are_in_no_page_mail_or_file() -> None:
    signs = "\u202e\u200b\ufeff\u2066"
    sent, before = typed_everywhere(f"Al{signs}ex Sample")
    visit, estimate = booked(sent)

    seen = {**before, **pages_after_booking(visit, estimate)}

    assert not [place for place, shown in seen.items() if set(signs) & set(shown)]
    assert not [one.subject for one in Message.objects.all() if set(signs) & set(one.subject + one.text)]
    assert "Alex Sample" in printed(estimate)


def test_group_19_a_name_of_one_long_word_is_printed_whole() -> None:
    sent = Asker().stored(first_name=["x" * 100], last_name=["y" * 100], mailing_address=["z" * 300])
    _visit, estimate = booked(sent)

    assert "x" * 100 + "y" * 100 in printed(estimate).replace(" ", "")
