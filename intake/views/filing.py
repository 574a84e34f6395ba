"""Files on the client's pages: where to choose one, which we have, and in plain words why one is not kept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake import drafts, uploads
from intake.asking import Asked
from intake.models import RequestDraft, StoredFile
from intake.photos import TAKEN
from intake.questionnaires import sheet
from intake.questionnaires.model import ERROR, Finding
from intake.questionnaires.sheet import Sheet
from intake.uploads import OWN_FIELDS, Refused

REMOVE = "remove_file"  # the button beside a file we have


@dataclass(frozen=True, slots=True)
class Words:
    """What the places for files are called, and why a file is not kept, as it is said to one kind of reader."""

    labels: Mapping[str, Promise]
    why: Mapping[str, Promise]


LABELS = {
    "card_front": gettext_lazy("Photo of your insurance card, front"),
    "card_back": gettext_lazy("Photo of your insurance card, back"),
    "referral_file": gettext_lazy("Your referral or prescription, as a photo or PDF"),
}
WHY = {
    "empty": gettext_lazy("there is nothing in this file. Please choose it again."),
    "too_large": gettext_lazy("this file is too large. At most %(limit)s fit. A photo of it is smaller."),
    "too_many_pixels": gettext_lazy("this picture is too large. Please take a photo of it."),
    "too_many": gettext_lazy("these are more files than we can keep. Please bring it to the visit."),
    "kind": gettext_lazy("we cannot keep this kind of file. We take photos (JPEG, PNG, HEIC) and PDF."),
    "not_here": gettext_lazy("this kind of file does not fit here. Please bring it to the visit."),
    "not_asked": gettext_lazy("we did not ask for a file here. Please bring it to the visit."),
    "unreadable": gettext_lazy("we could not open this file. Please take the photo again."),
}
TO_CLIENTS = Words(LABELS, WHY)


@dataclass(slots=True)
class FileField:
    """One place of the request form where files can be chosen."""

    name: str
    label: str
    many: bool
    kept: list[StoredFile] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    accept: str = ",".join((*TAKEN, ".heic"))

    @property
    def id(self) -> str:
        return f"id_{self.name}"

    @property
    def is_open(self) -> bool:
        """Something stands here that must not be folded away."""
        return bool(self.kept or self.errors)


def posted(request: HttpRequest) -> Iterator[tuple[str, Any]]:
    for name in request.FILES:
        for one in request.FILES.getlist(name):
            yield name, one


def fields(
    draft: RequestDraft | None, refused: Iterable[Refused], *, words: Words = TO_CLIENTS
) -> dict[str, FileField]:
    """The places for a card and a referral by name, with what is there and what was refused just now."""
    found = {
        name: FileField(name, str(words.labels[name]), many=most > 1)
        for name, (_kind, most) in OWN_FIELDS.items()
    }
    for one in uploads.files_of(draft):
        if one.field in found:
            found[one.field].kept.append(one)
    for no in refused:
        if no.field in found:
            found[no.field].errors.append(sentence(no, words=words))
    return found


def sentence(refused: Refused, *, words: Words = TO_CLIENTS) -> str:
    """ "“scan.jpg”: we cannot keep this kind of file. …" """
    return f"“{refused.name}”: {str(words.why[refused.code]) % {'limit': refused.limit}}"


def problems(refused: Iterable[Refused]) -> list[dict[str, str]]:
    """For the error summary: a line for each file that could not be kept."""
    return [
        {"href": f"#id_{no.field}" if no.field in OWN_FIELDS else "#main", "text": sentence(no)}
        for no in refused
        if no.field in OWN_FIELDS or no.code == "not_asked"  # the rest is said by its question
    ]


def tell(asked: Sequence[Asked], sheets: Iterable[Sheet], refused: Iterable[Refused]) -> None:
    """Say it at the question, too."""
    for one, page in zip(asked, sheets, strict=False):
        for no in refused:
            item = sheet.item_at(one.form, no.field, one.prefix)
            if item is not None and no.code != "not_asked":
                path = no.field.removeprefix(one.prefix)
                page.errors.append(Finding("file-refused", ERROR, sentence(no), item.link_id, path))


def on_review(draft: RequestDraft | None) -> dict[str, Any]:
    """What goes along, and what could not be kept."""
    files = [
        f"{LABELS[one.field]}: {one.name}"
        if one.field in LABELS
        else _("Answer: %(name)s") % {"name": one.name}
        for one in uploads.files_of(draft)
    ]
    return {"files": files, "files_refused": [no.name for no in drafts.files_refused(draft)]}
