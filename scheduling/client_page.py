"""All we have of one person, as plain lines for their page."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from config.foundation.clinic import Clinic
from intake import words
from intake.models import AppointmentRequest, Client
from notifications import catalogue
from notifications.models import Audience, Message, State
from scheduling import told, wording
from scheduling.models import Appointment, Estimate

SHOWN = 100
LABELS = {
    "first_name": "first name", "last_name": "last name", "name_to_use": "name to use", "birth_date": "birth date",
    "email": "mail", "phone_extension": "extension", "mailing_address": "mailing address", "email_ok": "mail is fine",
    "email_document_ok": "documents by mail", "text_ok": "text is fine", "call_ok": "calls are fine",
    "voicemail_ok": "voicemail is fine", "insurer_contact_ok": "may speak with the insurance",
    "contact_notes": "when and what to say", "prefers": "best way",
}  # fmt: skip
WHAT = {
    "edited": "Changed",
    "came_again": "Said anew in a request",
    "joined": "Joined with another entry",
    "parted": "Parted again",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One message on a client's page."""

    message: Message
    label: str
    may_repeat: bool


def everything_of(client: Client, *, clinic: Clinic) -> dict[str, Any]:
    """Requests, visits, estimates, messages and history, of this person and of those joined into them."""
    people = [client.pk, *client.merged_from.values_list("pk", flat=True)]
    requests = AppointmentRequest.objects.filter(client__in=people).select_related("service")
    visits = Appointment.objects.filter(client__in=people).select_related("service", "practitioner")
    estimates = Estimate.objects.filter(client__in=people).select_related("service").order_by("-issued_at")
    return {
        "requests": list(requests.defer("story", "details").order_by("-submitted_at")[:SHOWN]),
        "visits": [_visit_line(each, clinic) for each in visits.order_by("-starts_at")[:SHOWN]],
        "estimates": list(estimates.defer("snapshot")[:SHOWN]),
        "told": [_told(each, client) for each in _messages(people)],
        "history": history_of(client, clinic=clinic),
        "also": [each for each in client.merged_from.all() if each.email or each.phone],
    }


def history_of(client: Client, *, clinic: Clinic) -> list[dict[str, Any]]:
    """What was changed about a person, newest first."""
    return [
        {
            "when": words.moment(event.at, clinic.zone),
            "what": WHAT.get(event.what, event.what),
            "who": (event.by.first_name or str(event.by)) if event.by else _("the client"),
            "lines": [
                (LABELS.get(name, name.replace("_", " ")), _said(was), _said(now_is))
                for name, (was, now_is) in event.changes.items()
            ],
            "why": event.why,
        }
        for event in client.events.select_related("by").order_by("-at")[:SHOWN]
    ]


def is_about(message: Message, client: Client) -> bool:
    """Whether this message was for this person."""
    people = [client.pk, *client.merged_from.values_list("pk", flat=True)]
    return Message.objects.filter(_about(people), pk=message.pk, audience=Audience.CLIENT).exists()


def _messages(people: Iterable[Any]) -> list[Message]:
    return list(Message.objects.filter(_about(people), audience=Audience.CLIENT).order_by("-created_at")[:50])


def _about(people: Iterable[Any]) -> Q:
    """Messages name their subject by type and id: here are all that belong to these people."""
    about = Q(pk__in=())
    for kind, rows in told.subjects_of(list(people)).items():
        about |= Q(subject_type=kind, subject_id__in=[str(pk) for pk in rows.values_list("pk", flat=True)])
    return about


def _told(message: Message, client: Client) -> Told:
    corrected = bool(client.email) and message.to.lower() != client.email.lower()
    returned = (
        message.state in {State.FAILED, State.SUPPRESSED, State.NOT_SENT} or message.receipt == "bounced"
    )
    label = next((str(kind.label) for kind in catalogue.kinds() if kind.code == message.kind), message.kind)
    return Told(message, label, (corrected or returned) and message.state != State.WITHDRAWN)


def _visit_line(visit: Appointment, clinic: Clinic) -> dict[str, Any]:
    start, end = visit.starts_at.astimezone(clinic.zone), visit.ends_at.astimezone(clinic.zone)
    return {"visit": visit, "day": wording.short_day(start.date()), "span": wording.span(start, end)}


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return "; ".join(str(one) for one in value.values()) or "–"
    return str(value) or "–"
