"""What staff should see on a request besides its flags, what may not simply be booked, and how soon. Pure.

Markers and holds are derived from what was said. Nothing here rejects anybody: a wrong marker costs a look.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from intake import cleaning
from intake.models import Hold, Priority, ServiceKind
from intake.payers import MEDICARE_AGE, PAYER_HOLDS, UNSAID, is_in_state, named_in
from intake.price_question import asks_price_in_words

NOT_READY = re.compile(
    r"not (?:yet )?ready to book|just (?:the |a )?price|only (?:the )?price|solo el precio", re.IGNORECASE
)
NO_CALLS = re.compile(
    r"(?:do ?n[o']?t|dont|never|please no|no) (?:phone |voice )?calls?\b|(?:do ?n[o']?t|dont|never) (?:call|phone|ring)\b"
    r"|\bno (?:me )?llam[ea]",
    re.IGNORECASE,
)
NOT_HOME = re.compile(
    r"(?:do ?n[o']?t|dont|never) (?:call|phone|ring|tell|write)\b.{0,20}\b(?:house|home|parents?|mom|dad|husband|wife|work)"
    r"|reads? my (?:mail|e-?mail|phone)|no llame[n]? a mi casa",
    re.IGNORECASE,
)
DUPLICATE = "possible_duplicate"  # maybe one person wrote twice
SPAM, CROWD = "spam_likely", "many_from_one_place"  # why a request waits aside
ADULT_AGE = 18
LITTLE_TOLD = 30  # letters; below, and with nothing ticked, we must ask
FEWEST_SECONDS = 3  # nobody fills six pages faster
WORKDAY = (8, 17)
# While one of these is open, staff decide what may be booked at all.
DECIDED_BY_STAFF = frozenset(Hold.Kind.values) - {Hold.Kind.AGE_65, Hold.Kind.PRACTITIONER}


@dataclass(frozen=True, slots=True)
class Told:
    """Everything the rules look at. Days and times are the clinic's own."""

    now: datetime  # local
    practice_state: str
    service_kind: str = ""  # empty: not sure
    service_modes: Sequence[str] = ()
    is_sensitive: bool = False
    story: str = ""
    has_areas: bool = False
    has_answers: bool = False
    asks_estimate: bool = False
    language: str = "en"
    clinic_language: str = "en"
    first_name: str = ""
    last_name: str = ""
    name_to_use: str = ""
    age: int | None = None
    email: str = ""
    phone: str = ""
    wants_paper: bool = False
    reach: frozenset[str] = frozenset()
    email_refused: bool = False
    say_only: str = ""
    for_whom: str = "self"
    names_representative: bool = False
    guardian_agrees: bool = False
    legal_role: str = ""
    coverage: str = ""
    coverage_texts: Sequence[str] = ()
    covered_before: str = ""  # what “the same as last time” was
    has_had_medicare: bool = False  # on record from an earlier request
    claims: str = ""  # auto_injury or work_injury, when details of such a claim were given
    where_during_visit: str = ""
    latest: date | None = None
    waitlist: bool = False
    is_series: bool = False
    access: bool = False
    says_returning: bool = False
    is_known: bool = False
    shares_contact: bool = False
    times_resumed: int = 0
    screening_asked: bool = False
    screening_answered: bool = False
    flag_levels: frozenset[str] = frozenset()
    held_by_screening: frozenset[str] = frozenset()  # Hold kinds that a screener rule asked for
    files: int = 0
    bad_files: int = 0


@dataclass(frozen=True, slots=True)
class Marks:
    markers: list[str] = field(default_factory=list)
    holds: list[str] = field(default_factory=list)
    why_held: dict[str, str] = field(default_factory=dict)  # kind of hold → the sentence staff read
    priority: str = Priority.NORMAL
    asks_price_in_words: bool = False
    staff_decide_service: bool = False


def look_at(told: Told) -> Marks:
    why: dict[str, str] = {}
    for kind, sentence in holds_for(told):
        why.setdefault(str(kind), sentence)
    holds = list(why)
    asks_price = asks_price_in_words(told.story)
    markers = list(dict.fromkeys(_markers(told, asks_price, holds)))
    return Marks(
        markers=markers,
        holds=holds,
        why_held=why,
        priority=_priority(told, markers, holds),
        asks_price_in_words=asks_price,
        staff_decide_service=bool(
            DECIDED_BY_STAFF & set(holds)
            or told.flag_levels & {"urgent", "same_day"}
            or "needs_info" in markers
        ),
    )


def holds_for(told: Told) -> Iterable[tuple[str, str]]:
    """Why this may not simply be booked: kind of hold and the sentence staff read. The first of a kind counts."""
    is_covered_kind = told.service_kind != ServiceKind.EDUCATION  # a class is not care that a plan covers
    if is_covered_kind:
        yield from _payer_holds(told)
    if list(told.service_modes) == ["video"] and not is_in_state(
        told.where_during_visit, told.practice_state
    ):
        yield Hold.Kind.OUT_OF_STATE, f"Will be here during the video visit: {told.where_during_visit}"
    if _is_minor(told) and not (told.names_representative and told.guardian_agrees):
        yield Hold.Kind.GUARDIAN_MISSING, "Under 18, and no parent or guardian has agreed."
    for kind in sorted(told.held_by_screening):
        yield kind, "An answer to the questions of this visit asks for it."


def _payer_holds(told: Told) -> Iterable[tuple[str, str]]:
    if told.coverage in PAYER_HOLDS:
        yield PAYER_HOLDS[told.coverage], "They named it as who pays."
    if told.covered_before in PAYER_HOLDS:
        yield PAYER_HOLDS[told.covered_before], "“As last time”, and that is what it was last time."
    if told.service_kind in {"", ServiceKind.HEALTH_CARE}:
        yield from named_in(told.story, told.coverage_texts).items()
        if told.has_had_medicare:
            yield Hold.Kind.MEDICARE, "An earlier request of this person says Medicare."
    if told.claims in PAYER_HOLDS:
        yield PAYER_HOLDS[told.claims], "They gave an employer or the details of a claim."
    if told.coverage in UNSAID and told.age is not None and told.age >= MEDICARE_AGE:
        yield Hold.Kind.AGE_65, f"{told.age} years old, and has not said whether Medicare pays."


def looks_like_spam(*, story: str, honeypot: str, seconds: int | None, links: int) -> bool:
    """Set aside, never dropped. Capitals, few words or a short name alone are never spam."""
    if honeypot.strip():
        return True
    if seconds is not None and seconds < FEWEST_SECONDS:
        return True
    return links >= 3 or (links == 2 and seconds is not None and seconds < 30)


def _is_minor(told: Told) -> bool:
    return told.age is not None and told.age < ADULT_AGE


def _markers(told: Told, asks_price: bool, holds: list[str]) -> Iterable[str]:
    yield from _who(told, holds)
    yield from _contact(told)
    yield from _wishes(told, asks_price)
    yield from _screening(told)


def _who(told: Told, holds: list[str]) -> Iterable[str]:
    if told.is_known:
        yield "known_client"
    elif told.says_returning:
        yield "no_client_match"
    if told.shares_contact:
        yield "shared_inbox"
    if told.name_to_use:
        yield "chosen_name"
    if told.first_name and not told.last_name:
        yield "mononym"
    if _is_minor(told):
        yield "minor"
        if Hold.Kind.GUARDIAN_MISSING not in holds:
            yield "guardian_present"
    if told.for_whom == "adult_in_my_care" and told.legal_role != "yes":
        yield "representative_check"
    if told.language != told.clinic_language:
        yield f"language_{told.language}"


def _contact(told: Told) -> Iterable[str]:
    if not told.email:
        yield "no_email"
        if told.asks_estimate or told.wants_paper:
            yield "paper_delivery"
    refuses_calls = told.phone and told.reach and "call" not in told.reach and "voicemail" not in told.reach
    if (refuses_calls and NO_CALLS.search(told.story)) or (refuses_calls and told.reach == {"text"}):
        yield "no_calls"
    if told.phone and cleaning.is_costly(told.phone):
        yield "costly_phone"
    if told.say_only or told.email_refused or NOT_HOME.search(told.story):
        yield "contact_limits"


def _wishes(told: Told, asks_price: bool) -> Iterable[str]:
    if asks_price and not told.asks_estimate:
        yield "price_question_in_text"
    elif "?" in told.story and not asks_price:
        yield "has_question"
    if NOT_READY.search(told.story):
        yield "price_only"
    if told.access:
        yield "access_needs"
    if told.waitlist:
        yield "waitlist"
    if told.is_series:
        yield "series"
    if told.latest and (told.latest - told.now.date()).days <= 3:
        yield "short_notice"
    if told.is_sensitive:
        yield "sensitive_topic"
    if told.times_resumed:
        yield "resumed_draft"
    if told.bad_files:
        yield "files_refused"
    if told.files:
        yield "card_needs_reading"


def _screening(told: Told) -> Iterable[str]:
    if "urgent" in told.flag_levels:
        yield "urgent_medical"
        if told.now.weekday() > 4 or not WORKDAY[0] <= told.now.hour < WORKDAY[1]:
            yield "after_hours"
    if "same_day" in told.flag_levels:
        yield "call_before_offering"
    if told.screening_asked and not told.screening_answered:
        yield "safety_not_answered"
    little = len(told.story) < LITTLE_TOLD and not told.has_areas and not told.has_answers
    if not told.service_kind and little:
        yield "needs_info"


def _priority(told: Told, markers: list[str], holds: list[str]) -> str:
    if "urgent" in told.flag_levels:
        return Priority.URGENT
    if "same_day" in told.flag_levels or "contact_limits" in markers or Hold.Kind.GUARDIAN_MISSING in holds:
        return Priority.SAME_DAY
    return Priority.LOW if Hold.Kind.OUT_OF_STATE in holds else Priority.NORMAL
