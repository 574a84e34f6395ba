"""What people type is kept letter by letter, and what cannot be kept is said."""

import pytest

from intake import cleaning


@pytest.mark.parametrize(
    ("typed", "e164", "extension"),
    [
        ("801-555-0101", "+18015550101", ""),
        ("(801) 555-0102", "+18015550102", ""),
        ("801 . 555 . 0118 x 7", "+18015550118", "7"),
        (
            "\uff0b\uff11 \uff18\uff10\uff11\u2011\uff15\uff15\uff15\u2011\uff10\uff11\uff11\uff19",
            "+18015550119",
            "",
        ),
        ("+44 (0)20 7946 0958", "+442079460958", ""),
        ("+61 491 570 156", "+61491570156", ""),
        ("385.555.0104", "+13855550104", ""),
    ],
)
def test_phones_in_every_style(typed: str, e164: str, extension: str) -> None:
    assert cleaning.phone(typed) == cleaning.Phone(e164, extension)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("12345", "missing"),
        ("911", "missing"),
        ("call me", "letters"),
        ("+9991234567", "not_a_phone"),
        ("1-800-FLOWERS", "letters"),
        ("801555010101010101", "too_many"),
    ],
)
def test_what_is_no_phone_says_why(typed: str, why: str) -> None:
    with pytest.raises(cleaning.UnusablePhone) as refused:
        cleaning.phone(typed)

    assert refused.value.code == why


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Chris.McSample@EXAMPLE.com ", "Chris.McSample@example.com"),
        ("s.o'example@example.com", "s.o'example@example.com"),
        ("a+b.c@example.org.", "a+b.c@example.org"),
        ("anna@пример.рф", "anna@xn--e1afmkfd.xn--p1ai"),
    ],
)
def test_mail_addresses_that_work_are_kept(typed: str, kept: str) -> None:
    assert cleaning.email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "a@x.org\r\nBcc: b@y.org",
        "a@x.org,b@y.org",
        "a@x.org;b@y.org",
        "<a@x.org>",
        '"a,b"@x.org',
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@localhost",
        "a@-x.org",
        "a" * 65 + "@x.org",
        "пример@пример.рф",
        "a@x..org",
        "a@x",
        "@x.org",
        "a@",
        "a@" + "x" * 250 + ".org",
        "a.@x.org",
    ],
)
def test_mail_addresses_that_would_not_work_are_refused(typed: str) -> None:
    with pytest.raises(cleaning.UnusableEmail):
        cleaning.email(typed)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sam.sample@example,com", "sam.sample@example.com"),
        ("ira@example", "ira@example.com"),
        ("a@gmial.com", "a@gmail.com"),
    ],
)
def test_a_slip_in_an_address_is_named(typed: str, meant: str) -> None:
    with pytest.raises(cleaning.UnusableEmail) as refused:
        cleaning.email(typed)

    assert refused.value.suggestion == meant


@pytest.mark.parametrize(
    "name",
    [
        "O'Connor",
        "D'Angelo-Müller",
        "李",
        "Ñ",
        "محمد",
        "Josephine 🌸",
        "👩‍👩‍👧",
        "Siobhán",
        "Robert'); DROP TABLE--",
    ],
)
def test_names_are_kept_letter_by_letter(name: str) -> None:
    assert cleaning.text(name) == name


def test_composed_and_decomposed_names_are_the_same() -> None:
    assert cleaning.text("Mun\u0303oz") == cleaning.text("Muñoz") == "Muñoz"


def test_direction_marks_are_taken_out() -> None:
    assert cleaning.text("a\u202eb\ufeffc\u200b") == "abc"


@pytest.mark.parametrize("raw", ["a\x00b", "\x1b[31m", "\ud800", "Z" + "\u0335" * 9])
def test_what_cannot_be_kept_is_refused(raw: str) -> None:
    with pytest.raises(cleaning.UnusableText):
        cleaning.text(raw)


@pytest.mark.parametrize("raw", ["   ", "\u3164", "\t\n", "\u200d"])
def test_what_nobody_can_see_is_empty(raw: str) -> None:
    assert cleaning.text(raw) == ""


def test_ten_thousand_empty_lines_become_a_few() -> None:
    assert cleaning.text("a" + "\n" * 10_000 + "b", lines=True) == "a\n\n\nb"
