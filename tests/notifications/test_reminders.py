"""Reminders: what is due now, in real zones, over a year with moves, cancellations and outages."""

import random
from bisect import bisect
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from config.foundation.clinic import Clinic
from notifications.models import Message, State
from scheduling import digest, notices, reminders
from scheduling.models import Appointment, AppointmentStatus
from tests.factories import NOW, ZONE, load_sample_clinic, make_appointment_request
from tests.notifications.test_notices import make_visit

DENVER, SYDNEY, LORD_HOWE = ZONE, ZoneInfo("Australia/Sydney"), ZoneInfo("Australia/Lord_Howe")

LEADS, TOO_LATE, STEP = [48, 3], timedelta(minutes=30), timedelta(minutes=30)


@pytest.fixture
def visit(db: None) -> Appointment:
    load_sample_clinic()
    return make_visit(make_appointment_request())  # Monday, March 8, 9 am


def remind(now: datetime) -> int:
    return reminders.enqueue_due(now=now)


def test_a_visit_is_reminded_of_48_and_3_hours_before_and_never_twice(visit: Appointment) -> None:
    assert remind(NOW + timedelta(days=4)) == 0
    assert [remind(NOW + timedelta(days=5)), remind(NOW + timedelta(days=5, minutes=1))] == [1, 0]
    # Three hours before nine is six in the morning: too early to write, and eight is too late to help.
    assert remind(datetime(2027, 3, 7, 19, 30, tzinfo=ZONE)) == 1
    assert Message.objects.filter(kind="reminder").count() == 2


def test_a_moved_visit_is_reminded_of_at_its_new_time_only(visit: Appointment) -> None:
    remind(NOW + timedelta(days=5))
    visit.starts_at, visit.ends_at = visit.starts_at + timedelta(days=7), visit.ends_at + timedelta(days=7)
    visit.sequence, visit.version = 1, visit.version + 1
    visit.save()
    notices.moved(appointment=visit, was_at=NOW, has_estimate=True, now=NOW + timedelta(days=5))

    assert Message.objects.get(kind="reminder").state == State.WITHDRAWN
    assert remind(NOW + timedelta(days=6)) == 0
    assert remind(visit.starts_at - timedelta(hours=48)) == 1


@pytest.mark.parametrize(
    "status", [AppointmentStatus.CANCELLED, AppointmentStatus.HELD, AppointmentStatus.NO_SHOW]
)
def test_only_booked_visits_are_reminded_of(visit: Appointment, status: str) -> None:
    Appointment.objects.filter(pk=visit.pk).update(status=status, held_until=NOW)

    assert remind(NOW + timedelta(days=5)) == 0


def test_a_visit_booked_inside_the_lead_was_just_confirmed_and_is_not_reminded_of(visit: Appointment) -> None:
    Appointment.objects.filter(pk=visit.pk).update(confirmed_at=NOW + timedelta(days=5, hours=1))

    assert remind(NOW + timedelta(days=5, hours=2)) == 0
    assert remind(datetime(2027, 3, 7, 19, 30, tzinfo=ZONE)) == 1


def test_after_an_outage_several_missed_ones_become_one(visit: Appointment) -> None:
    assert remind(datetime(2027, 3, 8, 8, 5, tzinfo=ZONE)) == 1
    assert Message.objects.get(kind="reminder").key.endswith(":3")


def test_nothing_is_written_in_quiet_hours_or_after_the_start(visit: Appointment) -> None:
    assert remind(datetime(2027, 3, 6, 21, 0, tzinfo=ZONE)) == 0
    assert remind(datetime(2027, 3, 8, 8, 45, tzinfo=ZONE)) == 0
    assert remind(datetime(2027, 3, 8, 9, 1, tzinfo=ZONE)) == 0


def test_who_wants_no_reminders_gets_none(visit: Appointment) -> None:
    assert visit.client is not None
    visit.client.contact_notes = {"email_reminders_ok": False}
    visit.client.save()

    remind(NOW + timedelta(days=5))

    assert Message.objects.get().state == State.NOT_SENT


@dataclass(frozen=True)
class Plan:
    """One visit of a year: when it starts, when its person was told so, and when it was moved or cancelled."""

    starts_at: datetime
    told_at: datetime
    ends_at: datetime | None  # it does not stand any more from here on
    moved_to: datetime | None = None

    def stands_at(self, now: datetime) -> bool:
        return self.told_at <= now < self.starts_at and (self.ends_at is None or now < self.ends_at)


def opens_at(starts_at: datetime, *, lead: int, zone: ZoneInfo) -> datetime:
    """The rule, said a second time and in other words, so that the product is not compared with itself.

    `lead` true hours before the visit. Who would be woken (before eight or from eight in the evening) hears of it
    at the next eight o'clock, or, if that leaves less than two hours, at half past seven of the evening before it.
    """
    wanted = (starts_at.astimezone(UTC) - timedelta(hours=lead)).astimezone(zone)
    if wanted.hour in range(8, 20):
        return wanted.astimezone(UTC)
    day = wanted.date() + timedelta(days=wanted.hour >= 20)
    at_eight = datetime(day.year, day.month, day.day, 8, tzinfo=zone).astimezone(UTC)
    if starts_at - at_eight >= timedelta(hours=2):
        return at_eight
    eve = day - timedelta(days=1)
    return datetime(eve.year, eve.month, eve.day, 19, 30, tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True)
class Year:
    zone: ZoneInfo
    visits: list[Plan]
    outages: list[tuple[datetime, datetime]]
    ticks: list[datetime]

    def is_out(self, now: datetime) -> bool:
        return any(begins <= now < ends for begins, ends in self.outages)

    def expected(self) -> set[tuple[datetime, int]]:
        """The rule in plain words: a lead has its window, and is due if the machine was up in it once."""
        due = set()
        for visit in self.visits:
            plans = {lead: opens_at(visit.starts_at, lead=lead, zone=self.zone) for lead in LEADS}
            for lead, opens in plans.items():
                closes = min([at for at in plans.values() if at > opens] + [visit.starts_at - TOO_LATE])
                chances = (
                    now
                    for now in self.ticks[bisect(self.ticks, opens - STEP) : bisect(self.ticks, closes)]
                    if opens <= now < closes
                    and visit.stands_at(now)
                    and 8 <= now.astimezone(self.zone).hour < 20
                    and not self.is_out(now)
                )
                if visit.told_at <= opens and any(chances):
                    due.add((visit.starts_at, lead))
        return due


def a_year(zone: ZoneInfo, *, size: int, step: timedelta) -> Year:
    draw = random.Random(f"{zone}")  # seeded by name: a failing year can be run again
    begins = datetime(2027, 1, 1, tzinfo=UTC)
    visits: dict[datetime, Plan] = {}  # no two start at once, so a start names a visit
    while len(visits) < size:
        day = begins + timedelta(days=draw.randrange(4, 360))
        local = datetime(
            day.year, day.month, day.day, draw.randrange(7, 19), draw.choice([0, 30]), tzinfo=zone
        )
        starts_at = local.astimezone(UTC)
        told_at = starts_at - timedelta(hours=draw.choice([1, 10, 40, 60, 80]))
        ends_at = starts_at - timedelta(hours=draw.randrange(1, 60)) if draw.random() < 0.3 else None
        ends_at = ends_at if ends_at and ends_at > told_at else None
        moved_to = starts_at + timedelta(days=7) if ends_at and draw.random() < 0.5 else None
        visits[starts_at] = Plan(starts_at, told_at, ends_at, moved_to)
        if moved_to and ends_at:
            visits[moved_to] = Plan(moved_to, ends_at, None)
    outages = [
        (at, at + timedelta(hours=draw.randrange(2, 60)))
        for at in (begins + timedelta(days=days) for days in (40, 90, 200, 300))
    ]
    ticks = {start - step * number for start in visits for number in range(int(timedelta(hours=70) / step))}
    return Year(zone, list(visits.values()), outages, sorted(ticks))


def reminded_of_in(year: Year) -> dict[tuple[datetime, int], datetime]:
    """What the product would send, and when, while the year goes by."""
    by_start = sorted(year.visits, key=lambda visit: visit.starts_at)
    starts = [visit.starts_at for visit in by_start]
    sent: dict[tuple[datetime, int], datetime] = {}
    for now in year.ticks:
        if year.is_out(now):
            continue
        for visit in by_start[bisect(starts, now) : bisect(starts, now + timedelta(hours=62))]:
            lead = visit.stands_at(now) and reminders.due_lead(
                visit.starts_at, leads=LEADS, told_at=visit.told_at, now=now, zone=year.zone
            )
            if lead:
                sent.setdefault((visit.starts_at, lead), now)
    return sent


@pytest.mark.parametrize("zone", [DENVER, SYDNEY, LORD_HOWE], ids=str)
def test_a_year_of_reminders_is_exactly_the_expected_set(zone: ZoneInfo) -> None:
    """Visits over a year with moves, cancellations and outages, against a plain model of the rule."""
    year = a_year(zone, size=120, step=STEP)
    sent = reminded_of_in(year)

    assert set(sent) == year.expected()
    assert len(sent) > 100
    for (starts_at, lead), at in sent.items():
        assert 8 <= at.astimezone(zone).hour < 20
        assert opens_at(starts_at, lead=lead, zone=zone) <= at < starts_at


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        ("DAY_BEGINS", time(9, 0)),
        ("DAY_ENDS", time(19, 0)),
        ("EVENING_BEFORE", time(18, 0)),
        ("AT_LEAST", timedelta(hours=4)),
        ("TOO_LATE", timedelta(hours=2)),
    ],
)
@pytest.mark.parametrize("zone", [DENVER, SYDNEY, LORD_HOWE], ids=str)
def test_the_year_notices_when_the_product_keeps_another_rule(
    zone: ZoneInfo, rule: str, wrong: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the year above: one hour shifted, and its comparison does not hold any more."""
    year = a_year(zone, size=120, step=STEP)
    assert follows_the_rule(year)

    monkeypatch.setattr(reminders, rule, wrong)

    assert not follows_the_rule(year)


def follows_the_rule(year: Year) -> bool:
    """The year's comparison, as yes or no."""
    sent = reminded_of_in(year)
    return set(sent) == year.expected() and all(
        8 <= at.astimezone(year.zone).hour < 20
        and opens_at(starts_at, lead=lead, zone=year.zone) <= at < starts_at
        for (starts_at, lead), at in sent.items()
    )


def test_a_year_of_real_visits_is_reminded_of_by_exactly_the_expected_rows(visit: Appointment) -> None:
    """The same on rows: made, moved and cancelled while the year goes by, reminded of by what beat calls."""
    year = a_year(SYDNEY, size=14, step=timedelta(hours=2))
    Clinic.objects.update(time_zone=str(SYDNEY))
    Appointment.objects.all().delete()
    first_times = [plan for plan in year.visits if plan.starts_at not in {p.moved_to for p in year.visits}]
    rows = {
        plan.starts_at: make_visit(
            make_appointment_request(),
            starts_at=plan.starts_at,
            ends_at=plan.starts_at + timedelta(hours=1),
            confirmed_at=plan.told_at,
            status=AppointmentStatus.HELD,
            held_until=plan.starts_at,
        )
        for plan in first_times
    }
    for now in year.ticks:
        for plan in first_times:
            live_through(plan, rows[plan.starts_at], now=now)
        if not year.is_out(now):
            remind(now)

    moments = {f"{plan.starts_at:%Y%m%dT%H%M}": plan.starts_at for plan in year.visits}
    keys = [key.split(":") for key in Message.objects.filter(kind="reminder").values_list("key", flat=True)]
    assert {(moments[start], int(lead)) for _visit, _pk, start, _word, lead in keys} == year.expected()
    assert len(keys) == len(year.expected()) > 8


def live_through(plan: Plan, row: Appointment, *, now: datetime) -> None:
    """Bring a row to where its visit is at `now`."""
    if row.status == AppointmentStatus.HELD and plan.told_at <= now:
        row.status = AppointmentStatus.BOOKED
        row.save()
    if row.status == AppointmentStatus.BOOKED and plan.ends_at and plan.ends_at <= now:
        if plan.moved_to is None:
            row.status = AppointmentStatus.CANCELLED
        elif row.starts_at != plan.moved_to:
            row.events.create(
                what="moved", at=plan.ends_at, from_starts_at=row.starts_at, to_status=row.status
            )
            row.starts_at, row.ends_at = plan.moved_to, plan.moved_to + timedelta(hours=1)
        row.save()


def test_the_digest_comes_once_a_morning(visit: Appointment) -> None:
    morning = datetime(2027, 3, 8, 7, 0, tzinfo=ZONE)
    assert Clinic.get().email

    assert not digest.send_if_due(now=morning - timedelta(minutes=1))
    assert [digest.send_if_due(now=morning), digest.send_if_due(now=morning)] == [True, False]
    [message] = Message.objects.filter(kind="daily_digest")
    assert "Visits today: 1" in message.text
