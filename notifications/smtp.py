"""One mail over one line to a mail server (RFC 5321), with a timeout for each step and faults told apart by step.

A mail server keeps us waiting four times a mail. `Turn` says what else is done in that time.
"""

import contextlib
import smtplib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from functools import lru_cache

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address

from notifications import faults
from notifications.faults import NotWanted, OurFault, Passing, Permanent, Unknown
from notifications.letter import PLAIN_ADDRESS, Letter, as_bytes, on_the_line
from notifications.models import Message


def nothing() -> None:
    """There is nothing to do while the mail server thinks."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What else there is to ask and to do while one message is handed over.

    `may_go` is asked last of all, just before the text is sent; it may be asked more than once.
    `meanwhile` is called once, at the first moment the mail server keeps us waiting.
    `following` most likely comes next: it may be put together while the server takes the text of this one, and
    whatever is wrong with it is said when its own turn comes.
    """

    may_go: Callable[[], bool] = lambda: True
    meanwhile: Callable[[], None] = nothing
    following: Message | None = None


ALONE = Turn()


class SmtpBackend(EmailBackend):
    """Django's SMTP backend with a timeout for each step and faults told apart by step."""

    def open(self) -> bool | None:
        self.timeout = settings.EMAIL_CONNECT_TIMEOUT
        try:
            opened = super().open()
            if self.connection is not None:
                self.connection.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise OurFault(faults.name_of(error)) from error
        if self.connection is not None and self.connection.sock is not None:
            self.connection.sock.settimeout(settings.EMAIL_TIMEOUT)
        return opened

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send over one connection, opened if need be and left open. Raises at the first fault."""
        for message in email_messages:
            text = message.on_the_line() if isinstance(message, Letter) else on_the_line(as_bytes(message))
            self.hand_over(message, text)
        return len(email_messages)

    def hand_over(
        self,
        message: EmailMessage,
        text: bytes,
        *,
        turn: Turn = ALONE,
        prepare: Callable[[], None] = nothing,
    ) -> None:
        """One mail, whose `text` is as it goes over the line. `prepare` is called once that is on its way."""
        if self.connection is None:
            turn.meanwhile()  # a connection may take its time
            self.open()
        server = self.connection
        if server is None or server.sock is None:
            raise OurFault("no connection")
        try:
            self._address(server, message, turn)
            if not turn.may_go():
                self._reset()
                raise NotWanted
            self._announce(server)
        except (OSError, smtplib.SMTPException) as error:
            # Nothing of the text has been sent: whatever it was, no copy exists.
            self.close()
            raise OurFault(faults.name_of(error)) from error
        self._send_text(server, text, prepare)

    def _address(self, server: smtplib.SMTP, message: EmailMessage, turn: Turn) -> None:
        """From whom and to whom. Raises SendingFailed for what the server says to that."""
        server.putcmd("MAIL", f"FROM:{_envelope_sender(message.from_email)}")
        turn.meanwhile()
        code, reply = server.getreply()
        if code >= 400:
            self._reset()
            raise Passing(_say(code, reply)) if code in (451, 452) else OurFault(_say(code, reply))
        for recipient in message.recipients():
            code, reply = server.docmd("RCPT", f"TO:{_in_envelope(recipient)}")
            if code >= 500:
                self._reset()
                raise Permanent(_say(code, reply), bad_address=_names_the_mailbox(code, reply))
            if code == 421:
                self.close()
                raise OurFault(_say(code, reply))
            if code >= 400:
                self._reset()
                raise Passing(_say(code, reply))

    def _announce(self, server: smtplib.SMTP) -> None:
        code, reply = server.docmd("DATA")
        if code != 354:
            self._reset()
            raise Passing(_say(code, reply)) if code < 500 else Permanent(_say(code, reply))

    def _send_text(self, server: smtplib.SMTP, text: bytes, prepare: Callable[[], None]) -> None:
        """Raises Unknown when the server may have the text and does not say so."""
        try:
            if server.sock is not None:
                # A short wait here makes second copies: RFC 5321 4.5.3.2.6 asks for ten minutes.
                server.sock.settimeout(settings.EMAIL_AFTER_DATA_TIMEOUT)
            server.send(text)
            prepare()
            code, reply = server.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Unknown(faults.name_of(error)) from error
        if server.sock is not None:
            server.sock.settimeout(settings.EMAIL_TIMEOUT)
        if code >= 500:
            raise Permanent(_say(code, reply))
        if code == 421:
            self.close()
        if code >= 400:
            raise Passing(_say(code, reply))

    def _reset(self) -> None:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            if self.connection is not None:
                self.connection.rset()

    def close(self) -> None:
        """End politely, but never wait for a server that has stopped answering."""
        server, self.connection = self.connection, None
        if server is None:
            return
        with contextlib.suppress(OSError, smtplib.SMTPException):
            if server.sock is not None:
                server.sock.settimeout(2)
            server.quit()
        with contextlib.suppress(OSError, smtplib.SMTPException):
            server.close()


def _in_envelope(address: str) -> str:
    """ "<alex@example.com>". smtplib parses every address it is given, which costs more than all else it does."""
    if PLAIN_ADDRESS.fullmatch(address):
        return f"<{address}>"
    return smtplib.quoteaddr(sanitize_address(address, settings.DEFAULT_CHARSET))


@lru_cache(maxsize=8)
def _envelope_sender(from_email: str) -> str:
    return _in_envelope(parseaddr(from_email)[1])


def _say(code: int, reply: bytes | str) -> str:
    """ "550 5.1.1": the numbers only, since a server's sentence likes to repeat the address."""
    text = reply.decode("ascii", "replace") if isinstance(reply, bytes) else reply
    first = text.split(maxsplit=1)[0] if text.split() else ""
    enhanced = first if first.count(".") == 2 and first.replace(".", "").isdigit() else ""
    return f"{code} {enhanced}".strip()


def _names_the_mailbox(code: int, reply: bytes | str) -> bool:
    """Is the mailbox the reason (RFC 3463 X.1.x), and not our reputation or a policy (X.7.x)?"""
    said = _say(code, reply).partition(" ")[2]
    return said.startswith("5.1.") if said else code in (550, 551, 553)
