"""What may wait is folded away; what was typed, or is wrong, never is."""

import re

import pytest
from django.test import Client as Browser

from tests.factories import load_sample_clinic, make_user
from tests.intake.bad_input.conftest import Asker

pytestmark = pytest.mark.django_db
FOLD = re.compile(r"<details class=\"fold q\"( open)?>(.*?)</details>", re.DOTALL)


@pytest.fixture
def asker() -> Asker:
    load_sample_clinic()
    return Asker()


def stands_open(page: str, field: str) -> bool:
    """Is the fold that holds this field open?"""
    (is_open,) = (bool(opened) for opened, inside in FOLD.findall(page) if f'name="{field}' in inside)
    return is_open


WRONG = {
    "": {"people": "many"},
    "about/": {"started_on_month": "13/45/2020"},
    "you/": {"say_only": "x" * 300},
    "paying/": {
        "claim_on_month": "2/30/2026",
        "claim_adjuster_phone": "12",
        "phone_on_card": "12",
        "policyholder_birth_date_month": "2/30/1980",
        "latest_month": "1/1/2020",
        "access_notes": "x" * 600,
    },
}
CASES = [(page, field, typed) for page, fields in WRONG.items() for field, typed in fields.items()]


@pytest.mark.parametrize(("page", "field", "typed"), CASES, ids=[field for _page, field, _typed in CASES])
def test_what_is_wrong_is_not_folded_away(asker: Asker, page: str, field: str, typed: str) -> None:
    answer = asker.post(page, **{field: [typed]})

    assert answer.status_code == 422
    assert stands_open(answer.content.decode(), field)


def test_what_was_typed_is_not_folded_away_when_the_page_is_opened_again(asker: Asker) -> None:
    asker.post("paying/", carrier=["Sample Health"], access_notes=["A low table"], claim_number=[""])

    page = asker.browser.get("/request/paying/").content.decode()

    assert stands_open(page, "carrier")
    assert stands_open(page, "access_notes")
    assert not stands_open(page, "claim_number")


def test_a_page_nobody_has_answered_is_short(asker: Asker) -> None:
    for page in ("", "about/", "you/", "paying/"):
        shown = asker.browser.get(f"/request/{page}").content.decode()
        assert FOLD.findall(shown)
        assert not [inside for opened, inside in FOLD.findall(shown) if opened]


def test_staff_see_what_is_wrong_in_what_they_enter(asker: Asker) -> None:
    desk = Browser()
    desk.force_login(make_user())
    typed = {
        "claim_adjuster_phone": "12",
        "pregnancy_weeks": "many",
        "came_by": "call",
        "language": "en",
        "act": "enter",
    }

    page = desk.post("/staff/requests/new/", typed).content.decode()

    folds = re.findall(r"<details( open)?><summary>(.*?)</details>", page, re.DOTALL)
    for field in ("claim_adjuster_phone", "pregnancy_weeks"):
        (is_open,) = (bool(opened) for opened, inside in folds if f'name="{field}"' in inside)
        assert is_open, field
