"""What became of an estimate after it was issued: mail that left, came back, paper posted or handed over.

A mail that came back is no delivery: its clocks run again and a person is asked to find another way. The
proof is the list of events, each written once.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from config.foundation import staff_tasks
from config.foundation.models import User
from intake import contact
from notifications.models import Message, Receipt, State
from scheduling.estimates.freezing import SUBJECT
from scheduling.models import Estimate, EstimateEvent, Trigger
from scheduling.notices import UNDO_WINDOW

What = EstimateEvent.What

LOOK_BACK = timedelta(days=45)  # no mail provider reports later than that
PRESSED_TWICE = timedelta(seconds=30)
BY_HAND = frozenset({What.POSTED, What.HANDED})
IN_HAND = frozenset({*BY_HAND, What.OPENED})
# Tasks about getting an estimate to its client; they end when it is with them.
PAPER, UNDELIVERED, CALL = "estimate-by-paper", "estimate-undelivered", "contact:estimate"
STAGES = ("50", "90")  # percent of the time gone; see watch.py


class TooLate(Exception):
    """It was noted more than ten seconds ago, by somebody else, or not at all."""


def follow(*, now: datetime) -> int:
    """Note what became of the mails: stop the clock when one left, start it again when it came back.

    Three statements while nothing is new, whatever lies further back than a month and a half.
    """
    since = now - LOOK_BACK
    messages = Message.objects.filter(subject_type=SUBJECT, created_at__gte=since).exclude(
        state__in=[State.HELD, State.QUEUED, State.SENDING, State.WITHDRAWN, State.NOT_SENT]
    )
    known = EstimateEvent.objects.filter(at__gte=since).exclude(message_id="")
    noted = set(known.values_list("message_id", "what"))
    seen = 0
    for message in messages.only("id", "subject_id", "state", "receipt", "sent_at"):
        what = _became(message)
        if what is not None and (str(message.pk), what) not in noted:
            _note(message, what, now=now)
            seen += 1
    return seen


@transaction.atomic
def give(*, estimate: Estimate, what: EstimateEvent.What, by: User, now: datetime) -> None:
    """Staff put it in the post or handed it over, which provides it; or explained it aloud, which does not.

    A second press right after the first says nothing new.
    """
    Estimate.objects.select_for_update().get(pk=estimate.pk)
    just_now = estimate.events.filter(what=what, by=by, at__gt=now - PRESSED_TWICE, at__lte=now)
    if just_now.standing().exists():
        return
    EstimateEvent.objects.create(estimate=estimate, what=what, at=now, by=by, message_id=str(uuid.uuid4()))
    if what in BY_HAND:
        _provided(estimate, at=now, by=by, outcome=what, now=now)


@transaction.atomic
def take_back(*, estimate: Estimate, by: User, now: datetime) -> None:
    """It was noted as posted or handed over by mistake: clocks and tasks are as before. Raises TooLate.

    The history keeps both lines. Only who noted it can, within ten seconds.
    """
    Estimate.objects.select_for_update().get(pk=estimate.pk)
    noted = estimate.events.filter(what__in=BY_HAND, by=by).exclude(message_id="").standing().last()
    if noted is None or not noted.at <= now <= noted.at + UNDO_WINDOW:
        raise TooLate
    EstimateEvent.objects.create(
        estimate=estimate, what=What.TAKEN_BACK, at=now, by=by, message_id=noted.message_id
    )
    stopped = Trigger.objects.filter(satisfied_by=estimate, provided_at=noted.at, closed_at=None)
    keys = _tasks_about(estimate, stopped)
    stopped.update(provided_at=None)
    closed_by_it = staff_tasks.StaffTask.objects.filter(key__in=keys, done_at=noted.at, done_by=by)
    closed_by_it.update(done_at=None, done_by=None, outcome="")


@transaction.atomic
def give_again(*, estimate: Estimate, by: User, now: datetime) -> None:
    """The same document once more, the way it went before: its mail anew, or a task to print it."""
    about = Message.objects.filter(subject_type=SUBJECT, subject_id=str(estimate.pk))
    message = about.exclude(state=State.WITHDRAWN).order_by("-created_at").first()
    if message is not None and message.is_waiting:
        return  # it is on its way
    try:
        if message is None:
            raise contact.CannotRepeat
        contact.send_again(message=message, by=by, now=now)
    except contact.CannotRepeat:
        staff_tasks.open_task(
            key=f"{PAPER}:{estimate.pk}",
            kind="estimate_by_paper",
            subject_type=SUBJECT,
            subject_id=estimate.pk,
            title="Print an estimate and post it or hand it over",
            priority=staff_tasks.Priority.TODAY,
            reopen=True,
            now=now,
        )


@transaction.atomic
def opened(*, estimate: Estimate, now: datetime) -> None:
    """The client typed the birth date and read it: the best proof there is, noted once."""
    if not estimate.events.filter(what=What.OPENED).exists():
        EstimateEvent.objects.create(estimate=estimate, what=What.OPENED, at=now)
        _provided(estimate, at=now, by=None, outcome=What.OPENED, now=now)


def undelivered() -> QuerySet[Estimate]:
    """In force, and by no way with the client: the mail came back, could not leave, or the paper lies here.

    A later mail that did arrive makes up for one that came back.
    """
    events = EstimateEvent.objects
    came_back = events.filter(what__in=EstimateEvent.FAILS).values("message_id")
    arrived = events.filter(what__in=[What.SENT, What.DELIVERED]).exclude(message_id__in=came_back)
    in_hand = events.filter(what__in=IN_HAND).standing()
    return (
        Estimate.objects.in_force()
        .exclude(pk__in=arrived.values("estimate"))
        .exclude(pk__in=in_hand.values("estimate"))
        .annotate(came_back=Exists(events.filter(estimate=OuterRef("pk"), what__in=EstimateEvent.FAILS)))
        .order_by("issued_at")
    )


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
    if what in {What.SENT, What.DELIVERED}:
        _provided(estimate, at=message.sent_at or now, by=None, outcome=what, now=now)
        return
    if estimate.events.filter(what__in=IN_HAND).standing().exists():
        return  # it is with the client all the same
    Trigger.objects.filter(satisfied_by=estimate, closed_at=None).update(provided_at=None)
    staff_tasks.open_task(
        key=f"{UNDELIVERED}:{estimate.pk}",
        kind="estimate_undelivered",
        subject_type=SUBJECT,
        subject_id=estimate.pk,
        title="An estimate did not arrive: print and post it, or call",
        priority=staff_tasks.Priority.URGENT,
        reopen=True,
        now=now,
    )


def _provided(estimate: Estimate, *, at: datetime, by: User | None, outcome: str, now: datetime) -> None:
    answered = Trigger.objects.running().filter(satisfied_by=estimate)
    keys = _tasks_about(estimate, answered)
    answered.update(provided_at=at)
    _close(keys, by=by, outcome=outcome, now=now)


def _tasks_about(estimate: Estimate, clocks: QuerySet[Trigger]) -> list[str]:
    """Keys of the tasks that end when it is with its client."""
    keys = [f"{kind}:{estimate.pk}" for kind in (PAPER, UNDELIVERED, CALL)]
    return keys + [warning_key(pk, stage) for pk in clocks.values_list("pk", flat=True) for stage in STAGES]


def warning_key(trigger_id: object, stage: str) -> str:
    """The key of the task that warns about a clock."""
    return f"estimate-due:{trigger_id}:{stage}"


def _close(keys: Iterable[str], *, by: User | None, outcome: str, now: datetime) -> None:
    still_open = staff_tasks.StaffTask.objects.still_open().filter(key__in=list(keys))
    still_open.update(done_at=now, done_by=by, outcome=outcome)
