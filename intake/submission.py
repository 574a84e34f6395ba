"""Sending a request: one submission id makes one request, however often it is posted.

Everything a request causes is written in one transaction: the person, what they told, consents with the version
of their words, flags, markers, holds, the cost question with its time, and the line of history.
"""

import json
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from config.foundation import staff_tasks
from config.foundation.clinic import Clinic, Closure, reply_by
from config.foundation.encryption import lookup_hash
from config.foundation.user import User
from intake import asking, call_first, cleaning, marking, matching, notices, screening, sources, uploads
from intake.drafts import could_not_keep, files_refused, is_sent_as, said_in
from intake.forms import HONEYPOT
from intake.marking import CROWD, SPAM
from intake.models import (
    AppointmentRequest,
    Client,
    Consent,
    Coverage,
    Flag,
    Hold,
    Marker,
    Package,
    Priority,
    QuestionnaireResponse,
    RequestDraft,
    RequestEvent,
    Service,
    Status,
)
from intake.on_file import earlier_coverage
from intake.recording import client_of, cost_question, coverage_of, details, look_for, record_consents, wishes
from intake.whole import Said, Whole, person, read_whole, suggested_service, told


class NotReady(Exception):
    """Something is to be fixed first. `forms`: step → its bound form; `sheets`: the questionnaires read."""

    def __init__(self, whole: "Whole") -> None:
        super().__init__("not ready")
        self.whole = whole

    @property
    def field_errors(self) -> dict[str, str]:
        """Field → code of its first error."""
        return {
            name: errors[0].code or ""
            for form in self.whole.forms.values()
            for name, errors in form.errors.as_data().items()
        }


class AlreadySent(Exception):
    """The same submission id came with something else in it. `appointment_request` is the one we have."""

    def __init__(self, appointment_request: AppointmentRequest) -> None:
        super().__init__(str(appointment_request.pk))
        self.appointment_request = appointment_request


@dataclass(frozen=True, slots=True)
class Sending:
    """How a request came: when, in which language, how long it took, through whom."""

    submission_id: uuid.UUID
    now: datetime
    language: str
    seconds: int | None
    times_resumed: int
    draft: RequestDraft | None
    source: str
    cards: int  # photos of an insurance card that came along
    how_consented: str
    by: User | None
    known: Client | None  # staff know who it is
    told_of_right: bool
    silent: bool


@transaction.atomic
def submit(
    *,
    draft: RequestDraft,
    now: datetime,
    by: User | None = None,
    language: str | None = None,
    source: str = "",
) -> AppointmentRequest:
    """Send a draft. `source`: where it comes from (`sources`). Raises NotReady or AlreadySent."""
    locked = RequestDraft.objects.select_for_update().get(pk=draft.pk)
    began = datetime.fromisoformat(locked.answers.get("started_at", now.isoformat()))
    sent = submit_form(
        said_in(locked),
        submission_id=locked.submission_id,
        language=language or locked.language,
        # A draft that began later than now tells of two clocks, not of haste.
        seconds_to_fill=int((now - began).total_seconds()) if began <= now else None,
        times_resumed=locked.times_resumed,
        draft=locked,
        source=source,
        now=now,
        by=by,
    )
    is_sent_as(sent, draft=locked)
    return sent


def submit_form(
    data: Said,
    *,
    submission_id: uuid.UUID,
    now: datetime,
    language: str = "en",
    seconds_to_fill: int | None = None,
    times_resumed: int = 0,
    draft: RequestDraft | None = None,
    source: str = "",
    how_consented: str = Consent.How.WEB,
    by: User | None = None,
    client: Client | None = None,
    told_of_right: bool = False,
    silent: bool = False,
) -> AppointmentRequest:
    """The whole form as posted (name → values, see `forms`), from a page, a clinic file, or staff (`by`).

    `draft`: whose files go with it.
    `client`: staff know who this is, so nobody is looked for. `told_of_right`: staff said aloud that there is a right
    to a written estimate.
    `silent` writes no message (loading a clinic file).
    Raises NotReady when something is to be fixed, AlreadySent when this id was sent with other answers.
    """
    digest = _digest(data)
    before = AppointmentRequest.objects.filter(submission_id=submission_id).first()
    if before is not None:
        return _same_or_refuse(before, digest)
    files = uploads.files_of(draft)
    answers = uploads.answers_in(files)
    excused = staff_wait_for_no_file if by else could_not_keep(draft)
    whole = read_whole(
        data, now=now, language=language, by_staff=by is not None, files=answers, excused=excused
    )
    if not whole.is_valid:
        raise NotReady(whole)
    sending = Sending(
        submission_id=submission_id,
        now=now,
        language=language,
        seconds=seconds_to_fill,
        times_resumed=times_resumed,
        draft=draft,
        source=source,
        cards=sum(1 for one in files if one.kind in uploads.CARDS),
        how_consented=how_consented,
        by=by,
        known=client,
        told_of_right=told_of_right,
        silent=silent,
    )
    try:
        with transaction.atomic():
            return _write(whole, data, sending, digest=digest)
    except IntegrityError:
        faster = AppointmentRequest.objects.filter(submission_id=submission_id).first()
        if faster is None:
            raise
        return _same_or_refuse(faster, digest)


def staff_wait_for_no_file(_field: str) -> bool:
    """Who calls cannot send a file on the phone, so that none is waited for."""
    return True


def _digest(data: Said) -> str:
    said = {name: list(values) for name, values in sorted(data.items()) if any(values)}
    return lookup_hash(json.dumps(said, ensure_ascii=True, sort_keys=True), purpose="submission")


def _same_or_refuse(found: AppointmentRequest, digest: str) -> AppointmentRequest:
    if found.submission_digest != digest:
        raise AlreadySent(found)
    return found


def _write(whole: Whole, data: Said, sending: Sending, *, digest: str) -> AppointmentRequest:
    """Find the person, weigh what was told, write the request and all that hangs on it."""
    now, by = sending.now, sending.by
    flags = asking.flags_in(whole.sheets, data)
    aside = _set_aside(whole, data, sending, flags)
    asks_whom = person(whole)
    found, likely = (matching.Found(), None) if aside else look_for(asks_whom, known=sending.known, now=now)
    client = client_of(
        whole,
        found.same,
        language=sending.language,
        by=by,
        now=now,
        is_certain=sending.known is not None,
    )
    marks = marking.look_at(
        told(
            whole,
            asking.answered(whole.asked, whole.sheets),
            flags,
            found,
            now=now,
            language=sending.language,
            times_resumed=sending.times_resumed,
            files=(sending.cards, len(files_refused(sending.draft))),
            covered=earlier_coverage(found.same.key) if found.same else [],
        )
    )
    marks = _weighed(marks, aside=aside, wrote_before=likely is not None)
    coverage = coverage_of(whole, client, now=now, by=by)
    sent = _request(whole, sending, marks, client=client, coverage=coverage, digest=digest, aside=bool(aside))
    _findings(sent, flags, marks, likely=likely, now=now)
    responses = _answers(sent, whole, sending)
    if sending.draft is not None:
        uploads.hand_over(draft=sending.draft, sent=sent, responses=responses)
    record_consents(whole, sent, now=now, how=sending.how_consented, by=by)
    sources.count(sending.source, now=now)
    if aside:
        _say_that_some_wait_aside(aside, now=now)
        return sent
    cost_question(sent, now=now, by=by)
    if sent.awaits_call():
        call_first.keep_task(sent, by=by, now=now)
    if not sending.silent:
        notices.received(appointment_request=sent, now=now, by=by)
        notices.staff_alert(appointment_request=sent, now=now)
    return sent


def _weighed(marks: marking.Marks, *, aside: str, wrote_before: bool) -> marking.Marks:
    """The marks with what only the sending can know: that it waits aside, or that it may be the second."""
    if aside == SPAM:
        # Who is restored from quarantine must meet the same holds as everyone.
        return replace(marks, markers=[SPAM], priority=Priority.LOW, staff_decide_service=True)
    also = [aside] if aside else [marking.DUPLICATE] if wrote_before else []
    return replace(marks, markers=[*marks.markers, *also])


def _set_aside(whole: Whole, data: Said, sending: Sending, flags: Sequence[screening.FoundFlag]) -> str:
    """The marker that says why a request is not shown in the queue; empty for nearly all."""
    if sending.by is not None:
        return ""
    links = cleaning.count_links(" ".join(value for values in data.values() for value in values))
    is_spam = marking.looks_like_spam(
        story=whole.clean("reason") or "",
        honeypot=next(iter(data.get(HONEYPOT) or ()), ""),
        seconds=sending.seconds,
        links=links,
    )
    if is_spam:
        return SPAM
    # Somebody who needs help today is not kept waiting by what others at the same address do.
    cannot_wait = any(flag.level in {"urgent", "same_day"} for flag in flags)
    return CROWD if not cannot_wait and sources.is_crowded(sending.source, now=sending.now) else ""


def _say_that_some_wait_aside(marker: str, *, now: datetime) -> None:
    """Once a day: people may be among those that came in a crowd. What looks like spam asks nobody to look."""
    if marker == CROWD:
        staff_tasks.open_task(
            key=f"set-aside:{now:%Y-%m-%d}",
            kind="set_aside",
            subject_type="",
            subject_id="",
            title="Many requests came from one place. They wait under “Other”: look whether people are among them.",
            now=now,
        )


def _request(
    whole: Whole,
    sending: Sending,
    marks: marking.Marks,
    *,
    client: Client,
    coverage: Coverage,
    digest: str,
    aside: bool,
) -> AppointmentRequest:
    """The row itself, with its first line of history."""
    setting, now, by = whole.setting, sending.now, sending.by
    status = Status.QUARANTINED if aside else Status.ON_HOLD if marks.holds else Status.NEW
    sent = AppointmentRequest.objects.create(
        reference=_new_reference(setting.clinic),
        submission_id=sending.submission_id,
        submission_digest=digest,
        client=client,
        service_asked=setting.service,
        service=None if marks.staff_decide_service else setting.service or suggested_service(whole),
        package=Package.objects.filter(code=whole.clean("package") or "").first(),
        client_status=whole.clean("client_status") or AppointmentRequest.ClientStatus.NEW,
        for_whom=setting.for_whom,
        people=whole.clean("people") or 1,
        language=sending.language,
        story=whole.clean("reason") or "",
        details=details(whole),
        wishes=wishes(whole),
        coverage=coverage,
        wants_written_estimate=bool(whole.clean("ask_estimate")),
        status=status,
        priority=marks.priority,
        submitted_at=now,
        seconds_to_fill=sending.seconds,
        reply_by=reply_by(setting.clinic, Closure.objects.all(), now),
        source=AppointmentRequest.Source.STAFF if by else AppointmentRequest.Source.WEB,
        entered_by=by,
        oral_estimate_notice=sending.told_of_right,
    )
    also = [code for code in whole.clean("also") or [] if not setting.service or code != setting.service.code]
    if also:
        sent.also_services.set(Service.objects.filter(code__in=also))
    RequestEvent.objects.create(appointment_request=sent, at=now, by=by, what="submitted", to_status=status)
    return sent


def _findings(
    sent: AppointmentRequest,
    flags: Sequence[screening.FoundFlag],
    marks: marking.Marks,
    *,
    likely: AppointmentRequest | None,
    now: datetime,
) -> None:
    """Flags, markers and holds, all of the same moment."""
    Flag.objects.bulk_create(
        Flag(appointment_request=sent, level=flag.level, finding=flag.as_finding(), created_at=now)
        for flag in flags
    )
    Marker.objects.bulk_create(
        Marker(
            appointment_request=sent,
            code=code,
            created_at=now,
            other_request=likely if code == marking.DUPLICATE else None,
        )
        for code in marks.markers
    )
    Hold.objects.bulk_create(
        Hold(appointment_request=sent, kind=kind, reason=why, opened_at=now)
        for kind, why in marks.why_held.items()
    )


def _answers(sent: AppointmentRequest, whole: Whole, sending: Sending) -> list[dict[str, Any]]:
    """One response for each form that was answered."""
    rows = [
        QuestionnaireResponse(
            appointment_request=sent,
            questionnaire=one.row,
            response=page.response(authored=sending.now.isoformat()),
            language=sending.language,
            authored_at=sending.now,
        )
        for one, page in zip(whole.asked, whole.sheets, strict=True)
        if page.answers()
    ]
    return [row.response for row in QuestionnaireResponse.objects.bulk_create(rows)]


def _new_reference(clinic: Clinic) -> str:
    """Two letters of the clinic and five signs that nobody mixes up on the phone."""
    initials = "".join(word[0] for word in str(clinic).split()[:2] if word[0].isalpha()).upper() or "R"
    while True:
        reference = f"{initials}-" + "".join(secrets.choice("23456789ACDEFHJKMNPRTWXY") for _each in range(5))
        if not AppointmentRequest.objects.filter(reference=reference).exists():
            return reference
