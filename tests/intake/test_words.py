"""How we say dates, money and numbers."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from intake import words

DENVER = ZoneInfo("America/Denver")


def test_a_promise_names_weekday_month_day_and_hour() -> None:
    moment = datetime(2027, 3, 3, 0, 0, tzinfo=UTC)

    assert words.moment(moment, DENVER) == "Tuesday, March 2, 5\u00a0pm"


def test_a_promise_in_spanish_is_written_anew() -> None:
    with translation.override("es"):
        assert words.day(date(2027, 3, 2)) == "martes 2 de marzo"


@pytest.mark.parametrize(
    ("cents", "exact", "said"), [(21000, True, "$210.00"), (21000, False, "$210"), (5250, False, "$52.50")]
)
def test_money(cents: int, exact: bool, said: str) -> None:
    assert words.money(cents, exact=exact) == said


@pytest.mark.parametrize(
    ("number", "said"), [("+18015550100", "801-555-0100"), ("+442079460958", "+44 20 7946 0958"), ("", "")]
)
def test_phone_numbers_are_read_back(number: str, said: str) -> None:
    assert words.phone(number) == said
