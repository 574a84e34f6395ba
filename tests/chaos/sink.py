"""A mail server in a process of its own, which can be killed.

It writes a line for every message it takes before it says so: what it took is known even if it dies then.
Orders come by standard input, a word a line: accept, 4xx, 5xx, ours, hang, drop.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import Envelope

from tests.mail_sink import Mode, Sink, parsed

CLINIC = "@clinic.example"  # staff's mailboxes exist always: one refusal would block them for good


QUICKLY, SLOWLY = 0.02, 0.15  # seconds between taking a mail and saying so: a death then makes a second copy
CONTROL = "@control.example"  # is taken slowly, so that faults find its sender with a batch in hand


class RecordingSink(Sink):
    log: Any

    def takes(self, envelope: Envelope) -> float:
        return SLOWLY if envelope.rcpt_tos[0].endswith(CONTROL) else QUICKLY

    def keep(self, envelope: Envelope) -> None:
        self.write("kept", envelope)

    def refused(self, address: str) -> None:
        self.line(what="refused", to=address)

    def write(self, what: str, envelope: Envelope) -> None:
        mail = parsed(envelope)
        self.line(what=what, id=str(mail["Message-ID"]), to=envelope.rcpt_tos[0], mode=str(self.mode))

    def line(self, **said: str) -> None:
        self.log.write(json.dumps({**said, "at": time.time()}).encode() + b"\n")


def main(port: int, log: Path) -> None:
    sink = RecordingSink(port=port)
    sink.never_refused = CLINIC
    sink.log = log.open("ab", buffering=0)  # in the kernel's hands when the call returns
    sink.up()
    for order in sys.stdin:
        sink.mode = Mode(order.strip())


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
