"""Who gets which document: pure.

The duty is towards people who are uninsured or do not use a plan here (PHSA 2799B-6, 2799B-7). Whoever is
enrolled in a federal health care program does not get a good-faith estimate, even when paying cash.
"""

from dataclasses import dataclass

from scheduling.estimates.contents import Basis, Kind

FEDERAL = frozenset({"medicare", "medicaid", "tricare", "va", "ihs"})
HAS_A_PLAN = frozenset({"private_send_own_bill", "private_no_claim_please", "travel_insurance"})
# The payer is somebody else's insurance; the client may still owe something, so the estimate is given.
OTHER_PAYER = frozenset({"auto_injury", "work_injury"})
MEDICARE_AGE = 65


@dataclass(frozen=True)
class Outcome:
    """`kind` is None when no document is due; `why` is a code for staff."""

    kind: Kind | None
    basis: Basis = Basis.NOT_KNOWN
    why: str = ""
    ask_medicare_first: bool = False


def decide(*, estimate_kind: str, coverage: str | None, age: int | None, medicare_was_asked: bool) -> Outcome:
    """`coverage` is the newest answer, None when there is none; unknown counts as paying directly.

    From 65 on, an unknown answer waits until staff have asked about Medicare; its clock runs meanwhile.
    """
    if estimate_kind == Kind.PRICE_SUMMARY:
        return Outcome(Kind.PRICE_SUMMARY, why="not_health_care")
    if coverage in FEDERAL:
        return Outcome(None, why=f"enrolled_in_{coverage}")
    if coverage == "none":
        return Outcome(Kind.GFE, Basis.UNINSURED, "uninsured")
    if coverage in HAS_A_PLAN:
        return Outcome(Kind.GFE, Basis.SELF_PAY, "pays_without_claim")
    if coverage in OTHER_PAYER:
        return Outcome(Kind.GFE, Basis.NOT_KNOWN, "may_owe_something")
    wait = age is not None and age >= MEDICARE_AGE and not medicare_was_asked
    return Outcome(Kind.GFE, Basis.NOT_KNOWN, "not_known", ask_medicare_first=wait)
