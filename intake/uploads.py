"""Files that come with the request form: kept with the draft, handed to the request when it is sent.

Nothing here holds anybody up: what cannot be kept is left out with a code that says why.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import transaction

from intake import photos
from intake.asking import Asked
from intake.models import AppointmentRequest, RequestDraft, StoredFile
from intake.photos import NotKept
from intake.questionnaires import attachments, checks, sheet
from intake.questionnaires.attachments import Upload
from intake.questionnaires.model import Item, Value

Kind = StoredFile.Kind
CARDS = (Kind.CARD_FRONT, Kind.CARD_BACK)
OWN_FIELDS: Mapping[str, tuple[StoredFile.Kind, int]] = {  # of the request form itself: kind, how many
    "card_front": (Kind.CARD_FRONT, 1),
    "card_back": (Kind.CARD_BACK, 1),
    "referral_file": (Kind.REFERRAL, 3),
}
MOST_OF_A_QUESTION = 5  # where a repeating question sets no bound of its own
MOST_OF_A_DRAFT = 12
MOST_AT_ONCE = 20  # looked at of one page


class Posted(Protocol):
    """What came with a page: Django's uploaded file, or one made for the sample clinic."""

    @property
    def name(self) -> str | None: ...

    @property
    def size(self) -> int | None: ...

    @property
    def content_type(self) -> str | None: ...

    def read(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is not kept. `code` as in `photos.NotKept`, `too_many`, or `not_asked`."""

    field: str
    name: str
    code: str
    limit: str = ""  # the largest file that fits, in words


@dataclass(frozen=True, slots=True)
class Taken:
    kept: frozenset[str] = frozenset()  # names of the fields
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a file belongs: a field of the request form, or a question."""

    kind: StoredFile.Kind
    field: str
    most: int
    item: Item | None = None

    @property
    def only(self) -> Sequence[str]:
        return self.item.limits.mime_types if self.item else ()

    @property
    def max_bytes(self) -> int:
        return min(checks.most_bytes(self.item) if self.item else photos.MAX_BYTES, photos.MAX_BYTES)


def take(
    *, draft: RequestDraft, files: Iterable[tuple[str, Posted]], asked: Sequence[Asked], now: datetime
) -> Taken:
    """Keep what can be kept of the files of one page. A picture is painted anew before anything is written."""
    kept, refused = set(), []
    for number, (field, posted) in enumerate(files):
        name, place = photos.tidy_name(posted.name or ""), _place_of(field, asked)
        try:
            if place is None:
                raise NotKept("not_asked")
            if number >= MOST_AT_ONCE:
                raise NotKept("too_many")
            upload = Upload(name, posted.content_type or "", posted.read())
            found = photos.kept_from(upload, size=posted.size or 0, only=place.only)
            _keep(draft, place, found, now=now)
            kept.add(field)
        except NotKept as no:
            limit = checks.bytes_in_words(place.max_bytes if place else photos.MAX_BYTES)
            refused.append(Refused(field[:200], name, no.code, limit))
    return Taken(frozenset(kept), tuple(refused))


@transaction.atomic
def remove(*, draft: RequestDraft, file_id: str) -> None:
    """The person does not want to send this one after all. What was sent stays."""
    try:
        key = UUID(file_id.removeprefix("urn:uuid:"))
    except ValueError:
        return
    StoredFile.objects.filter(pk=key, draft=draft).delete()


def files_of(draft: RequestDraft | None) -> list[StoredFile]:
    return list(StoredFile.objects.filter(draft=draft).without_content().in_order()) if draft else []


def answers_in(files: Iterable[StoredFile]) -> dict[str, list[Value]]:
    """Those that answer questions, by the name of their field: references, never the bytes."""
    found: dict[str, list[Value]] = {}
    for one in files:
        if one.kind == Kind.ANSWER:
            found.setdefault(one.field, []).append(_reference(one))
    return found


def hand_over(
    *, draft: RequestDraft, sent: AppointmentRequest, responses: Iterable[Mapping[str, Any]]
) -> None:
    """The draft's files become the request's. Files of questions that were not asked in the end are dropped."""
    named = {url for response in responses for url in _urls_in(response)}
    for one in files_of(draft):
        if one.kind == Kind.ANSWER and one.url not in named:
            one.delete()
    StoredFile.objects.filter(draft=draft).update(draft=None, appointment_request=sent)


def _urls_in(part: Any) -> Iterable[str]:
    """Where the attachments of a response lie."""
    if isinstance(part, Mapping):
        if isinstance(held := part.get("valueAttachment"), Mapping):
            yield str(held.get("url"))
        for below in part.values():
            yield from _urls_in(below)
    elif isinstance(part, list):
        for below in part:
            yield from _urls_in(below)


def _place_of(field: str, asked: Sequence[Asked]) -> _Place | None:
    if field in OWN_FIELDS:
        kind, most = OWN_FIELDS[field]
        return _Place(kind, field, most)
    for one in asked:
        item = sheet.item_at(one.form, field, one.prefix)
        if item is not None and item.type == "attachment" and len(field) <= 200:
            most = (item.limits.max_occurs or MOST_OF_A_QUESTION) if item.repeats else 1
            return _Place(Kind.ANSWER, field, most, item)
    return None


@transaction.atomic
def _keep(draft: RequestDraft, place: _Place, found: photos.Kept, *, now: datetime) -> None:
    """One at a time for a draft, so that two tabs cannot keep more than fits."""
    if RequestDraft.objects.select_for_update().filter(pk=draft.pk, appointment_request=None).first() is None:
        raise NotKept("not_asked")  # sent or deleted meanwhile, in another tab
    row = StoredFile(
        draft=draft,
        kind=place.kind,
        field=place.field,
        link_id=place.item.link_id if place.item else "",
        name=found.name,
        content=found.content,
        content_type=found.content_type,
        size=len(found.content),
        sha256=hashlib.sha256(found.content).hexdigest(),
        fhir_hash=attachments.fhir_hash(found.content),
        made_at=now,
    )
    if row.size > place.max_bytes:
        raise NotKept("too_large")
    beside = StoredFile.objects.filter(draft=draft, field=place.field)
    if beside.filter(sha256=row.sha256).exists():
        return
    if place.most == 1:
        beside.delete()
    elif beside.count() >= place.most:
        raise NotKept("too_many")
    if StoredFile.objects.filter(draft=draft).count() >= MOST_OF_A_DRAFT:
        raise NotKept("too_many")
    row.save(force_insert=True)


def _reference(row: StoredFile) -> Value:
    return attachments.reference_to(
        url=row.url,
        title=row.name,
        content_type=row.content_type,
        size=row.size,
        fhir_hash=row.fhir_hash,
    )
