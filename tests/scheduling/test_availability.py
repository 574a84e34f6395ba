"""What the database holds comes out as the right openings, in three queries."""

from datetime import date

import pytest

from intake.models import Service
from scheduling import availability
from scheduling.openings import find_openings
from tests.factories import NOW
from tests.scheduling.sample_calendar import SERVICES, sample_calendar

pytestmark = pytest.mark.usefixtures("clinic")


@pytest.mark.parametrize("code", sorted(SERVICES))
def test_an_empty_diary_has_the_openings_of_the_file(code):
    service = Service.objects.get(code=code)
    diary = availability.load(service, start=date(2027, 3, 1), end=date(2027, 6, 10), now=NOW)

    found = diary.openings(first_day=date(2027, 3, 1), last_day=date(2027, 6, 10))
    empty = sample_calendar(busy={}, sessions=(), first_visits={})
    expected = find_openings(empty, SERVICES[code], first_day=date(2027, 3, 1), last_day=date(2027, 6, 10))

    assert expected
    named = [
        (
            one.start,
            diary.practitioners[one.person].code if one.person else None,
            [diary.rooms[r].code for r in one.rooms],
        )
        for one in found
    ]
    assert sorted(map(str, named)) == sorted(
        str((one.start, one.person, list(one.rooms))) for one in expected
    )
