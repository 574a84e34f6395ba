from datetime import date, datetime, time

import pytest
from django.core.exceptions import ValidationError

from config.foundation.clinic import Clinic, Closure, Location, reply_by
from tests.factories import sample_file

SAMPLE = sample_file()
CLINIC = Clinic(time_zone="America/Denver", reply_by_time=time(17, 0))
PROMISED = [case for case in SAMPLE["requests"] if case["expect"].get("reply_by")]


def sample_closures():
    for closure in SAMPLE["closures"]:
        yield Closure(
            starts_on=date.fromisoformat(closure.get("date") or closure["date_from"]),
            ends_on=date.fromisoformat(closure.get("date") or closure["date_to"]),
            from_time=time.fromisoformat(closure["from"]) if "from" in closure else None,
            to_time=time.fromisoformat(closure["to"]) if "to" in closure else None,
        )


def promised(submitted_at, *, clinic=CLINIC, closures=(), **options):
    moment = datetime.fromisoformat(submitted_at)
    return reply_by(clinic, closures, moment, **options).strftime("%Y-%m-%d %H:%M")


def test_most_samples_state_a_promise():
    assert len(PROMISED) >= 30


@pytest.mark.parametrize("case", PROMISED, ids=lambda case: case["id"])
def test_the_promise_to_every_sample_request_is_the_one_stated(case):
    moment = datetime.fromisoformat(case["submitted_at"])
    promise = reply_by(CLINIC, list(sample_closures()), moment)
    assert promise.strftime("%Y-%m-%dT%H:%M") == case["expect"]["reply_by"]


def test_the_day_of_submission_is_the_clinics_own_day():
    # 05:30 UTC on Tuesday is still Monday evening in Denver.
    assert promised("2027-03-02T05:30:00+00:00") == "2027-03-02 17:00"


def test_a_whole_day_closure_makes_the_promise_later():
    closed = Closure(starts_on=date(2027, 5, 31), ends_on=date(2027, 5, 31))
    assert promised("2027-05-28T10:00:00-06:00", closures=[closed]) == "2027-06-01 17:00"


def test_an_afternoon_off_does_not():
    training = Closure(
        starts_on=date(2027, 3, 12), ends_on=date(2027, 3, 12), from_time=time(12), to_time=time(17)
    )
    assert promised("2027-03-11T10:00:00-07:00", closures=[training]) == "2027-03-12 17:00"


def test_a_closed_place_does_not_close_the_clinic():
    day = date(2027, 3, 2)
    elsewhere = Closure(location=Location(code="studio"), starts_on=day, ends_on=day)
    assert promised("2027-03-01T10:00:00-07:00", closures=[elsewhere]) == "2027-03-02 17:00"


def test_winter_break_is_skipped_over_the_year():
    answer = promised("2027-12-23T18:00:00-07:00", closures=list(sample_closures()))
    assert answer == "2028-01-03 17:00"


def test_five_pm_stays_five_pm_over_the_clock_change():
    promise = reply_by(CLINIC, [], datetime.fromisoformat("2027-03-12T18:00:00-07:00"))
    assert promise.isoformat() == "2027-03-15T17:00:00-06:00"


def test_only_the_clinics_open_weekdays_count():
    assert promised("2027-03-01T10:00:00-07:00", open_weekdays=frozenset({3})) == "2027-03-04 17:00"


@pytest.mark.django_db
def test_without_a_clinic_loaded_the_defaults_answer():
    assert Clinic.get().zone.key == "America/Denver"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "span",
    [
        {"ends_on": date(2027, 3, 1)},
        {"from_time": time(12)},
        {"to_time": time(12)},
        {"from_time": time(12), "to_time": time(9)},
    ],
    ids=["backwards", "no end", "no start", "times backwards"],
)
def test_a_closure_typed_backwards_is_refused_in_words(span):
    day = date(2027, 3, 2)
    with pytest.raises(ValidationError):
        Closure(**{"starts_on": day, "ends_on": day, **span}).full_clean()


def test_an_unknown_zone_is_refused():
    for zone in ("Mars/Phobos", "../../etc/passwd", "x" * 300):
        with pytest.raises(ValidationError):
            Clinic(name="x", time_zone=zone).clean_fields(exclude=["languages", "reminders_hours"])
