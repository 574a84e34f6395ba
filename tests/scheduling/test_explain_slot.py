"""`manage.py explain_slot` over the sample clinic as it is loaded, its visits included."""

import io
import json

import pytest
from django.core.management import call_command

from notifications.models import Message
from scheduling.models import Appointment, Seat
from tests.factories import NOW, load_sample_clinic
from tests.scheduling.sample_calendar import SAMPLE


@pytest.fixture
def loaded(db: None) -> None:
    load_sample_clinic(visits=True)


def explain(**options: str | None) -> tuple[dict[str, object], int]:
    given = [f"--{name}={value}" for name, value in options.items() if value]
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("explain_slot", *given, f"--now={NOW.isoformat()}", stdout=out)
    return json.loads(out.getvalue()), int(ended.value.code or 0)


def test_every_slot_check_comes_out_as_stated(loaded):
    for check in SAMPLE["slot_checks"]:
        names = {"service": check["service"], "practitioner": check["practitioner"], "room": check["room"]}
        answer = explain(**names, start=check["start"])
        assert answer == ({"ok": check["ok"], "why": check.get("why")}, 0 if check["ok"] else 1), check[
            "code"
        ]


def test_visits_of_the_file_are_loaded_once_and_silently(loaded):
    load_sample_clinic(visits=True)

    assert (Appointment.objects.count(), Seat.objects.count(), Message.objects.count()) == (12, 1, 0)


@pytest.mark.parametrize("start", ["2027-03-04T08:00:30", "2027-03-04T08:00:00.5", "2027-03-04T08:02"])
def test_a_visit_starts_on_five_minutes(loaded, start):
    answer = explain(service="PT-FU", practitioner="P1", room="maple", start=start)

    assert answer == ({"ok": False, "why": "off_grid"}, 1)


def test_what_follows_the_end_of_a_text_is_wrong_use(loaded, capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("explain_slot", "--service=PT-FU", "--start=2027-03-04T08:00\x00")

    assert ended.value.code == 2
    assert "is no ISO date or time" in json.loads(capsys.readouterr().out)["error"]


def test_an_offset_is_honoured_and_unknown_codes_are_wrong_use(loaded):
    assert explain(service="PT-FU", practitioner="P1", room="maple", start="2027-03-04T15:00+00:00")[0]["ok"]
    assert explain(service="PT-FU", practitioner="P9", start="2027-03-04T08:00")[1] == 2
    assert explain(service="PT-FU", start="2027-03-14T02:30")[0]["ok"] is False
