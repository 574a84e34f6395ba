"""The bytes of an ordinary mail, put together by hand: far quicker than the library writes the same mail.

`Letter` stays a mail of Django's for every other backend. What is not ordinary (a recipient or a file name
with more than plain characters) is left to the library, so this knows one shape only: short ASCII headers, a
subject in any language, text, HTML, small files.
"""

import base64
import binascii
import re
import uuid
from collections.abc import Iterable
from email.header import Header
from email.utils import formatdate

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.message import BadHeaderError

LINE = 78  # characters a header line should keep to (RFC 5322 2.1.1)
LONGEST_LINE = 998  # bytes a line may have (RFC 5322 2.1.1); longer text is sent quoted-printable
PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")
PLAIN_HEADER = re.compile(r"[ -~]+")
PLAIN_FILE = re.compile(r"[A-Za-z0-9 ._-]+")
EOL = b"\r\n"


class Letter(EmailMultiAlternatives):
    """One recipient, no copies; `alternatives` holds at most the HTML."""

    def as_sent(self) -> bytes:
        """As it goes over the line, ends of line CRLF. Raises BadHeaderError for a line end in a header."""
        if not self._is_ordinary():
            return as_bytes(self)
        parts = [_text(str(self.body), "text/plain")]
        parts += [_text(str(html), kind) for html, kind in self.alternatives]
        content = _joined("alternative", parts) if len(parts) > 1 else parts[0]
        if self.attachments:
            content = _joined("mixed", [content, *(_file(*each) for each in self.attachments)])
        return b"\r\n".join([*self._headers(), content])

    def on_the_line(self) -> bytes:
        return on_the_line(self.as_sent())

    def _is_ordinary(self) -> bool:
        headers = [self.from_email, *self.reply_to, *self.extra_headers.values()]
        return (
            bool(self.body)
            and len(self.to) == 1
            and not self.cc
            and PLAIN_ADDRESS.fullmatch(self.to[0]) is not None
            and all(len(value) < LINE and PLAIN_HEADER.fullmatch(value) for value in headers)
            and all(PLAIN_FILE.fullmatch(name or "") for name, _content, _kind in self.attachments)
        )

    def _headers(self) -> Iterable[bytes]:
        yield _subject(str(self.subject))
        yield b"From: " + self.from_email.encode()
        yield b"To: " + self.to[0].encode()
        if self.reply_to:
            yield b"Reply-To: " + ", ".join(self.reply_to).encode()
        yield b"Date: " + formatdate(localtime=settings.EMAIL_USE_LOCALTIME).encode()
        for name, value in self.extra_headers.items():
            yield f"{name}: {value}".encode()
        yield b"MIME-Version: 1.0"


def as_bytes(mail: EmailMessage) -> bytes:
    """Any mail, as the library writes it."""
    whole: bytes = mail.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own takes it
    return whole


def on_the_line(mail: bytes) -> bytes:
    """The whole mail as it follows DATA: a dot that begins a line doubled, and the line that ends it (RFC 5321 4.5.2).

    `mail` has CRLF for every end of line.
    """
    doubled = mail.replace(b"\r\n.", b"\r\n..")
    first = b"." if doubled.startswith(b".") else b""
    end = b"" if doubled.endswith(EOL) else EOL
    return first + doubled + end + b".\r\n"


def _subject(subject: str) -> bytes:
    if "\n" in subject or "\r" in subject:
        raise BadHeaderError("The subject has more than one line.")
    if not subject.isascii() or len(subject) > LINE - len("Subject: "):
        subject = Header(subject, "utf-8", header_name="Subject").encode(linesep="\r\n")
    return b"Subject: " + subject.encode()


def _text(content: str, kind: str, *more: bytes) -> bytes:
    """A part of text, its headers first: as it is, or quoted-printable when a line is too long."""
    lines = content.encode().splitlines()
    encoding = b"7bit" if content.isascii() else b"8bit"
    if max(map(len, lines), default=0) > LONGEST_LINE:
        encoding = b"quoted-printable"
        lines = binascii.b2a_qp(b"\n".join(lines), istext=True).splitlines()
    head = [
        f'Content-Type: {kind}; charset="utf-8"'.encode(),
        b"Content-Transfer-Encoding: " + encoding,
        *more,
        b"",
    ]
    return EOL.join([*head, *lines, b""])


def _file(name: str, content: str | bytes, kind: str) -> bytes:
    disposition = f'Content-Disposition: attachment; filename="{name}"'.encode()
    if isinstance(content, str):
        return _text(content, kind, disposition)
    head = [f"Content-Type: {kind}".encode(), b"Content-Transfer-Encoding: base64", disposition, b""]
    return EOL.join([*head, *base64.encodebytes(content).splitlines(), b""])


def _joined(kind: str, parts: Iterable[bytes]) -> bytes:
    boundary = f"=={uuid.uuid4().hex}==".encode()
    head = b'Content-Type: multipart/%s; boundary="%s"\r\n\r\n' % (kind.encode(), boundary)
    return head + b"".join(b"--%s\r\n%s\r\n" % (boundary, part) for part in parts) + b"--%s--\r\n" % boundary
