"""The morning's numbers for staff."""

from datetime import datetime, time, timedelta

from django.db import transaction

from config.foundation.clinic import Clinic
from config.foundation.staff_tasks import StaffTask
from intake.models import AppointmentRequest
from intake.models import Priority as RequestPriority
from notifications.models import Message
from scheduling import staff_notices
from scheduling.models import Appointment, AppointmentStatus, Trigger

SENT_AT, UNTIL = time(7, 0), time(12, 0)  # clinic-local


def send_if_due(*, now: datetime) -> bool:
    """Once a morning, on days with visits or work to do."""
    clinic = Clinic.get()
    local = clinic.local(now)
    if clinic._state.adding or not SENT_AT <= local.time() < UNTIL:
        return False
    day = local.date()
    if Message.objects.filter(key__startswith=f"digest:{day:%Y%m%d}:").exists():
        return False
    begins = datetime.combine(day, time(0), tzinfo=clinic.zone)
    ends = datetime.combine(day + timedelta(days=1), time(0), tzinfo=clinic.zone)
    requests = AppointmentRequest.objects.awaiting_answer()
    counts = {
        "visits": Appointment.objects.filter(
            status=AppointmentStatus.BOOKED, starts_at__gte=begins, starts_at__lt=ends
        ).count(),
        "waiting": requests.count(),
        "urgent": requests.filter(priority=RequestPriority.URGENT).count(),
        "overdue": requests.filter(reply_by__lt=now).count(),
        "due_today": requests.filter(reply_by__gte=now, reply_by__lt=ends).count(),
        "undelivered": Message.objects.needing_a_person().count(),
        "tasks": StaffTask.objects.still_open().count(),
        "estimates_due": Trigger.objects.filter(satisfied_by=None, legal_due_on__lte=day).count(),
    }
    if not any(counts.values()):
        return False
    with transaction.atomic():
        staff_notices.daily_digest(counts=counts, day=day, now=now)
    return True
