"""The two parts of a mail say the same: who reads the plain one is told all that stands in the other."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.utils import translation

from notifications import catalogue
from notifications.models import Audience
from notifications.rendering import Rendered, render
from tests.factories import load_sample_clinic

pytestmark = [pytest.mark.django_db, pytest.mark.once]

FOR_A_CHILD = {"hello": "Dana", "about": "Sam"}
A_CLASS = {"is_class": True, "has_estimate": False}
NO_PAGE = {**A_CLASS, "url": ""}
# What changes the words of a mail, beside its example.
SITUATIONS: dict[str, list[dict[str, Any]]] = {
    "confirmed": [A_CLASS, NO_PAGE, {"free_until": None}, {**A_CLASS, "free_until": None}],
    "moved": [A_CLASS, NO_PAGE, {"free_until": None}],
    "cancelled": [A_CLASS, NO_PAGE, {"by_clinic": True}, {**NO_PAGE, "by_clinic": True}],
    "reminder": [A_CLASS, NO_PAGE],
    "waitlist_offer": [{"is_shared": True}, {"visit_at": catalogue.kind("cancelled").example}],
    "offer_ended": [{"taken_back": True}],
    "declined": [{"referred_to": "Another place"}],
    "estimate_ready": [{"is_gfe": False}, {"attached": False}],
    "estimate_replaced": [{"is_gfe": False}, {"attached": False}],
    "staff_new": [{"is_same_day": True}],
    "staff_deadline": [{"number": 1}],
    "staff_change": [{"was_at": catalogue.kind("cancelled").example}, {"is_class": True}],
}
PLACES = [
    {"is_video": True, "way_in": "https://video.example.com/room"},
    {"is_video": True, "way_in": ""},
    {"step_free": False, "parking": "behind the house"},
]


@pytest.fixture(autouse=True)
def _clinic() -> None:
    load_sample_clinic()


def told(kind: catalogue.Kind, language: str) -> Iterator[Rendered]:
    """The kind as in its example, and in every situation that changes its words."""
    with translation.override(language):
        base = dict(kind.example())
    situations: list[dict[str, Any]] = [{}, *SITUATIONS.get(kind.code, [])]
    if kind.audience == Audience.CLIENT:
        situations += [FOR_A_CHILD, {"hello": ""}]
    if "place" in base:
        situations += [{"place": {**base["place"], **place}} for place in PLACES]
    for situation in situations:
        # A moment of another example, since nothing here has a clock.
        changed = {
            name: value()["starts_at"] if callable(value) else value for name, value in situation.items()
        }
        yield render(kind.template, {**base, **changed}, language=language, zone=base.get("zone"))


def sentences(html: str) -> list[str]:
    """What a reader of the HTML sees below the clinic's name, sentence by sentence."""
    body = html.split('class="name"')[1].split("</td>", 1)[1]
    body = re.sub(r"</?(?:p|h1|h2|li|ol|td|tr|table|div)\b[^>]*>|<br>", "\n", body)
    lines = unescape(re.sub(r"<[^>]+>", "", body)).split("\n")
    return [part for line in lines for part in re.split(r"(?<=[.?:])\s+", plain(line)) if part]


def plain(text: str) -> str:
    return " ".join(text.lower().replace("✓", "x").split())


@pytest.mark.parametrize("kind", catalogue.kinds(), ids=lambda kind: kind.code)
def test_all_that_the_html_says_stands_in_the_plain_text(kind: catalogue.Kind) -> None:
    for language in kind.languages:
        for one in told(kind, language):
            text = plain(one.text)
            missing = [said for said in sentences(one.html) if said.rstrip(".:") not in text]
            assert not missing, (language, missing, one.text)
