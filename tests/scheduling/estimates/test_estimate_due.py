"""`manage.py estimate_due` answers in JSON, and says what was wrong with exit code 2."""

import json

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.django_db


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, str | None]:
    call_command("estimate_due", *arguments)
    answer: dict[str, str | None] = json.loads(capsys.readouterr().out)
    return answer


@pytest.mark.parametrize(
    ("arguments", "tier", "legal", "target"),
    [
        # The sample clinic's own checks, G01 to G10.
        (("scheduled", "2027-03-01", "2027-03-04"), "T1", "2027-03-02", "2027-03-02"),
        (("scheduled", "2027-03-01", "2027-03-03"), "NONE", None, None),
        (("scheduled", "2027-03-01", "2027-03-12"), "T1", "2027-03-02", "2027-03-02"),
        (("scheduled", "2027-03-01", "2027-03-15"), "T3", "2027-03-04", "2027-03-02"),
        (("scheduled", "2027-03-05", "2027-03-10"), "T1", "2027-03-08", "2027-03-08"),
        (("requested", "2027-03-01", ""), "REQ", "2027-03-04", "2027-03-04"),
        (("requested", "2027-02-26", ""), "REQ", "2027-03-03", "2027-03-03"),
        (("scheduled", "2027-05-27", "2027-06-15"), "T3", "2027-06-02", "2027-05-28"),
        # The offset is honoured; without one the time is the clinic's.
        (("scheduled", "2026-07-07T04:15:00Z", "2026-07-09"), "T1", "2026-07-07", "2026-07-07"),
        (("scheduled", "2026-07-06T22:15", "2026-07-09"), "T1", "2026-07-07", "2026-07-07"),
        # The visit may be given with its hour: 9 July, 02:00 UTC is the evening of the 8th here.
        (("changed", "2026-07-06T09:00", "2026-07-09T02:00:00+00:00"), "CHG", "2026-07-07", "2026-07-07"),
        (("changed", "2026-03-12T09:00", "2026-03-12"), "LATE", None, "2026-03-12"),
        # Half past eleven at night here, the next day in UTC; the hour that the clocks skip; any other offset.
        (("requested", "2027-03-05T23:30", ""), "REQ", "2027-03-10", "2027-03-10"),
        (("requested", "2027-03-06T06:30Z", ""), "REQ", "2027-03-10", "2027-03-10"),
        (("requested", "2027-03-14T02:30", "2027-03-16"), "REQ", "2027-03-17", "2027-03-15"),
        (("scheduled", "2027-03-02T11:30+14:00", "2027-03-04"), "T1", "2027-03-02", "2027-03-02"),
        # 31 December 2027 is a holiday: New Year's Day 2028 falls on a Saturday. Then a leap day.
        (("scheduled", "2027-12-30", "2028-01-05"), "T1", "2028-01-03", "2028-01-03"),
        (("switched", "2028-02-28", "2028-03-02"), "T1", "2028-02-29", "2028-02-29"),
        (("rescheduled", "2027-03-01", "2027-03-01"), "NONE", None, None),
        # A weekend booking that one reading excuses and the other does not.
        (("scheduled", "2026-03-08T20:00", "2026-03-11"), "NONE", None, "2026-03-09"),
    ],
)
def test_dates_come_as_json(
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, str, str],
    tier: str,
    legal: str | None,
    target: str | None,
) -> None:
    event, at, visit = arguments
    extra = ("--visit", visit) if visit else ()

    answer = ask(capsys, "--event", event, "--at", at, *extra)

    assert answer == {"tier": tier, "legal_due_on": legal, "target_due_on": target}


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--event", "scheduled"),
        ("--event", "asked", "--at", "2027-03-01"),
        ("--event", "scheduled", "--at", "2027-03-01"),
        ("--event", "scheduled", "--at", "yesterday", "--visit", "2027-03-04"),
        ("--event", "scheduled", "--at", "2027-03-01", "--visit", "2027-02-30"),
        ("--event", "scheduled", "--at", "2027-03-01", "--visit", "2027-02-26"),
        ("--event", "requested", "--at", "0001-01-01T00:00:00Z"),
        ("--event", "requested", "--at", "9999-12-31"),
        ("--event", "requested", "--at", "2027-03-01", "--colour", "green"),
    ],
)
def test_wrong_use_is_said_in_json_with_exit_code_two(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        call_command("estimate_due", *arguments)

    assert leaving.value.code == 2
    assert json.loads(capsys.readouterr().out)["error"]
