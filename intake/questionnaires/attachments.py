"""Files as answers: what a file really is, and how an answer names it without holding it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from intake.questionnaires.model import Value

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"MZ", "application/x-msdownload"),
)
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came: its name and type are what the sender says."""

    name: str
    content_type: str
    content: bytes


def attachment_of(upload: Upload) -> Value:
    """An answer that holds the whole file."""
    return Value(
        "Attachment",
        {
            "contentType": real_type(upload),
            "data": base64.b64encode(upload.content).decode(),
            "size": len(upload.content),
            "title": upload.name,
        },
    )


def reference_to(*, url: str, title: str, content_type: str, size: int, fhir_hash: str) -> Value:
    """An answer that says where the file is kept."""
    return Value(
        "Attachment",
        {"contentType": content_type, "url": url, "size": size, "hash": fhir_hash, "title": title},
    )


def fhir_hash(content: bytes) -> str:
    """R4 wants SHA-1 here; nothing is guarded by it."""
    return base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()


def real_type(upload: Upload) -> str:
    """By content, not by name; what has no signature is plain text or unknown."""
    content = upload.content
    for signature, found in _SIGNATURES:
        if content.startswith(signature):
            return found
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC:
        return "image/heic"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if re.match(rb"\s*<(!doctype|html|svg|script|\?xml)", content[:200], re.IGNORECASE):
        return "text/html"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "application/octet-stream"
    claimed = upload.content_type.split(";")[0].strip().lower()
    return claimed if claimed.startswith("text/") and claimed != "text/html" else "text/plain"


def fits(content_type: str, only: Sequence[str]) -> bool:
    """Whether a question that takes `only` these types, such as "image/*", takes this one."""
    found = content_type.split(";")[0].strip().lower()
    return not only or any(
        one in ("*/*", found) or (one.endswith("/*") and found.startswith(one[:-1]))
        for one in (each.split(";")[0].strip().lower() for each in only)
    )
