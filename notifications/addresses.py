"""Mail addresses: one spelling each, and a stricter idea of a good one than Django's.

Django's validator lets through quoted local parts, address literals, `localhost` and leading hyphens.
None of those belongs to a client, and each has been used to smuggle a second recipient.
"""

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)\Z")
_MAX_LOCAL, _MAX_ADDRESS = 64, 254  # RFC 5321 4.5.3.1


class BadAddress(ValueError):
    """Not an address we can write to. `code` says why, and never holds the address."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def clean(raw: str) -> str:
    """The address as we store and use it: trimmed, domain in lower case and punycode.

    The part before the @ keeps its letters: in theory they matter. Raises BadAddress with the code
    `empty`, `control_character`, `several`, `not_an_email`, `local_part_not_ascii` or `too_long`.
    """
    # A line break anywhere, even at the end, is somebody's try at a second header: refuse, do not trim.
    if any(ord(character) < 32 or ord(character) == 127 for character in raw):
        raise BadAddress("control_character")
    address = raw.strip().rstrip(".")
    if not address:
        raise BadAddress("empty")
    if "," in address or ";" in address or " " in address or address.count("@") > 1:
        raise BadAddress("several")
    local, at, domain = address.rpartition("@")
    if not at or not local:
        raise BadAddress("not_an_email")
    if not local.isascii():
        # Needs SMTPUTF8 on every hop; few mailboxes have it. The form offers the phone instead.
        raise BadAddress("local_part_not_ascii")
    if not _LOCAL.match(local):
        raise BadAddress("not_an_email")
    try:
        domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise BadAddress("not_an_email") from None
    labels = domain.split(".")
    if len(labels) < 2 or not all(_LABEL.match(label) for label in labels) or labels[-1].isdigit():
        raise BadAddress("not_an_email")
    address = f"{local}@{domain}"
    if len(local) > _MAX_LOCAL or len(address) > _MAX_ADDRESS:
        raise BadAddress("too_long")
    try:
        validate_email(address)
    except ValidationError:
        raise BadAddress("not_an_email") from None
    return address


def same_mailbox(address: str) -> str:
    """The spelling under which an address is looked up: whole address in lower case."""
    return address.lower()
