"""Reminders: what is due now, in real zones, over a year with moves, cancellations and outages."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from config.foundation.clinic import Clinic
from notifications.models import Message, State
from scheduling import digest, notices, reminders
from scheduling.models import Appointment, AppointmentStatus
from tests.factories import NOW, ZONE, load_sample_clinic, make_appointment_request
from tests.notifications.test_notices import make_visit

DENVER, SYDNEY, LORD_HOWE = ZONE, ZoneInfo("Australia/Sydney"), ZoneInfo("Australia/Lord_Howe")


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
    notices.moved(appointment=visit, was_at=NOW, now=NOW + timedelta(days=5))

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


@pytest.mark.parametrize("zone", [DENVER, SYDNEY, LORD_HOWE], ids=str)
def test_a_year_of_reminders_is_exactly_the_expected_set(zone: ZoneInfo) -> None:
    """Visits over a year with moves, cancellations and outages, against a plain model of the rule."""
    draw = random.Random(f"{zone}")  # seeded by name: a failing year can be run again
    leads = [48, 3]
    begins = datetime(2027, 1, 1, tzinfo=UTC)
    visits = []
    for number in range(120):
        day = begins + timedelta(days=draw.randrange(2, 360))
        local = datetime(
            day.year, day.month, day.day, draw.randrange(7, 19), draw.choice([0, 30]), tzinfo=zone
        )
        told = local.astimezone(UTC) - timedelta(hours=draw.choice([1, 10, 40, 60, 400]))
        ends = local.astimezone(UTC) - timedelta(hours=draw.randrange(1, 60)) if draw.random() < 0.2 else None
        visits.append((number, local.astimezone(UTC), told, ends))
    outages = [
        (begins + timedelta(days=start), timedelta(hours=draw.randrange(2, 60)))
        for start in (40, 90, 200, 300)
    ]

    sent: dict[tuple[int, int], datetime] = {}
    ticks = sorted(
        {
            start - timedelta(minutes=30) * step
            for _number, start, _told, _ends in visits
            for step in range(0, 140)
        }
    )
    for now in ticks:
        if any(at <= now < at + length for at, length in outages):
            continue
        for number, start, told, cancelled in visits:
            if not now < start < now + timedelta(hours=62) or told > now or (cancelled and cancelled <= now):
                continue
            lead = reminders.due_lead(start, leads=leads, told_at=told, now=now, zone=zone)
            if lead is not None:
                sent.setdefault((number, lead), now)

    for (number, lead), at in sent.items():
        _number, start, told, cancelled = visits[number]
        assert 8 <= at.astimezone(zone).hour < 20
        assert told <= reminders.planned_at(start, lead_hours=lead, zone=zone) <= at < start
        assert cancelled is None or at < cancelled
    expected = set()
    for number, start, told, cancelled in visits:
        for lead in leads:
            plan = reminders.planned_at(start, lead_hours=lead, zone=zone)
            later = [
                reminders.planned_at(start, lead_hours=other, zone=zone) for other in leads if other < lead
            ]
            until = min([*later, start - timedelta(minutes=30), *([cancelled] if cancelled else [])])
            chances = [
                now
                for now in ticks
                if plan <= now < until
                and 8 <= now.astimezone(zone).hour < 20
                and not any(at <= now < at + length for at, length in outages)
            ]
            if chances and told <= plan:
                expected.add((number, lead))
    assert set(sent) == expected
    assert len(sent) > 100


def test_the_digest_comes_once_a_morning(visit: Appointment) -> None:
    morning = datetime(2027, 3, 8, 7, 0, tzinfo=ZONE)
    assert Clinic.get().email

    assert not digest.send_if_due(now=morning - timedelta(minutes=1))
    assert [digest.send_if_due(now=morning), digest.send_if_due(now=morning)] == [True, False]
    [message] = Message.objects.filter(kind="daily_digest")
    assert "Visits today: 1" in message.text
