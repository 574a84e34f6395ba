"""The task to call somebody before a time is named. It comes with the request and goes when somebody has called."""

from datetime import datetime

from config.foundation import staff_tasks
from config.foundation.user import User
from intake.models import AppointmentRequest, Priority

KIND, SUBJECT = "call_first", "intake.appointmentrequest"


def keep_task(appointment_request: AppointmentRequest, *, by: User | None, now: datetime) -> None:
    """Open while the request waits for a call, done as soon as it does not: called, looked at, closed, joined.

    Call it at the end of a verb that changes any of these, inside its transaction.
    """
    pending = AppointmentRequest.objects.get(pk=appointment_request.pk)  # as it is now, its history too
    key = f"call-first:{pending.pk}"
    if not (pending.is_open and pending.awaits_call()):
        staff_tasks.close_task(key=key, by=by, now=now)
        return
    is_urgent = pending.priority == Priority.URGENT
    staff_tasks.open_task(
        key=key,
        kind=KIND,
        subject_type=SUBJECT,
        subject_id=pending.pk,
        title=f"Call first: request {pending.reference}",
        priority=staff_tasks.Priority.URGENT if is_urgent else staff_tasks.Priority.TODAY,
        due_at=pending.reply_by,
        reopen=True,
        now=now,
    )
