"""The one place that writes estimates: check, number, store, supersede, queue the mail that waits for the PDF.

Everything happens in the caller's transaction; the worker makes the PDF afterwards from the frozen snapshot
(`documents.py`).
"""

from dataclasses import replace
from datetime import date, datetime

from django.db import connection
from django.db.models import Q

from config.foundation import staff_tasks
from config.foundation.models import Clinic, User
from intake import contact
from scheduling import estimate_notices, notices
from scheduling.estimates import completeness, contents, deadlines
from scheduling.estimates.contents import Contents
from scheduling.estimates.filling import Ordered, fill
from scheduling.models import Estimate, EstimateEvent, Trigger

SUBJECT = notices.ESTIMATE
# Tasks that ask for something before an estimate can be issued; issuing ends them.
ASKS = ("ask_about_medicare", "estimate_incomplete", "estimate_to_review")


class AlreadyReplaced(Exception):
    """Only the version in force can be replaced or voided."""


def issue(ordered: Ordered, *, clinic: Clinic, by: User | None, now: datetime) -> Estimate:
    """Fill from today's rows and freeze. Raises completeness.Incomplete before anything is written."""
    return freeze(fill(ordered, clinic=clinic, now=now), ordered, clinic=clinic, by=by, now=now)


def issue_or_ask(ordered: Ordered, *, clinic: Clinic, by: User | None, now: datetime) -> Estimate | None:
    """Issue, or open a task that says what a person must do first; the clock runs meanwhile."""
    if ordered.outcome.ask_medicare_first:
        ask(ordered, "ask_about_medicare", "65 or over: ask about Medicare, then send the estimate", now=now)
        return None
    try:
        return issue(ordered, clinic=clinic, by=by, now=now)
    except completeness.Incomplete as refusal:
        ask(ordered, "estimate_incomplete", "An estimate cannot be issued yet", refusal.in_words, now=now)
        return None


def ask(ordered: Ordered, kind: str, title: str, details: str = "", *, now: datetime) -> None:
    subject = ordered.appointment or ordered.appointment_request or ordered.client
    staff_tasks.open_task(
        key=f"{kind}:{subject.pk}",
        kind=kind,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        title=title,
        priority=staff_tasks.Priority.TODAY,
        details=details,
        reopen=True,
        now=now,
    )


def freeze(
    filled: Contents, ordered: Ordered, *, clinic: Clinic, by: User | None, now: datetime, why: str = ""
) -> Estimate:
    """Check, number, store, supersede, queue the mail. Raises Incomplete before anything is written."""
    completeness.require(replace(filled, number=filled.number or "to be given"))
    if not filled.number:
        filled = replace(filled, number=_next_number(filled.issued_at.year))
    snapshot = filled.snapshot()
    cause, previous = ordered.cause, ordered.previous
    estimate = Estimate.objects.create(
        number=filled.number,
        version=filled.version,
        kind=filled.kind,
        client=ordered.client,
        appointment_request=ordered.appointment_request,
        appointment=ordered.appointment,
        service=ordered.service,
        cause=cause,
        reason=ordered.reason,
        reason_text=why,
        language=filled.language,
        snapshot=snapshot,
        snapshot_sha256=contents.digest(snapshot),
        total_cents=filled.total_cents,
        template_version=filled.template_version,
        disclaimer_version=filled.disclaimer_version,
        price_list_version=filled.price_list_version,
        legal_due_on=cause.legal_due_on if cause else None,
        target_due_on=cause.target_due_on if cause else None,
        last_visit_on=_last_visit_on(filled),
        valid_through=filled.valid_through,
        keep_through=deadlines.keep_through(filled.issued_at.date()),
        issued_at=now,
        issued_by=by,
        supersedes=previous,
    )
    _remember(estimate, previous, by=by, now=now)
    if estimate.is_gfe:
        _answer_triggers(estimate, cause=cause, previous=previous)
    _tell(estimate, clinic=clinic, now=now, by=by)
    return estimate


def _remember(estimate: Estimate, previous: Estimate | None, *, by: User | None, now: datetime) -> None:
    events = [EstimateEvent(estimate=estimate, what=EstimateEvent.What.ISSUED, at=now, by=by)]
    if previous:
        in_force = Estimate.objects.filter(pk=previous.pk, status=Estimate.Status.ISSUED)
        if in_force.update(status=Estimate.Status.SUPERSEDED) != 1:
            raise AlreadyReplaced(str(previous))
        contact.withdraw(reason="superseded", subject_type=SUBJECT, subject_id=previous.pk)
        events.append(EstimateEvent(estimate=previous, what=EstimateEvent.What.SUPERSEDED, at=now, by=by))
    EstimateEvent.objects.bulk_create(events)


def _answer_triggers(estimate: Estimate, *, cause: Trigger | None, previous: Estimate | None) -> None:
    """This estimate answers its cause, open cost questions of the same request, and what it replaces."""
    these = Q(pk=cause.pk) if cause else Q()
    if estimate.appointment_request_id:
        these |= Q(appointment_request=estimate.appointment_request_id)
        these |= Q(appointment_request__merged_into=estimate.appointment_request_id)
    if estimate.appointment_id:
        these |= Q(appointment=estimate.appointment_id)
    if previous:
        these |= Q(satisfied_by=previous)
    if these:
        Trigger.objects.running().filter(these).update(satisfied_by=estimate)


def _tell(estimate: Estimate, *, clinic: Clinic, now: datetime, by: User | None) -> None:
    """The mail that links to the document, held until the document exists; else a task for post or hand."""
    tell = (
        estimate_notices.estimate_replaced
        if _knows_an_earlier_one(estimate)
        else estimate_notices.estimate_ready
    )
    message = tell(estimate=estimate, now=now, by=by, clinic=clinic)
    if not message.is_waiting:
        staff_tasks.open_task(
            key=f"estimate-by-paper:{estimate.pk}",
            kind="estimate_by_paper",
            subject_type=SUBJECT,
            subject_id=estimate.pk,
            title="Print an estimate and post it or hand it over",
            priority=staff_tasks.Priority.TODAY,
            now=now,
        )


def _knows_an_earlier_one(estimate: Estimate) -> bool:
    """Did a version before this one leave for its client? If each was replaced first, this is no "new" one to them."""
    if estimate.supersedes_id is None:
        return False
    earlier = Estimate.objects.filter(number=estimate.number).exclude(pk=estimate.pk)
    given = EstimateEvent.objects.filter(estimate__in=earlier, what__in=EstimateEvent.PROVIDES)
    if given.standing().exists():
        return True
    return not all(
        contact.was_all_taken_back(subject_type=SUBJECT, subject_id=pk, kinds=estimate_notices.KINDS)
        for pk in earlier.values_list("pk", flat=True)
    )


def nothing_to_ask(ordered: Ordered, *, by: User, now: datetime) -> None:
    """What kept the estimate from being issued is done."""
    subjects = [ordered.appointment, ordered.appointment_request, ordered.client]
    keys = [f"{kind}:{one.pk}" for one in subjects if one is not None for kind in ASKS]
    still_open = staff_tasks.StaffTask.objects.still_open().filter(key__in=keys)
    still_open.update(done_at=now, done_by=by, outcome="issued")


def _last_visit_on(filled: Contents) -> date | None:
    if filled.scope:
        return filled.scope.ends_on
    return filled.visit.starts_at.date() if filled.visit else None


def _next_number(year: int) -> str:
    """Numbers have no gaps and no twins: one row a year, locked until the issue is committed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO scheduling_estimatenumber (year, last) VALUES (%s, 1) ON CONFLICT (year) "
            "DO UPDATE SET last = scheduling_estimatenumber.last + 1 RETURNING last",
            [year],
        )
        (last,) = cursor.fetchone()
    return f"{year}-{last:04}"
