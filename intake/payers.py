"""Who may pay for this, by what was ticked and by what was written. Pure: words in, kinds of holds out.

A clinic without a Medicare tie may not simply charge for covered care, and a car or work insurer comes before
the person. So the first mention is enough to hold a request, whatever else was ticked: a wrong hold costs a look,
a missed one may cost the clinic its licence. What a client adds ("I will just pay cash") lifts nothing.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from intake.models import CoverageType, Hold

MEDICARE_AGE = 65
PAYER_HOLDS: dict[str, Hold.Kind] = {
    CoverageType.MEDICARE: Hold.Kind.MEDICARE,
    CoverageType.MEDICAID: Hold.Kind.MEDICAID,
    CoverageType.TRICARE: Hold.Kind.TRICARE,
    CoverageType.AUTO_INJURY: Hold.Kind.AUTO_INJURY,
    CoverageType.WORK_INJURY: Hold.Kind.WORK_INJURY,
    CoverageType.VA: Hold.Kind.STAFF,
    CoverageType.IHS: Hold.Kind.STAFF,
}
# Who ticked one of these has not said that no public plan pays for them.
UNSAID = frozenset({"", CoverageType.NONE, CoverageType.UNSURE, CoverageType.SAME_AS_BEFORE})

# As people type them, with a hyphen, a space or a slip of the finger.
MEDICARE = re.compile(r"\bmedi[\s-]?(?:care|cair|cares)\b|\bmedcare\b|\bmedicar\b", re.IGNORECASE)
# The format of a Medicare number, from the public description: 11 signs, letters never S L O I B Z.
MEDICARE_NUMBER = re.compile(
    r"\b[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y]{2}\d{2}\b"
)
NAMED: Mapping[Hold.Kind, re.Pattern[str]] = {
    Hold.Kind.MEDICAID: re.compile(r"\bmedi[\s-]?(?:caid|cade)\b|\bmedi-?cal\b", re.IGNORECASE),
    Hold.Kind.TRICARE: re.compile(r"\btri[\s-]?care\b|\bchampva\b", re.IGNORECASE),
}
# Only where a payer is named: "hurt at work years ago" in a story is not a claim.
NAMED_AS_PAYER: Mapping[Hold.Kind, re.Pattern[str]] = {
    Hold.Kind.WORK_INJURY: re.compile(
        r"\bwork(?:er|ers|er['’]s|ers['’]|m[ae]n['’]?s?)?[\s-]?comp(?:ensation)?\b", re.IGNORECASE
    ),
    Hold.Kind.AUTO_INJURY: re.compile(
        r"\b(?:auto|car|no[\s-]?fault|pip)\b.{0,20}\b(?:insurance|policy|claim|coverage)\b", re.IGNORECASE
    ),
}
# Everything somebody may have written a payer into.
TEXTS = (
    "carrier",
    "plan_type",
    "member_id",
    "group_number",
    "medicare_number",
    "secondary_carrier",
    "secondary_member_id",
)

STATES = {
    "AL": "alabama", "AK": "alaska", "AZ": "arizona", "AR": "arkansas", "CA": "california", "CO": "colorado",
    "CT": "connecticut", "DE": "delaware", "DC": "district of columbia", "FL": "florida", "GA": "georgia",
    "HI": "hawaii", "ID": "idaho", "IL": "illinois", "IN": "indiana", "IA": "iowa", "KS": "kansas",
    "KY": "kentucky", "LA": "louisiana", "ME": "maine", "MD": "maryland", "MA": "massachusetts",
    "MI": "michigan", "MN": "minnesota", "MS": "mississippi", "MO": "missouri", "MT": "montana",
    "NE": "nebraska", "NV": "nevada", "NH": "new hampshire", "NJ": "new jersey", "NM": "new mexico",
    "NY": "new york", "NC": "north carolina", "ND": "north dakota", "OH": "ohio", "OK": "oklahoma",
    "OR": "oregon", "PA": "pennsylvania", "RI": "rhode island", "SC": "south carolina", "SD": "south dakota",
    "TN": "tennessee", "TX": "texas", "UT": "utah", "VT": "vermont", "VA": "virginia", "WA": "washington",
    "WV": "west virginia", "WI": "wisconsin", "WY": "wyoming",
}  # fmt: skip


def named_in(story: str, payer_texts: Iterable[str]) -> dict[str, str]:
    """Payers that are named in words: kind of hold → the sentence staff read. `payer_texts` are the insurance
    fields (name of the plan, numbers), where also a claim of a car or a work insurer counts."""
    found: dict[str, str] = {}
    texts = [text for text in payer_texts if text]
    if MEDICARE.search(story):
        found[Hold.Kind.MEDICARE] = "Medicare is named in their own words."
    if any(MEDICARE.search(text) for text in texts):
        found[Hold.Kind.MEDICARE] = "Medicare is named among the insurance answers."
    elif any(MEDICARE_NUMBER.search(text.upper()) for text in texts):
        found[Hold.Kind.MEDICARE] = "A number has the form of a Medicare number."
    for kind, pattern in NAMED.items():
        if any(pattern.search(text) for text in [story, *texts]):
            found[kind] = f"{kind.label} is named in what they wrote."
    for kind, pattern in NAMED_AS_PAYER.items():
        if any(pattern.search(text) for text in texts):
            found[kind] = "The insurance answers name such a claim."
    return found


def is_in_state(where: str, state: str) -> bool:
    """Whether the words name the state we are licensed in, and no other.

    Nothing said counts as yes: staff ask before a visit. Two states named is a matter for a person.
    """
    said = where.casefold()
    if not said.strip():
        return True
    ours = STATES.get(state, state.casefold())
    others = "|".join(name for name in STATES.values() if name != ours)
    if re.search(rf"\b(?:{others})\b", said) or re.search(
        rf"\bnot (?:in|at) (?:{ours}|{state})\b", said, re.I
    ):
        return False
    return bool(re.search(rf"\b(?:{ours}|{state.casefold()})\b", said))


def as_last_time(said: str, covered: Sequence[str]) -> str:
    """What "the same as last time" was; `covered` are earlier answers, newest first."""
    if said != CoverageType.SAME_AS_BEFORE:
        return ""
    return next((one for one in covered if one != CoverageType.SAME_AS_BEFORE), "")


def claim_of(claim: Mapping[str, object]) -> str:
    """Details of a claim against somebody else's insurance say who pays, whatever was ticked."""
    if claim.get("employer"):
        return str(CoverageType.WORK_INJURY)
    if claim.get("number") or claim.get("attorney") or claim.get("adjuster") or claim.get("adjuster_phone"):
        return str(CoverageType.AUTO_INJURY)
    return ""
