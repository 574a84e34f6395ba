"""What went wrong when a message did not leave.

A fault is one of four, and only that decides what happens next:
permanent (this person cannot be reached so), passing (try again later), ours (nobody can be reached:
stop trying for a while), unknown (the line broke after the text was sent: it may have arrived).
"""

import smtplib
import socket
import ssl


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


def name_of(error: BaseException) -> str:
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
