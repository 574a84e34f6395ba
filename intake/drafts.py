"""A form on its way: what each page said, as typed, kept for some days."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import get_language

from config.foundation.clinic import Clinic
from intake.fields import BoxedDate
from intake.models import AppointmentRequest, RequestDraft
from intake.uploads import Refused, Taken
from intake.whole import Said

MOST_REFUSED = 20  # files that a draft remembers
NOTHING = Taken()


def start_draft(*, now: datetime, submission_id: UUID | None = None) -> RequestDraft:
    """`submission_id`: of the page that staff type into; two presses at once begin one draft."""
    kept = Clinic.get().draft_kept_days
    draft, _is_new = RequestDraft.objects.get_or_create(
        submission_id=submission_id or uuid4(),
        defaults={
            "answers": {"said": {}, "done": [], "started_at": now.isoformat()},
            "expires_at": now + timedelta(days=kept),
            "created_at": now,
            "updated_at": now,
        },
    )
    return draft


def draft_by(submission_id: UUID) -> RequestDraft | None:
    return RequestDraft.objects.filter(submission_id=submission_id).first()


def is_sent_as(sent: AppointmentRequest, *, draft: RequestDraft) -> None:
    RequestDraft.objects.filter(pk=draft.pk).update(appointment_request=sent)


def said_in(draft: RequestDraft | None) -> dict[str, list[str]]:
    return dict(draft.answers.get("said", {})) if draft else {}


def birth_date_said(draft: RequestDraft) -> date | None:
    """The birth date typed so far, if it is one."""
    said = said_in(draft)
    boxes = [next(iter(said.get(f"birth_date_{part}", ())), "") for part in ("month", "day", "year")]
    try:
        return BoxedDate().clean(boxes)
    except ValidationError:
        return None


@transaction.atomic
def count_wrong_birth_date(*, draft: RequestDraft, now: datetime) -> int:
    """One more wrong try at the link's door; how many there were."""
    locked = RequestDraft.objects.select_for_update().get(pk=draft.pk)
    wrong = int(locked.answers.get("wrong_tries", 0)) + 1
    locked.answers = {**locked.answers, "wrong_tries": wrong}
    locked.updated_at = now
    locked.save(update_fields=["answers", "updated_at"])
    return wrong


def files_refused(draft: RequestDraft | None) -> list[Refused]:
    """Files that came and could not be kept, and that no other took the place of."""
    return [Refused(**one) for one in draft.answers.get("refused", [])] if draft else []


def could_not_keep(draft: RequestDraft | None, *, now_too: Sequence[Refused] = ()) -> Callable[[str], bool]:
    """Whether a file was tried in a field and not kept: who sent it is not asked for it again."""
    return {one.field for one in (*files_refused(draft), *now_too)}.__contains__


def forget_expired(*, now: datetime) -> int:
    """Delete drafts whose days are over, with their files; what was sent is kept by its request. How many.

    An hour's grace: somebody may be on the last page.
    """
    _total, each = RequestDraft.objects.filter(expires_at__lte=now - timedelta(hours=1)).delete()
    return each.get(RequestDraft._meta.label, 0)


@transaction.atomic
def save_step(
    *,
    draft: RequestDraft,
    names: set[str],
    prefixes: Sequence[str],
    posted: Said,
    done: str,
    later: bool,
    now: datetime,
    taken: Taken = NOTHING,
) -> RequestDraft:
    """Keep what one page said, as typed; other pages stay. `done` names the page when it is complete.

    `taken`: what became of the files on it. Of those that could not be kept staff hear, so that they ask for them.

    Each tab saves only its own page, so two tabs lose nothing of each other.
    """
    locked = RequestDraft.objects.select_for_update().get(pk=draft.pk)
    answers = dict(locked.answers)
    said = {
        name: values
        for name, values in answers.get("said", {}).items()
        if name not in names and not name.startswith(tuple(prefixes) or ("\0",))
    }
    said |= {name: [_storable(value) for value in values] for name, values in posted.items()}
    answers["said"] = said
    still = [one for one in answers.get("refused", []) if one["field"] not in taken.kept]
    news = [asdict(one) for one in taken.refused]
    answers["refused"] = [*still, *(one for one in news if one not in still)][-MOST_REFUSED:]
    if done and done not in answers.setdefault("done", []):
        answers["done"] = [*answers["done"], done]
    if answers.pop("later", False):
        locked.times_resumed += 1
    if later:
        answers["later"] = True
    locked.answers = answers
    locked.language = get_language() or "en"
    locked.updated_at = now
    locked.save(update_fields=["answers", "language", "updated_at", "times_resumed"])
    return locked


def _storable(value: str) -> str:
    return value.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")[:40_000]
