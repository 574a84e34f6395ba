"""The worker's part: make each PDF once from its snapshot, release its mail, and look after its delivery."""

import hashlib
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from config.foundation import staff_tasks
from config.foundation.models import User
from notifications import outbox
from notifications.models import Message, Receipt, State
from scheduling.estimates import typeset
from scheduling.estimates.issue import SUBJECT
from scheduling.models import Estimate, EstimateDocument, EstimateEvent, Trigger

What = EstimateEvent.What


def make_waiting(*, now: datetime, limit: int = 50) -> int:
    """Make the documents that are wanted, oldest first; how many were made."""
    waiting = list(Estimate.objects.without_document().values_list("pk", flat=True)[:limit])
    return sum(make_pdf(pk, now=now) for pk in waiting)


def make_pdf(estimate_id: UUID, *, now: datetime) -> bool:
    """Store the PDF and let the mail go, in one transaction. False when it is there, or cannot be printed."""
    estimate = Estimate.objects.filter(pk=estimate_id, document_state=Estimate.DocumentState.WANTED).first()
    if estimate is None:
        return False
    try:
        pdf = typeset.pdf(estimate.snapshot)
    except typeset.Unprintable as refusal:
        _refuse(estimate, letters=refusal.letters, now=now)
        return False
    try:
        with transaction.atomic():
            EstimateDocument.objects.create(
                estimate=estimate,
                pdf=pdf,
                sha256=hashlib.sha256(pdf).hexdigest(),
                size=len(pdf),
                made_at=now,
            )
            Estimate.objects.filter(pk=estimate.pk).update(document_state=Estimate.DocumentState.MADE)
            EstimateEvent.objects.create(estimate=estimate, what=What.DOCUMENT_MADE, at=now)
            outbox.release(waits_for=f"estimate:{estimate.pk}")
    except IntegrityError:
        return False  # another worker was faster; its bytes are the document
    return True


@transaction.atomic
def _refuse(estimate: Estimate, *, letters: str, now: datetime) -> None:
    Estimate.objects.filter(pk=estimate.pk).update(document_state=Estimate.DocumentState.REFUSED)
    EstimateEvent.objects.create(
        estimate=estimate, what=What.DOCUMENT_REFUSED, at=now, detail=f"No font has “{letters}”."
    )
    staff_tasks.open_task(
        key=f"estimate-unprintable:{estimate.pk}",
        kind="estimate_unprintable",
        subject_type=SUBJECT,
        subject_id=estimate.pk,
        title="An estimate has letters we cannot print",
        priority=staff_tasks.Priority.TODAY,
        details=f"No font here has “{letters}”. Write the name as on the ID and correct the estimate.",
        now=now,
    )


def follow_deliveries(*, now: datetime) -> int:
    """What became of the mails: note it, stop the clock when it left, start it again when it came back."""
    seen = 0
    open_ids = (
        Trigger.objects.filter(closed_at=None, satisfied_by__isnull=False)
        .values_list("satisfied_by", flat=True)
        .distinct()
    )
    messages = Message.objects.filter(subject_type=SUBJECT, subject_id__in=[str(pk) for pk in open_ids])
    noted = set(EstimateEvent.objects.exclude(message_id="").values_list("message_id", "what"))
    for message in messages:
        what = _became(message)
        if what is None or (str(message.pk), what) in noted:
            continue
        _note(message, what, now=now)
        seen += 1
    return seen


def _became(message: Message) -> EstimateEvent.What | None:
    if message.receipt in {Receipt.BOUNCED, Receipt.COMPLAINED}:
        return What.BOUNCED
    if message.state in {State.FAILED, State.SUPPRESSED, State.EXPIRED}:
        return What.NOT_SENT
    if message.receipt == Receipt.DELIVERED:
        return What.DELIVERED
    return What.SENT if message.state == State.SENT else None


@transaction.atomic
def _note(message: Message, what: EstimateEvent.What, *, now: datetime) -> None:
    estimate = Estimate.objects.get(pk=message.subject_id)
    EstimateEvent.objects.create(estimate=estimate, what=what, at=now, message_id=str(message.pk))
    answered = Trigger.objects.filter(satisfied_by=estimate, closed_at=None)
    if what in {What.SENT, What.DELIVERED}:
        answered.filter(provided_at=None).update(provided_at=message.sent_at or now)
        return
    answered.update(provided_at=None)  # a mail that came back was not a delivery
    if message.state == State.SUPPRESSED:
        return  # known from the start: a task to print it was opened with the issue
    staff_tasks.open_task(
        key=f"estimate-undelivered:{estimate.pk}",
        kind="estimate_undelivered",
        subject_type=SUBJECT,
        subject_id=estimate.pk,
        title="An estimate did not arrive: print and post it, or call",
        priority=staff_tasks.Priority.URGENT,
        reopen=True,
        now=now,
    )


@transaction.atomic
def give(*, estimate: Estimate, what: EstimateEvent.What, by: User, now: datetime) -> None:
    """Staff put it in the post or handed it over: that provides it."""
    EstimateEvent.objects.create(estimate=estimate, what=what, at=now, by=by)
    if what in {What.POSTED, What.HANDED}:
        Trigger.objects.running().filter(satisfied_by=estimate).update(provided_at=now)
        for kind in ("estimate-by-paper", "estimate-undelivered"):
            staff_tasks.close_task(key=f"{kind}:{estimate.pk}", by=by, outcome=what, now=now)
