"""How a message leaves, by each channel."""

import base64
import contextlib
import smtplib
from email.utils import formataddr
from functools import partial
from types import TracebackType
from typing import Any, Protocol, Self

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.message import BadHeaderError

from config.foundation.clinic import Clinic
from notifications import faults
from notifications.faults import NotWanted, OurFault, Passing, Permanent, SendingFailed
from notifications.letter import Letter
from notifications.models import Channel, Message
from notifications.smtp import ALONE, SmtpBackend, Turn, nothing


class Sender(Protocol):
    """`send` raises SendingFailed, or NotWanted when the turn may not go; it must ask."""

    def send(self, message: Message, turn: Turn = ALONE) -> None: ...
    def close(self) -> None: ...


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
            raise OurFault(faults.name_of(error)) from error

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


def _sender() -> str:
    """ "Example PT <hello@example.com>": the clinic's short name, nothing of what it treats."""
    clinic = Clinic.objects.first()
    name = clinic.short_name if clinic else ""
    return formataddr((name, settings.DEFAULT_FROM_EMAIL)) if name else settings.DEFAULT_FROM_EMAIL


def _provider_fault(status: int | None) -> SendingFailed:
    if status in (400, 406, 422):
        return Permanent(f"provider said {status}")
    if status == 429:
        return Passing("provider said 429")
    return OurFault(f"provider said {status}")
