"""Every message for every request of the sample clinic, in both languages: what can be read from outside says nothing."""

import base64
import email
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.header import decode_header, make_header
from html import unescape
from typing import Any

import pytest
from django.db import transaction
from icalendar import Calendar

from config import account_mail
from config.foundation.clinic import Clinic
from intake import notices
from intake.models import AppointmentRequest, Priority, RequestDraft, Service
from notifications import catalogue, channels
from notifications.models import Audience, Channel, Message, Receipt, State
from scheduling import (
    class_notices,
    digest,
    estimate_notices,
    series_notices,
    staff_notices,
    waitlist_notices,
)
from scheduling import notices as visits
from scheduling.models import Appointment, Estimate, FreedTime, Invitation, Offer, Seat, Series
from tests.factories import NOW, make_user, sample_file
from tests.intake.test_samples import BY_ID, STORED, clinic, send
from tests.notifications.test_notices import BANNED, make_visit

__all__ = ["clinic"]  # the fixture of the samples

pytestmark = [pytest.mark.once, pytest.mark.django_db]
WORD = re.compile(r"[a-záéíóúñ]{4,}")
# Words of services and of people that any message about a visit may use.
HARMLESS = {
    "visit", "with", "your", "session", "first", "follow", "single", "check", "example", "request", "form",
}  # fmt: skip
OWN_NAMES = [sample_file()["clinic"][name].lower() for name in ("short_name", "name")]
# Told to staff about themselves or about mail as such. Every other kind is told about each request.
ABOUT_NO_REQUEST = {"test_mail"} | {
    kind.code for kind in catalogue.kinds() if kind.template == account_mail.TEMPLATE
}
KINDS = {kind.code for kind in catalogue.kinds()}


# --- what can be read from outside -------------------------------------------------------------------


def outside(message: Message) -> str:
    """What a lock screen, a list of mails, a mail server or a shared calendar shows. A text message shows itself.

    Left out: to whom it goes, and the two lines of a calendar entry that must say who is invited, and where.
    """
    if message.channel == Channel.TEXT:
        return message.text.lower()
    mail = email.message_from_bytes(channels.build(message, sender=channels._sender()).as_sent())
    said = [str(make_header(decode_header(value))) for name, value in mail.items() if name != "To"]
    said.append(preview(message))
    for part in mail.walk():
        said += [part.get_filename() or "", *(value for _name, value in part.get_params())]
        if part.get_content_type() == "text/calendar":
            said += entries(part.get_payload(decode=True).decode())
    return " ".join(said).lower()


def preview(message: Message) -> str:
    found = re.search(r'<div class="preview"[^>]*>(.*?)</div>', message.html, re.DOTALL)
    assert found, message.kind
    return unescape(found[1])


def entries(text: str) -> Iterator[str]:
    calendar = Calendar.from_ical(text)
    for part in (calendar, *calendar.walk("VEVENT")):
        yield from (
            f"{name} {getattr(value, 'dt', value)}"
            for name, value in part.items()
            if name not in {"ATTENDEE", "LOCATION"}
        )


def found_in(message: Message, banned: Iterable[str]) -> list[str]:
    """Which banned words can be read without opening it. The sample clinic's own name is no secret."""
    said = outside(message)
    for own in OWN_NAMES:
        said = said.replace(own, "")
    return [word for word in banned if word in said]


def banned_for(code: str, service: Service | None) -> set[str]:
    """Names, the service and its price, and all that is banned for everybody."""
    form = BY_ID[BY_ID[code].get("same_form_as", code)]["form"]
    names = {str(form.get(name) or "").lower() for name in ("first_name", "last_name", "name_to_use")}
    of_service = set(WORD.findall(service.public_name.lower())) - HARMLESS if service else set()
    price = {f"{service.price_cents / 100:.2f}"} if service else set()
    return {*BANNED, *of_service, *price, *(name for name in names if len(name) > 2)} - {"sample@"}


# --- everything that can be told ---------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """The rows that a request can have, made without the verbs, since one request never sees all of them."""

    request: AppointmentRequest
    visit: Appointment
    seat: Seat
    offer: Offer
    invitation: Invitation
    draft: RequestDraft


def everything_of(request: AppointmentRequest) -> Told:
    service = request.service or Service.objects.get(code="ORTHO-EVAL")
    visit = make_visit(request, service=service, price_cents=service.price_cents)
    workshop = make_visit(request, service=Service.objects.get(code="WORKSHOP"), client=None, seats=12)
    until = NOW + timedelta(days=2)
    freed = FreedTime.objects.create(
        freed_by=visit, hold=visit, told_at=NOW, expires_at=until, created_at=NOW
    )
    return Told(
        request,
        visit,
        Seat.objects.create(appointment=workshop, client=request.client, appointment_request=request),
        Offer.objects.create(appointment_request=request, expires_at=until),
        Invitation.objects.create(freed_time=freed, appointment_request=request),
        RequestDraft.objects.create(language=request.language, expires_at=until),
    )


def tell_everything(about: Told, *, language: str) -> list[Message]:
    """Each thing that can be told about a request, once, in this language."""
    request, visit, seat = about.request, about.visit, about.seat
    request.language = about.draft.language = language
    for row in (visit, seat, about.offer, about.invitation):
        row.appointment_request = request
    said = {"client": request.client, "language": language, "service": visit.service, "issued_at": NOW}
    old = Estimate(pk=uuid.uuid4(), kind="gfe", **said)
    new = Estimate(pk=uuid.uuid4(), kind="summary", supersedes=old, **said)

    alerts, its_own = [], request.priority
    for request.priority in (Priority.NORMAL, Priority.URGENT):
        notices.received(appointment_request=request, now=NOW)
        alerts += notices.staff_alert(appointment_request=request, now=NOW)
        Message.objects.filter(audience=Audience.STAFF).delete()  # the other has the same key
    request.priority = its_own
    notices.needs_info(appointment_request=request, now=NOW)
    notices.form_unfinished(draft=about.draft, email="typed@example.com", now=NOW)
    visits.offered_times(offer=about.offer, times=[visit.starts_at], now=NOW)
    waitlist_notices.invited(invitation=about.invitation, now=NOW)
    visits.offer_ended(offer=about.offer, now=NOW)
    visits.confirmed(appointment=visit, has_estimate=True, now=NOW)
    class_notices.confirmed(seat=seat, now=NOW, by=None)
    series_notices.confirmed(series=Series(appointment_request=request), visits=[visit, visit], now=NOW)
    Message.objects.filter(kind="confirmed").update(state=State.SENT, sent_at=NOW)  # known, so it is moved
    visits.moved(appointment=visit, was_at=NOW, has_estimate=True, now=NOW)
    class_notices.moved(seats=[seat], was_at=NOW, now=NOW, by=None)
    visits.reminder(appointment=visit, lead_hours=48, now=NOW)
    class_notices.reminder(seat=seat, lead_hours=48, now=NOW)
    visits.cancelled(appointment=visit, by_clinic=False, now=NOW)
    class_notices.cancelled(seats=[seat], now=NOW, by=None)
    staff_notices.client_changed(appointment=visit, was_at=NOW, now=NOW)
    staff_notices.deadlines(due={uuid.uuid4(): NOW.date()}, now=NOW)
    estimate_notices.estimate_ready(estimate=old, now=NOW, clinic=Clinic.get())
    estimate_notices.estimate_replaced(estimate=new, now=NOW, clinic=Clinic.get())
    notices.declined(appointment_request=request, now=NOW, referred_to="Another place")
    Message.objects.filter(kind="confirmed").update(receipt=Receipt.BOUNCED, receipt_at=NOW)
    notices.undelivered_alerts(now=NOW)
    assert digest.send_if_due(now=NOW)
    return [*alerts, *Message.objects.all()]


@pytest.mark.parametrize("code", STORED)
def test_what_can_be_read_from_outside_says_nothing(code: str, clinic: None, settings: Any) -> None:
    settings.SMS_BACKEND = "console"  # who asks for text messages gets them
    request = send(code)
    banned = banned_for(code, request.service or request.service_asked)
    about = everything_of(request)

    for language in catalogue.LANGUAGES:
        Message.objects.all().delete()
        with transaction.atomic():
            messages = tell_everything(about, language=language)

        assert {message.kind for message in messages} == KINDS - ABOUT_NO_REQUEST
        assert {message.language for message in messages if message.audience == Audience.CLIENT} == {language}
        for message in messages:
            assert not found_in(message, banned), (message.kind, language, outside(message))


def test_nor_does_what_is_told_about_no_request(clinic: None) -> None:
    robin = make_user(email="robin@example.com")
    notices.test_mail(to=robin, now=NOW)
    for kind in (catalogue.kind(code) for code in ABOUT_NO_REQUEST - {"test_mail"}):
        words = kind.example()
        with transaction.atomic():
            account_mail.tell(
                prefix=next(
                    (prefix for prefix in account_mail.NAMES if prefix.endswith(f"/{kind.code}")), ""
                ),
                email=robin.email,
                subject=words["heading"],
                body="\n\n".join(words["paragraphs"]),
                key=kind.code,
                language="en",
                now=NOW,
            )

    assert {message.kind for message in Message.objects.all()} == ABOUT_NO_REQUEST
    for message in Message.objects.all():
        assert not found_in(message, BANNED), (message.kind, outside(message))


# --- the check itself --------------------------------------------------------------------------------


def in_subject(message: Message) -> None:
    message.content["subject"] += ": pelvic care"


def in_preview(message: Message) -> None:
    message.content["html"] = message.html.replace(preview(message), "Pelvic care")


def in_file_name(message: Message) -> None:
    message.content["attachments"][0]["name"] = "pelvic-care.ics"


def in_title_of_entry(message: Message) -> None:
    in_entry(message, "SUMMARY:", "SUMMARY:Pelvic care, ")


def in_description_of_entry(message: Message) -> None:
    in_entry(message, "SUMMARY:", "DESCRIPTION:Pelvic care\r\nSUMMARY:")


def in_name_of_calendar(message: Message) -> None:
    in_entry(message, "METHOD:", "X-WR-CALNAME:Pelvic care\r\nMETHOD:")


def in_entry(message: Message, before: str, after: str) -> None:
    [part] = message.content["attachments"]
    text = base64.b64decode(part["content"]).decode()
    part["content"] = base64.b64encode(text.replace(before, after).encode()).decode()


def in_sender(message: Message) -> None:
    Clinic.objects.update(short_name="Example Pelvic Care")


def in_message_id(message: Message) -> None:
    message.message_id = "<pelvic.1@example.com>"


def in_text_message(message: Message) -> None:
    message.channel, message.content["text"] = Channel.TEXT, "Your pelvic visit"


PLANTED = {
    "subject": in_subject,
    "preview": in_preview,
    "sender": in_sender,
    "Message-ID": in_message_id,
    "file name": in_file_name,
    "title of the calendar entry": in_title_of_entry,
    "description of the calendar entry": in_description_of_entry,
    "name of the calendar": in_name_of_calendar,
    "text message": in_text_message,
}


@pytest.mark.parametrize("plant", PLANTED.values(), ids=PLANTED.keys())
def test_the_check_finds_a_banned_word_wherever_it_stands(
    plant: Callable[[Message], None], clinic: None
) -> None:
    message = visits.confirmed(appointment=make_visit(send("R01")), has_estimate=True, now=NOW)
    assert message is not None
    assert found_in(message, BANNED) == []

    plant(message)

    assert found_in(message, BANNED) == ["pelvi"]
