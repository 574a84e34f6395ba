"""One person wrote twice: two requests become one, and can be parted again exactly as they were.

Nothing is deleted. The request that is kept gets both wishes, everything that holds or flags the other, and the
earlier promise; both texts stay readable. Where the two were entered as two people, they become one person, reached
only in the ways that both entries allow.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from config.foundation import access_log
from config.foundation.user import User
from intake import call_first, clients, marking
from intake.models import (
    AppointmentRequest,
    Client,
    Flag,
    Hold,
    Joining,
    Marker,
    Priority,
    RequestEvent,
    Status,
)
from intake.models.appointment_request import AWAITING_ANSWER
from intake.triage import SUBJECT, NotAllowed

MOVABLE = AWAITING_ANSWER | {Status.WAITLISTED}
MOST_URGENT_FIRST = (Priority.URGENT, Priority.SAME_DAY, Priority.NORMAL, Priority.LOW)
# What is true of the person or of what they ask; what is only about how the other form was filled stays there.
CARRIED = frozenset({
    "contact_limits", "no_calls", "access_needs", "price_question_in_text", "price_only", "has_question", "minor",
    "guardian_present", "representative_check", "shared_inbox", "sensitive_topic", "waitlist", "series", "language_es",
    "paper_delivery", "short_notice", "card_needs_reading",
})  # fmt: skip


@transaction.atomic
def join(
    *,
    keep: AppointmentRequest,
    other: AppointmentRequest,
    by: User,
    now: datetime,
    expect_version: int,
    expect_other: int,
) -> Joining:
    """Make one of two requests. Refused (NotAllowed) while either holds time; StaleVersion when one changed."""
    if keep.pk == other.pk:
        raise NotAllowed("same")
    if {keep.status, other.status} - MOVABLE:
        raise NotAllowed("holds_time")
    before: dict[str, Any] = {"kept": _fields(keep), "other": {"status": other.status}}
    before |= {"holds": _carry_holds(keep, other), "flags": _carry_flags(keep, other)}
    before["markers"] = _carry_markers(keep, other, now=now)
    before["cleared"] = _clear([keep, other], by=by, now=now)
    survivor, before["people"] = _one_person(keep, other, by=by, now=now)
    values = {
        "wishes": both_wishes(keep, other),
        "priority": min(keep.priority, other.priority, key=MOST_URGENT_FIRST.index),
        "reply_by": min(keep.reply_by, other.reply_by),
        "wants_written_estimate": keep.wants_written_estimate or other.wants_written_estimate,
        "client": survivor,
        "status": Status.ON_HOLD if before["holds"] else keep.status,
    }
    keep.move(to_values=values, expect=expect_version)
    before["after"] = _fields(keep)
    was = other.status
    # Status and the other request in one statement: the database refuses a joined request without it.
    other.move(to_values={"status": Status.MERGED, "merged_into": keep}, expect=expect_other, status=was)
    _line(keep, "joined", by=by, now=now, why=other.reference)
    _line(other, "status", by=by, now=now, why=keep.reference, of=was, to=Status.MERGED)
    _keep_tasks(keep, other, by=by, now=now)
    access_log.record(by=by, action="joined", subject=SUBJECT, subject_id=keep.pk, fields=("wishes",))
    return Joining.objects.create(kept=keep, other=other, at=now, by=by, before=before)


@transaction.atomic
def part(*, joining: Joining, by: User, now: datetime, expect_version: int | None = None) -> Joining:
    """Undo: both requests and both people as they were. Refused while the kept one holds time.

    What happened to the kept request since then (a question, another service, a hold of its own) stays.
    """
    if Joining.objects.filter(pk=joining.pk, undone_at=None).update(undone_at=now, undone_by=by) != 1:
        raise NotAllowed("closed")
    keep, other, before = joining.kept, joining.other, joining.before
    if keep.status not in MOVABLE:
        raise NotAllowed("holds_time")
    Hold.objects.filter(pk__in=before["holds"], lifted_at=None).delete()
    Flag.objects.filter(pk__in=before["flags"]).delete()
    Marker.objects.filter(pk__in=before["markers"], cleared_at=None).delete()
    Marker.objects.filter(pk__in=before["cleared"]).update(cleared_at=None, cleared_by=None)
    _two_people_again(before["people"], by=by, now=now)
    keep.move(to_values=_values_back(keep, before), expect=expect_version)
    other.move(to_values={"status": before["other"]["status"], "merged_into": None}, status=Status.MERGED)
    _line(keep, "parted", by=by, now=now, why=other.reference)
    _line(other, "status", by=by, now=now, why=keep.reference, of=Status.MERGED, to=before["other"]["status"])
    _keep_tasks(keep, other, by=by, now=now)
    access_log.record(by=by, action="parted", subject=SUBJECT, subject_id=keep.pk, fields=("wishes",))
    joining.undone_at, joining.undone_by = now, by
    return joining


@transaction.atomic
def two_people(
    *, appointment_request: AppointmentRequest, by: User, now: datetime, expect_version: int
) -> None:
    """Not the same person after all: the marker goes, both requests stay."""
    appointment_request.move(to_values={}, expect=expect_version)
    _line(appointment_request, "two_people", by=by, now=now)
    _clear([appointment_request], by=by, now=now)


def _keep_tasks(*both: AppointmentRequest, by: User, now: datetime) -> None:
    for each in both:
        call_first.keep_task(each, by=by, now=now)


def both_wishes(keep: AppointmentRequest, other: AppointmentRequest) -> dict[str, Any]:
    """Days and parts of the day of both; of everything else the newer word."""
    older, newer = sorted((keep, other), key=lambda each: each.submitted_at)
    wishes = {**(older.wishes or {}), **(newer.wishes or {})}
    for name in ("days", "parts"):
        both = [*((keep.wishes or {}).get(name) or []), *((other.wishes or {}).get(name) or [])]
        if both:
            wishes[name] = list(dict.fromkeys(both))
    return wishes


# --- what goes along ---------------------------------------------------------------------------------


def _fields(request: AppointmentRequest) -> dict[str, Any]:
    return {
        "wishes": request.wishes,
        "priority": request.priority,
        "reply_by": request.reply_by.isoformat(),
        "wants_written_estimate": request.wants_written_estimate,
        "client": str(request.client_id),
        "status": request.status,
    }


def _values_back(keep: AppointmentRequest, before: dict[str, Any]) -> dict[str, Any]:
    """The old values of what is still as joining left it."""
    now_is, after, old = _fields(keep), before["after"], before["kept"]
    same = {name: old[name] for name, value in after.items() if now_is[name] == value and old[name] != value}
    if "reply_by" in same:
        same["reply_by"] = datetime.fromisoformat(same["reply_by"])
    if "client" in same:
        same["client"] = Client.objects.get(pk=same["client"])
    if same.get("status") and keep.holds.filter(lifted_at=None).exists():
        del same["status"]  # held for a reason of its own meanwhile
    return same


def _carry_holds(keep: AppointmentRequest, other: AppointmentRequest) -> list[str]:
    known = set(keep.holds.filter(lifted_at=None).values_list("kind", flat=True))
    carried = Hold.objects.bulk_create(
        Hold(
            appointment_request=keep,
            kind=hold.kind,
            reason=f"{hold.reason} ({other.reference})".strip(),
            opened_at=hold.opened_at,
            opened_by_id=hold.opened_by_id,
        )
        for hold in other.holds.filter(lifted_at=None)
        if hold.kind not in known
    )
    return [str(hold.pk) for hold in carried]


def _carry_flags(keep: AppointmentRequest, other: AppointmentRequest) -> list[str]:
    known = [flag.finding for flag in keep.flags.all()]
    carried = Flag.objects.bulk_create(
        Flag(appointment_request=keep, level=flag.level, finding=flag.finding, created_at=flag.created_at)
        for flag in other.flags.all()
        if flag.finding not in known
    )
    return [str(flag.pk) for flag in carried]


def _carry_markers(keep: AppointmentRequest, other: AppointmentRequest, *, now: datetime) -> list[str]:
    known = set(keep.markers.filter(cleared_at=None).values_list("code", flat=True))
    codes = set(other.markers.filter(cleared_at=None).values_list("code", flat=True)) & CARRIED - known
    carried = Marker.objects.bulk_create(
        Marker(appointment_request=keep, code=code, created_at=now) for code in sorted(codes)
    )
    return [str(marker.pk) for marker in carried]


def _clear(requests: Sequence[AppointmentRequest], *, by: User, now: datetime) -> list[str]:
    marked = Marker.objects.filter(appointment_request__in=requests, code=marking.DUPLICATE, cleared_at=None)
    ids = [str(pk) for pk in marked.values_list("pk", flat=True)]
    Marker.objects.filter(pk__in=ids).update(cleared_at=now, cleared_by=by)
    return ids


# --- the people --------------------------------------------------------------------------------------


def _one_person(
    keep: AppointmentRequest, other: AppointmentRequest, *, by: User, now: datetime
) -> tuple[Client, dict[str, Any] | None]:
    """The person who stays (whom we know longer), and what parting must put back."""
    if keep.client_id == other.client_id:
        return keep.client, None
    newer = max(keep, other, key=lambda each: each.submitted_at)
    survivor, joined, changes = clients.one_person(
        [keep.client_id, other.client_id], newer=newer.client_id, by=by, now=now
    )
    return survivor, {"survivor": str(survivor.pk), "joined": str(joined.pk), "changes": changes}


def _two_people_again(people: dict[str, Any] | None, *, by: User, now: datetime) -> None:
    if people is None:
        return
    survivor = Client.objects.select_for_update().get(pk=people["survivor"])
    current = clients.snapshot(survivor)
    back = {
        name: [now_is, was] for name, (was, now_is) in people["changes"].items() if current[name] == now_is
    }
    for name, (_now_is, was) in back.items():
        setattr(survivor, name, was)
    survivor.save()
    Client.objects.filter(pk=people["joined"]).update(merged_into=None)
    clients.remember(client=survivor, what="parted", changes=back, by=by, now=now)


def _line(
    request: AppointmentRequest,
    what: str,
    *,
    by: User,
    now: datetime,
    why: str = "",
    of: str = "",
    to: str = "",
) -> None:
    RequestEvent.objects.create(
        appointment_request=request, at=now, by=by, what=what, why=why, from_status=of, to_status=to
    )
