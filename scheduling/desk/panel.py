"""What the panel of an open request says: strips of warning, the worst first, and the history.

Front desk sees the reason and the flags, a therapist also the answers.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.foundation.clinic import Clinic
from intake import words
from intake.models import (
    AppointmentRequest,
    Flag,
    Hold,
    Priority,
    Status,
)
from intake.triage import CLIENT_WROTE
from scheduling import wording
from scheduling.desk.words import MARKERS


@dataclass(frozen=True)
class Notice:
    """A strip above the name, the worst first."""

    letter: str
    title: str
    css: str = ""
    lines: tuple[str, ...] = ()
    small: str = ""
    compare_with: str = ""
    can_be_read: bool = False  # what the client wrote, until somebody says that they have read it


def notices(
    appointment_request: AppointmentRequest, *, clinic: Clinic, sees_answers: bool, neutral: bool
) -> list[Notice]:
    if neutral:
        return []
    found: list[Notice] = []
    flags = list(appointment_request.flags.all())
    when = words.moment(appointment_request.submitted_at, clinic.zone)
    for level, letter, css, title in (
        (Flag.Level.URGENT, "U", "urgent", _("Urgent answers, %(when)s") % {"when": when}),
        (Flag.Level.SAME_DAY, "S", "soon", _("Call before any time is offered")),
        (Flag.Level.NOTE, "i", "", _("For the therapist to know")),
    ):
        of_level = [flag for flag in flags if flag.level == level]
        if not of_level:
            continue
        rules = sorted(
            {
                f"{flag.finding.get('rule', '')} {flag.finding.get('rule_version', '')}".strip()
                for flag in of_level
            }
            - {""}
        )
        found.append(
            Notice(
                letter,
                title,
                css,
                tuple(str(flag.finding.get("label") or flag.finding.get("code", "")) for flag in of_level),
                _("Rules: %(rules)s") % {"rules": ", ".join(rules)} if rules else "",
            )
        )
    if appointment_request.priority == Priority.URGENT and not any(n.letter == "U" for n in found):
        found.insert(0, Notice("U", _("Urgent. Call before anything else."), "urgent"))
    found += [
        Notice(
            "H",
            _("Hold: %(kind)s") % {"kind": Hold.Kind(hold.kind).label},
            "hold",
            (hold.reason,) if hold.reason else (),
            _hold_foot(hold, clinic=clinic),
        )
        for hold in appointment_request.open_holds()
    ]
    for marker in appointment_request.markers.all():
        if marker.cleared_at is not None:
            continue
        letter, _words, meaning = MARKERS.get(marker.code, ("i", "", marker.code.replace("_", " ")))
        if not letter and marker.code not in MARKERS:
            continue
        if marker.code in {"pregnant", "postpartum", "sensitive_topic"} and not sees_answers:
            continue
        other = str(marker.other_request_id) if marker.other_request_id else ""
        unread = marker.code == CLIENT_WROTE
        found.append(Notice(letter or "i", str(meaning), compare_with=other, can_be_read=unread))
    strips = [n for n in found if n.css or n.compare_with or n.lines or n.can_be_read]
    small = [n for n in found if n not in strips and n.title]
    if small:
        strips.append(Notice("i", " ".join(n.title for n in small)))
    return strips


# What a hold asks of the clinic. Drafts for the owner's approval; nothing here promises anything to a client.
NEXT_STEPS: dict[str, Any] = {
    Hold.Kind.MEDICARE: gettext_lazy("Call. Paying cash does not lift it. Name clinics that take Medicare."),
    Hold.Kind.AGE_65: gettext_lazy("Ask whether Medicare pays for any of their care."),
    Hold.Kind.MEDICAID: gettext_lazy("Call before any price is named."),
    Hold.Kind.TRICARE: gettext_lazy("Call before any price is named."),
    Hold.Kind.AUTO_INJURY: gettext_lazy(
        "The car insurance usually pays first. Ask for claim, day and state."
    ),
    Hold.Kind.WORK_INJURY: gettext_lazy(
        "The employer’s insurance pays first. Ask for claim, employer and day."
    ),
    Hold.Kind.OUT_OF_STATE: gettext_lazy("Ask where they will be. We treat only where we are licensed."),
    Hold.Kind.GUARDIAN_MISSING: gettext_lazy("Ask for a parent or guardian. Be careful whom you call."),
}


def _hold_foot(hold: Hold, *, clinic: Clinic) -> str:
    """Who set it, and what to do now."""
    who = (hold.opened_by.first_name or str(hold.opened_by)) if hold.opened_by else ""
    when = words.moment(hold.opened_at, clinic.zone)
    said = [
        _("Set by %(who)s, %(when)s.") % {"who": who, "when": when} if who else _("Set when it came in."),
        str(NEXT_STEPS.get(hold.kind, "")),
        _("A named person can lift it, with a reason."),
    ]
    return " ".join(part for part in said if part)


@dataclass(frozen=True)
class Line:
    when: str
    text: str
    why: str


WHAT = {
    "status": gettext_lazy("%(to)s"),
    "submitted": gettext_lazy("Sent"),
    "hold_opened": gettext_lazy("Hold set"),
    "hold_lifted": gettext_lazy("Hold lifted"),
    "asked": gettext_lazy("Asked a question"),
    "call": gettext_lazy("Call"),
    "corrected": gettext_lazy("Corrected"),
    "call_talked": gettext_lazy("Called: talked"),
    "call_left_message": gettext_lazy("Called: left a message"),
    "call_no_answer": gettext_lazy("Called: no answer"),
    "looked_at": gettext_lazy("Looked at"),
    "read": gettext_lazy("Read what the client wrote"),
    "two_people": gettext_lazy("Two people, not one"),
    "joined": gettext_lazy("Joined with another"),
    "parted": gettext_lazy("Parted again"),
    "answered": gettext_lazy("The client answered"),
    "client_wrote": gettext_lazy("The client wrote"),
    "times_wished": gettext_lazy("The client marked times"),
    "service_chosen": gettext_lazy("Service chosen"),
}


def history(appointment_request: AppointmentRequest, *, clinic: Clinic) -> list[Line]:
    """What happened, newest last, with who and why."""
    lines = []
    for event in appointment_request.events.all():
        text = str(WHAT.get(event.what, event.what.replace("_", " ").capitalize()))
        to = Status(event.to_status).label if event.to_status in Status.values else ""
        text = text % {"to": to} if "%(to)s" in text else text
        who = (event.by.first_name or str(event.by)) if event.by else ""
        lines.append(
            Line(
                wording.until(event.at, now=event.at - timedelta(days=2), zone=clinic.zone),
                f"{text} ({who})" if who else text,
                event.why,
            )
        )
    return lines


def calls_made(appointment_request: AppointmentRequest, *, clinic: Clinic) -> list[Line]:
    """The last three calls, newest first: who tried is in the history."""
    made = [event for event in appointment_request.events.all() if event.what.startswith("call_")]
    return [
        Line(
            wording.until(event.at, now=event.at - timedelta(days=2), zone=clinic.zone),
            str(WHAT.get(event.what, event.what)),
            event.why,
        )
        for event in reversed(made[-3:])
    ]
