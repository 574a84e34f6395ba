"""The minute's look at the running clocks: answer, warn at half and at nine tenths, send before it is late."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from config.foundation import staff_tasks
from config.foundation.models import Clinic
from intake.models import AppointmentRequest, CostQuestion
from intake.models.appointment_request import OPEN, Status
from scheduling import staff_notices, wording
from scheduling.estimates import versions
from scheduling.estimates.contents import Kind
from scheduling.estimates.delivery import STAGES, warning_key
from scheduling.estimates.freezing import SUBJECT
from scheduling.estimates.issue import issue_for_request, issue_for_seat, issue_summary_beside
from scheduling.models import Estimate, Seat, Trigger

HALF, ALMOST, ALONE = 0.5, 0.9, 0.75  # parts of the time between the event and the end of the target day
LATELY = timedelta(days=90)  # older requests have long got everything
# No clock is longer than a week (three business days around the longest holidays), so one that is half gone
# ends within these days.
HALF_AHEAD = timedelta(days=4)


class Clock(NamedTuple):
    """Of a trigger, what tells how much of its time is gone."""

    pk: UUID
    happened_at: datetime
    target_due_on: date | None


def part_gone(clock: Clock, *, clinic: Clinic, now: datetime) -> float:
    """How much of a trigger's time is used up: 0 at the event, 1 at the end of its target day."""
    if clock.target_due_on is None:
        return 0.0
    end = _end_of(clock.target_due_on, clinic)
    whole = (end - clock.happened_at).total_seconds()
    return (now - clock.happened_at).total_seconds() / whole if whole > 0 else 1.0


def look(*, now: datetime) -> int:
    """Answer what may be answered alone, then warn about every clock that is past half its time.

    Returns how many warnings are new. A handful of statements while nothing is pressing.
    """
    clinic = Clinic.get()
    today = clinic.local(now).date()
    _summaries(now=now)
    _ends(today=today, now=now)
    waiting = list(_unanswered().select_related("appointment_request__service"))
    _close_without_care(waiting, now=now)
    for trigger in _to_answer(waiting, clinic=clinic, now=now):
        if trigger.appointment_request is not None:
            _answer(trigger, trigger.appointment_request, now=now)
    clocks = [Clock(*row) for row in late(clinic=clinic, now=now)]
    return _warn(clocks, clinic=clinic, now=now)


@transaction.atomic
def _answer(trigger: Trigger, asked: AppointmentRequest, *, now: datetime) -> None:
    if is_ours(asked) and _unanswered().filter(pk=trigger.pk).exists():
        issue_for_request(appointment_request=asked, by=None, now=now)


def is_ours(asked: AppointmentRequest) -> bool:
    """Is nobody else at this request? Ours until the transaction ends; what was true of it is to be asked again.

    Two looks at once (a second beat, one that was late) would give a client two versions of one estimate. Whoever
    is at it, a look or a person who confirms, does what is needed; if not, the next minute does.
    """
    free = AppointmentRequest.objects.select_for_update(skip_locked=True, no_key=True)
    return bool(free.filter(pk=asked.pk).values_list("pk"))


def late(*, clinic: Clinic, now: datetime) -> QuerySet[Trigger, tuple[UUID, datetime, date | None]]:
    """Running clocks past half of their time: one statement, which the database answers without us.

    Half of the time between the event h and the end of the target day E is gone when h <= 2 now - E; E is one
    of the few days up to the horizon.
    """
    today = clinic.local(now).date()
    days = [today + timedelta(days=ahead) for ahead in range(HALF_AHEAD.days + 1)]
    soon = [Q(target_due_on=day, happened_at__lte=now - (_end_of(day, clinic) - now)) for day in days]
    half_gone = Q(Q(target_due_on__lt=today), *soon, _connector=Q.OR)
    return Trigger.objects.running().filter(half_gone).values_list("pk", "happened_at", "target_due_on")


def _unanswered() -> QuerySet[Trigger]:
    """Cost questions that no estimate answers yet."""
    return Trigger.objects.running().filter(event=Trigger.Event.REQUESTED, satisfied_by=None)


def _clock(trigger: Trigger) -> Clock:
    return Clock(trigger.pk, trigger.happened_at, trigger.target_due_on)


def _end_of(day: date, clinic: Clinic) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(0), tzinfo=clinic.zone)


def _summaries(*, now: datetime) -> None:
    """Prices of what no visit speaks of: seats in a class, and further wishes of another kind than the visit."""
    since = now - LATELY
    seats = Seat.objects.filter(
        cancelled_at=None,
        appointment__starts_at__gte=now,
        appointment_request__submitted_at__gte=since,
        appointment_request__estimates=None,
    )
    related = ("appointment__service", "appointment__location", "appointment_request", "client")
    for seat in seats.select_related(*related):
        _for_seat(seat, now=now)
    given = Estimate.objects.filter(appointment_request=OuterRef("pk"), kind=Kind.PRICE_SUMMARY)
    booked = AppointmentRequest.objects.filter(
        ~Exists(given),
        status=Status.BOOKED,
        submitted_at__gte=since,
        service__estimate=Kind.GFE,
        also_services__estimate=Kind.PRICE_SUMMARY,
    )
    for asked in booked.distinct():
        _beside(asked, now=now)


@transaction.atomic
def _for_seat(seat: Seat, *, now: datetime) -> None:
    if seat.appointment_request is not None and is_ours(seat.appointment_request):
        issue_for_seat(seat=seat, now=now)  # looks itself whether there is one


@transaction.atomic
def _beside(asked: AppointmentRequest, *, now: datetime) -> None:
    if is_ours(asked) and not asked.estimates.filter(kind=Kind.PRICE_SUMMARY).exists():
        issue_summary_beside(appointment_request=asked, now=now)


def _ends(*, today: date, now: datetime) -> None:
    """Thirty days before a recurring estimate ends, somebody should ask whether care goes on."""
    plans = {f"estimate-ends:{one.pk}": one for one in versions.ending_soon(today=today)}
    known = set(staff_tasks.StaffTask.objects.filter(key__in=plans).values_list("key", flat=True))
    for key, plan in plans.items():
        if key not in known:
            staff_tasks.open_task(
                key=key,
                kind="estimate_ends",
                subject_type=SUBJECT,
                subject_id=plan.pk,
                title=f"A plan of care ends on {plan.last_visit_on}: does it go on?",
                now=now,
            )


def _close_without_care(waiting: list[Trigger], *, now: datetime) -> None:
    """The clinic said that it cannot treat this person: there is no care to estimate."""
    refused = {Status.DECLINED, Status.REFERRED}
    for trigger in waiting:
        asked = trigger.appointment_request
        if asked is not None and asked.status in refused:
            trigger.closed_at, trigger.closed_reason = now, Trigger.Closed.NO_CARE
            Trigger.objects.running().filter(pk=trigger.pk).update(
                closed_at=now, closed_reason=Trigger.Closed.NO_CARE
            )


def _to_answer(waiting: list[Trigger], *, clinic: Clinic, now: datetime) -> list[Trigger]:
    """Questions without an estimate that need no person: who ticked the box was promised it soon; who asked in
    passing gets it when most of the time is gone and nobody has agreed on a time."""
    if clinic.reviews_estimates:
        return []
    requests = [one.appointment_request_id for one in waiting if one.appointment_request_id]
    ticked = CostQuestion.objects.filter(appointment_request__in=requests, how=CostQuestion.How.TICK)
    soon = set(ticked.values_list("appointment_request", flat=True)) if requests else set()
    return [
        one
        for one in waiting
        if one.is_running
        and (asked := one.appointment_request) is not None
        and asked.status in {*OPEN, Status.WITHDRAWN}
        and (asked.pk in soon or part_gone(_clock(one), clinic=clinic, now=now) >= ALONE)
        and not asked.open_holds()
    ]


def _warn(pressing: Iterable[Clock], *, clinic: Clinic, now: datetime) -> int:
    stages = {
        one: STAGES[1] if part_gone(one, clinic=clinic, now=now) >= ALMOST else STAGES[0] for one in pressing
    }
    keys = {warning_key(one.pk, stage) for one, stage in stages.items()}
    known = set(staff_tasks.StaffTask.objects.filter(key__in=keys).values_list("key", flat=True))
    news = {one: stage for one, stage in stages.items() if warning_key(one.pk, stage) not in known}
    _tell_of(news, now=now)
    return len(news)


@transaction.atomic
def _tell_of(news: Mapping[Clock, str], *, now: datetime) -> None:
    """A task each, and one mail about all that must not wait: who opens a mailbox after a weekend needs no dozen."""
    urgent: dict[object, date] = {}
    for clock, stage in news.items():
        is_urgent = stage == STAGES[1]
        staff_tasks.open_task(
            key=warning_key(clock.pk, stage),
            kind="estimate_due",
            subject_type="scheduling.trigger",
            subject_id=clock.pk,
            title=f"An estimate is due on {wording.short_day(clock.target_due_on)}"
            if clock.target_due_on
            else "An estimate is due",
            priority=staff_tasks.Priority.URGENT if is_urgent else staff_tasks.Priority.TODAY,
            now=now,
        )
        if is_urgent and clock.target_due_on:
            urgent[clock.pk] = clock.target_due_on
    staff_notices.deadlines(due=urgent, now=now)
