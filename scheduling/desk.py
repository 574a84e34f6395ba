"""What the desk shows of a request: a row of the queue and the open panel, as plain values for templates.

Front desk sees the reason and the flags, a therapist also the answers. On a shared screen a name is initials
and nothing is said about health.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.foundation.clinic import Clinic
from intake import words
from intake.models import (
    AppointmentRequest,
    Client,
    ContactWay,
    CoverageType,
    Flag,
    Hold,
    Practitioner,
    Priority,
    Status,
)
from intake.models.appointment_request import AWAITING_ANSWER, BOOKABLE
from scheduling import availability, wording
from scheduling.calendar import letters
from scheduling.models import Room

ROWS_AT_ONCE = 150  # more on demand; a queue nobody can read helps nobody
UNDO = timedelta(seconds=10)


class Tab:
    ANSWER, CALLS, WAITING, OTHER = "answer", "calls", "waiting", "other"
    ALL = (ANSWER, CALLS, WAITING, OTHER)


def in_tab(tab: str) -> Q:
    """The requests of a tab. "calls" is a part of "answer": urgent, same day, or a hold a person must decide."""
    if tab == Tab.CALLS:
        return Q(status__in=AWAITING_ANSWER) & (
            Q(priority__in=[Priority.URGENT, Priority.SAME_DAY]) | Q(status=Status.ON_HOLD)
        )
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


# --- words for what stands on a row ---------------------------------------------------------------

GROUPS = {
    "urgent": gettext_lazy("Urgent"),
    "same_day": gettext_lazy("Same day"),
    "overdue": gettext_lazy("Overdue"),
    "today": gettext_lazy("Due today"),
    "later": gettext_lazy("Due later"),
    "low": gettext_lazy("No hurry"),
}

PAYERS = {
    CoverageType.NONE: gettext_lazy("self-pay"),
    CoverageType.PRIVATE_SEND_OWN_BILL: gettext_lazy("own bill"),
    CoverageType.PRIVATE_NO_CLAIM: gettext_lazy("no claim, please"),
    CoverageType.MEDICARE: gettext_lazy("Medicare"),
    CoverageType.MEDICAID: gettext_lazy("Medicaid"),
    CoverageType.TRICARE: gettext_lazy("TRICARE"),
    CoverageType.VA: gettext_lazy("Veterans care"),
    CoverageType.IHS: gettext_lazy("Indian Health"),
    CoverageType.AUTO_INJURY: gettext_lazy("car crash"),
    CoverageType.WORK_INJURY: gettext_lazy("work injury"),
    CoverageType.TRAVEL: gettext_lazy("travel insurance"),
    CoverageType.SAME_AS_BEFORE: gettext_lazy("as last time"),
    CoverageType.NOT_NEEDED: gettext_lazy("no payer needed"),
    CoverageType.UNSURE: gettext_lazy("payer not sure"),
}

# code -> (letter, words on the row, what it means in the panel)
MARKERS: dict[str, tuple[str, Any, Any]] = {
    "possible_duplicate": ("2", gettext_lazy("Wrote twice?"), gettext_lazy("Maybe wrote twice.")),
    "price_question_in_text": ("$", gettext_lazy("Price asked"), gettext_lazy("Asked about the price in their own words.")),
    "price_question": ("$", gettext_lazy("Price asked"), gettext_lazy("Asked for a price estimate in writing.")),
    "price_only": ("$", gettext_lazy("Only the price"), gettext_lazy("Wants no time yet, only the estimate.")),
    "paper_delivery": ("P", gettext_lazy("Paper by post"), gettext_lazy("The estimate must go by post.")),
    "has_question": ("?", gettext_lazy("Asks a question"), gettext_lazy("Asks a question. It wants an answer.")),
    "safety_not_answered": ("N", gettext_lazy("Safety not answered"), gettext_lazy("The safety questions were not answered. Ask on the phone.")),
    "needs_info": ("N", gettext_lazy("Something is missing"), gettext_lazy("Something is missing. Ask for it.")),
    "no_client_match": ("N", gettext_lazy("Not found"), gettext_lazy("Says they were here before, but we find nobody. Ask, do not refuse.")),
    "known_client": ("K", gettext_lazy("Known"), gettext_lazy("We know this person.")),
    "series": ("12", gettext_lazy("visits"), gettext_lazy("Asks for several visits.")),
    "waitlist": ("W", gettext_lazy("Would come sooner"), gettext_lazy("Would take a time that becomes free.")),
    "minor": ("M", gettext_lazy("Under 18"), gettext_lazy("Under 18. A parent or guardian must agree and come along.")),
    "guardian_present": ("M", gettext_lazy("Guardian agrees"), gettext_lazy("A guardian has agreed.")),
    "representative_check": ("R", gettext_lazy("Someone speaks for them"), gettext_lazy("Somebody speaks for this person. Ask what they may decide.")),
    "contact_limits": ("C", gettext_lazy("Careful how"), gettext_lazy("There are limits on how we may reach this person.")),
    "no_calls": ("C", gettext_lazy("No calls"), gettext_lazy("Do not call.")),
    "no_email": ("C", gettext_lazy("No mail"), gettext_lazy("Has no e-mail.")),
    "shared_inbox": ("C", gettext_lazy("Shared inbox"), gettext_lazy("Others read this inbox. Say nothing about health.")),
    "access_needs": ("A", gettext_lazy("Access needs"), gettext_lazy("Needs something to be able to come.")),
    "language_es": ("ES", gettext_lazy("Spanish"), gettext_lazy("Wrote in Spanish. Mail goes out in Spanish.")),
    "card_needs_reading": ("I", gettext_lazy("Card to read"), gettext_lazy("Sent a photo of the card. Somebody must read it.")),
    "files_refused": ("I", gettext_lazy("File refused"), gettext_lazy("A file could not be kept. The request itself is whole.")),
    "short_notice": ("!", gettext_lazy("Short notice"), gettext_lazy("Wants a time very soon.")),
    "spam_likely": ("X", gettext_lazy("Maybe spam"), gettext_lazy("Looks like spam. Nothing was sent to it.")),
    "after_hours": ("", "", gettext_lazy("Came in after hours.")),
    "resumed_draft": ("", "", gettext_lazy("Came back to an unfinished form.")),
    "chosen_name": ("", "", gettext_lazy("Uses another name than the legal one. The estimate carries the legal name.")),
    "mononym": ("", "", gettext_lazy("Has one name. That is the whole name.")),
    "pregnant": ("", "", gettext_lazy("Pregnant.")),
    "postpartum": ("", "", gettext_lazy("Had a baby not long ago.")),
    "sensitive_topic": ("", "", gettext_lazy("A sensitive topic. Nothing of it leaves in a subject or a preview.")),
}  # fmt: skip

REASONS = {
    "within_dates": "",
    "outside_dates": gettext_lazy("Other dates"),
    "wished_day": gettext_lazy("Wished day"),
    "other_day": gettext_lazy("Another day"),
    "wished_part": gettext_lazy("wished hours"),
    "other_part": gettext_lazy("other hours"),
    "wished_practitioner": gettext_lazy("as asked"),
    "other_practitioner": gettext_lazy("someone else"),
    "speaks_language": gettext_lazy("Speaks Spanish"),
    "other_language": gettext_lazy("No Spanish"),
    "wished_gender": gettext_lazy("as asked"),
    "other_gender": gettext_lazy("not as asked"),
    "joins_class": gettext_lazy("Joins the class"),
    "fills_gap": gettext_lazy("Fills a gap"),
    "soonest": gettext_lazy("Soonest"),
}

# Why a time may not be taken, in the words everybody here uses. Codes as `explain_slot` gives them.
REFUSALS = {
    "service_not_offered_by_practitioner": gettext_lazy("%(who)s does not give this service."),
    "room_not_allowed": gettext_lazy("That room does not suit this service."),
    "closed": gettext_lazy("The clinic is closed then."),
    "time_off": gettext_lazy("%(who)s is off then."),
    "wrong_location": gettext_lazy("%(who)s works somewhere else then."),
    "outside_hours": gettext_lazy("Outside %(who)s’s hours."),
    "too_soon": gettext_lazy("Too soon: %(who)s needs more notice."),
    "practitioner_busy": gettext_lazy("%(who)s has another visit then."),
    "room_busy": gettext_lazy("No room is free then."),
    "room_full": gettext_lazy("No machine is free then."),
    "first_visits_full": gettext_lazy("%(who)s has no more first visits that day."),
    "too_far_ahead": gettext_lazy("That is further ahead than we plan."),
    "no_such_time": gettext_lazy("The clocks skip that hour."),
    "class_full": gettext_lazy("The class is full."),
    "in_the_past": gettext_lazy("That time has passed."),
    "on_hold": gettext_lazy("A hold is open. A named person must lift it first."),
    "no_service": gettext_lazy("Choose the service first."),
    "not_open": gettext_lazy("This request is already answered."),
}


def refusal(code: str, *, who: str = "") -> str:
    text = str(REFUSALS.get(str(code), _("That time cannot be booked.")))
    return text % {"who": who or _("That person")} if "%(who)s" in text else text


DAYS = {
    "mon": gettext_lazy("Mon"), "tue": gettext_lazy("Tue"), "wed": gettext_lazy("Wed"), "thu": gettext_lazy("Thu"),
    "fri": gettext_lazy("Fri"), "sat": gettext_lazy("Sat"), "sun": gettext_lazy("Sun"),
}  # fmt: skip
PARTS = {
    "before_8am": gettext_lazy("before 8 am"), "morning": gettext_lazy("morning"), "midday": gettext_lazy("midday"),
    "early_afternoon": gettext_lazy("early afternoon"), "afternoon": gettext_lazy("afternoon"),
    "after_school": gettext_lazy("after school"), "late_afternoon": gettext_lazy("late afternoon"),
    "evening": gettext_lazy("evening"),
}  # fmt: skip


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


def payer_words(appointment_request: AppointmentRequest) -> str:
    coverage = appointment_request.coverage
    return str(PAYERS.get(CoverageType(coverage.type), coverage.type)) if coverage else _("payer not asked")


def contact_words(client: Client) -> str:
    """How to reach somebody, on a row."""
    way = {
        ContactWay.EMAIL: _("mail"),
        ContactWay.PHONE: _("call"),
        ContactWay.TEXT: _("text"),
    }.get(ContactWay(client.prefers) if client.prefers else ContactWay.EMAIL, _("mail"))
    limits = []
    if not client.call_ok:
        limits.append(_("no calls"))
    if not client.email_ok or not client.email:
        limits.append(_("no mail"))
    return ", ".join([way, *limits])


def contact_sentence(client: Client) -> str:
    """How to reach somebody, in full words for the panel."""
    first = {
        ContactWay.EMAIL: _("Mail first."),
        ContactWay.PHONE: _("Call first."),
        ContactWay.TEXT: _("Text first."),
    }.get(ContactWay(client.prefers) if client.prefers else ContactWay.EMAIL, _("Mail first."))
    more = [_("Voicemail is fine.") if client.voicemail_ok else _("No voicemail.")]
    if not client.call_ok:
        more = [_("Do not call.")]
    more.append(_("Text is fine.") if client.text_ok else _("No text messages."))
    if not client.email_ok:
        more.append(_("No mail."))
    notes = client.contact_notes or {}
    if notes.get("best_time"):
        more.append(_("Best time: %(when)s.") % {"when": notes["best_time"]})
    if notes.get("say_only"):
        more.append(_("Say only “%(words)s”.") % {"words": notes["say_only"]})
    return " ".join([first, *more])


def neutral_name(client: Client) -> str:
    return "".join(f"{part[:1]}. " for part in (client.first_name, client.last_name) if part).strip()


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
        found.append(Tag("S", _("Call before any time"), "soon"))
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
        movable=not any(tag.css in {"urgent", "hold"} for tag in tags) and service is not None,
    )


def grouped(rows: Iterable[Row]) -> list[Group]:
    """Rows in their order, under their heads."""
    found: list[Group] = []
    for each in rows:
        if not found or found[-1].key != each.group:
            found.append(Group(each.group, str(GROUPS[each.group])))
        found[-1].rows.append(each)
    return found


# --- the open request -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Notice:
    """A strip above the name, the worst first."""

    letter: str
    title: str
    css: str = ""
    lines: tuple[str, ...] = ()
    small: str = ""
    compare_with: str = ""


def notices(
    appointment_request: AppointmentRequest, *, clinic: Clinic, sees_answers: bool, neutral: bool
) -> list[Notice]:
    if neutral:
        return []
    found: list[Notice] = []
    flags = list(appointment_request.flags.all())
    when = words.moment(appointment_request.submitted_at, clinic.zone)
    for level, letter, css, title in (
        (Flag.Level.URGENT, "U", "urgent", _("Urgent answers, %(when)s") % {"when": when}),
        (Flag.Level.SAME_DAY, "S", "soon", _("Call before any time is offered")),
        (Flag.Level.NOTE, "i", "", _("For the therapist to know")),
    ):
        of_level = [flag for flag in flags if flag.level == level]
        if not of_level:
            continue
        rules = sorted(
            {
                f"{flag.finding.get('rule', '')} {flag.finding.get('rule_version', '')}".strip()
                for flag in of_level
            }
            - {""}
        )
        found.append(
            Notice(
                letter,
                title,
                css,
                tuple(str(flag.finding.get("label") or flag.finding.get("code", "")) for flag in of_level),
                _("Rules: %(rules)s") % {"rules": ", ".join(rules)} if rules else "",
            )
        )
    if appointment_request.priority == Priority.URGENT and not any(n.letter == "U" for n in found):
        found.insert(0, Notice("U", _("Urgent. Call before anything else."), "urgent"))
    found += [
        Notice(
            "H",
            _("Hold: %(kind)s") % {"kind": Hold.Kind(hold.kind).label},
            "hold",
            (hold.reason,) if hold.reason else (),
            _("A named person can lift it, with a reason."),
        )
        for hold in appointment_request.open_holds()
    ]
    for marker in appointment_request.markers.all():
        if marker.cleared_at is not None:
            continue
        letter, _words, meaning = MARKERS.get(marker.code, ("i", "", marker.code.replace("_", " ")))
        if not letter and marker.code not in MARKERS:
            continue
        if marker.code in {"pregnant", "postpartum", "sensitive_topic"} and not sees_answers:
            continue
        other = str(marker.other_request_id) if marker.other_request_id else ""
        found.append(Notice(letter or "i", str(meaning), "", (), "", other))
    strips = [n for n in found if n.css or n.compare_with or n.lines]
    small = [n for n in found if n not in strips]
    if small:
        strips.append(Notice("i", " ".join(n.title for n in small)))
    return strips


def wishes_words(appointment_request: AppointmentRequest) -> str:
    """ "Tue, Thu. Late afternoon or evening. From March 3." """
    wishes = appointment_request.wishes or {}
    parts = []
    if days := [str(DAYS.get(day, day)) for day in wishes.get("days") or []]:
        parts.append(", ".join(days))
    if hours := [str(PARTS.get(part, part)) for part in wishes.get("parts") or []]:
        parts.append(_(" or ").join(hours).capitalize())
    for key, text in (("earliest", _("From %(day)s")), ("latest", _("Until %(day)s"))):
        if wishes.get(key):
            parts.append(text % {"day": words.day(date.fromisoformat(wishes[key]), weekday=False)})
    if wishes.get("practitioner"):
        parts.append(_("With %(name)s") % {"name": wishes["practitioner"]})
    if wishes.get("waitlist_ok"):
        parts.append(_("Sooner is welcome"))
    return ". ".join(parts) + "." if parts else _("Any time.")


def payer_sentence(appointment_request: AppointmentRequest) -> tuple[str, str]:
    """Who pays, and what that means for the estimate."""
    coverage, service = appointment_request.coverage, appointment_request.service
    kind = CoverageType(coverage.type).label if coverage else _("Not asked yet")
    if service is None:
        return str(kind), _("No estimate while no service is chosen.")
    if coverage and coverage.type in {CoverageType.MEDICARE, CoverageType.MEDICAID, CoverageType.TRICARE}:
        return str(kind), _("With this payer no estimate is issued by itself. Say why on the phone.")
    if service.estimate == "gfe":
        return str(kind), _("The estimate goes with the confirmation.")
    return str(kind), _("A price summary goes with the confirmation.")


# --- where it may go ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A time with whom and where; None means whoever or whatever is free."""

    starts_at: datetime
    practitioner: Practitioner | None
    room: Room | None


def needs_call(appointment_request: AppointmentRequest) -> bool:
    """Somebody must talk to this person, or decide, before any time is named."""
    if appointment_request.status not in AWAITING_ANSWER:
        return False
    return appointment_request.priority == Priority.URGENT or bool(appointment_request.open_holds())


def can_be_placed(appointment_request: AppointmentRequest) -> bool:
    """May a time be proposed at all: open, a service chosen, and no hold."""
    return (
        appointment_request.status in BOOKABLE
        and appointment_request.priority != Priority.URGENT
        and appointment_request.service_id is not None
        and not appointment_request.open_holds()
    )


@dataclass(frozen=True)
class Verdict:
    ok: bool
    why: str = ""


def judge(appointment_request: AppointmentRequest, place: Place, *, now: datetime) -> Verdict:
    service = appointment_request.service
    if service is None:
        return Verdict(ok=False, why="no_service")
    if appointment_request.open_holds():
        return Verdict(ok=False, why="on_hold")
    verdict = availability.explain_slot(
        service=service,
        starts_at=place.starts_at,
        now=now,
        practitioner=place.practitioner,
        room=place.room,
        party=appointment_request.people,
    )
    return Verdict(ok=verdict.ok, why=str(verdict.why or ""))


def reasons(codes: Iterable[object]) -> str:
    """The reasons of a suggested time in at most two short words: "Wished day, wished hours. Fills a gap." """
    given = [str(code) for code in codes]
    if {"wished_day", "wished_part"} <= set(given):
        given = ["as_wished", *[c for c in given if c not in {"wished_day", "wished_part"}]]
    said = {**REASONS, "as_wished": gettext_lazy("As wished")}
    texts = [str(said[code]) for code in given if said.get(code)]
    return ". ".join(text[:1].upper() + text[1:] for text in texts[:2]) + "." if texts else ""


@dataclass(frozen=True)
class Line:
    when: str
    text: str
    why: str


WHAT = {
    "status": gettext_lazy("%(to)s"),
    "submitted": gettext_lazy("Sent"),
    "hold_opened": gettext_lazy("Hold set"),
    "hold_lifted": gettext_lazy("Hold lifted"),
    "asked": gettext_lazy("Asked a question"),
    "call": gettext_lazy("Call"),
    "corrected": gettext_lazy("Corrected"),
    "joined": gettext_lazy("Joined with another"),
    "service_chosen": gettext_lazy("Service chosen"),
}


def history(appointment_request: AppointmentRequest, *, clinic: Clinic) -> list[Line]:
    """What happened, newest last, with who and why."""
    lines = []
    for event in appointment_request.events.all():
        text = str(WHAT.get(event.what, event.what.replace("_", " ").capitalize()))
        to = Status(event.to_status).label if event.to_status in Status.values else ""
        text = text % {"to": to} if "%(to)s" in text else text
        who = (event.by.first_name or str(event.by)) if event.by else ""
        lines.append(
            Line(
                wording.until(event.at, now=event.at - timedelta(days=2), zone=clinic.zone),
                f"{text} ({who})" if who else text,
                event.why,
            )
        )
    return lines
