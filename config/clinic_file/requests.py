"""The requests of a clinic file, sent through the form as people type them. Nobody is told of them."""

import re
import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from config.clinic_file.moments import Calendar
from config.clinic_file.reading import ClinicFile
from config.sample_files import files_of
from config.sample_requests import posted
from intake import drafts, uploads
from intake.models import Consent, RequestDraft
from intake.submission import AlreadySent, NotReady, submit_form

ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def load_requests(clinic_file: ClinicFile, *, starting: date | None = None) -> tuple[int, int]:
    """How many are in the database now, and how many the form refuses: the file has some that it must refuse.

    Loading again sends nothing twice, and leaves alone what was loaded with other dates.
    """
    data = clinic_file.data
    calendar = Calendar(anchor=data["anchor_now"], zone=data["timezone"], starting=starting)
    rows = {row["id"]: row for row in data.get("requests", [])}
    sent = {_key(row): _send(row, rows, calendar) for row in rows.values()}
    return sum(sent.values()), len(sent) - sum(sent.values())


def _key(row: Mapping[str, Any]) -> str:
    """Rows with the same one are one sending, repeated."""
    return str(row.get("idempotency_key", row["id"]))


def _send(row: Mapping[str, Any], rows: Mapping[str, Any], calendar: Calendar) -> bool:
    """False when the form has something to ask first."""
    form = row.get("form") or rows[row["same_form_as"]]["form"]
    now = calendar.moment(row["submitted_at"])
    draft = draft_with_files(form, now=now)
    try:
        submit_form(
            posted(_on_these_days(form, calendar), honeypot=row.get("honeypot", "")),
            submission_id=uuid.uuid5(uuid.NAMESPACE_URL, f"clinic-file:{_key(row)}"),
            now=now,
            language=row.get("lang", "en"),
            # Whoever typed what a person said on the phone was not fast as a robot is.
            seconds_to_fill=None if row.get("entered_by_staff") else row.get("seconds_to_fill"),
            times_resumed=row.get("saved_and_resumed", 0),
            draft=draft,
            how_consented=Consent.How.READ_OUT_BY_PHONE if row.get("entered_by_staff") else Consent.How.WEB,
            silent=True,
        )
    except AlreadySent:
        return True
    except NotReady:
        return False
    finally:
        if draft is not None:
            draft.delete()
    return True


def draft_with_files(form: Mapping[str, Any], *, now: datetime) -> RequestDraft | None:
    """The files of a sample, kept or refused as on the page; None when it has none."""
    files = files_of(form)
    if not files:
        return None
    draft = drafts.start_draft(now=now)
    taken = uploads.take(draft=draft, files=files, asked=[], now=now)
    return drafts.save_step(
        draft=draft, names=set(), prefixes=[], posted={}, done="", later=False, taken=taken, now=now
    )


def _on_these_days(form: Mapping[str, Any], calendar: Calendar) -> dict[str, Any]:
    """The form with its days shifted as the file's other days are; birth dates stay, and so do odd spellings."""
    moved = dict(form)
    for name in ("started_on", "workshop_date"):
        if name in form:
            moved[name] = _day(form[name], calendar)
    if wishes := form.get("availability"):
        moved["availability"] = wishes | {
            name: _day(wishes[name], calendar) for name in ("earliest", "latest") if name in wishes
        }
    if claim := form.get("coverage", {}).get("claim"):
        days = {
            name: _day(claim[name], calendar) for name in ("injury_date", "accident_date") if name in claim
        }
        moved["coverage"] = form["coverage"] | {"claim": claim | days}
    return moved


def _day(typed: Any, calendar: Calendar) -> Any:
    try:
        return calendar.day(typed).isoformat() if ISO_DAY.fullmatch(str(typed)) else typed
    except ValueError:
        return typed  # a day that no month has, typed so on purpose
