"""Groups 1 to 20: names and text."""

import contextlib
import copy
import io
import json
import logging.config
import time
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client as Browser
from django.utils.html import escape

from intake import cleaning
from intake.fields import BoxedDate, WholeNumber
from intake.models import AppointmentRequest, RequestDraft
from tests.intake.bad_input.conftest import STILL_HERE, Asker, everywhere, is_kind

TEXT_FIELDS = ("reason", "first_name", "last_name", "name_to_use", "pronouns", "best_time", "say_only",
               "mailing_address", "availability_notes", "access_notes", "carrier", "plan_type", "member_id")  # fmt: skip
LIVE = ("<script>alert", "<img src=x", "<svg/onload", "<svg onload", 'onerror="alert')

HARMLESS = {
    "01 script": "<script>alert(1)</script>",
    "02 image": '"><img src=x onerror=alert(1)>',
    "03 textarea": "</textarea><svg/onload=alert(1)>",
    "04 template": "{{7777*7777}} {% load x %} ${7*7}",
    "04 format": "%(x)s {0.__class__}",
    "05 sql": "Robert'); DROP TABLE--",
    "06 apostrophe": "O'Connor D'Angelo-Müller",
    "06 scripts": "李 Ñ محمد 🌸",
    "17 formula": "=cmd|' /C calc'!A0",
    "17 at": "@SUM(A1)",
}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_is_stored_exactly_and_shown_harmlessly_everywhere(text: str, asker: Asker) -> None:
    short = text[:38]  # the narrowest of these fields holds 40

    sent = asker.stored(**{name: [short] for name in TEXT_FIELDS})

    assert sent.story == short
    assert (sent.client.first_name, sent.client.last_name) == (short, short)
    places = everywhere(asker, sent)
    for place, shown in places.items():
        assert not [live for live in LIVE if live in shown], place
        assert "60481729" not in shown, place  # 7777 times 7777, were it ever worked out
    assert escape(short) in places["request at the desk"]


@pytest.mark.parametrize(("letters", "fits"), [(1, True), (100, True), (101, False)], ids=["07-1", "07-100", "07-101"])  # fmt: skip
def test_group_07_length_of_a_name(letters: int, fits: bool, asker: Asker) -> None:
    answer = asker.post("you/", first_name=["x" * letters])

    assert answer.status_code == (302 if fits else 422)
    assert fits or "1 letter too long" in answer.content.decode()


REFUSED = {
    "08 zalgo": "Z" + "\u0335" * 5,
    "10 NUL": "a\x00b",
    "10 C0": "a\x07b",
    "10 C1": "a\x9bb",
    "15 spaces": "   ",
    "15 filler": "\u3164",
}


@pytest.mark.parametrize("name", REFUSED.values(), ids=REFUSED)
def test_is_sent_back_with_what_was_typed(name: str, asker: Asker) -> None:
    answer = asker.post("you/", first_name=[name])

    assert answer.status_code == 422
    assert STILL_HERE in answer.content.decode()
    assert "alex.sample@example.com" in answer.content.decode()


@pytest.mark.parametrize(
    ("page", "field"),
    [("about/", "reason"), ("you/", "say_only"), ("you/", "mailing_address"), ("you/", "email"), ("you/", "phone"), ("paying/", "carrier"), ("paying/", "access_notes")],
    ids=lambda value: f"10 {value.strip('/')}",
)  # fmt: skip
@pytest.mark.parametrize("sign", ["\x00", "\x07", "\x9b"], ids=["10 NUL", "10 C0", "10 C1"])
def test_a_control_sign_is_refused_in_every_kind_of_field(
    sign: str, page: str, field: str, asker: Asker
) -> None:
    answer = asker.post(page, **{field: [f"801-555{sign}-0101"]})

    assert answer.status_code == 422
    assert STILL_HERE in answer.content.decode()
    assert "801-555" in answer.content.decode()


def test_group_08_four_signs_over_one_letter_are_a_language(asker: Asker) -> None:
    name = "Z" + "\u0335" * 4

    assert asker.stored(first_name=[name]).client.first_name == name


@pytest.mark.parametrize("sign", ["\u202e", "\u200b", "\ufeff", "\u2028", "\u2029", "\u2066"], ids=lambda s: f"09-{ord(s):04X}")  # fmt: skip
def test_group_09_invisible_signs_reach_no_one(sign: str, asker: Asker) -> None:
    sent = asker.stored(first_name=[f"Al{sign}ex"], reason=[f"It hurts{sign} here"])

    assert sign not in sent.client.first_name + sent.story
    assert not [place for place, shown in everywhere(asker, sent).items() if sign in shown]


@pytest.mark.parametrize(
    "raw",
    [b"%ED%A0%80", b"%FF%FE", b"%C0%AF", b"\xff", b"%C3"],
    ids=["11 surrogate", "11 no utf-8", "11 overlong", "11 bare", "11 half a letter"],
)
def test_group_11_bytes_that_are_no_text_are_refused_and_nothing_is_kept(raw: bytes, asker: Asker) -> None:
    body = b"first_name=A" + raw + b"&birth_date_month=1/2/1980&email=a%40example.com"

    answer = asker.browser.generic("POST", "/request/you/", body, "application/x-www-form-urlencoded")

    assert answer.status_code == 400
    assert is_kind(answer)
    assert "first_name" not in RequestDraft.objects.latest("updated_at").answers["said"]


@pytest.mark.parametrize("raw", [b"\xed\xa0\x80", b"\xff", b"\xc0\xaf", b"\xc3"], ids=["surrogate", "no utf-8", "overlong", "half a letter"])  # fmt: skip
def test_group_11_the_same_bytes_are_refused_beside_a_file(raw: bytes, asker: Asker) -> None:
    sent = _beside_a_file(b"Granite" + raw)

    answer = asker.browser.generic("POST", "/request/paying/", sent, MULTIPART)

    assert answer.status_code == 400
    assert is_kind(answer)
    assert "paying" not in RequestDraft.objects.latest("updated_at").answers["done"]


def test_group_11_a_file_may_hold_any_byte_and_a_pasted_sign_for_a_lost_letter_is_text(
    asker: Asker,
) -> None:
    sent = _beside_a_file("Granite \ufffd".encode())

    answer = asker.browser.generic("POST", "/request/paying/", sent, MULTIPART)

    assert answer.status_code != 400
    assert RequestDraft.objects.latest("updated_at").answers["said"]["carrier"] == ["Granite \ufffd"]


MULTIPART = "multipart/form-data; boundary=b"


def _beside_a_file(carrier: bytes) -> bytes:
    return (
        b'--b\r\nContent-Disposition: form-data; name="carrier"\r\n\r\n%s\r\n'
        b'--b\r\nContent-Disposition: form-data; name="card_front"; filename="c.jpg"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n\xff\xd8\xff\r\n--b--\r\n" % carrier
    )


def test_group_11_half_of_a_pair_is_sent_back(asker: Asker) -> None:
    with pytest.raises(cleaning.UnusableText):
        cleaning.text("A\ud800")


def test_group_12_two_ways_to_write_one_name_are_one_person(asker: Asker) -> None:
    name = "Zoë Núñez"
    first = asker.stored(first_name=[unicodedata.normalize("NFC", name)])
    again = Asker()
    second = again.stored(first_name=[unicodedata.normalize("NFD", name)])

    assert first.client.first_name == second.client.first_name
    assert first.client_id == second.client_id


def test_group_13_a_megabyte_is_refused_before_it_is_read(asker: Asker) -> None:
    answer = asker.post("about/", reason=["x" * 1_000_001])

    assert answer.status_code == 413
    assert is_kind(answer)


def test_group_14_ten_thousand_newlines_are_folded(asker: Asker) -> None:
    sent = asker.stored(reason=["It hurts" + "\n" * 10_000 + "a lot"])

    assert sent.story.startswith("It hurts\n")
    assert sent.story.count("\n") <= 4


def test_group_16_thirty_links_are_set_aside_not_dropped(asker: Asker) -> None:
    story = " ".join(f"https://x{number}.example.com" for number in range(30))

    sent = asker.stored(reason=[story])

    assert (sent.status, sent.story) == ("quarantined", story)


@pytest.mark.parametrize(
    "start", ["+1", "-2+3", "\t=1", "\r=1", " =1", "＝1"], ids=lambda s: f"17-{s.strip()}"
)
def test_group_17_a_formula_is_no_formula_in_the_numbers(start: str, asker: Asker) -> None:
    """The only file of columns so far holds the owner's numbers; no person's words come into it."""
    sent = asker.stored(reason=[f"{start} hurts"])

    for line in everywhere(asker, sent)["numbers"].splitlines():
        for cell in line.split(","):
            number = cell.strip('"').removeprefix("-").replace(".", "").isdigit()
            assert number or not cell.strip('" ').startswith(("=", "+", "-", "@", "\t", "＝"))


@pytest.mark.parametrize("field", ["reason", "first_name"], ids=["18 reason", "18 name"])
def test_a_log_line_stays_one_line(field: str, asker: Asker, settings: Any) -> None:
    """Whatever is written is JSON, a line an event, and holds nothing of what was typed or called itself."""
    hostile = "x\x1b[31m\r\nINFO forged"
    with written_log(settings) as log:
        asker.browser.post("/request/about/", {field: hostile}, HTTP_USER_AGENT=hostile)
        asker.browser.post("/request/you/", {field: hostile}, HTTP_USER_AGENT=hostile)

    events = [json.loads(line)["event"] for line in log.getvalue().splitlines()]
    assert events.count("request") == 2
    assert "forged" not in log.getvalue()
    assert "\x1b" not in log.getvalue()


@contextlib.contextmanager
def written_log(settings: Any) -> Iterator[io.StringIO]:
    """What the product's own formatter writes."""
    described = copy.deepcopy(settings.LOGGING)  # building a formatter eats its description
    (formatter,) = described["formatters"].values()
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(logging.config.DictConfigurator(described).configure_formatter(formatter))
    logging.getLogger().addHandler(handler)
    try:
        yield handler.stream
    finally:
        logging.getLogger().removeHandler(handler)


def test_group_19_a_very_long_word_is_kept_and_may_break(asker: Asker) -> None:
    word = "x" * 3_900

    sent = asker.stored(reason=[word])

    assert sent.story == word
    assert word in everywhere(asker, sent)["request at the desk"]


def test_group_19_a_word_beyond_the_limit_comes_back_whole(asker: Asker) -> None:
    answer = asker.post("about/", reason=["x" * 5_000])

    assert answer.status_code == 422
    assert "x" * 5_000 in answer.content.decode()
    assert "1,000 letters too long" in answer.content.decode()


@pytest.mark.parametrize("check", [cleaning.email, cleaning.phone, cleaning.text, BoxedDate().clean, WholeNumber().clean], ids=["20 mail", "20 phone", "20 text", "20 date", "20 number"])  # fmt: skip
@pytest.mark.parametrize(
    "bomb", ["a" * 50_000 + "!", "a@" + "a." * 25_000, "1" * 50_000, "-" * 50_000, " " * 50_000 + "x"]
)
def test_group_20_nothing_typed_keeps_us_busy(check: Any, bomb: str) -> None:
    typed = [bomb, bomb, bomb] if check.__qualname__.startswith("BoxedDate") else bomb
    began = time.process_time()

    with contextlib.suppress(ValueError, ValidationError):
        check(typed)

    assert time.process_time() - began < 0.05


def test_a_stranger_is_answered_without_a_draft(db: None) -> None:
    """The control of the tests above: what they post reaches the pages of a clinic that has none loaded too."""
    assert Browser().post("/request/you/", {"first_name": "<script>"}).status_code == 422
    assert not AppointmentRequest.objects.exists()
