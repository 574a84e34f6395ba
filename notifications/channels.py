"""How a message leaves, and what went wrong if it did not.

A fault is one of four, and only that decides what happens next:
permanent (this person cannot be reached so), passing (try again later), ours (nobody can be reached:
stop trying for a while), unknown (the line broke after the text was sent: it may have arrived).
"""

import base64
import contextlib
import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import formataddr, parseaddr
from functools import lru_cache, partial
from types import TracebackType
from typing import Any, Protocol, Self

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import BadHeaderError, sanitize_address

from config.foundation.clinic import Clinic
from notifications.letter import PLAIN_ADDRESS, Letter, as_bytes, on_the_line
from notifications.models import Channel, Message


class SendingFailed(Exception):
    """`code` is what staff and the ledger may see: a reply code or a class of fault, never an address."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code[:80]


class Permanent(SendingFailed):
    """Refused for good. `bad_address` when the mailbox itself is the reason."""

    def __init__(self, code: str, *, bad_address: bool = False) -> None:
        super().__init__(code)
        self.bad_address = bad_address


class Passing(SendingFailed):
    """Later may help: greylisting, a full mailbox, a busy server."""


class OurFault(SendingFailed):
    """No mail at all can leave: server down, login or TLS refused, sender refused."""


class Unknown(SendingFailed):
    """The text was sent and the answer never came."""


class NotWanted(Exception):
    """It was taken back while the server was asked to take its address; no text has been sent."""


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


class Sender(Protocol):
    """`send` raises SendingFailed, or NotWanted when the turn may not go; it must ask."""

    def send(self, message: Message, turn: Turn = ALONE) -> None: ...
    def close(self) -> None: ...


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
            raise OurFault(_fault_name(error)) from error
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
            raise OurFault(_fault_name(error)) from error
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
            raise Unknown(_fault_name(error)) from error
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


class EmailSender:
    """Mail over one reused connection of whatever backend the settings name."""

    def __init__(self) -> None:
        self.connection: Any = get_connection()
        self.sender = _sender()
        self._ready: tuple[Message, Letter, bytes] | None = None

    def send(self, message: Message, turn: Turn = ALONE) -> None:
        """Hand one message over. Anything raised but SendingFailed and NotWanted is a fault of the row itself."""
        try:
            if isinstance(self.connection, SmtpBackend):
                letter, text = self._put_together(message)
                prepare = partial(self._prepare, turn.following) if turn.following else nothing
                self.connection.hand_over(letter, text, turn=turn, prepare=prepare)
            elif turn.may_go():
                letter = build(message, sender=self.sender, connection=self.connection)
                self.connection.send_messages([letter])
            else:
                raise NotWanted
        except SendingFailed:
            raise
        except BadHeaderError as error:
            raise Permanent("header refused") from error
        except AnymailRecipientsRefused as error:
            raise Permanent("address refused by provider", bad_address=True) from error
        except AnymailAPIError as error:
            raise _provider_fault(error.status_code) from error
        except AnymailError as error:
            raise OurFault(type(error).__name__) from error
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise OurFault(_fault_name(error)) from error

    def _put_together(self, message: Message) -> tuple[Letter, bytes]:
        if self._ready and self._ready[0] is message:
            return self._ready[1:]
        letter = build(message, sender=self.sender)
        return letter, letter.on_the_line()

    def _prepare(self, message: Message) -> None:
        # A row that cannot be read or built must not harm the one in hand: it fails at its own turn.
        self._ready = None
        if message.channel != Channel.EMAIL:
            return
        with contextlib.suppress(Exception):
            self._ready = (message, *self._put_together(message))

    def close(self) -> None:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self.connection.close()


class ConsoleTextSender:
    """Text messages while there is no provider: shown in the development mailbox, sent nowhere.

    It goes through Django's mail backend so that a newcomer finds it beside the mail.
    """

    def __init__(self) -> None:
        self.connection: Any = get_connection()

    def send(self, message: Message, turn: Turn = ALONE) -> None:
        if not turn.may_go():
            raise NotWanted
        number = message.to.removeprefix("+")
        note = EmailMessage(
            subject="Text message",
            body=message.text,
            from_email=settings.DEFAULT_FROM_EMAIL,
            to=[f"{number}@text.invalid"],
            headers={"Message-ID": message.message_id, "X-Tags": "text"},
            connection=self.connection,
        )
        self.connection.send_messages([note])

    def close(self) -> None:
        self.connection.close()


class NoTextSender:
    """No provider is set: the gate never chooses text messages then, so a row here is a mistake we own."""

    def send(self, message: Message, turn: Turn = ALONE) -> None:
        raise Permanent("no provider for text messages")

    def close(self) -> None:
        return None


class Senders:
    """One sender a channel, opened when first needed, closed together."""

    def __init__(self) -> None:
        self._open: dict[str, Sender] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for sender in self._open.values():
            sender.close()

    def send(self, message: Message, turn: Turn = ALONE) -> None:
        if message.channel not in self._open:
            self._open[message.channel] = _sender_for(Channel(message.channel))
        self._open[message.channel].send(message, turn)

    def drop(self, channel: str) -> None:
        """After a fault of ours: the next message gets a new connection."""
        if sender := self._open.pop(channel, None):
            sender.close()


def _sender_for(channel: Channel) -> Sender:
    if channel == Channel.EMAIL:
        return EmailSender()
    return ConsoleTextSender() if texting_works() else NoTextSender()


def texting_works() -> bool:
    """Is there any way to send a text message? Only the console so far."""
    return settings.SMS_BACKEND == "console"


def build(message: Message, *, sender: str, connection: Any = None) -> Letter:
    """The mail as it leaves: text, HTML, small files; marked as sent by a machine (RFC 3834)."""
    mail = Letter(
        subject=message.subject,
        body=message.text,
        from_email=sender,
        to=[message.to],
        reply_to=[settings.REPLY_TO_EMAIL] if settings.REPLY_TO_EMAIL else None,
        headers={"Message-ID": message.message_id, "Auto-Submitted": "auto-generated"},
        connection=connection,
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    for part in message.attachments:
        content: bytes | str = base64.b64decode(part["content"])
        if part["type"].startswith("text/") and isinstance(content, bytes):
            content = content.decode()
        mail.attach(part["name"], content, part["type"])
    return mail


def _in_envelope(address: str) -> str:
    """ "<alex@example.com>". smtplib parses every address it is given, which costs more than all else it does."""
    if PLAIN_ADDRESS.fullmatch(address):
        return f"<{address}>"
    return smtplib.quoteaddr(sanitize_address(address, settings.DEFAULT_CHARSET))


@lru_cache(maxsize=8)
def _envelope_sender(from_email: str) -> str:
    return _in_envelope(parseaddr(from_email)[1])


def _sender() -> str:
    """ "Example PT <hello@example.com>": the clinic's short name, nothing of what it treats."""
    clinic = Clinic.objects.first()
    name = clinic.short_name if clinic else ""
    return formataddr((name, settings.DEFAULT_FROM_EMAIL)) if name else settings.DEFAULT_FROM_EMAIL


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


def _fault_name(error: BaseException) -> str:
    if isinstance(error, TimeoutError | socket.timeout):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "mail server refuses connections"
    if isinstance(error, socket.gaierror):
        return "mail server has no address"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"login refused {error.smtp_code}"
    if isinstance(error, ssl.SSLError):
        return "TLS refused"
    if isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError):
        return "mail server hung up"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"server said {error.smtp_code}"
    return type(error).__name__


def _provider_fault(status: int | None) -> SendingFailed:
    if status in (400, 406, 422):
        return Permanent(f"provider said {status}")
    if status == 429:
        return Passing("provider said 429")
    return OurFault(f"provider said {status}")
