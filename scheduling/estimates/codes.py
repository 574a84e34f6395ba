"""Shapes and check digits of the numbers that stand on an estimate: pure.

No descriptions of service codes live here: those of CPT belong to the American Medical Association. The
clinic types the codes it uses and names its services in its own words.
"""

import re

NPI_SHAPE = re.compile(r"[12][0-9]{9}")
TIN_SHAPE = re.compile(r"[0-9]{2}-?[0-9]{7}|[0-9]{3}-[0-9]{2}-[0-9]{4}")
SSN_SHAPE = re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}")
# Five digits, or four and T (new procedures) or F (tracking), or a HCPCS Level II letter and four digits;
# up to two modifiers for display.
SERVICE_CODE_SHAPE = re.compile(r"([0-9]{5}|[0-9]{4}[FT]|[A-V][0-9]{4})(-[A-Z0-9]{2}){0,2}")
DIAGNOSIS_SHAPE = re.compile(r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?")

# First two digits the IRS hands out. The list ages, so a stranger is a warning and never an obstacle.
EIN_PREFIXES = frozenset(
    f"{number:02}"
    for span in ((1, 6), (10, 16), (20, 27), (30, 48), (50, 68), (71, 77), (80, 88), (90, 95), (98, 99))
    for number in range(span[0], span[1] + 1)
)

# The diagnosis codes a physical-therapy clinic usually types, checked against the CDC's release below.
# The whole set changes every October; a code that is not here is a warning only.
DIAGNOSIS_RELEASE = "ICD-10-CM April 2026"
KNOWN_DIAGNOSES = frozenset(
    """
    M54.50 M54.51 M54.59 M54.16 M54.17 M54.30 M54.31 M54.32 M54.40 M54.41 M54.42
    M25.551 M25.552 M25.559 R10.20 R10.21 R10.22 R10.23 R10.24 R10.30 R10.31 R10.32 R10.33
    R10.A0 R10.A1 R10.A2 R10.A3 R10.85 M62.89 M62.838 M62.830 M62.81 M62.08 N39.3 N39.41 N39.46
    M53.3 M53.2X7 M53.2X8 M53.88 M46.1 M99.03 M99.04 M99.05 M99.06 M16.0 M16.11 M16.12 M70.61 M70.62
    S76.211A S76.212A N94.10 N94.11 N94.12 N94.19 N94.2 N94.810 N94.818 N94.819
    N81.84 N81.10 N81.6 K59.02 R15.9 N41.1 R39.15
    """.split()  # noqa: SIM905 (a list of 76 quoted words reads worse)
)


def is_npi(text: str) -> bool:
    """Ten digits, the first 1 or 2, the last the Luhn check digit over 80840 and the nine before it."""
    if not NPI_SHAPE.fullmatch(text):
        return False
    total = 24  # what the prefix 80840 adds
    for position, character in enumerate(reversed(text)):
        digit = int(character) * (2 if position % 2 else 1)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0


def is_tin(text: str) -> bool:
    """A taxpayer number by its shape: an EIN, or a sole proprietor's social security number."""
    return bool(TIN_SHAPE.fullmatch(text))


def tin_warning(text: str) -> str:
    """`ssn`, `prefix` or nothing. A warning never blocks."""
    if SSN_SHAPE.fullmatch(text):
        return "ssn"  # it is printed on clients' papers: an EIN is free of charge
    return "" if text[:2] in EIN_PREFIXES else "prefix"


def is_service_code(text: str) -> bool:
    return bool(SERVICE_CODE_SHAPE.fullmatch(text))


def is_diagnosis(text: str) -> bool:
    return bool(DIAGNOSIS_SHAPE.fullmatch(text))


def diagnosis_warning(code: str) -> str:
    """`parent` where a longer code exists and this one cannot be billed, `unknown`, or nothing."""
    if code in KNOWN_DIAGNOSES:
        return ""
    stem = code if "." in code else f"{code}."
    return "parent" if any(known.startswith(stem) for known in KNOWN_DIAGNOSES) else "unknown"
