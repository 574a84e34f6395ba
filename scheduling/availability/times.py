"""Times for a request and for a visit: all of them, the best ones, and why one is none."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from config.foundation.clinic import Clinic
from intake.models import AppointmentRequest, Practitioner, Service
from scheduling.availability.diary import Diary, Slot
from scheduling.availability.reading import load
from scheduling.availability.wishes import wishes_of, with_keys
from scheduling.models import Appointment, Room
from scheduling.openings import WISHES_BROKEN, Refusal, Verdict, Wishes, exists, local_day, minute_of

SEARCHED_DAYS = 42  # how far ahead the best times are looked for
BEST = 3  # how many are named
FAR = timedelta(days=21)  # days between two ranges that are still read with them
# Around a time that was just taken: three days, then two weeks.
NEAR_DAYS = (timedelta(days=1), timedelta(days=7))


def for_request(
    appointment_request: AppointmentRequest, *, start: date, end: date, now: datetime
) -> list[Slot]:
    """Every time that may be offered for this request from `start` to `end`, local dates, both included."""
    if appointment_request.service is None:
        return []
    diary = load(appointment_request.service, start=start, end=end, now=now)
    return _every(diary, appointment_request, start, end)


def _every(diary: Diary, asked: AppointmentRequest, start: date, end: date) -> list[Slot]:
    found = diary.openings(first_day=start, last_day=end, party=asked.people)
    return [diary.slot(opening) for opening in found]


def best_and_all(
    appointment_request: AppointmentRequest, *, start: date, end: date, now: datetime, clinic: Clinic
) -> tuple[list[Slot], list[Slot]]:
    """The best times, as `best_times` has them, and every time from `start` to `end`; one diary for both."""
    service = appointment_request.service
    if service is None:
        return [], []
    wishes = wishes_of(appointment_request)
    first_day, last_day = _searched_days(wishes, now=now, zone=clinic.zone)
    if start > last_day + FAR or end < first_day - FAR:  # nobody reads the year between
        found = for_request(appointment_request, start=start, end=end, now=now)
        return best_times(appointment_request, now=now), found
    diary = load(service, start=min(start, first_day), end=max(end, last_day), now=now)
    best = diary.best(
        with_keys(wishes, diary, appointment_request),
        first_day=first_day,
        last_day=last_day,
        count=BEST,
        party=appointment_request.people,
    )
    return best, _every(diary, appointment_request, start, end)


def best_times(
    appointment_request: AppointmentRequest,
    *,
    now: datetime,
    count: int = BEST,
    ignoring: Collection[UUID] = (),
) -> list[Slot]:
    """The times that suit the request best and can all be held at once; none while no service is chosen.

    `ignoring` are appointments whose own time counts as free.
    """
    service = appointment_request.service
    if service is None:
        return []
    wishes = wishes_of(appointment_request)
    first_day, last_day = _searched_days(wishes, now=now, zone=Clinic.get().zone)
    diary = load(service, start=first_day, end=last_day, now=now, ignoring=ignoring)
    wishes = with_keys(wishes, diary, appointment_request)
    return diary.best(
        wishes, first_day=first_day, last_day=last_day, count=count, party=appointment_request.people
    )


def next_best_times(
    appointment_request: AppointmentRequest, *, near: datetime, now: datetime, count: int = 3
) -> list[Slot]:
    """What to offer somebody whose time, `near`, has just been taken: `count` times that keep every wish.

    The days around that time are searched first, then more of them; many may lose the same time at once, and six
    weeks of every diary are much to read for each of them. Where no such times are near, the best of all days.
    """
    service = appointment_request.service
    if service is None:
        return []
    wishes = wishes_of(appointment_request)
    zone = Clinic.get().zone
    first_day, _last_day = _searched_days(wishes, now=now, zone=zone)
    day = local_day(minute_of(near), zone)
    for reach in NEAR_DAYS:
        start, end = max(first_day, day - reach), day + reach
        if start > end:
            continue
        diary = load(service, start=start, end=end, now=now)
        found = diary.best(
            with_keys(wishes, diary, appointment_request),
            first_day=start,
            last_day=end,
            count=count,
            party=appointment_request.people,
        )
        if len(found) == count and all(WISHES_BROKEN.isdisjoint(slot.reasons) for slot in found):
            return found
    return best_times(appointment_request, now=now, count=count)


def _searched_days(wishes: Wishes, *, now: datetime, zone: ZoneInfo) -> tuple[date, date]:
    """From today, or the day wished for, six weeks ahead; nobody is searched for in the far future."""
    today = local_day(minute_of(now), zone)
    first_day = max(today, wishes.earliest) if wishes.earliest else today
    first_day = min(first_day, today + timedelta(days=366))
    return first_day, first_day + timedelta(days=SEARCHED_DAYS)


def other_times(
    appointment: Appointment, *, now: datetime, count: int = 3, same_practitioner: bool = True
) -> list[Slot]:
    """Times this visit could be moved to, near its own, with the same practitioner."""
    zone = Clinic.get().zone
    day = local_day(minute_of(appointment.starts_at), zone)
    first_day = max(local_day(minute_of(now), zone), day - timedelta(days=7))
    found = times_to_move_to(appointment, start=first_day, end=first_day + timedelta(days=21), now=now)
    if same_practitioner:
        found = [slot for slot in found if slot.practitioner_id == appointment.practitioner_id]
    nearest = sorted(found, key=lambda slot: abs(slot.starts_at - appointment.starts_at))
    return sorted(nearest[:count], key=lambda slot: slot.starts_at)


def times_around(appointment: Appointment, *, now: datetime, count: int, a_day: int = 3) -> list[Slot]:
    """Times this visit could be moved to with the same practitioner, on the days nearest to its own.

    Of each day the first, the last and what lies between: who cannot come at nine cannot come at a quarter past.
    """
    clinic = Clinic.get()
    own = clinic.local(appointment.starts_at).date()
    first_day = max(clinic.local(now).date(), own - timedelta(days=7))
    by_day: dict[date, list[Slot]] = {}
    for slot in times_to_move_to(appointment, start=first_day, end=first_day + timedelta(days=21), now=now):
        if slot.practitioner_id == appointment.practitioner_id:
            by_day.setdefault(clinic.local(slot.starts_at).date(), []).append(slot)
    chosen: list[Slot] = []
    for day in sorted(by_day, key=lambda day: abs(day - own)):
        slots = by_day[day]
        places = {round(step * (len(slots) - 1) / (a_day - 1)) for step in range(a_day)}
        chosen += [slots[place] for place in sorted(places)]
    return sorted(chosen[:count], key=lambda slot: slot.starts_at)


def times_to_move_to(appointment: Appointment, *, start: date, end: date, now: datetime) -> list[Slot]:
    """Every time a visit could have instead; its own time counts as free and is left out."""
    diary = load(appointment.service, start=start, end=end, now=now, ignoring=[appointment.pk])
    found = diary.openings(first_day=start, last_day=end)
    slots = (diary.slot(opening) for opening in found)
    return [slot for slot in slots if slot.starts_at != appointment.starts_at]


def explain_slot(
    *,
    service: Service,
    starts_at: datetime,
    now: datetime,
    practitioner: Practitioner | None = None,
    room: Room | None = None,
    party: int = 1,
    ignoring: Collection[UUID] = (),
) -> Verdict:
    """May this time be offered, or the first reason why not."""
    day = starts_at.astimezone(UTC).date()
    around = timedelta(days=1)
    diary = load(service, start=day - around, end=day + around, now=now, ignoring=ignoring)
    return diary.explain(
        starts_at=starts_at,
        practitioner_id=practitioner.pk if practitioner else None,
        room_id=room.pk if room else None,
        party=party,
    )


def local_moment(wall: datetime, zone: ZoneInfo) -> tuple[datetime, Refusal | None]:
    """A typed time as a moment. A time without an offset is the clinic's; the skipped hour is named as such."""
    if wall.tzinfo is not None:
        return wall, None
    missing = None if exists(wall, zone) else Refusal.NO_SUCH_TIME
    return wall.replace(tzinfo=zone).astimezone(UTC), missing
