"""Every message for every request of the sample clinic: what can be read without opening it says nothing."""

import email
import email.policy
import re
import uuid
from datetime import timedelta
from email.message import EmailMessage
from html import unescape

import pytest
from django.db import transaction
from icalendar import Calendar

from config.foundation.clinic import Clinic
from intake import notices
from intake.models import AppointmentRequest, Service
from notifications import catalogue, channels
from notifications.models import Audience, Message, State
from scheduling import estimate_notices, series_notices, staff_notices
from scheduling import notices as visits
from scheduling.models import Estimate, Offer, Series
from tests.factories import NOW
from tests.intake.test_samples import BY_ID, STORED, clinic, send
from tests.notifications.test_notices import BANNED, make_visit

__all__ = ["clinic"]  # the fixture of the samples

pytestmark = pytest.mark.django_db
WORD = re.compile(r"[a-záéíóúñ]{4,}")
# Words of services and of people that any message about a visit may use.
HARMLESS = {
    "visit",
    "with",
    "your",
    "session",
    "first",
    "follow",
    "single",
    "check",
    "example",
    "request",
    "form",
}


def outside(message: Message) -> str:
    """What a lock screen, a mailbox list or a shared calendar shows: sender, subject, preview, files, entries."""
    raw = channels.build(message, sender=channels._sender()).message().as_bytes()
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    preview = re.search(r'<div class="preview"[^>]*>(.*?)</div>', message.html, re.DOTALL)
    assert preview, message.kind
    said = [mail["From"], mail["Subject"], mail["Message-ID"], str(mail["Reply-To"]), unescape(preview[1])]
    for part in mail.iter_attachments():
        said.append(part.get_filename() or "")
        if part.get_content_type() == "text/calendar":
            said.append(entry(part.get_content()))
    return " ".join(str(one) for one in said).lower()


def entry(text: str) -> str:
    """A calendar file without the two lines that must name somebody: who is invited, and where."""
    calendar = Calendar.from_ical(text)
    event = next(iter(calendar.walk("VEVENT")))
    left = {name: value for name, value in event.items() if name not in {"ATTENDEE", "LOCATION"}}
    return " ".join(f"{name} {getattr(value, 'dt', value)}" for name, value in left.items())


def tell_everything(request: AppointmentRequest) -> list[Message]:
    """Each thing that can be told about this request, once; all in one transaction."""
    service = request.service or Service.objects.get(code="ORTHO-EVAL")
    visit = make_visit(request, service=service, price_cents=service.price_cents)
    offer = Offer.objects.create(appointment_request=request, expires_at=NOW + timedelta(days=2))
    said = {"client": request.client, "language": request.language, "service": service, "issued_at": NOW}
    old = Estimate(pk=uuid.uuid4(), kind="gfe", **said)
    new = Estimate(pk=uuid.uuid4(), kind="summary", supersedes=old, **said)
    with transaction.atomic():
        notices.received(appointment_request=request, now=NOW)
        notices.urgent_received(appointment_request=request, now=NOW)
        notices.needs_info(appointment_request=request, now=NOW)
        notices.staff_alert(appointment_request=request, now=NOW)
        visits.offered_times(offer=offer, times=[visit.starts_at], now=NOW)
        visits.offer_ended(offer=offer, now=NOW)
        visits.confirmed(appointment=visit, now=NOW)
        series_notices.confirmed(series=Series(appointment_request=request), visits=[visit], now=NOW)
        Message.objects.filter(kind="confirmed").update(
            state=State.SENT, sent_at=NOW
        )  # known, so it is moved
        visits.moved(appointment=visit, was_at=NOW, now=NOW)
        visits.reminder(appointment=visit, lead_hours=48, now=NOW)
        visits.cancelled(appointment=visit, by_clinic=False, now=NOW)
        staff_notices.client_changed(appointment=visit, is_cancelled=False, now=NOW)
        estimate_notices.estimate_ready(estimate=old, now=NOW, clinic=Clinic.get())
        estimate_notices.estimate_replaced(estimate=new, now=NOW, clinic=Clinic.get())
        notices.declined(appointment_request=request, now=NOW, referred_to="Another place")
    waiting = visits.offered_times
    other = Offer.objects.create(
        appointment_request=request, expires_at=NOW + timedelta(days=2), status=Offer.Status.EXPIRED
    )
    with transaction.atomic():
        waiting(offer=other, times=[visit.starts_at], now=NOW, waitlist=True)
    return list(Message.objects.all())


def check(code: str) -> None:
    request = send(code)
    form = BY_ID[BY_ID[code].get("same_form_as", code)]["form"]
    names = {str(form.get(name) or "").lower() for name in ("first_name", "last_name", "name_to_use")}
    service = request.service or request.service_asked
    of_service = set(WORD.findall(service.public_name.lower())) - HARMLESS if service else set()
    price = {f"{service.price_cents / 100:.2f}"} if service else set()
    banned = {*BANNED, *of_service, *price, *(name for name in names if len(name) > 2)} - {"sample@"}

    messages = tell_everything(request)

    left_out = {"form_unfinished", "received" if request.priority == "urgent" else ""}
    told = {kind.code for kind in catalogue.kinds() if kind.audience == Audience.CLIENT} - left_out
    assert {message.kind for message in messages} >= told, code
    for message in messages:
        said = outside(message)
        for own in (str(Clinic.get()).lower(), "example physical therapy"):
            said = said.replace(own, "")
        found = [word for word in banned if word in said]
        assert not found, (code, message.kind, message.language, found, said)


@pytest.mark.timeout(300)
def test_what_can_be_read_from_outside_says_nothing(clinic: None) -> None:
    for code in STORED:
        with transaction.atomic():
            check(code)
            transaction.set_rollback(True)


def test_the_check_itself_finds_what_a_subject_must_not_say(
    clinic: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "_sender", lambda: "Pelvic care <hello@example.com>")

    with pytest.raises(AssertionError, match="pelvi"), transaction.atomic():
        check("R01")
