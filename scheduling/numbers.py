"""Numbers for the owner: how promises are kept, how long answers take. Counts and times, nothing of a person."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _

from config.foundation.access_log import AccessEvent
from config.foundation.clinic import Clinic
from intake.models import AppointmentRequest, Status
from intake.models.appointment_request import AWAITING_ANSWER
from scheduling.models import Appointment, AppointmentStatus, FreedTime, Trigger

PERIODS = (7, 30, 90)  # days
REQUEST = "intake.appointmentrequest"
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Figure:
    """One number: what it is, its value in words, what the clinic aims at. `value` "–": nothing to count."""

    name: str
    value: str
    unit: str = ""
    goal: str = ""
    of: int = 0  # how many it rests on


@dataclass(frozen=True)
class Numbers:
    since: datetime
    until: datetime
    figures: tuple[Figure, ...]
    states: tuple[Figure, ...]


def collect(*, days: int, now: datetime, clinic: Clinic) -> Numbers:
    """Everything submitted, answered or visited in the last `days` days. Seven queries, however much there was."""
    since = now - timedelta(days=days)
    asked = list(
        AppointmentRequest.objects.filter(submitted_at__gte=since, submitted_at__lte=now)
        .exclude(status__in=[Status.QUARANTINED, Status.MERGED])
        .values_list("pk", "submitted_at", "reply_by", "answered_at", "status", "seconds_to_fill")
    )
    figures = [
        Figure(_("Requests"), str(len(asked)), of=len(asked)),
        _promises(asked, now=now),
        _answer_time(asked),
        _hands_on_time(asked, since=since),
        _fill_time(asked),
        _estimates(since=since, now=now, clinic=clinic),
        _no_shows(since=since, now=now),
        _freed(since=since),
    ]
    return Numbers(since, now, tuple(figures), tuple(_states()))


Asked = tuple[object, datetime, datetime, datetime | None, str, int | None]


def _promises(asked: Sequence[Asked], *, now: datetime) -> Figure:
    """Of all that were answered or are late by now: how many were answered in time."""
    counted = [
        (by, at) for _pk, _sent, by, at, status, _s in asked if at or (by < now and status in AWAITING_ANSWER)
    ]
    kept = sum(at is not None and at <= by for by, at in counted)
    return Figure(_("Answered by the promise"), _percent(kept, len(counted)), "%", "95", len(counted))


def _answer_time(asked: Sequence[Asked]) -> Figure:
    hours = [(at - sent).total_seconds() / 3600 for _pk, sent, _by, at, _st, _s in asked if at]
    return Figure(_("Time to answer, median"), _number(hours), _("hours"), "", len(hours))


def _hands_on_time(asked: Sequence[Asked], *, since: datetime) -> Figure:
    """From the first time anybody opened the request to the answer: the clinic's own time."""
    opened = dict(
        AccessEvent.objects.filter(subject_type=REQUEST, action="opened", at__gte=since)
        .values_list("subject_id")
        .annotate(first=Min("at"))
    )
    seconds = [
        (at - opened[str(pk)]).total_seconds()
        for pk, _sent, _by, at, _status, _s in asked
        if at and str(pk) in opened and at >= opened[str(pk)]
    ]
    return Figure(_("Opened to answered, median"), _number(seconds), _("seconds"), "60", len(seconds))


def _fill_time(asked: Sequence[Asked]) -> Figure:
    minutes = [seconds / 60 for *_rest, seconds in asked if seconds]
    return Figure(_("Filling in the form, median"), _number(minutes), _("minutes"), "4", len(minutes))


def _estimates(*, since: datetime, now: datetime, clinic: Clinic) -> Figure:
    """Of the clocks that have ended or run out: how many were provided by the legal date."""
    today = clinic.local(now).date()
    ended = Trigger.objects.filter(happened_at__gte=since, legal_due_on__isnull=False, closed_at=None).filter(
        Q(provided_at__isnull=False) | Q(legal_due_on__lt=today)
    )
    rows = list(ended.values_list("provided_at", "legal_due_on"))
    in_time = sum(bool(at and clinic.local(at).date() <= due) for at, due in rows if due)
    return Figure(_("Estimates by their legal date"), _percent(in_time, len(rows)), "%", "100", len(rows))


def _no_shows(*, since: datetime, now: datetime) -> Figure:
    states = Appointment.objects.filter(starts_at__gte=since, starts_at__lte=now).aggregate(
        missed=Count("pk", filter=Q(status=AppointmentStatus.NO_SHOW)),
        of=Count(
            "pk",
            filter=Q(
                status__in=[AppointmentStatus.NO_SHOW, AppointmentStatus.ARRIVED, AppointmentStatus.FULFILLED]
            ),
        ),
    )
    return Figure(_("Did not come"), _percent(states["missed"], states["of"]), "%", "8", states["of"])


def _freed(*, since: datetime) -> Figure:
    found = FreedTime.objects.filter(created_at__gte=since).aggregate(
        of=Count("pk"), taken=Count("pk", filter=Q(status=FreedTime.Status.TAKEN))
    )
    return Figure(
        _("Freed times that were filled"), _percent(found["taken"], found["of"]), "%", "50", found["of"]
    )


def _states() -> Iterable[Figure]:
    """How many requests are in each state now; every state is named, also an empty one."""
    counts = dict(AppointmentRequest.objects.order_by().values_list("status").annotate(number=Count("pk")))
    for status in Status:
        yield Figure(str(status.label), str(counts.get(status, 0)))


def _percent(part: int, of: int) -> str:
    return f"{100 * part / of:.0f}" if of else "–"


def _number(values: Sequence[float]) -> str:
    return f"{median(values):.1f}" if values else "–"


def as_csv(numbers: Numbers, *, clinic: Clinic) -> str:
    """A table for a spreadsheet. No cell can be a formula; there is no word about anybody in it."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n")
    write.writerow([safe(cell) for cell in (_("What"), _("Value"), _("Unit"), _("Goal"), _("Out of"))])
    for figure in (*numbers.figures, *numbers.states):
        cells = (figure.name, figure.value, figure.unit, figure.goal, str(figure.of or ""))
        write.writerow([safe(cell) for cell in cells])
    first, last = clinic.local(numbers.since).date(), clinic.local(numbers.until).date()
    write.writerow([safe(cell) for cell in (_("Period"), f"{first} – {last}", "", "", safe(str(clinic)))])
    return out.getvalue()


def safe(text: str) -> str:
    """A spreadsheet runs a cell that starts like a formula; an apostrophe in front makes it text (OWASP)."""
    return (
        f"'{text}"
        if text.lstrip(" ").startswith(STARTS_A_FORMULA) or text.startswith(STARTS_A_FORMULA)
        else text
    )
