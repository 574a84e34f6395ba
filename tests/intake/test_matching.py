"""A person is recognised by birth date, name and one way to reach them; a shared inbox joins nobody."""

from datetime import date

import pytest

from intake.matching import Likeness, Person, find, likeness

BLAIR = Person("Blair", "Testerman", date(1992, 12, 1), "blair@example.org", "+18015550102", key="R02")
WYNN = Person("Wynn", "Twinfield", date(2011, 9, 2), "twinfield.home@example.com", "+18015550124", key="R24")


def test_letter_case_does_not_matter() -> None:
    known = Person("Ronan", "Ejempel", date(1971, 11, 2), "ronan@example.org", key="C02")

    found = find(Person("ronan", "ejempel", date(1971, 11, 2), "RONAN@example.org"), [known, BLAIR])

    assert found.same == known


def test_a_short_name_with_another_address_is_likely_not_certain() -> None:
    b = Person("B.", "Testerman", date(1992, 12, 1), "b.testerman@example.com", "+18015550102")

    assert likeness(b, BLAIR) == Likeness.LIKELY


def test_a_mother_at_the_address_of_her_child_is_another_person() -> None:
    ash = Person("Ash", "Twinfield", date(1980, 1, 5), "twinfield.home@example.com", "+18015550124")

    found = find(ash, [WYNN])

    assert (found.same, found.likely, found.shares_contact) == (None, [], True)


@pytest.mark.parametrize(
    "stranger",
    [
        Person("Blair", "Testerman", date(1992, 12, 1), "other@example.org", "+18015550999"),
        Person("Blair", "Testerman", date(1992, 12, 2), "third@example.org"),
    ],
)
def test_a_name_and_a_birth_date_alone_match_nobody(stranger: Person) -> None:
    assert find(stranger, [BLAIR]).same is None


def test_twins_at_one_address_are_two_people() -> None:
    one = Person("Kim", "Sample", date(2010, 1, 1), "home@example.org")
    other = Person("Lee", "Sample", date(2010, 1, 1), "home@example.org", key="x")

    assert likeness(one, other) == Likeness.SHARED_CONTACT


def test_two_rows_of_the_same_person_are_for_staff_to_sort_out() -> None:
    rows = [Person("Blair", "Testerman", BLAIR.born_on, BLAIR.email, key=key) for key in ("a", "b")]

    found = find(BLAIR, rows)

    assert found.same is None
    assert len(found.likely) == 2
