"""A series: twice a week for six weeks. Proposed date by date, confirmed by one press, told in one mail.

A series keeps one wall time for each weekday, the one that can be kept most often. A date that cannot be kept
is marked with the reason and the nearest time that can; nothing is left out silently.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from config.foundation.clinic import Clinic
from config.foundation.user import User
from intake import contact
from intake.models import AppointmentRequest, Package
from scheduling import availability, booking, series_notices
from scheduling.availability import Diary, Slot
from scheduling.estimates import plans, versions
from scheduling.models import Appointment, AppointmentStatus, Estimate, Series, SeriesVisit
from scheduling.openings import PARTS_OF_DAY, Key, Opening, Refusal, Wishes, exists, local_day, minute_of

MOST = 52  # visits in one series; a longer plan of care is looked at again on the way
NEAR = timedelta(days=6)  # how far the next best may lie from the date that cannot be kept
SUBJECT = series_notices.SERIES


@dataclass(frozen=True)
class Wanted:
    per_week: int
    weeks: int

    @property
    def visits(self) -> int:
        return min(self.per_week * self.weeks, MOST)


@dataclass(frozen=True)
class Proposed:
    """One date of the series, with the person who was meant to give it.

    `slot` is None when it cannot be kept: then `why` says why and `instead` is near, perhaps with somebody else.
    """

    number: int
    wished_at: datetime
    slot: Slot | None
    with_whom: str = ""
    why: str = ""
    instead: Slot | None = None


def wanted(appointment_request: AppointmentRequest) -> Wanted | None:
    """How many a week for how many weeks, as the client typed it; None when no series was asked for."""
    asked = (appointment_request.details or {}).get("series") or {}
    try:
        found = Wanted(int(asked["per_week"]), int(asked["weeks"]))
    except (KeyError, TypeError, ValueError):
        return None
    return found if 1 <= found.per_week <= 7 and 1 <= found.weeks <= MOST and found.visits > 1 else None


# --- propose ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Habit:
    """Every Tuesday at 9, with this person."""

    weekday: int
    wall: int  # minutes since midnight, as the clock shows it
    person: Key | None


def propose(*, appointment_request: AppointmentRequest, now: datetime) -> list[Proposed]:
    """Every date of the series from the first that can be kept on. A handful of queries, however long it is."""
    asked, service = wanted(appointment_request), appointment_request.service
    if asked is None or service is None:
        return []
    zone = Clinic.get().zone
    wishes = availability.wishes_of(appointment_request)
    today = local_day(minute_of(now), zone)
    first = max(today, wishes.earliest) if wishes.earliest else today
    last = first + timedelta(weeks=asked.weeks + 2)
    diary = availability.load(service, start=first, end=last, now=now)
    wishes = availability.with_keys(wishes, diary, appointment_request)
    every = diary.openings(first_day=first, last_day=last)
    found = _wished(every, wishes)
    habits = _habits(found, wishes, per_week=asked.per_week)
    is_named = bool((appointment_request.wishes or {}).get("practitioner"))
    spare = found if is_named else _by_anybody(every, wishes, diary)
    return _dates(diary, found, spare, habits, first=first, count=asked.visits)


def _in_parts(openings: Iterable[Opening], wishes: Wishes) -> list[Opening]:
    """In the wished hours; all of them when none is."""
    found = list(openings)
    parts = [PARTS_OF_DAY[part] for part in wishes.parts if part in PARTS_OF_DAY]
    if not parts:
        return found
    return [o for o in found if any(low <= o.wall < high for low, high in parts)] or found


def _by_anybody(openings: Iterable[Opening], wishes: Wishes, diary: Diary) -> list[Opening]:
    """Who could stand in where the usual person is away: a colleague of the wished gender and language."""

    def suits(opening: Opening) -> bool:
        person = diary.calendar.people.get(opening.person) if opening.person is not None else None
        return person is None or (
            (not wishes.gender or person.gender == wishes.gender)
            and (not wishes.language or wishes.language in person.languages)
        )

    return [o for o in _in_parts(openings, wishes) if o.person == wishes.person or suits(o)]


def _wished(openings: Iterable[Opening], wishes: Wishes) -> list[Opening]:
    """In the wished hours and with the wished person; all of them when none is."""
    found = _in_parts(openings, wishes)
    if wishes.person is not None:
        found = [o for o in found if o.person == wishes.person] or found
    return found


def _habits(openings: Sequence[Opening], wishes: Wishes, *, per_week: int) -> list[_Habit]:
    """For each weekday the wall time that is free most often, the earliest of equals; wished weekdays first."""
    often = Counter((o.day.weekday(), o.wall, o.person) for o in openings)
    best: dict[int, tuple[int, int, Key | None]] = {}
    for (weekday, wall, person), times in often.items():
        known = best.get(weekday)
        if known is None or (-times, wall) < (-known[0], known[1]):
            best[weekday] = (times, wall, person)
    order = sorted(best, key=lambda day: (day not in wishes.days, -best[day][0], day))
    return sorted(
        (_Habit(day, best[day][1], best[day][2]) for day in order[:per_week]), key=lambda habit: habit.weekday
    )


def _dates(
    diary: Diary,
    openings: Sequence[Opening],
    spare: Sequence[Opening],
    habits: Sequence[_Habit],
    *,
    first: date,
    count: int,
) -> list[Proposed]:
    by_weekday = {habit.weekday: habit for habit in habits}
    free = {(o.day, o.wall, o.person): o for o in openings}
    planned: list[tuple[date, _Habit]] = []
    day = first
    while by_weekday and len(planned) < count:
        habit = by_weekday.get(day.weekday())
        starts_already = planned or (habit and (day, habit.wall, habit.person) in free)
        if habit and starts_already:
            planned.append((day, habit))
        day += timedelta(days=1)
        if day > first + timedelta(weeks=2 * MOST):
            break
    kept = {day for day, habit in planned if (day, habit.wall, habit.person) in free}
    proposed: list[Proposed] = []
    for number, (day, habit) in enumerate(planned, start=1):
        wished_at = _moment(day, habit.wall, diary)
        person = diary.practitioners.get(habit.person)
        whom = person.name if person else ""
        opening = free.get((day, habit.wall, habit.person))
        if opening is not None:
            proposed.append(Proposed(number, wished_at, diary.slot(opening), whom))
            continue
        instead = _nearest(spare, day, habit, taken=kept)
        if instead is not None:
            kept.add(instead.day)
        slot = diary.slot(instead) if instead is not None else None
        why = _refusal(diary, wished_at, habit)
        proposed.append(Proposed(number, wished_at, None, whom, why, slot))
    return proposed


def _moment(day: date, wall: int, diary: Diary) -> datetime:
    midnight = datetime.combine(day, datetime.min.time(), diary.calendar.zone)
    return midnight.replace(hour=wall // 60, minute=wall % 60)


def _refusal(diary: Diary, wished_at: datetime, habit: _Habit) -> str:
    if not exists(wished_at.replace(tzinfo=None), diary.calendar.zone):
        return str(Refusal.NO_SUCH_TIME)
    person = diary.practitioners.get(habit.person)
    verdict = diary.explain(starts_at=wished_at, practitioner_id=person.pk if person else None, room_id=None)
    return str(verdict.why or Refusal.PRACTITIONER_BUSY)


def _nearest(spare: Sequence[Opening], day: date, habit: _Habit, *, taken: set[date]) -> Opening | None:
    """The nearest time on a day that the series does not use yet; the rhythm counts before the person.

    First what lies between the dates before and after it, so that the visits keep their order; then the same
    week, so that nobody comes three times in one and not at all in the next; then the same person.
    """
    before = max((one for one in taken if one < day), default=date.min)
    after = min((one for one in taken if one > day), default=date.max)
    near = [o for o in spare if abs(o.day - day) <= NEAR and o.day not in taken]
    return min(
        near,
        key=lambda o: (
            not before < o.day < after,
            o.day.isocalendar()[:2] != day.isocalendar()[:2],
            o.person != habit.person,
            abs((o.day - day).days),
            abs(o.wall - habit.wall),
            o.start,
        ),
        default=None,
    )


# --- confirm, undo ----------------------------------------------------------------------------------


def confirm(
    *,
    appointment_request: AppointmentRequest,
    times: Sequence[Slot],
    by: User,
    now: datetime,
    expect_version: int,
    package: Package | None = None,
) -> Series:
    """Book every time or none, issue one estimate for all of them and tell the client once.

    Raises what `booking.confirm` raises, and NotBookable("two_or_more") for a series of one.
    """
    if not 2 <= len(times) <= MOST:
        raise booking.NotBookable("two_or_more")
    in_order = sorted(times, key=lambda slot: slot.starts_at)

    def act() -> Series:
        visits = booking.confirm_all(
            appointment_request=appointment_request,
            times=in_order,
            by=by,
            now=now,
            expect_version=expect_version,
        )
        made = Series.objects.create(appointment_request=appointment_request, created_at=now, created_by=by)
        SeriesVisit.objects.bulk_create(
            SeriesVisit(series=made, appointment=visit, number=number)
            for number, visit in enumerate(visits, start=1)
        )
        made.estimate = _estimate(appointment_request, visits, package=package, by=by, now=now)
        made.save(update_fields=["estimate"])
        series_notices.confirmed(series=made, visits=visits, now=now, by=by)
        return made

    return booking.together(act)


def _estimate(
    pending: AppointmentRequest,
    visits: Sequence[Appointment],
    *,
    package: Package | None,
    by: User,
    now: datetime,
) -> Estimate | None:
    """One recurring estimate. What is missing for it never blocks the visits: staff get a task that names it."""
    asked = wanted(pending)
    return plans.issue_series(
        appointments=visits,
        times=asked.per_week if asked else 1,
        per="week",
        by=by,
        now=now,
        package=package,
    )


def undo(*, series: Series, by: User, now: datetime) -> None:
    """Take the whole series back within ten seconds: nothing has left. Raises TooLate."""

    def act() -> None:
        changed = Series.objects.filter(pk=series.pk, undone_at=None).update(undone_at=now)
        if changed != 1:
            raise booking.TooLate
        for each in series.visits.select_related("appointment"):
            booking.undo(appointment=each.appointment, by=by, now=now)
        contact.withdraw(subject_type=SUBJECT, subject_id=series.pk, reason="undone")
        if series.estimate is not None:
            versions.void(estimate=series.estimate, why="undone", by=by, now=now)

    booking.together(act)


def cancel_rest(*, series: Series, by: User, now: datetime, why: str) -> int:
    """Cancel every visit of the series that has not begun; how many there were. Each is told, each is freed."""

    def act() -> int:
        ahead = [
            each.appointment
            for each in series.visits.select_related("appointment")
            if each.appointment.status == AppointmentStatus.BOOKED and each.appointment.starts_at > now
        ]
        for visit in ahead:
            booking.cancel(appointment=visit, by=by, now=now, why=why)
        return len(ahead)

    return booking.together(act)
