"""The minute's look at the running clocks: warn at half and at nine tenths, send before it is late."""

from datetime import datetime, time, timedelta

from config.foundation import staff_tasks
from config.foundation.models import Clinic
from scheduling.estimates.issue import issue_for_request
from scheduling.models import Trigger

HALF, ALMOST, ALONE = 0.5, 0.9, 0.75  # parts of the time between the event and the end of the target day


def part_gone(trigger: Trigger, *, clinic: Clinic, now: datetime) -> float:
    """How much of a trigger's time is used up: 0 at the event, 1 at the end of its target day."""
    if trigger.target_due_on is None:
        return 0.0
    end = datetime.combine(trigger.target_due_on + timedelta(days=1), time(0), tzinfo=clinic.zone)
    whole = (end - trigger.happened_at).total_seconds()
    return (now - trigger.happened_at).total_seconds() / whole if whole > 0 else 1.0


def warn(*, now: datetime) -> int:
    """Open or sharpen the task of every clock past half its time; issue alone what nobody answered."""
    clinic = Clinic.get()
    horizon = clinic.local(now).date() + timedelta(days=7)
    warned = 0
    for trigger in Trigger.objects.due_by(horizon).select_related("appointment_request__service"):
        gone = part_gone(trigger, clinic=clinic, now=now)
        asked = trigger.appointment_request
        if gone >= ALONE and trigger.satisfied_by_id is None and asked and not asked.open_holds():
            issue_for_request(appointment_request=asked, by=None, now=now)
        if gone < HALF:
            continue
        stage = "90" if gone >= ALMOST else "50"
        staff_tasks.open_task(
            key=f"estimate-due:{trigger.pk}:{stage}",
            kind="estimate_due",
            subject_type="scheduling.trigger",
            subject_id=trigger.pk,
            title=f"An estimate is due on {trigger.target_due_on}",
            priority=staff_tasks.Priority.URGENT if stage == "90" else staff_tasks.Priority.TODAY,
            now=now,
        )
        warned += 1
    return warned
