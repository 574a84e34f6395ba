"""What clients and staff are told about requests: one function a message, called by the verb that causes it.

Each is called in the causing transaction with `now`. Nothing about anyone's health is in any of them:
first name, dates, a number to quote and a link, nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from config.foundation import links
from config.foundation.clinic import Clinic
from config.foundation.links import Link
from config.foundation.user import User
from intake import contact
from intake.models import AppointmentRequest, RequestDraft
from intake.models import Priority as RequestPriority
from notifications import catalogue
from notifications.catalogue import Kind
from notifications.models import Audience, Message, Priority

# Purposes of client links; config/urls.py says which view answers.
REQUEST_LINK = "request"
DRAFT_LINK = "draft"

SUBJECT = "intake.appointmentrequest"
REQUEST_LINK_DAYS = 90


@dataclass(frozen=True)
class Step:
    """One knot of the thread."""

    number: int
    words: str
    is_done: bool
    note: str = ""


def thread(*, done: int, language: str, notes: Mapping[int, str] | None = None) -> list[Step]:
    """The four lines of what happens next, the same on every page and in every mail; `done` are filled."""
    notes = notes or {}
    with translation.override(language):
        lines = [_("We read it."), _("You get times."), _("You pick one."), _("You get it in writing.")]
    return [
        Step(number=number, words=line, is_done=number <= done, note=notes.get(number, ""))
        for number, line in enumerate(lines, start=1)
    ]


def client_link(
    *, purpose: str, subject_id: object, expires_at: datetime, version: int = 1, is_first: bool = False
) -> str:
    """The address for a client, whole. An open link for the same thing is used again: mails repeat it.

    `is_first` spares the look for one where the caller has just made the thing itself.
    """
    if is_first:
        return links.issue(
            purpose=purpose, subject_id=subject_id, expires_at=expires_at, version=version
        ).url()
    link = Link.objects.filter(
        purpose=purpose, subject_id=str(subject_id), version=version, revoked_at=None, expires_at=expires_at
    ).first() or links.issue(purpose=purpose, subject_id=subject_id, expires_at=expires_at, version=version)
    return link.url()


def staff_address(path: str) -> str:
    return f"{settings.SITE_URL}/staff/{path}"


# --- to clients --------------------------------------------------------------------------------------


def received(*, appointment_request: AppointmentRequest, now: datetime, by: User | None = None) -> Message:
    """We have it, nothing is booked, you hear from us by …; an urgent request is answered otherwise."""
    if appointment_request.priority == RequestPriority.URGENT:
        return urgent_received(appointment_request=appointment_request, now=now, by=by)
    return _tell(
        appointment_request,
        "received",
        {
            "reference": appointment_request.reference,
            "reply_by": appointment_request.reply_by,
            "url": _request_url(appointment_request),
            "thread": thread(done=0, language=appointment_request.language),
        },
        now=now,
        by=by,
    )


def urgent_received(
    *, appointment_request: AppointmentRequest, now: datetime, by: User | None = None
) -> Message:
    """The 911 advice and nothing else: no cheer, no thread, no times."""
    return _tell(appointment_request, "urgent_received", {}, now=now, by=by, priority=Priority.URGENT)


def needs_info(*, appointment_request: AppointmentRequest, now: datetime, by: User | None = None) -> Message:
    """Staff have a question. Which one stands behind the link."""
    return _tell(
        appointment_request,
        "needs_info",
        {"url": _request_url(appointment_request)},
        now=now,
        by=by,
        once=f"v{appointment_request.version}",
    )


def declined(
    *,
    appointment_request: AppointmentRequest,
    now: datetime,
    by: User | None = None,
    referred_to: str = "",
) -> Message:
    """A kind no; what waited to be told about this request is taken back."""
    contact.withdraw(subject_type=SUBJECT, subject_id=appointment_request.pk, reason="declined")
    return _tell(
        appointment_request,
        "declined",
        {"referred_to": referred_to},
        now=now,
        by=by,
        once=f"v{appointment_request.version}",
    )


def form_unfinished(*, draft: RequestDraft, email: str, now: datetime) -> Message:
    """The way back into a form saved for later, to the address typed there.

    There is no client yet and so no wish but this one: they asked for this mail.
    """
    clinic = Clinic.get()
    url = client_link(purpose=DRAFT_LINK, subject_id=draft.pk, expires_at=draft.expires_at)
    context = {"url": url, "kept_until": draft.expires_at}
    return contact.tell_typed_address(
        email=email,
        kind="form_unfinished",
        context=context,
        key=f"draft:{draft.pk}:unfinished:{now:%Y%m%d}",
        subject_type="intake.requestdraft",
        subject_id=draft.pk,
        language=draft.language,
        expires_at=draft.expires_at,
        now=now,
        clinic=clinic,
    )


# --- to staff ----------------------------------------------------------------------------------------


def staff_alert(*, appointment_request: AppointmentRequest, now: datetime) -> list[Message]:
    """A new request, or an urgent one, which goes before all other mail (beat: within seconds)."""
    is_urgent = appointment_request.priority == RequestPriority.URGENT
    return contact.tell_staff(
        kind="staff_urgent" if is_urgent else "staff_new",
        context={
            "reply_by": appointment_request.reply_by,
            "is_same_day": appointment_request.priority == RequestPriority.SAME_DAY,
            "url": staff_address(f"request/{appointment_request.pk}/"),
        },
        key=f"request:{appointment_request.pk}:staff",
        subject_type=SUBJECT,
        subject_id=appointment_request.pk,
        now=now,
        clinic=Clinic.get(),
        priority=Priority.URGENT if is_urgent else Priority.NORMAL,
    )


def undelivered_alerts(*, now: datetime) -> int:
    """Tell staff of every message that failed or came back and was not reported yet. Returns how many."""
    clinic = Clinic.get()
    since = now - timedelta(days=14)
    reported = {
        key.split(":")[1]
        for key in Message.objects.filter(kind="staff_undelivered", created_at__gt=since).values_list(
            "key", flat=True
        )
    }
    troubled = Message.objects.needing_a_person().filter(audience=Audience.CLIENT, created_at__gt=since)
    fresh = [message for message in troubled if str(message.pk) not in reported]
    for message in fresh:
        with transaction.atomic():
            contact.tell_staff(
                kind="staff_undelivered",
                context={"what": message.outcome, "url": staff_address(f"messages/?message={message.pk}")},
                key=f"undelivered:{message.pk}",
                subject_type=message.subject_type,
                subject_id=message.subject_id,
                now=now,
                clinic=clinic,
            )
    return len(fresh)


@transaction.atomic
def test_mail(*, to: User, now: datetime) -> Message:
    """The button on the messages board: does mail leave and arrive? To the one who asks, once a second."""
    [message] = contact.tell_staff(
        kind="test_mail",
        context={"asked_at": now},
        key=f"test:{now:%Y%m%d%H%M%S}",
        subject_type="foundation.user",
        subject_id=to.pk,
        now=now,
        clinic=Clinic.get(),
        priority=Priority.URGENT,
        people=[to],
    )
    return message


def _request_url(appointment_request: AppointmentRequest) -> str:
    return client_link(
        purpose=REQUEST_LINK,
        subject_id=appointment_request.pk,
        expires_at=appointment_request.submitted_at + timedelta(days=REQUEST_LINK_DAYS),
    )


def open_request_path(appointment_request: AppointmentRequest, *, now: datetime) -> str:
    """The address of the client's own page on this site, if a mail has one; a page that is looked at makes none."""
    of_it = Link.objects.filter(purpose=REQUEST_LINK, subject_id=str(appointment_request.pk))
    link = of_it.live(now=now).first()
    return link.path() if link else ""


def _tell(
    appointment_request: AppointmentRequest,
    kind: str,
    context: Mapping[str, Any],
    *,
    now: datetime,
    by: User | None,
    once: str = "",
    priority: Priority = Priority.NORMAL,
) -> Message:
    return contact.tell_client(
        client=appointment_request.client,
        kind=kind,
        context=context,
        key=":".join(part for part in (f"request:{appointment_request.pk}", kind, once) if part),
        subject_type=SUBJECT,
        subject_id=appointment_request.pk,
        language=appointment_request.language,
        now=now,
        clinic=Clinic.get(),
        by=by,
        priority=priority,
    )


# --- the catalogue -----------------------------------------------------------------------------------

EXAMPLE_AT = datetime(2027, 3, 2, 0, 0, tzinfo=UTC)  # a Monday, 5 pm, in the sample clinic's zone


def example(**context: Any) -> Mapping[str, Any]:
    """What every preview needs, and nobody's data."""
    return {
        **contact.letterhead(Clinic.get()),
        "hello": "Alex",
        "about": "",
        "url": f"{settings.SITE_URL}/v/example",
        **context,
    }


def _received_example() -> Mapping[str, Any]:
    return example(
        reference="EP-7D1F", reply_by=EXAMPLE_AT, thread=thread(done=0, language=get_language() or "en")
    )


_MAIL = "intake/mail/"
catalogue.register(
    Kind(
        "received",
        gettext_lazy("Received"),
        Audience.CLIENT,
        f"{_MAIL}received",
        _received_example,
        matters=False,  # the receipt on the page is a receipt too
        has_text=True,
    ),
    Kind(
        "urgent_received",
        gettext_lazy("Urgent received"),
        Audience.CLIENT,
        f"{_MAIL}urgent_received",
        example,
        matters=False,
    ),  # the page said it at once, and the alert makes staff call
    Kind("needs_info", gettext_lazy("We need information"), Audience.CLIENT, f"{_MAIL}needs_info", example),
    Kind(
        "declined",
        gettext_lazy("Declined"),
        Audience.CLIENT,
        f"{_MAIL}declined",
        lambda: example(referred_to=""),
    ),
    Kind(
        "form_unfinished",
        gettext_lazy("Form unfinished"),
        Audience.CLIENT,
        f"{_MAIL}form_unfinished",
        lambda: example(kept_until=EXAMPLE_AT + timedelta(days=7)),
        matters=False,
    ),
    Kind(
        "staff_new",
        gettext_lazy("Staff alert: new"),
        Audience.STAFF,
        f"{_MAIL}staff_new",
        lambda: example(reply_by=EXAMPLE_AT, is_same_day=False),
        matters=False,
    ),
    Kind(
        "staff_urgent", gettext_lazy("Staff alert: urgent"), Audience.STAFF, f"{_MAIL}staff_urgent", example
    ),
    Kind(
        "staff_undelivered",
        gettext_lazy("Staff alert: came back"),
        Audience.STAFF,
        f"{_MAIL}staff_undelivered",
        lambda: example(what="Bounced"),
        matters=False,
    ),
    Kind(
        "test_mail",
        gettext_lazy("Test mail"),
        Audience.STAFF,
        f"{_MAIL}test_mail",
        lambda: example(asked_at=EXAMPLE_AT),
        matters=False,
    ),
)
