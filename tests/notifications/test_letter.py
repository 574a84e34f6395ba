"""What we write by hand is the mail the library would have written."""

import email
import email.policy
import email.utils
from email.message import EmailMessage

import pytest
from django.core.mail.message import BadHeaderError

from notifications import catalogue
from notifications.letter import Letter, as_bytes, on_the_line
from tests.factories import load_sample_clinic

HOSTILE = {
    "long lines": "word " * 900 + "\n" + "ñ" * 1200,
    "a lone dot": "one\n.\n..\nFrom nobody\ntrailing blanks  \n\n\n",
    "ends of line": "one\r\ntwo\rthree\nfour",
    "a boundary": "--==boundary==\r\n\r\n--==boundary==--",
    "accents": "Confirme su visita, por favor: ¿el miércoles?\n",
    "emoji": "👋 " * 300,
    "nothing": "",
}


def letter(**values: object) -> Letter:
    given: dict[str, object] = {
        "subject": "Your visit",
        "body": "Hello\n",
        "from_email": "Example PT <hello@example.com>",
        "to": ["alex.sample@example.com"],
        "headers": {"Message-ID": "<1@example.com>", "Auto-Submitted": "auto-generated"},
        **values,
    }
    return Letter(**given)  # type: ignore[arg-type]


def read(raw: bytes) -> tuple[object, ...]:
    """All that a mail program makes of it, but for the moment and the boundaries."""
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    head = {
        name.lower(): str(value)
        for name, value in mail.items()
        if name.lower() not in {"date", "content-type"}
    }
    head["subject"] = head["subject"].strip()  # the library begins a long one with a blank
    assert email.utils.parsedate_to_datetime(mail["Date"])
    parts = []
    for part in mail.walk():
        assert not part.defects
        kind = (
            part.get_content_type(),
            part.get_content_charset(),
            part.get_param("method"),
            part.get_filename(),
        )
        content = None
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")
        parts.append((kind, part["Content-Disposition"], content))
    return head, parts


def assert_same(mail: Letter) -> None:
    raw = mail.as_sent()
    assert read(raw) == read(as_bytes(mail))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def received(data: bytes) -> bytes:
    """What a mail server makes of that which follows DATA (RFC 5321 4.5.2)."""
    lines = data.split(b"\r\n")
    assert lines[-2:] == [b".", b""]
    assert b"." not in lines[:-2], "the text would end here"
    return b"\r\n".join(line.removeprefix(b".") for line in lines[:-2])


@pytest.mark.parametrize(
    "text", [b"one", b".", b"..", b".\r\n.\r\n..\r\n", b"", b"one\r\n.two", b"\r\n\r\n.\r\n\r\n"]
)
def test_dots_that_begin_a_line_arrive_and_end_nothing(text: bytes) -> None:
    assert received(on_the_line(text)) == text.removesuffix(b"\r\n")


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_any_text_arrives_as_it_was_written(body: str) -> None:
    mail = letter(body=body)
    assert received(on_the_line(mail.as_sent())) == mail.as_sent().removesuffix(b"\r\n")


def test_every_mail_of_the_catalogue(db: None) -> None:
    load_sample_clinic()
    seen = 0
    for kind in catalogue.kinds():
        for language in kind.languages:
            shown = kind.preview(language)
            mail = letter(subject=shown.subject, body=shown.text, reply_to=["desk@example.com"])
            mail.attach_alternative(shown.html, "text/html")
            assert mail._is_ordinary()
            assert_same(mail)
            seen += 1
    assert seen > 20


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_any_text(body: str) -> None:
    mail = letter(body=body)
    mail.attach_alternative(f"<p>{body}</p>", "text/html")
    mail.attach("visit.ics", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "text/calendar; method=REQUEST")
    mail.attach("estimate.pdf", bytes(range(256)) * 20, "application/pdf")
    assert_same(mail)


@pytest.mark.parametrize(
    "subject", ["Su visita: miércoles, 8 de marzo", "ñ" * 200, "word " * 40, "=?", "a: b"]
)
def test_any_subject(subject: str) -> None:
    assert_same(letter(subject=subject.strip()))


@pytest.mark.parametrize(
    "values",
    [
        {"to": ["o'brien+visit@xn--bcher-kva.example"]},
        {"to": ["alex@bücher.example"]},
        {"from_email": "Clínica Ejemplo <hello@example.com>"},
        {"cc": ["second@example.com"]},
    ],
)
def test_any_header(values: dict[str, object]) -> None:
    assert_same(letter(**values))


@pytest.mark.parametrize(
    "values",
    [
        {"subject": "Your visit\nBcc: thief@example.com"},
        {"subject": "Your visit\rBcc: thief@example.com"},
        {"to": ["alex@example.com\nBcc: thief@example.com"]},
        {"from_email": "Example <hello@example.com>\nBcc: thief@example.com"},
        {"headers": {"Message-ID": "<1@example.com>\nBcc: thief@example.com"}},
        {"reply_to": ["desk@example.com\nBcc: thief@example.com"]},
    ],
)
def test_no_header_can_be_smuggled_in(values: dict[str, object]) -> None:
    with pytest.raises(BadHeaderError):
        letter(**values).as_sent()
