"""What was told about one thing, in rows for staff: what, when, to where, what became of it, what can be done.

Rooms above say what belongs together (a request, its offers, visits and estimates); see `scheduling/told.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.wishes import WHY_NOT
from notifications import catalogue
from notifications.models import Attempt, Audience, Message, Receipt, State

Subject = tuple[str, str]  # type and id, as in Message
SENDABLE = {State.SENT, State.FAILED, State.EXPIRED}
HOW = {
    "called": gettext_lazy("called"),
    "posted": gettext_lazy("posted"),
    "in_person": gettext_lazy("told in person"),
}


@dataclass(frozen=True)
class Row:
    """`state` is one of "well", "waiting", "wrong" or "quiet": it colours the row, `outcome` says it in words."""

    id: UUID
    label: str
    to: str
    channel: str
    at: datetime  # when it left; else when it was written
    outcome: str
    detail: str
    state: str
    may_repeat: bool
    needs_call: bool


def rows(subjects: Iterable[Subject]) -> list[Row]:
    """What the client was told or should have been, newest first; alerts to staff are not in it. One query."""
    chosen = Q(pk=None)
    for kind, key in subjects:
        chosen |= Q(subject_type=kind, subject_id=key)
    # An attempt that never ended, other than the one that sent it.
    died = Q(tries__outcome=Attempt.Outcome.OPEN, tries__number__lt=F("attempts"))
    unsure = Count("tries", filter=Q(tries__outcome=Attempt.Outcome.UNKNOWN) | died)
    found = (
        Message.objects.filter(chosen, audience=Audience.CLIENT)
        .annotate(unsure=unsure)
        .order_by("-created_at", "-id")
    )
    return [
        _row(message, times_unsure=message.unsure)  # type: ignore[attr-defined]  # annotated above
        for message in found
    ]


def _row(message: Message, *, times_unsure: int) -> Row:
    needs_call = message.needs_a_person
    came_back = message.receipt in {Receipt.BOUNCED, Receipt.COMPLAINED}
    return Row(
        id=message.pk,
        label=catalogue.label(message.kind),
        to=message.to,
        channel=str(message.get_channel_display()),
        at=message.sent_at or message.created_at,
        outcome=message.outcome,
        detail=_detail(message, times_unsure=times_unsure),
        state="wrong" if needs_call else _state(message),
        may_repeat=message.state in SENDABLE and not came_back,
        needs_call=needs_call or (message.state == State.NOT_SENT and not message.handled_at),
    )


def _state(message: Message) -> str:
    if message.is_waiting:
        return "waiting"
    return "well" if message.state == State.SENT else "quiet"


def _detail(message: Message, *, times_unsure: int) -> str:
    """The reason, what staff did, and what is not known, in one line."""
    said = [
        WHY_NOT.get(message.reason, "") if message.state == State.NOT_SENT else "",
        message.last_code if message.state != State.SENT else "",
        _("may have arrived twice") if times_unsure and message.state == State.SENT else "",
    ]
    if message.handled_at:
        said.append(_("then %(how)s") % {"how": HOW.get(message.handled_how, message.handled_how)})
    return ", ".join(part for part in said if part)
