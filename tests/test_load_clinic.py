"""The clinic file: read with line numbers, loaded whole or not at all, as often as one likes."""

import io
import json
from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command

from config.clinic_file.moments import Calendar
from config.clinic_file.reading import ClinicFileError, read
from config.foundation.models import Clinic, Closure
from intake.models import AppointmentRequest, Client, Practitioner, Service
from notifications.models import Message
from scheduling.models import Resource, Shift, TimeOff

SAMPLE = Path(__file__).resolve().parent.parent / "sample-clinic.yaml"
TEXT = SAMPLE.read_text(encoding="utf-8")


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


def load(path: Path = SAMPLE, **options: object) -> str:
    out = io.StringIO()
    call_command("load_clinic", str(path), stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


@pytest.mark.django_db
def test_the_sample_clinic_loads_whole():
    load()
    counts = [model.objects.count() for model in (Clinic, Service, Practitioner, Closure, Shift, TimeOff)]
    assert counts == [1, 8, 3, 8, 13, 2]
    assert Client.objects.exclude(code="").count() == 5


@pytest.mark.django_db
def test_its_requests_come_through_the_form_once_and_nobody_is_told():
    load(starting=date(2026, 11, 25))
    load(starting=date(2026, 11, 25))
    load(starting=date(2027, 1, 4))
    # 40 in the file: five the form must ask about first, one sent twice.
    assert AppointmentRequest.objects.count() == 34
    assert Message.objects.count() == 0
    [spam] = AppointmentRequest.objects.filter(
        status="quarantined"
    )  # and nobody whom staff wrote down by phone
    assert spam.client.first_name == "best herbal link"
    assert AppointmentRequest.objects.earliest("submitted_at").submitted_at.year == 2026


@pytest.mark.django_db
def test_loading_twice_changes_nothing():
    load()
    first = set(Service.objects.values_list("pk", "price_cents")) | set(Resource.objects.values_list("pk"))
    load()
    assert (
        set(Service.objects.values_list("pk", "price_cents")) | set(Resource.objects.values_list("pk"))
        == first
    )


@pytest.mark.django_db
def test_a_broken_file_names_line_and_reason_and_loads_nothing(tmp_path):
    broken = tmp_path / "clinic.yaml"
    broken.write_text(TEXT.replace("kind: education", "kind: lesson"), encoding="utf-8")
    out = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("load_clinic", str(broken), stdout=out, stderr=io.StringIO())
    said = json.loads(out.getvalue())
    assert stopped.value.code == 1
    assert said["line"] == line_of(TEXT, "kind: education")
    assert "lesson" in said["error"]
    assert Clinic.objects.count() == Service.objects.count() == 0


@pytest.mark.django_db
def test_a_fault_late_in_the_file_leaves_nothing_behind(tmp_path):
    broken = tmp_path / "clinic.yaml"
    broken.write_text(TEXT.replace('dob: "1979-09-19"', 'dob: "1979-09-31"'), encoding="utf-8")
    with pytest.raises(SystemExit):
        call_command("load_clinic", str(broken), stdout=io.StringIO(), stderr=io.StringIO())
    assert Service.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.postgresql
def test_what_the_database_refuses_names_its_section(tmp_path):
    broken = tmp_path / "clinic.yaml"
    broken.write_text(TEXT.replace("  short_name: ", f"  short_name: {'x' * 900} # ", 1), encoding="utf-8")
    out = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("load_clinic", str(broken), stdout=out, stderr=io.StringIO())
    said = json.loads(out.getvalue())
    assert (stopped.value.code, said["line"]) == (1, line_of(TEXT, "\nclinic:") + 1)
    assert "clinic: this cannot be stored: value too long" in said["error"]
    assert Clinic.objects.count() == 0


def test_a_missing_file_is_wrong_use(tmp_path):
    out = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("load_clinic", str(tmp_path / "none.yaml"), stdout=out, stderr=io.StringIO())
    assert stopped.value.code == 2
    assert "error" in json.loads(out.getvalue())


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("minutes: 75", "minutes: soon", "'soon' is not of type 'integer'"),
        ("minutes: 75", "minutes: -5", "-5 is less than the minimum"),
        ("practitioners: [P1, P2]", "practitioners: [P9]", "there is no “P9” in practitioners"),
        ('from: "09:00", to: "13:00"', 'from: "13:00", to: "09:00"', "must end after it starts"),
        ("{code: main,", "{code: main, colour: red,", "'colour' was unexpected"),
        ("code: PELVIC-EVAL", "code: ORTHO-EVAL", "stands twice"),
        ("price_cents: 24000", "price_cents: 24000\n    price_cents: 1", "stands here twice"),
        ("timezone: America/Denver", "timezone: America/Nowhere", "America/Nowhere"),
        ('date: "2027-05-31"', 'date: "31 May"', "does not match"),
        ("schema: sample-clinic/1", "schema: [", "this is not YAML"),
    ],
)
def test_each_mistake_is_named(was, becomes, says):
    with pytest.raises(ClinicFileError, match=says.replace("(", r"\(")):
        read(TEXT.replace(was, becomes, 1))


@pytest.mark.parametrize("text", ["", "just words", "- a\n- list\n", "\ufeff", "schema: sample-clinic/1\n"])
def test_what_is_no_clinic_is_refused(text):
    with pytest.raises(ClinicFileError):
        read(text)


def test_dates_shift_by_whole_weeks_so_that_weekdays_stay():
    calendar = Calendar(
        anchor="2027-03-01T09:00:00-07:00", zone="America/Denver", starting=date(2026, 11, 26)
    )
    assert calendar.day("2027-03-01") == date(2026, 11, 23)
    assert calendar.moment("2027-03-02T07:30").isoformat() == "2026-11-24T07:30:00-07:00"


def test_a_shift_across_the_clock_change_keeps_the_hour():
    calendar = Calendar(anchor="2027-03-01T09:00:00-07:00", zone="America/Denver", starting=date(2027, 6, 1))
    assert calendar.moment("2027-03-02T07:30").isoformat() == "2027-06-01T07:30:00-06:00"


def test_absolute_dates_stay():
    calendar = Calendar(
        anchor="2027-03-01T09:00:00-07:00", zone="America/Denver", starting=date(2026, 11, 26)
    )
    assert calendar.day("2027-05-31", absolute=True) == date(2027, 5, 31)


def test_wrong_use_is_told_as_json(capsys):
    with pytest.raises(SystemExit) as stopped:
        call_command("load_clinic")
    assert stopped.value.code == 2
    assert "file" in json.loads(capsys.readouterr().out)["error"]
