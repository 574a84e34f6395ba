"""What beat wakes for estimates. No task carries data: each looks for what is due."""

from celery import shared_task
from django.utils import timezone

from config.foundation.models import Clinic
from scheduling.estimates import documents, triggers, watch


@shared_task(name="scheduling.tasks.make_documents")
def make_documents() -> None:
    documents.make_waiting(now=timezone.now())


@shared_task(name="scheduling.tasks.watch_estimates")
def watch_estimates() -> None:
    now = timezone.now()
    triggers.derive_requested(clinic=Clinic.get())
    documents.follow_deliveries(now=now)
    watch.warn(now=now)
