"""The queue: which requests stand in which tab, in which group, and what one row shows.

A row never says a symptom: others see the screen. On a shared screen a name is the first name and an initial.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from intake.models import (
    AppointmentRequest,
    Flag,
    Hold,
    Priority,
    Status,
)
from intake.models.appointment_request import AWAITING_ANSWER, call_comes_first
from scheduling import wording
from scheduling.calendar import letters
from scheduling.desk.words import GROUPS, MARKERS, contact_words, neutral_name, payer_words

ROWS_AT_ONCE = 150  # more on demand; a queue nobody can read helps nobody


class Tab:
    ANSWER, CALLS, WAITING, OTHER = "answer", "calls", "waiting", "other"
    ALL = (ANSWER, CALLS, WAITING, OTHER)


def in_tab(tab: str) -> Q:
    """The requests of a tab. "calls" is a part of "answer": urgent, same day and not yet talked to, or on hold."""
    if tab == Tab.CALLS:
        return Q(status__in=AWAITING_ANSWER) & (call_comes_first() | Q(status=Status.ON_HOLD))
    if tab == Tab.WAITING:
        return Q(status=Status.OFFERED)
    if tab == Tab.OTHER:
        return Q(status__in=[Status.WAITLISTED, Status.QUARANTINED])
    return Q(status__in=AWAITING_ANSWER)


def counts() -> dict[str, int]:
    """How many in each tab, in one query."""
    shown = Q(status__in=[*AWAITING_ANSWER, Status.OFFERED, Status.WAITLISTED, Status.QUARANTINED])
    return AppointmentRequest.objects.filter(shown).aggregate(
        **{tab: Count("pk", filter=in_tab(tab)) for tab in Tab.ALL}
    )


@dataclass(frozen=True)
class Tag:
    """A flag on a row: a letter and words always go together."""

    letter: str
    text: str
    css: str = ""


@dataclass(frozen=True)
class Row:
    id: str
    name: str
    due: str
    late: bool
    code: str
    service: str
    meta: str
    age: str
    tags: tuple[Tag, ...]
    said: str  # the row read out
    version: int
    minutes: int
    group: str
    movable: bool


@dataclass
class Group:
    key: str
    title: str
    rows: list[Row] = field(default_factory=list)


def tags_of(
    appointment_request: AppointmentRequest, *, neutral: bool, seen_by: Sequence[str] = ()
) -> tuple[Tag, ...]:
    """Flags and markers of a row, the worst first. Never what was answered: others may see the screen."""
    found: list[Tag] = []
    flags = list(appointment_request.flags.all())
    urgent = sum(flag.level == Flag.Level.URGENT for flag in flags)
    same_day = sum(flag.level == Flag.Level.SAME_DAY for flag in flags)
    holds = appointment_request.open_holds()
    markers = [marker for marker in appointment_request.markers.all() if marker.cleared_at is None]
    if neutral:
        number = urgent + same_day + len(holds) + sum(bool(_letter(m.code)) for m in markers)
        return (Tag(str(number), ngettext("note", "notes", number)),) if number else ()
    if urgent:
        found.append(Tag("U", _("Urgent answers, %(count)d") % {"count": urgent}, "urgent"))
    elif appointment_request.priority == Priority.URGENT:
        found.append(Tag("U", _("Urgent"), "urgent"))
    if same_day or (appointment_request.priority == Priority.SAME_DAY and not urgent and not holds):
        waits = appointment_request.awaits_call()
        found.append(Tag("S", _("Call before any time"), "soon") if waits else Tag("S", _("Was called")))
    found.extend(Tag("H", str(Hold.Kind(hold.kind).label), "hold") for hold in holds)
    said: set[str] = set()
    if appointment_request.wants_written_estimate:
        found.append(Tag("$", _("Price asked")))
        said.add("$")
    for marker in markers:
        letter, text, _meaning = MARKERS.get(marker.code, ("", "", ""))
        if letter and letter not in said:
            found.append(Tag(letter, str(text)))
            said.add(letter)
    if appointment_request.status == Status.NEEDS_INFORMATION:
        found.append(Tag("?", _("Waits for an answer")))
    if appointment_request.status == Status.QUARANTINED and "X" not in said:
        found.append(Tag("X", _("Set aside")))
    if appointment_request.status == Status.WAITLISTED and "W" not in said:
        found.append(Tag("W", _("Waitlist")))
    found.extend(Tag("eye", _("%(name)s is here") % {"name": name}) for name in seen_by)
    return tuple(found)


def _letter(code: str) -> str:
    return MARKERS.get(code, ("", "", ""))[0]


def group_of(appointment_request: AppointmentRequest, *, now: datetime, zone: ZoneInfo) -> str:
    importance = getattr(appointment_request, "importance", 3)
    if importance == 3:
        due_on = appointment_request.reply_by.astimezone(zone).date()
        return "today" if due_on <= now.astimezone(zone).date() else "later"
    return {0: "urgent", 1: "same_day", 2: "overdue", 4: "low"}[importance]


def row(
    appointment_request: AppointmentRequest,
    *,
    now: datetime,
    zone: ZoneInfo,
    neutral: bool,
    seen_by: Sequence[str] = (),
) -> Row:
    client, service = appointment_request.client, appointment_request.service
    group = group_of(appointment_request, now=now, zone=zone)
    waits = appointment_request.status in AWAITING_ANSWER
    late = waits and appointment_request.reply_by < now
    due = wording.due(appointment_request.reply_by, now=now, zone=zone) if waits else ""
    if group == "urgent" and waits:
        due = _("now")
    tags = tags_of(appointment_request, neutral=neutral, seen_by=seen_by)
    name = neutral_name(client) if neutral else client.display_name
    payer, contact = payer_words(appointment_request), contact_words(client)
    asked = service or appointment_request.service_asked
    said = [name, asked.public_name if asked and not neutral else "", "" if neutral else payer, contact]
    said += [wording.age_in_words(appointment_request.submitted_at, now=now)]
    said += [(_("was due %(when)s") if late else _("reply by %(when)s")) % {"when": due}] if due else []
    said += [tag.text for tag in tags]
    return Row(
        id=str(appointment_request.pk),
        name=name,
        due=due,
        late=late and group != "urgent",
        code="" if neutral else letters(asked),
        service=asked.public_name if asked else _("Not chosen yet"),
        meta=" · ".join([_("Request"), contact] if neutral else [payer, contact]),
        age=wording.age(appointment_request.submitted_at, now=now),
        tags=tags,
        said=", ".join(part for part in said if part),
        version=appointment_request.version,
        minutes=service.minutes if service else 60,
        group=group,
        movable=service is not None
        and not appointment_request.awaits_call()
        and not appointment_request.open_holds(),
    )


def grouped(rows: Iterable[Row]) -> list[Group]:
    """Rows in their order, under their heads."""
    found: list[Group] = []
    for each in rows:
        if not found or found[-1].key != each.group:
            found.append(Group(each.group, str(GROUPS[each.group])))
        found[-1].rows.append(each)
    return found
