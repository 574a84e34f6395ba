"""Real forms that nobody here wrote: beside the checkout, never in it.

They lie in `../shared/questionnaires/real` (or `shared/…` inside the checkout, or QUESTIONNAIRES_REAL).
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).parents[3]
GOLDENS = Path(__file__).parent / "goldens"


def folder() -> Path | None:
    named = os.environ.get("QUESTIONNAIRES_REAL")
    places = [Path(named)] if named else []
    places += [base / "shared/questionnaires/real" for base in (CHECKOUT, *list(CHECKOUT.parents)[:3])]
    return next((place for place in places if place.is_dir()), None)


REAL = folder()


def manifest() -> dict[str, Any]:
    if REAL is None:
        return {"files": [], "pairs": []}
    found: dict[str, Any] = json.loads((REAL.parent / "real-manifest.json").read_text())
    return found


def forms() -> list[Path]:
    """All questionnaires, broken ones too."""
    if REAL is None:
        return []
    kinds = {row["file"]: row.get("resourceType") for row in manifest()["files"]}
    return [p for p in sorted(REAL.glob("*.json")) if kinds.get(p.name) in ("Questionnaire", None)]


def handwritten() -> list[Path]:
    """Forms of our own for the same features; they are always here."""
    return sorted((Path(__file__).parent / "forms").glob("*.json"))


def must_be_there() -> None:
    if REAL is None and os.environ.get("CI"):
        pytest.fail("shared/questionnaires/real is not beside the checkout")
    if REAL is None:
        pytest.skip("the real questionnaires are not here")
