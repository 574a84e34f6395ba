"""One person's request, from the form to the mail, with words in every field that occur nowhere else.

Everything is real: web server, worker, beat, database, Redis, SMTP. Afterwards the words are looked for in
the logs of all processes, in everything sent to Redis, in addresses, mail headers and texts, calendar files,
and in every column of the database. The controls leak on purpose and must be found by the same search.
"""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from config import servers
from config.celery import app
from config.clinic_file.loading import load
from config.clinic_file.reading import read
from config.commands import beat_command, web_command
from intake.models import (
    AppointmentRequest,
    Client,
    Coverage,
    Hold,
    QuestionnaireResponse,
    RequestDraft,
    StoredFile,
)
from notifications.models import Message, State
from scheduling.models import Appointment, Estimate
from tests.factories import SAMPLE, make_user
from tests.mail_sink import Sink
from tests.privacy.canaries import (
    EVERYTHING,
    IDENTITY,
    PRIVATE,
    Person,
    columns,
    database_files,
    found,
    identity_columns,
    redis_tap,
)
from tests.processes import ROOT, Process, Worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

TYPED: dict[str, str | list[str]] = {
    "service": "ORTHO-EVAL",
    "client_status": "new",
    "for_whom": "self",
    "body_areas": ["low_back"],
    "reason": "My back. zqstoryword",
    "first_name": "Zqfirstword",
    "last_name": "Zqlastword",
    "name_to_use": "Zqcalledword",
    "pronouns": "zqpronounword",
    **dict(zip(["birth_date_month", "birth_date_day", "birth_date_year"], ["10", "23", "1971"], strict=True)),
    "email": "zqmailword@example.com",
    "phone": "801-555-0174",
    "mailing_address": "1 zqaddressword Street",
    "reach": ["email", "call", "text"],
    "prefer": "email",
    "best_time": "zqbesttimeword",
    "say_only": "zqsayonlyword",
    "coverage": "private_send_own_bill",
    "carrier": "zqcarrierword",
    "plan_type": "zqplanword",
    "member_id": "zqmemberword",
    "group_number": "zqgroupword",
    "policyholder_name": "zqholderword",
    "policyholder_relation": "spouse",
    "policyholder_birth_date_month": "4",
    "policyholder_birth_date_day": "27",
    "policyholder_birth_date_year": "1968",
    "secondary_carrier": "zqsecondword",
    "secondary_member_id": "zqsecmemberword",
    "ask_estimate": ["yes"],
    "availability_notes": "zqwishword",
    "access_notes": "zqaccessword",
    "email_ok": "on",
    "privacy_notice_seen": "on",
    "policy_seen": "on",
    "text_ok": "on",
}
FILE = ("zqfilenameword.pdf", b"%PDF-1.4 zqfileword %%EOF", "application/pdf")
PAGES = ["", "about/", "safety/", "you/", "paying/", "send/"]


@dataclass
class Clinic:
    """A running clinic and all it was heard to say."""

    base: str
    processes: dict[str, Process]
    sink: Sink
    said_to_redis: list[str]
    addresses: list[str] = field(default_factory=list)

    def person(self) -> Person:
        person = Person(self.base)
        person.addresses = self.addresses
        return person

    def logs(self) -> dict[str, str]:
        return {name: process.output for name, process in self.processes.items()}

    def wait_until(self, happened: Callable[[], bool]) -> None:
        self.processes["worker"].wait_for(happened, seconds=60)


@pytest.fixture
def clinic(
    transactional_db: None, process_environment: dict[str, str], smtp_sink: Sink, tmp_path: Path
) -> Iterator[Clinic]:
    load(read(SAMPLE.read_text(encoding="utf-8")), starting=timezone.now().date())
    port = servers.free_port()
    env = {
        **process_environment,
        "DJANGO_SETTINGS_MODULE": "tests.privacy.leaky",
        "SITE_URL": f"http://localhost:{port}",
        "LOG_LEVEL": "INFO",
    }
    with redis_tap(settings.REDIS_URL) as said_to_redis:
        web = Process(web_command(bind=f"127.0.0.1:{port}", workers=1), env=env)
        worker = Worker(concurrency=1, env=env, cwd=ROOT, include="tests.privacy.leaky")
        beat = Process(beat_command(schedule=str(tmp_path / "beat")), env=env)
        processes = {"web": web, "worker": worker, "beat": beat}
        try:
            web.wait_for(lambda: servers.answers(port))
            worker.wait_until_ready()
            yield Clinic(f"http://localhost:{port}", processes, smtp_sink, said_to_redis)
        finally:
            for process in processes.values():
                process.stop()


def test_nothing_private_leaves_and_all_of_it_is_sealed(clinic: Clinic) -> None:
    patient, staff = ask(clinic, TYPED), sign_in(clinic)
    visit = book(clinic, staff)
    look_and_cancel(clinic, patient, visit)
    ask_again_and_be_held(clinic, staff)
    break_things(clinic, patient)

    assert opened() >= set(EVERYTHING) - {"client's note"}, (
        "what did not arrive proves nothing by its absence"
    )
    assert leaks(clinic) == {}

    # The control: the same search finds a careless line in the log.
    patient.posts("/request/you/", TYPED, headers={"X-Break": "careless"})
    assert {"story", "first name"} <= leaks(clinic)["log of web"]


def opened() -> set[str]:
    """Which canaries the database holds once its sealed columns are opened."""
    rows = [
        *Client.objects.all(),
        *Coverage.objects.all(),
        *AppointmentRequest.objects.all(),
        *QuestionnaireResponse.objects.all(),
        *Hold.objects.all(),
        *StoredFile.objects.all(),
    ]
    held = [getattr(row, field.attname) for row in rows for field in row._meta.concrete_fields]
    return found("\n".join(map(str, held)), EVERYTHING)


def leaks(clinic: Clinic) -> dict[str, set[str]]:
    """Where canaries were found that must not be there."""
    places: dict[str, set[str]] = {
        f"log of {name}": found(text, EVERYTHING) for name, text in clinic.logs().items()
    }
    places["redis"] = found("\n".join(clinic.said_to_redis), EVERYTHING)
    places["addresses"] = found("\n".join(clinic.addresses), EVERYTHING)
    for mail in clinic.sink.messages:
        places[f"subject {mail['Subject']}"] = found(str(mail["Subject"]), EVERYTHING)
        places[f"text of {mail['Subject']}"] = found(_whole(mail), PRIVATE)
        places[f"calendar of {mail['Subject']}"] = found(_calendar(mail), {**PRIVATE, **_names()})
    allowed = identity_columns()
    for column, text in columns().items():
        places[column] = found(text, PRIVATE if column in allowed else EVERYTHING)
    for name, content in database_files().items():
        places[f"file {name}"] = found(content, PRIVATE)
    return {place: names for place, names in places.items() if names}


def _names() -> dict[str, list[str]]:
    """The calendar file goes to the client's own address, which it must name; nothing else of them."""
    return {name: words for name, words in IDENTITY.items() if name != "mail"}


def _whole(mail: EmailMessage) -> str:
    return "\n".join(str(part.get_content()) for part in mail.walk() if part.get_content_maintype() == "text")


def _calendar(mail: EmailMessage) -> str:
    entries = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    return "\n".join(str(part.get_content()) for part in entries)


# --- what happens ---------------------------------------------------------------------------------


def ask(clinic: Clinic, typed: dict[str, str | list[str]]) -> Person:
    person = clinic.person()
    person.opens("/request/")
    person.posts("/request/", {"service": typed["service"]})
    _began_a_while_ago()
    page = ""
    for name in PAGES:
        boxes = re.findall(r'<textarea[^>]* name="([^"]+)"', page) if name == "safety/" else []
        said = {**typed, **dict.fromkeys(boxes, "zqanswerword")}
        response = person.posts(
            f"/request/{name}", said, files={"card_front": FILE} if name == "paying/" else None
        )
        assert response.status_code == 200, (name, response.text[:3000])
        page = response.text
    assert "We have your request" in page
    return person


def _began_a_while_ago() -> None:
    """So that speed does not speak against them."""
    draft = RequestDraft.objects.latest("created_at")
    draft.answers = {**draft.answers, "started_at": "2026-01-01T00:00:00+00:00"}
    draft.save()


def sign_in(clinic: Clinic) -> Person:
    make_user(email="robin@clinic.example", roles="front_desk therapist administrator")
    staff = clinic.person()
    staff.opens("/accounts/login/")
    for password in ("wrong zqreasonword", "a password"):
        page = staff.posts("/accounts/login/", {"login": "robin@clinic.example", "password": password})
    assert page.url.endswith("/staff/"), page.text[:2000]
    return staff


def book(clinic: Clinic, staff: Person) -> Appointment:
    asked = AppointmentRequest.objects.get()
    # Their answers ask for a call before a time is named.
    called = {"act": "call", "outcome": "talked", "why": "zqreasonword", "version": str(asked.version)}
    staff.posts(f"/staff/request/{asked.pk}/decide/", called)
    asked.refresh_from_db()
    page = staff.opens(f"/staff/request/{asked.pk}/").text
    file = StoredFile.objects.get()
    assert staff.opens(f"/staff/request/{asked.pk}/file/{file.pk}/").content == FILE[1]
    slot = html.unescape(re.search(r'name="slot" value="([^"]+)"', page)[1])  # type: ignore[index]
    staff.posts(f"/staff/request/{asked.pk}/confirm/", {"slot": slot, "version": str(asked.version)})
    visit = Appointment.objects.get(appointment_request=asked, status="booked")
    # Not before the undo is over, and the estimate's mail not before its document is made.
    clinic.wait_until(lambda: Estimate.objects.filter(document_state=Estimate.DocumentState.MADE).exists())
    Message.objects.filter(state=State.QUEUED, not_before__gt=timezone.now()).update(
        not_before=timezone.now()
    )
    clinic.wait_until(lambda: any("text/calendar" in _types(mail) for mail in clinic.sink.messages))
    return visit


def _types(mail: EmailMessage) -> set[str]:
    return {part.get_content_type() for part in mail.walk()}


def look_and_cancel(clinic: Clinic, patient: Person, visit: Appointment) -> None:
    links = set(re.findall(r"http://localhost:\d+/v/[\w-]+", "".join(map(_whole, clinic.sink.messages))))
    assert links
    for link in links:
        page = patient.opens(link)
        if 'name="born_month"' in page.text:
            born = {"born_month": "10", "born_day": "23", "born_year": "1971"}
            assert patient.posts(link, born).status_code == 200
        if 'value="cancel"' in page.text:
            patient.opens(f"{link}?calendar=1")
            patient.posts(
                link,
                {"act": "cancel", "version": str(visit.version), "note": "zqnoteword", "why": "zqnoteword"},
            )
    visit.refresh_from_db()
    assert visit.status == "cancelled"


def ask_again_and_be_held(clinic: Clinic, staff: Person) -> None:
    ask(clinic, {**TYPED, "service": "PT-FU", "client_status": "returning"})
    second = AppointmentRequest.objects.latest("submitted_at")
    for act in ("hold", "release", "decline"):
        second.refresh_from_db()
        hold = second.holds.first()
        said = {
            "act": act,
            "why": "zqreasonword",
            "version": str(second.version),
            "hold": str(hold.pk) if hold else "",
        }
        staff.posts(f"/staff/request/{second.pk}/decide/", said)
    second.refresh_from_db()
    assert second.status == "declined"


def break_things(clinic: Clinic, patient: Person) -> None:
    """An error with the person's own words in its message, in a page and in a task; a mailbox that refuses."""
    clinic.sink.refused_addresses.add("zqmailword@example.com")
    ask_once_more = clinic.person()
    ask_once_more.opens("/request/")
    broken = ask_once_more.posts("/request/you/", TYPED, headers={"X-Break": "raise"})
    assert broken.status_code == 500
    assert found(broken.text, EVERYTHING) == set()
    app.send_task("tests.privacy.leaky.breaks", ignore_result=True)
    clinic.wait_until(lambda: "ValueError" in clinic.logs()["worker"])
    assert "ValueError" in clinic.logs()["web"]


# --- the search finds what leaks --------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_words_in_a_task_a_session_and_a_column_are_found() -> None:
    with redis_tap(settings.REDIS_URL) as said:
        app.send_task("notifications.tasks.none", args=["zqstoryword"], queue="canaries", ignore_result=True)
    session = SessionStore()
    session["birth date"] = str(date(1971, 10, 23))
    session.save()
    user = make_user(first_name="Zqholderword")

    held = columns()

    assert found("\n".join(said), EVERYTHING) == {"story"}
    assert found(held["foundation_user.first_name"], EVERYTHING) == {"policy holder"}
    assert found(held["django_session.session_data"], EVERYTHING) == {"birth date"}
    assert user.pk
