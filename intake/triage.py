"""What staff decide about a request before there is a time: hold, release, decline, refer on, set aside.

Every verb is one transaction, one compare-and-swap of the request's version and one line of history. What holds
time (an offer, a visit) is not decided here: `scheduling.booking` lets it go first and then calls these.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from config.foundation import access_log
from config.foundation.clinic import Clinic, Closure, reply_by
from config.foundation.policy import May, may
from config.foundation.user import User
from intake import call_first, clients, contact, marking, notices, screening
from intake.models import AppointmentRequest, Hold, Marker, Priority, RequestEvent, Service, Status
from intake.models.appointment_request import IllegalMove
from intake.on_file import told_of
from intake.recording import cost_question, recognise

SUBJECT = "intake.appointmentrequest"
CLIENT_WROTE = "client_wrote"  # the marker, until somebody has read it
# What came of a call; the codes are kept in the history.
TALKED, LEFT_MESSAGE, NO_ANSWER = "talked", "left_message", "no_answer"
OUTCOMES = (TALKED, LEFT_MESSAGE, NO_ANSWER)


class NotAllowed(Exception):
    """This person may not decide that, or not now. `code` says why: role, reason, holds_time, same, joined, closed,
    service, outcome."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _reason(text: str) -> str:
    """A reason is a sentence of a person, not a space."""
    if not text.strip():
        raise NotAllowed("reason")
    return text.strip()


def _holds_no_time(pending: AppointmentRequest) -> None:
    if pending.status in {Status.OFFERED, Status.BOOKED}:
        raise NotAllowed("holds_time")


def _remember(
    pending: AppointmentRequest, what: str, *, by: User, now: datetime, why: str = "", expect: int | None
) -> None:
    """A change that leaves the status as it is: the version rises all the same, so that others notice."""
    pending.move(to_values={}, expect=expect)
    RequestEvent.objects.create(appointment_request=pending, at=now, by=by, what=what, why=why)


def _log(pending: AppointmentRequest, action: str, *, by: User, fields: tuple[str, ...] = ()) -> None:
    access_log.record(by=by, action=action, subject=SUBJECT, subject_id=pending.pk, fields=fields)


@transaction.atomic
def hold(
    *,
    appointment_request: AppointmentRequest,
    reason: str,
    by: User,
    now: datetime,
    expect_version: int,
    kind: Hold.Kind = Hold.Kind.STAFF,
) -> Hold:
    """Nothing is booked until somebody lifts it. Raises NotAllowed, StaleVersion, IllegalMove.

    A visit that is booked already stays; it cannot be moved while the hold is open. Refused while an offer
    holds time.
    """
    why = _reason(reason)
    if appointment_request.status == Status.OFFERED:
        raise NotAllowed("holds_time")
    if appointment_request.status in {Status.ON_HOLD, Status.BOOKED}:
        _remember(appointment_request, "hold_opened", by=by, now=now, why=why, expect=expect_version)
    else:
        appointment_request.move_to(Status.ON_HOLD, now=now, by=by, why=why, expect_version=expect_version)
    opened, _is_new = Hold.objects.get_or_create(
        appointment_request=appointment_request,
        kind=kind,
        lifted_at=None,
        defaults={"reason": why, "opened_at": now, "opened_by": by},
    )
    _log(appointment_request, "hold_opened", by=by, fields=("holds",))
    return opened


@transaction.atomic
def release(*, hold: Hold, reason: str, by: User, now: datetime, expect_version: int) -> AppointmentRequest:
    """Lift one hold, by a named person with a reason; both are kept. The last one puts the request back.

    Raises NotAllowed when the role or the reason is missing, StaleVersion when somebody was faster.
    """
    if not may(by, May.LIFT_HOLDS):
        raise NotAllowed("role")
    why = _reason(reason)
    pending = hold.appointment_request
    hold.lifted_at, hold.lifted_by, hold.lift_reason = now, by, why
    hold.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
    others = Hold.objects.filter(appointment_request=pending, lifted_at=None).exists()
    if others or pending.status != Status.ON_HOLD:
        _remember(pending, "hold_lifted", by=by, now=now, why=why, expect=expect_version)
    else:
        pending.move_to(Status.NEW, now=now, by=by, why=why, expect_version=expect_version)
    _log(pending, "hold_lifted", by=by, fields=("holds",))
    return pending


@transaction.atomic
def choose_service(
    *,
    appointment_request: AppointmentRequest,
    service: Service | None,
    by: User,
    now: datetime,
    expect_version: int,
) -> list[Hold]:
    """Say which visit it shall be: for "not sure", for what was held, or another one than was asked for.

    The rules look again: what holds this kind of care holds it now too, unless that hold was already lifted on
    this request. Returns the holds that came with it. Refused while an offer or a visit holds time.
    """
    pending = appointment_request
    if service is None or not service.active:
        raise NotAllowed("service")
    if pending.status in {Status.OFFERED, Status.BOOKED}:
        raise NotAllowed("holds_time")
    if not pending.is_open:
        raise NotAllowed("closed")
    before = pending.service.public_name if pending.service else "–"
    package = pending.package if pending.package and pending.package.service_id == service.pk else None
    pending.move(to_values={"service": service, "package": package}, expect=expect_version)
    why = f"{before} → {service.public_name}"
    RequestEvent.objects.create(appointment_request=pending, at=now, by=by, what="service_chosen", why=why)
    opened = _look_again(pending, service=service, by=by, now=now)
    _log(pending, "service_chosen", by=by, fields=("service", *(("holds",) if opened else ())))
    return opened


def _look_again(pending: AppointmentRequest, *, service: Service, by: User, now: datetime) -> list[Hold]:
    clinic = Clinic.get()
    told = told_of(pending, service=service, state=clinic.practice_state, now=clinic.local(now))
    found = dict(reversed([(str(kind), why) for kind, why in marking.holds_for(told)]))
    known = set(pending.holds.values_list("kind", flat=True))
    opened = Hold.objects.bulk_create(
        Hold(appointment_request=pending, kind=kind, reason=why, opened_at=now, opened_by=by)
        for kind, why in found.items()
        if kind not in known
    )
    if opened and pending.status != Status.ON_HOLD:
        pending.move_to(Status.ON_HOLD, now=now, by=by, why="service_chosen")
    return opened


@transaction.atomic
def looked_at(
    *, appointment_request: AppointmentRequest, reason: str, by: User, now: datetime, expect_version: int
) -> None:
    """Somebody who may decide has talked to the person and looked: an urgent request may be given a time.

    The flags stay as they are; only the place in the queue changes.
    """
    if not may(by, May.LIFT_HOLDS):
        raise NotAllowed("role")
    why = _reason(reason)
    _remember(appointment_request, "looked_at", by=by, now=now, why=why, expect=expect_version)
    appointment_request.priority = Priority.SAME_DAY
    appointment_request.save(update_fields=["priority"])
    call_first.keep_task(appointment_request, by=by, now=now)
    _log(appointment_request, "looked_at", by=by, fields=("priority",))


@transaction.atomic
def record_call(
    *,
    appointment_request: AppointmentRequest,
    outcome: str,
    by: User,
    now: datetime,
    expect_version: int,
    note: str = "",
) -> None:
    """A call was made: talked, left a message, or nobody answered."""
    if outcome not in OUTCOMES:
        raise NotAllowed("outcome")
    _remember(appointment_request, f"call_{outcome}", by=by, now=now, why=note.strip(), expect=expect_version)
    call_first.keep_task(appointment_request, by=by, now=now)
    _log(appointment_request, f"call_{outcome}", by=by)


@transaction.atomic
def ask(
    *, appointment_request: AppointmentRequest, question: str, by: User, now: datetime, expect_version: int
) -> None:
    """Ask the client something. The question stays here; the mail says only that there is one."""
    text = _reason(question)
    if appointment_request.status == Status.NEEDS_INFORMATION:
        _remember(appointment_request, "asked", by=by, now=now, why=text, expect=expect_version)
    else:
        appointment_request.move_to(
            Status.NEEDS_INFORMATION, now=now, by=by, why=text, expect_version=expect_version
        )
    notices.needs_info(appointment_request=appointment_request, now=now, by=by)
    _log(appointment_request, "asked", by=by)


@transaction.atomic
def hear(*, appointment_request: AppointmentRequest, text: str, now: datetime, expect_version: int) -> None:
    """The client wrote by their link: the answer to our question, or something to add. Kept encrypted.

    An answered question puts the request back in the queue, with a promise of its own. Raises NotAllowed
    for an empty text, StaleVersion, IllegalMove for a request that is closed.
    """
    said = _reason(text)
    pending = appointment_request
    if not pending.is_open:
        raise IllegalMove(f"{pending.status}: closed")
    if pending.status == Status.NEEDS_INFORMATION:
        held = Hold.objects.filter(appointment_request=pending, lifted_at=None).exists()
        promise = reply_by(Clinic.get(), Closure.objects.all(), now)
        pending.move_to(
            Status.ON_HOLD if held else Status.NEW,
            now=now,
            by=None,
            expect_version=expect_version,
            also={"reply_by": promise},
        )
        pending.reply_by = promise
        RequestEvent.objects.create(appointment_request=pending, at=now, what="answered", why=said)
    else:
        pending.move(to_values={}, expect=expect_version)
        RequestEvent.objects.create(appointment_request=pending, at=now, what="client_wrote", why=said)
    Marker.objects.get_or_create(appointment_request=pending, code=CLIENT_WROTE, cleared_at=None)


@transaction.atomic
def have_read(
    *, appointment_request: AppointmentRequest, by: User, now: datetime, expect_version: int
) -> None:
    """Somebody has read what the client wrote: the row says so no longer. Their words stay in the history."""
    unread = Marker.objects.filter(
        appointment_request=appointment_request, code=CLIENT_WROTE, cleared_at=None
    )
    if unread.update(cleared_at=now, cleared_by=by):
        _remember(appointment_request, "read", by=by, now=now, expect=expect_version)


@transaction.atomic
def wish_times(
    *, appointment_request: AppointmentRequest, starts: Sequence[datetime], now: datetime, expect_version: int
) -> None:
    """The client marked the openings that suit. They are wishes: nothing is held, staff see them first."""
    wishes = {**(appointment_request.wishes or {}), "times": [start.isoformat() for start in sorted(starts)]}
    appointment_request.move(to_values={"wishes": wishes}, expect=expect_version)
    RequestEvent.objects.create(appointment_request=appointment_request, at=now, what="times_wished")


@transaction.atomic
def withdraw(
    *,
    appointment_request: AppointmentRequest,
    by: User | None,
    now: datetime,
    expect_version: int,
    why: str = "",
) -> None:
    """The client does not need it any more. Refused while an offer or a visit holds time."""
    _holds_no_time(appointment_request)
    appointment_request.move_to(Status.WITHDRAWN, now=now, by=by, why=why, expect_version=expect_version)
    call_first.keep_task(appointment_request, by=by, now=now)
    contact.withdraw(subject_type=SUBJECT, subject_id=appointment_request.pk, reason="withdrawn")


@transaction.atomic
def decline(
    *,
    appointment_request: AppointmentRequest,
    reason: str,
    by: User,
    now: datetime,
    expect_version: int,
    referred_to: str = "",
) -> None:
    """A kind no, or a way on to somebody else. The reason stays in the house.

    Refused while an offer or a visit holds time.
    """
    why = _reason(reason)
    _holds_no_time(appointment_request)
    status = Status.REFERRED if referred_to.strip() else Status.DECLINED
    appointment_request.move_to(status, now=now, by=by, why=why, expect_version=expect_version)
    call_first.keep_task(appointment_request, by=by, now=now)
    AppointmentRequest.objects.filter(pk=appointment_request.pk, answered_at=None).update(
        answered_at=now, answered_by=by
    )
    notices.declined(appointment_request=appointment_request, now=now, by=by, referred_to=referred_to.strip())
    _log(appointment_request, str(status), by=by)


@transaction.atomic
def set_aside(
    *, appointment_request: AppointmentRequest, by: User, now: datetime, expect_version: int
) -> None:
    """Quarantine: out of the list, kept, and nothing is sent to it."""
    _holds_no_time(appointment_request)
    appointment_request.move_to(Status.QUARANTINED, now=now, by=by, expect_version=expect_version)
    call_first.keep_task(appointment_request, by=by, now=now)
    _log(appointment_request, "set_aside", by=by)


@transaction.atomic
def restore(*, appointment_request: AppointmentRequest, by: User, now: datetime, expect_version: int) -> None:
    """Back into the queue by one press: set aside, declined, referred or withdrawn. Open holds still hold.

    What was joined is parted instead (`merging.part`), so that everything is as it was.
    """
    if appointment_request.status == Status.MERGED:
        raise NotAllowed("joined")
    pending, was = appointment_request, appointment_request.status
    holds = pending.holds.filter(lifted_at=None).exists()
    also = _like_everyone(pending, by=by, now=now) if was == Status.QUARANTINED else {}
    pending.move_to(
        Status.ON_HOLD if holds else Status.NEW, now=now, by=by, expect_version=expect_version, also=also
    )
    if also:
        pending.refresh_from_db()
        Marker.objects.filter(
            appointment_request=pending, code__in=(marking.SPAM, marking.CROWD), cleared_at=None
        ).update(cleared_at=now, cleared_by=by)
        cost_question(pending, now=pending.submitted_at, by=None)  # asked then: no date moves
        notices.received(appointment_request=pending, now=now, by=by)
    call_first.keep_task(pending, by=by, now=now)
    _log(pending, "restored", by=by)


def _like_everyone(pending: AppointmentRequest, *, by: User, now: datetime) -> dict[str, object]:
    """A request that was set aside when it came: a promise to reply from now on, how soon its answers ask for, and
    who sent it, which nobody has looked for.

    Nothing for one that staff set aside later: its client was told, and its promise was made.
    """
    moves = list(pending.events.exclude(to_status="").values_list("what", "to_status"))
    if moves != [("submitted", Status.QUARANTINED)]:
        return {}
    also: dict[str, object] = {"reply_by": reply_by(Clinic.get(), Closure.objects.all(), now)}
    if pending.markers.filter(code=marking.SPAM, cleared_at=None).exists():  # those are stored as of no hurry
        also["priority"] = screening.priority_of(pending.flags.values_list("level", flat=True))
    known, earlier = recognise(pending.client, now=now)
    if known:
        also["client"] = clients.one_person(
            [known.pk, pending.client_id], newer=pending.client_id, by=by, now=now
        )[0]
    if earlier:
        Marker.objects.create(
            appointment_request=pending, code=marking.DUPLICATE, created_at=now, other_request=earlier
        )
    return also


@transaction.atomic
def waitlist(
    *, appointment_request: AppointmentRequest, by: User, now: datetime, expect_version: int
) -> None:
    """Waits for a time that becomes free."""
    _holds_no_time(appointment_request)
    appointment_request.move_to(Status.WAITLISTED, now=now, by=by, expect_version=expect_version)
    _log(appointment_request, "waitlisted", by=by)
