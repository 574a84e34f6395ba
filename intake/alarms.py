"""Which answers of the shipped screeners mean what: urgent, same day, or a note for the practitioner. Pure.

The levels are those of the clinic's own rule list; a licensed clinician approves them before real use. Nothing
here is a diagnosis: an answer sorts the request and shows where to get help, a person decides.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

RULES_VERSION = "1"
URGENT, SAME_DAY, NOTE = "urgent", "same_day", "note"

# form → question → answer → level that this answer raises by itself
LEVELS: dict[str, dict[str, dict[str, str]]] = {
    "safety": {
        "saddle_numb": {"yes": URGENT},
        "bladder_bowel_when": {"under_2_weeks": URGENT, "2_weeks_to_3_months": SAME_DAY, "longer": NOTE},
        "leg_weak_new": {"yes": URGENT},
        "chest_breath_calf": {"yes": URGENT},
        "major_injury_cant_walk": {"yes": URGENT},
        "testicle_sudden": {"yes": URGENT},
        "pregnancy_warning": {"yes": URGENT},
        "fever_unwell": {"yes": SAME_DAY},
        "weight_loss": {"yes": SAME_DAY},
        "fragile_bone_fall": {"yes": SAME_DAY},
        "groin_lump_new": {"yes": SAME_DAY},
        "hip_cant_bear": {"yes": SAME_DAY},
    },
}
# Alone they are common in plain back pain; together with a same-day answer they count as one.
ONLY_WITH_ANOTHER = ("cancer_ever", "night_pain")
PRECAUTIONS = (
    "spine_hardware",
    "spine_slip",
    "implant_electrical",
    "joint_replaced_6m",
    "surgery_12w",
    "weak_bones",
    "clot_or_thinner",
    "seizures",
    "cancer_now",
)
BLOCKS_EQUIPMENT = frozenset(PRECAUTIONS) - {"weak_bones"}
ASKS_PRACTITIONER = frozenset({"implant_electrical", "seizures"})
PREGNANCY = {"pregnant": "pregnant", "gave_birth": "postpartum", "maybe": "pregnant"}


@dataclass(frozen=True, slots=True)
class FoundFlag:
    code: str
    level: str
    form: str
    link_id: str


def flags_in(answers: Mapping[str, Mapping[str, str]], *, pregnancy: str = "") -> list[FoundFlag]:
    """`answers`: form → question → code of the answer. One flag a finding, most urgent first."""
    found = [
        _flag(form, link_id, code, pregnancy)
        for form, said in answers.items()
        for link_id, code in said.items()
    ]
    flags = [flag for flag in found if flag is not None]
    together = any(flag.level == SAME_DAY for flag in flags)
    for link_id in ONLY_WITH_ANOTHER:
        if answers.get("safety", {}).get(link_id) == "yes":
            flags.append(FoundFlag(link_id, SAME_DAY if together else NOTE, "safety", link_id))
    if pregnancy in PREGNANCY:
        flags.append(FoundFlag(PREGNANCY[pregnancy], NOTE, "", "pregnancy_status"))
    rank = (URGENT, SAME_DAY, NOTE)
    unique = {
        flag.code: flag for flag in sorted(flags, key=lambda flag: rank.index(flag.level), reverse=True)
    }
    return sorted(unique.values(), key=lambda flag: rank.index(flag.level))


def _flag(form: str, link_id: str, code: str, pregnancy: str) -> FoundFlag | None:
    level = LEVELS.get(form, {}).get(link_id, {}).get(code, "")
    if link_id == "bladder_bowel_when" and level == SAME_DAY and pregnancy == "gave_birth":
        level = NOTE  # weeks after a birth this is everyday work of a pelvic clinic
    if not level and link_id in PRECAUTIONS and code == "yes":
        level = NOTE
    return FoundFlag(link_id, level, form, link_id) if level else None


def holds_from(flags: Iterable[FoundFlag]) -> set[str]:
    """Holds (by kind) that the forms of the equipment room and of wellness ask for."""
    found = set()
    for flag in flags:
        if flag.form == "equipment_precautions" and flag.link_id in BLOCKS_EQUIPMENT:
            found.add("equipment_blocked")
        if flag.form == "wellness_precautions" and flag.link_id in ASKS_PRACTITIONER:
            found.add("ask_practitioner")
    return found


# For the page: which single answers open the panel "get help now" the moment they are tapped.
URGENT_ALONE: dict[str, dict[str, dict[str, str]]] = {
    form: {
        link_id: {code: level for code, level in codes.items() if level == URGENT}
        for link_id, codes in asked.items()
    }
    for form, asked in LEVELS.items()
}
