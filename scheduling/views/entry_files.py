"""Files that staff attach to a request they enter: a card held to the camera at the desk, a referral that came by post.

They are kept with a draft under the page's submission id, so that a page that comes back has them still.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from intake import drafts, uploads
from intake.asking import Asked
from intake.models import RequestDraft
from intake.uploads import OWN_FIELDS, Refused, Taken
from intake.views import filing
from intake.views.filing import REMOVE, FileField, Words

__all__ = ["REMOVE", "fields", "problems", "take"]

LABELS = {
    "card_front": gettext_lazy("Insurance card, front"),
    "card_back": gettext_lazy("Insurance card, back"),
    "referral_file": gettext_lazy("Referral or prescription"),
}
WHY = {
    "empty": gettext_lazy("there is nothing in this file. Choose it again."),
    "too_large": gettext_lazy("this file is too large. At most %(limit)s fit. A photo of it is smaller."),
    "too_many_pixels": gettext_lazy("this picture is too large. Take a photo of it."),
    "too_many": gettext_lazy("these are more files than can be kept. Leave one out."),
    "kind": gettext_lazy("this kind of file cannot be kept. Photos (JPEG, PNG, HEIC) and PDF can."),
    "not_here": gettext_lazy("this question takes another kind of file."),
    "not_asked": gettext_lazy("no file is asked for here. Attach it under “Who pays”."),
    "unreadable": gettext_lazy("this file cannot be opened. Take the photo again."),
}
TO_STAFF = Words(LABELS, WHY)


def take(request: HttpRequest, submission_id: UUID, asked: Sequence[Asked], *, now: datetime) -> Taken:
    """Keep the files of this page, and let go of the one whose "Remove" was pressed."""
    draft = drafts.draft_by(submission_id)
    if draft is not None and (unwanted := request.POST.get(REMOVE)):
        uploads.remove(draft=draft, file_id=unwanted)
    if not request.FILES or (draft is not None and draft.appointment_request_id):
        return Taken()  # none came, or this is the second press of a page that was entered
    draft = draft or drafts.start_draft(now=now, submission_id=submission_id)
    return uploads.take(draft=draft, files=filing.posted(request), asked=asked, now=now)


def fields(draft: RequestDraft | None, refused: Iterable[Refused]) -> list[FileField]:
    """The places for a card and a referral, with what is there and what was refused just now."""
    return list(filing.fields(draft, refused, words=TO_STAFF).values())


def problems(refused: Iterable[Refused]) -> list[dict[str, str]]:
    """A line for each file that could not be kept."""
    return [
        {
            "href": f"#id_{no.field}" if no.field in OWN_FIELDS else f"#{no.field}",
            "text": filing.sentence(no, words=TO_STAFF),
        }
        for no in refused
    ]
