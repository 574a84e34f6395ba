"""The worker's part: make each PDF once from its snapshot, then let its mail go (`delivery.py` follows it)."""

import hashlib
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from config.foundation import staff_tasks
from intake import contact
from notifications.rendering import Attachment
from scheduling.estimates import typeset
from scheduling.estimates.freezing import SUBJECT
from scheduling.models import Estimate, EstimateDocument, EstimateEvent

What = EstimateEvent.What
SENT = "By mail the client gets a link to its page, which shows every letter."
UNSENT = "Its mail waits, because it says that the document is attached."
REMEDY = (
    "For paper, open the estimate's page and print it from your browser. Or write the name as on the ID and correct "
    "the estimate."
)


def make_waiting(*, now: datetime, limit: int = 50) -> int:
    """Make the documents that are wanted, oldest first; how many were made."""
    waiting = list(Estimate.objects.without_document().values_list("pk", flat=True)[:limit])
    return sum(make_pdf(pk, now=now) for pk in waiting)


def make_pdf(estimate_id: UUID, *, now: datetime) -> bool:
    """Store the PDF and let the mail go, in one transaction. False when it is there, or cannot be printed.

    What cannot be printed leaves all the same: the law's day does not wait for a font, and the page behind the
    mail's link is the whole estimate, in the letters of the reader's own phone. Only a mail that says "attached"
    has to wait for staff.
    """
    estimate = (
        Estimate.objects.select_related("client")
        .only(
            "number", "snapshot", "client__email_ok", "client__email_document_ok"
        )  # the rest is long, and sealed
        .filter(pk=estimate_id, document_state=Estimate.DocumentState.WANTED)
        .first()
    )
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
            contact.release(
                waits_for=f"estimate:{estimate.pk}",
                client=estimate.client,
                document=Attachment(f"estimate-{estimate.number}.pdf", "application/pdf", pdf),
            )
    except IntegrityError:
        return False  # another worker was faster; its bytes are the document
    return True


@transaction.atomic
def _refuse(estimate: Estimate, *, letters: str, now: datetime) -> None:
    promised = contact.wants_documents(estimate.client)
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
        details=f"No font here has “{letters}”. {UNSENT if promised else SENT} {REMEDY}",
        now=now,
    )
    if not promised:
        contact.release(waits_for=f"estimate:{estimate.pk}", client=estimate.client, document=None)
