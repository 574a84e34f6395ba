"""A real SMTP server for tests, in a thread of its own, that can misbehave on request."""

import asyncio
import email
import email.policy
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import StrEnum
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from config import servers


class Mode(StrEnum):
    ACCEPT = "accept"
    REFUSE_4XX = "4xx"  # "try again later", to every recipient
    REFUSE_5XX = "5xx"  # "no such mailbox", to every recipient
    REFUSE_US = "ours"  # refuses the sender: no mail of ours is taken
    HANG = "hang"  # takes the message and never answers
    DROP_AFTER_DATA = "drop"  # takes the message, keeps it, and cuts the line before saying so


@dataclass
class Sink:
    """`messages` holds what was accepted, oldest first; `mode` may be changed at any time.

    `down()` closes the port: connections are refused until `up()`, which listens on the same port again.
    """

    host: str = servers.LOOPBACK
    port: int = field(default_factory=servers.free_port)
    mode: Mode = Mode.ACCEPT
    refused_addresses: set[str] = field(default_factory=set)  # always answered with 550
    answers: dict[str, str] = field(
        default_factory=dict
    )  # what an address is answered with, whatever the mode is
    slowness: float = 0.0
    never_refused: str = "-"  # the end of addresses that exist whatever the mode is
    envelopes: list[Envelope] = field(default_factory=list)
    _controller: Controller | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def up(self) -> None:
        self._controller = Controller(_Handler(self), hostname=self.host, port=self.port)
        self._controller.start()

    def down(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    @contextmanager
    def stopped(self) -> Iterator[None]:
        self.down()
        try:
            yield
        finally:
            self.up()

    def keep(self, envelope: Envelope) -> None:
        with self._lock:
            self.envelopes.append(envelope)

    def takes(self, envelope: Envelope) -> float:
        """Seconds between keeping this message and saying so."""
        return self.slowness

    def refused(self, address: str) -> None:
        """Told of every mailbox that was said not to exist."""

    def clear(self) -> None:
        with self._lock:
            self.envelopes.clear()

    @property
    def messages(self) -> list[EmailMessage]:
        return [parsed(envelope) for envelope in list(self.envelopes)]

    def to(self, address: str) -> list[EmailMessage]:
        return [parsed(envelope) for envelope in list(self.envelopes) if address in envelope.rcpt_tos]


def parsed(envelope: Envelope) -> EmailMessage:
    content = envelope.original_content or b""
    return cast(EmailMessage, email.message_from_bytes(content, policy=email.policy.default))


class _Handler:
    def __init__(self, sink: Sink) -> None:
        self.sink = sink

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        if self.sink.mode is Mode.REFUSE_US:
            return "550 5.7.1 Not from you"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        if answer := self.sink.answers.get(address):
            return answer
        if self.sink.mode is Mode.REFUSE_4XX:
            return "451 4.3.0 Try again later"
        is_refused = self.sink.mode is Mode.REFUSE_5XX and not address.endswith(self.sink.never_refused)
        if is_refused or address in self.sink.refused_addresses:
            self.sink.refused(address)
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.sink.mode is Mode.HANG:
            await asyncio.sleep(3600)
        self.sink.keep(envelope)
        if self.sink.mode is Mode.DROP_AFTER_DATA:
            assert server.transport is not None
            server.transport.abort()
        await asyncio.sleep(self.sink.takes(envelope))
        return "250 OK"


def main(slowness: float = 0.0) -> None:
    """A sink in a process of its own, for benchmarks: prints its port, keeps nothing."""
    sink = Sink(slowness=slowness)
    sink.keep = lambda envelope: None  # type: ignore[method-assign]
    sink.up()
    print(sink.port, flush=True)  # noqa: T201
    threading.Event().wait()


if __name__ == "__main__":
    main(*(float(word) for word in sys.argv[1:]))
