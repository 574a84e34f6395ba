"""What beat wakes for visits and estimates. No task carries data: each looks for what is due."""

from celery import shared_task
from django.utils import timezone

from config.foundation.models import Clinic
from scheduling import booking, digest, reminders, waitlist
from scheduling.estimates import delivery, documents, triggers, watch


@shared_task(name="scheduling.tasks.make_documents")
def make_documents() -> None:
    documents.make_waiting(now=timezone.now())


@shared_task(name="scheduling.tasks.watch_estimates")
def watch_estimates() -> None:
    now = timezone.now()
    triggers.derive_requested(clinic=Clinic.get())
    delivery.follow(now=now)
    watch.look(now=now)


@shared_task(name="scheduling.tasks.reminders")
def remind() -> None:
    """What is due now: reminders of visits, and once a morning the digest for staff."""
    now = timezone.now()
    reminders.enqueue_due(now=now)
    digest.send_if_due(now=now)


@shared_task(name="scheduling.tasks.expire_offers")
def expire_offers() -> None:
    """Offers and freed times that ran out: their requests wait for an answer again and the clients are told."""
    now = timezone.now()
    booking.expire_offers(now=now)
    waitlist.expire(now=now)
