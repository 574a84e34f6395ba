"""The lists a clinic works from: today, promises due, holds, calls, freed times, tasks. Plain values for a page.

The number of queries does not depend on how much is on a list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from config.foundation.clinic import Clinic
from config.foundation.staff_tasks import StaffTask
from intake import words as intake_words
from intake.models import AppointmentRequest, Hold, Status
from intake.models.appointment_request import AWAITING_ANSWER
from scheduling import calendar, freed_times, wording
from scheduling.desk.panel import Line, calls_made
from scheduling.desk.queue import Row, Tab, in_tab, row
from scheduling.desk.words import contact_sentence
from scheduling.models import Appointment, FreedTime, Invitation
from scheduling.waitlist import waiting

MOST = 200  # of one list; the queue has the rest
HIDDEN = ("story", "details", "client__mailing_address", "client__representative")


@dataclass(frozen=True)
class Call:
    """Whom to call, with everything a caller must know before the phone rings."""

    row: Row
    phone: str
    phone_link: str
    may_call: bool
    said: str
    tries: list[Line]


@dataclass(frozen=True)
class Held:
    row: Row
    kinds: str
    since: str


@dataclass(frozen=True)
class Freed:
    time: freed_times.GivenUp
    when: str


@dataclass(frozen=True)
class Asked:
    """A freed time that is offered: to how many, until when, and how many said no."""

    freed: FreedTime
    when: str
    until: str
    people: int
    said_no: int


@dataclass(frozen=True)
class Task:
    task: StaffTask
    due: str
    is_late: bool
    url: str


def visits_today(*, clinic: Clinic, now: datetime, neutral: bool) -> list[calendar.Card]:
    today = now.astimezone(clinic.zone).date()
    start, end = calendar.day_bounds(today, today, clinic.zone)
    visits = calendar.visits_between(start=start, end=end, now=now)
    return [calendar.card(visit, zone=clinic.zone, now=now, neutral=neutral) for visit in visits]


def _rows(asked: Q, *, now: datetime) -> list[AppointmentRequest]:
    found = AppointmentRequest.objects.filter(asked).most_important_first(now=now)
    found = (
        found.with_everything_on_a_row()
        .with_calls()
        .select_related("service_asked")
        .prefetch_related("events")
    )
    return list(found.defer(*HIDDEN)[:MOST])


def promises_due(*, clinic: Clinic, now: datetime, neutral: bool) -> list[Row]:
    """Late, or to be answered before the clinic's day ends; the most important first."""
    today = now.astimezone(clinic.zone).date()
    _start, end = calendar.day_bounds(today, today, clinic.zone)
    found = _rows(Q(status__in=AWAITING_ANSWER, reply_by__lt=end), now=now)
    return [row(each, now=now, zone=clinic.zone, neutral=neutral) for each in found]


def holds(*, clinic: Clinic, now: datetime, neutral: bool) -> list[Held]:
    found = []
    for each in _rows(Q(status=Status.ON_HOLD), now=now):
        opened = each.open_holds()
        kinds = ", ".join(str(Hold.Kind(hold.kind).label) for hold in opened)
        since = min((hold.opened_at for hold in opened), default=each.submitted_at)
        line = row(each, now=now, zone=clinic.zone, neutral=neutral)
        found.append(Held(line, _("Hold") if neutral else kinds, wording.age(since, now=now)))
    return found


def calls(*, clinic: Clinic, now: datetime, neutral: bool) -> list[Call]:
    found = []
    for each in _rows(in_tab(Tab.CALLS), now=now):
        client = each.client
        may_call = bool(client.phone) and client.call_ok
        found.append(
            Call(
                row=row(each, now=now, zone=clinic.zone, neutral=neutral),
                phone="" if neutral or not may_call else intake_words.phone(client.phone),
                phone_link="" if neutral or not may_call else client.phone.as_e164,
                may_call=may_call,
                said="" if neutral else contact_sentence(client),
                tries=calls_made(each, clinic=clinic),
            )
        )
    return found


def freed(*, clinic: Clinic, now: datetime) -> list[Freed]:
    """Times of cancelled and moved visits that nobody has yet."""
    return [
        Freed(time, wording.day_and_time(time.starts_at.astimezone(clinic.zone)))
        for time in freed_times.free(now=now)[:MOST]
    ]


def offered_again(*, clinic: Clinic, now: datetime, of: Appointment | None = None) -> list[Asked]:
    """Freed times that are offered now (`of` one visit)."""
    open_ones = FreedTime.objects.filter(status=FreedTime.Status.OPEN).select_related("hold__practitioner")
    if of is not None:
        open_ones = open_ones.filter(freed_by=of)
    found = []
    for each in open_ones.prefetch_related("invitations").order_by("expires_at")[:MOST]:
        answers = list(each.invitations.all())
        found.append(
            Asked(
                each,
                wording.day_and_time(each.hold.starts_at.astimezone(clinic.zone)),
                wording.until(each.expires_at, now=now, zone=clinic.zone),
                len(answers),
                sum(one.status == Invitation.Status.DECLINED for one in answers),
            )
        )
    return found


def would_come_sooner(*, now: datetime) -> int:
    """With a request, or with a visit that is later than they wish."""
    later = Appointment.objects.would_come_earlier(than=now)
    return waiting().order_by().count() + later.count()


SUBJECT_PAGES: Mapping[str, str] = {
    "intake.appointmentrequest": "desk:request",
    "scheduling.appointment": "desk:visit",
    "intake.client": "desk:client",
    "scheduling.trigger": "estimates:waiting",
    "scheduling.estimate": "estimates:proof",
    "scheduling.series": "desk:series_booked",
}


def tasks(*, clinic: Clinic, now: datetime) -> list[Task]:
    found = []
    for each in StaffTask.objects.still_open().most_important_first()[:MOST]:
        page = SUBJECT_PAGES.get(each.subject_type)
        found.append(
            Task(
                each,
                wording.due(each.due_at, now=now, zone=clinic.zone) if each.due_at else "",
                each.is_overdue(now=now),
                reverse(page, args=[each.subject_id]) if page and each.subject_id else "",
            )
        )
    return found


def everything(*, clinic: Clinic, now: datetime, neutral: bool) -> dict[str, Any]:
    """All lists of the page."""
    return {
        "today": visits_today(clinic=clinic, now=now, neutral=neutral),
        "promises": promises_due(clinic=clinic, now=now, neutral=neutral),
        "holds": holds(clinic=clinic, now=now, neutral=neutral),
        "calls": calls(clinic=clinic, now=now, neutral=neutral),
        "freed": freed(clinic=clinic, now=now),
        "offered": offered_again(clinic=clinic, now=now),
        "waitlist_count": would_come_sooner(now=now),
        "tasks": tasks(clinic=clinic, now=now),
    }
