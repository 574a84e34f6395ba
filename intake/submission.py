"""A request is sent: one submission id makes one request, however often it is posted.

Everything that follows from sending happens in one transaction: who this is, flags, markers, holds, the
promise to reply, consents, the cost question with its time, tasks and messages; or nothing does.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from config.foundation import staff_tasks
from config.foundation.clinic import Clinic, Closure, reply_by
from config.foundation.encryption import lookup_hash
from config.foundation.staff_tasks import Priority as TaskPriority
from config.foundation.user import User
from intake import cleaning, marking, matching, notices, screening
from intake.marking import Marks, Told
from intake.models import (
    AppointmentRequest,
    Client,
    Consent,
    CostQuestion,
    Coverage,
    CoverageType,
    Flag,
    Hold,
    Marker,
    Package,
    Priority,
    Questionnaire,
    QuestionnaireResponse,
    RequestEvent,
    Service,
    Status,
)
from intake.models.client import birth_date_index

CONSENT_TEXT_VERSION = "2026-11"
REFERENCE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that look or sound like another
SUBJECT = "intake.appointmentrequest"
CARE_FORMS_SENSITIVE = "pelvic"


class AlreadySent(Exception):
    """This form was sent before, with other answers. `appointment_request` is what we have."""

    def __init__(self, appointment_request: AppointmentRequest) -> None:
        super().__init__(appointment_request.reference)
        self.appointment_request = appointment_request


@dataclass(frozen=True, slots=True)
class Screened:
    """What the answers of the forms led to."""

    flags: Sequence[screening.Found]
    asked: bool
    answered: bool

    @property
    def levels(self) -> frozenset[str]:
        return frozenset(flag.level for flag in self.flags)


def submit(
    *,
    answers: Mapping[str, Any],
    submission_id: UUID,
    now: datetime,
    language: str = "en",
    by: User | None = None,
    seconds_to_fill: int | None = None,
    times_resumed: int = 0,
    oral_estimate_notice: bool = False,
    tell: bool = True,
) -> AppointmentRequest:
    """Make the request of a finished form (`RequestDraft.answers`), or return the one it made before.

    `by` is the member of staff who entered it, None for the client. `tell=False` loads samples silently.
    Raises AlreadySent if the same submission id came with other answers.
    """
    digest = lookup_hash(json.dumps(answers, sort_keys=True, default=str), purpose="submission")
    if existing := _sent_before(submission_id, digest):
        return existing
    try:
        with transaction.atomic():
            made = _make(
                answers=answers,
                submission_id=submission_id,
                digest=digest,
                now=now,
                language=language,
                by=by,
                seconds_to_fill=seconds_to_fill,
                times_resumed=times_resumed,
                oral_estimate_notice=oral_estimate_notice,
            )
            if tell and made.status != Status.QUARANTINED:
                notices.received(appointment_request=made, now=now, by=by)
                notices.staff_alert(appointment_request=made, now=now)
            return made
    except IntegrityError:
        # Two presses at once: the database let one through, and the other shows the same thank-you page.
        if existing := _sent_before(submission_id, digest):
            return existing
        raise


def _sent_before(submission_id: UUID, digest: str) -> AppointmentRequest | None:
    existing = AppointmentRequest.objects.filter(submission_id=submission_id).first()
    if existing and existing.submission_digest != digest:
        raise AlreadySent(existing)
    return existing


def _make(
    *,
    answers: Mapping[str, Any],
    submission_id: UUID,
    digest: str,
    now: datetime,
    language: str,
    by: User | None,
    seconds_to_fill: int | None,
    times_resumed: int,
    oral_estimate_notice: bool,
) -> AppointmentRequest:
    clinic = Clinic.get()
    asked = _service(answers.get("service"))
    screened = _screen(answers, asked)
    found, people = _find_person(answers)
    client = people[found.same.key] if found.same else None
    is_spam = by is None and marking.looks_like_spam(
        story=answers.get("story", ""),
        honeypot=answers.get("honeypot", ""),
        seconds=seconds_to_fill,
        links=cleaning.count_links(f"{answers.get('story', '')} {answers.get('first_name', '')}"),
    )
    told = _told(
        answers,
        clinic=clinic,
        asked=asked,
        screened=screened,
        found=found,
        now=now,
        language=language,
        times_resumed=times_resumed,
        is_staff_entry=by is not None,
    )
    marks = (
        Marks(markers=["spam_likely"], priority=Priority.LOW, staff_decide_service=True)
        if is_spam
        else marking.look_at(told)
    )

    client = _save_client(client, answers, language=language)
    coverage = _save_coverage(client, answers, now=now, by=by)
    appointment_request = AppointmentRequest.objects.create(
        reference=_reference(),
        submission_id=submission_id,
        submission_digest=digest,
        client=client,
        service_asked=asked,
        service=None if marks.staff_decide_service else asked or _fitting(answers),
        package=Package.objects.filter(code=answers.get("package") or "").first(),
        client_status=answers.get("client_status") or AppointmentRequest.ClientStatus.NEW,
        for_whom=answers.get("for_whom") or AppointmentRequest.ForWhom.SELF,
        people=answers.get("people") or 1,
        language=language,
        story=answers.get("story", ""),
        details=_details(answers),
        wishes=_wishes(answers, client=client, language=language, clinic=clinic),
        coverage=coverage,
        wants_written_estimate=bool(answers.get("wants_written_estimate")),
        status=_first_status(is_spam=is_spam, marks=marks),
        priority=marks.priority,
        submitted_at=now,
        seconds_to_fill=seconds_to_fill,
        reply_by=reply_by(clinic, Closure.objects.all(), now),
        source=AppointmentRequest.Source.STAFF if by else AppointmentRequest.Source.WEB,
        entered_by=by,
        oral_estimate_notice=oral_estimate_notice,
    )
    appointment_request.also_services.set(Service.objects.filter(code__in=answers.get("also") or []))
    RequestEvent.objects.create(
        appointment_request=appointment_request,
        at=now,
        by=by,
        what="submitted",
        to_status=appointment_request.status,
    )
    _save_findings(appointment_request, marks, screened, now=now)
    _point_at_twins(appointment_request, found, people, now=now)
    _save_responses(appointment_request, answers, language=language, now=now)
    _save_consents(appointment_request, answers, language=language, now=now, by=by)
    _save_cost_question(appointment_request, marks, now=now, by=by)
    if not is_spam:
        _ask_staff_to_call(appointment_request, now=now)
    return appointment_request


# --- reading the answers ------------------------------------------------------------------------------


def _service(code: str | None) -> Service | None:
    return Service.objects.prefetch_related("questionnaires").filter(code=code or "").first()


def _screen(answers: Mapping[str, Any], asked: Service | None) -> Screened:
    responses: Mapping[str, Any] = answers.get("responses") or {}
    forms = {
        str(form): form
        for form in Questionnaire.objects.filter(url__in=[key.split("|")[0] for key in responses])
    }
    flags = screening.findings(
        {key: response for key, response in responses.items() if key in forms},
        pregnancy=answers.get("pregnancy") or {},
        service_code=asked.code if asked else "",
    )
    return Screened(
        flags=flags,
        asked=bool(responses) or bool(answers.get("safety_skipped")),
        answered=not answers.get("safety_skipped"),
    )


def _told(
    answers: Mapping[str, Any],
    *,
    clinic: Clinic,
    asked: Service | None,
    screened: Screened,
    found: matching.Found,
    now: datetime,
    language: str,
    times_resumed: int,
    is_staff_entry: bool,
) -> Told:
    contact, consents = answers.get("contact") or {}, answers.get("consents") or {}
    representative = answers.get("representative") or {}
    wishes = answers.get("wishes") or {}
    coverage = answers.get("coverage") or {}
    born = _date(answers.get("birth_date"))
    today = clinic.local(now).date()
    ways = {"email": "email_ok", "text": "text_ok", "call": "call_ok", "voicemail": "voicemail_ok"}
    return Told(
        now=clinic.local(now),
        practice_state=clinic.practice_state,
        service_kind=asked.kind if asked else "",
        service_modes=asked.modes if asked else (),
        is_sensitive=asked is not None
        and any(form.url.endswith(f"/{CARE_FORMS_SENSITIVE}") for form in asked.questionnaires.all()),
        story=answers.get("story", ""),
        has_areas=bool(answers.get("body_areas")),
        has_answers=any(response.get("item") for response in (answers.get("responses") or {}).values()),
        asks_estimate=bool(answers.get("wants_written_estimate")),
        language=language,
        first_name=answers.get("first_name", ""),
        last_name=answers.get("last_name", ""),
        name_to_use=answers.get("name_to_use", ""),
        age=None if born is None else _age(born, today),
        email=answers.get("email", ""),
        phone=answers.get("phone", ""),
        wants_paper=bool(answers.get("mailing_address")),
        reach=frozenset(way for way, key in ways.items() if contact.get(key)),
        email_refused=contact.get("email_ok") is False and bool(answers.get("email")),
        say_only=contact.get("say_only", ""),
        for_whom=answers.get("for_whom") or "self",
        names_representative=bool(representative.get("first_name")),
        guardian_agrees=bool(consents.get("guardian_agrees")),
        legal_role=representative.get("legal_role", ""),
        coverage=coverage.get("type", ""),
        coverage_texts=[
            str(value) for key, value in coverage.items() if key != "type" and isinstance(value, str)
        ],
        where_during_visit=answers.get("where_during_visit", ""),
        parts=frozenset(wishes.get("parts") or ()),
        latest=_date(wishes.get("latest")),
        waitlist=bool(wishes.get("waitlist_ok")),
        is_series=bool(answers.get("series")),
        access=bool(answers.get("access_needs")),
        says_returning=answers.get("client_status") == AppointmentRequest.ClientStatus.RETURNING,
        is_known=found.same is not None,
        shares_contact=found.shares_contact,
        times_resumed=times_resumed,
        screening_asked=screened.asked,
        screening_answered=screened.answered,
        flag_levels=screened.levels,
        held_by_screening=screening.holds(screened.flags),
        files=answers.get("card_photos") or 0,
        bad_files=answers.get("refused_files") or 0,
        is_staff_entry=is_staff_entry,
    )


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _fitting(answers: Mapping[str, Any]) -> Service | None:
    """What suits "not sure": pregnancy, birth and pelvic complaints go to the visit with the pelvic form."""
    pregnancy = (answers.get("pregnancy") or {}).get("status")
    is_pelvic = pregnancy in {"pregnant", "gave_birth"} or bool(
        {"pelvis", "belly"} & set(answers.get("body_areas") or ())
    )
    offered = Service.objects.offered().prefetch_related("questionnaires")
    first_visits = [service for service in offered if service.is_first_visit]
    for service in first_visits:
        asks_pelvic = any(
            form.url.endswith(f"/{CARE_FORMS_SENSITIVE}") for form in service.questionnaires.all()
        )
        if asks_pelvic == is_pelvic:
            return service
    return first_visits[0] if first_visits else None


DETAILS = (
    "body_areas", "side", "started_on", "pregnancy", "access_needs", "access_notes", "where_during_visit",
    "availability_notes", "workshop_on", "series", "referral", "changes",
)  # fmt: skip


def _details(answers: Mapping[str, Any]) -> dict[str, Any]:
    return {name: answers[name] for name in DETAILS if answers.get(name)}


def _wishes(answers: Mapping[str, Any], *, client: Client, language: str, clinic: Clinic) -> dict[str, Any]:
    """As wished; who is known sees the same practitioner again, who writes in Spanish one who speaks it."""
    wishes = {name: value for name, value in (answers.get("wishes") or {}).items() if value}
    if "practitioner" not in wishes and client.home_practitioner is not None:
        wishes["practitioner"] = client.home_practitioner.code
    if language != "en":
        wishes.setdefault("language", language)
    return wishes


# --- who is this --------------------------------------------------------------------------------------


def _find_person(answers: Mapping[str, Any]) -> tuple[matching.Found, dict[str, Client]]:
    email, phone, born = answers.get("email", ""), answers.get("phone", ""), _date(answers.get("birth_date"))
    same = Q()
    if email:
        same |= Q(email__iexact=email)
    if phone:
        same |= Q(phone=phone)
    if born:
        same |= Q(birth_date_index=birth_date_index(born))
    people = {str(client.pk): client for client in Client.objects.known().filter(same)} if same else {}
    person = matching.Person(
        first_name=answers.get("first_name", ""),
        last_name=answers.get("last_name", ""),
        born_on=born,
        email=email,
        phone=phone,
        name_to_use=answers.get("name_to_use", ""),
    )
    candidates = [
        matching.Person(
            first_name=client.first_name,
            last_name=client.last_name,
            born_on=client.birth_date,
            email=client.email,
            phone=str(client.phone),
            name_to_use=client.name_to_use,
            key=key,
        )
        for key, client in people.items()
    ]
    return matching.find(person, candidates), people


WISHES_OF_CONTACT = ("email_ok", "email_document_ok", "text_ok", "call_ok", "voicemail_ok")


def _save_client(client: Client | None, answers: Mapping[str, Any], *, language: str) -> Client:
    """A new client, or the known one with the newest contact wishes. A known address is never overwritten."""
    contact = answers.get("contact") or {}
    if client is None:
        client = Client(
            first_name=answers.get("first_name", ""),
            last_name=answers.get("last_name", ""),
            mailing_address=answers.get("mailing_address", ""),
        )
        client.set_birth_date(_date(answers.get("birth_date")))
    client.email = client.email or answers.get("email", "")
    client.phone = client.phone or answers.get("phone", "")
    client.phone_extension = client.phone_extension or answers.get("phone_extension", "")
    client.name_to_use = answers.get("name_to_use") or client.name_to_use
    client.pronouns = answers.get("pronouns") or client.pronouns
    client.language = language
    client.prefers = contact.get("prefer") or client.prefers
    for wish in WISHES_OF_CONTACT:
        if wish in contact:
            setattr(client, wish, bool(contact[wish]))
    notes = {name: contact[name] for name in ("best_time", "say_only") if contact.get(name)}
    client.contact_notes = {**client.contact_notes, **notes}
    client.representative = answers.get("representative") or client.representative
    if (answers.get("coverage") or {}).get("type") == CoverageType.PRIVATE_NO_CLAIM:
        client.insurer_contact_ok = False
    client.save()
    return client


def _save_coverage(
    client: Client, answers: Mapping[str, Any], *, now: datetime, by: User | None
) -> Coverage | None:
    said = dict(answers.get("coverage") or {})
    kind = said.pop("type", "")
    if not kind:
        return None
    member_id = "".join(str(said.get("member_id", "")).split()).replace("-", "").upper()
    return Coverage.objects.create(
        client=client,
        type=kind,
        details=said,
        member_id_index=lookup_hash(member_id, purpose="member-id") if member_id else "",
        answered_at=now,
        recorded_by=by,
    )


# --- what follows ---------------------------------------------------------------------------------------


def _first_status(*, is_spam: bool, marks: Marks) -> Status:
    if is_spam:
        return Status.QUARANTINED
    return Status.ON_HOLD if marks.holds else Status.NEW


def _reference() -> str:
    return "EP-" + "".join(secrets.choice(REFERENCE_LETTERS) for _letter in range(6))


def _save_findings(
    appointment_request: AppointmentRequest, marks: Marks, screened: Screened, *, now: datetime
) -> None:
    Marker.objects.bulk_create(
        Marker(appointment_request=appointment_request, code=code, created_at=now) for code in marks.markers
    )
    Hold.objects.bulk_create(
        Hold(appointment_request=appointment_request, kind=kind, opened_at=now) for kind in marks.holds
    )
    Flag.objects.bulk_create(
        Flag(
            appointment_request=appointment_request, level=flag.level, finding=flag.as_dict(), created_at=now
        )
        for flag in screened.flags
    )


def _point_at_twins(
    appointment_request: AppointmentRequest,
    found: matching.Found,
    people: Mapping[str, Client],
    *,
    now: datetime,
) -> None:
    """Another open request of somebody who may be the same person: staff see both side by side."""
    twins = [people[person.key] for person in [*found.likely, *([found.same] if found.same else [])]]
    other = (
        AppointmentRequest.objects.open()
        .filter(client__in=twins)
        .exclude(pk=appointment_request.pk)
        .order_by("-submitted_at")
        .first()
    )
    if other is not None:
        Marker.objects.create(
            appointment_request=appointment_request,
            code="possible_duplicate",
            other_request=other,
            created_at=now,
        )


def _save_responses(
    appointment_request: AppointmentRequest, answers: Mapping[str, Any], *, language: str, now: datetime
) -> None:
    responses: Mapping[str, Any] = answers.get("responses") or {}
    forms = {
        str(form): form
        for form in Questionnaire.objects.filter(url__in=[key.split("|")[0] for key in responses])
    }
    QuestionnaireResponse.objects.bulk_create(
        QuestionnaireResponse(
            appointment_request=appointment_request,
            questionnaire=forms[key],
            response=response,
            language=language,
            authored_at=now,
        )
        for key, response in responses.items()
        if key in forms
    )


def _save_consents(
    appointment_request: AppointmentRequest,
    answers: Mapping[str, Any],
    *,
    language: str,
    now: datetime,
    by: User | None,
) -> None:
    is_child = appointment_request.for_whom == AppointmentRequest.ForWhom.CHILD
    Consent.objects.bulk_create(
        Consent(
            appointment_request=appointment_request,
            kind=kind,
            agreed=bool(given),
            how=Consent.How.READ_OUT_BY_PHONE if given == "read_out_by_phone" else Consent.How.WEB,
            text_version=CONSENT_TEXT_VERSION,
            language=language,
            at=now,
            recorded_by=by,
            given_by="guardian" if is_child else "client",
        )
        for kind, given in (answers.get("consents") or {}).items()
        if kind in Consent.Kind.values
    )


def _save_cost_question(
    appointment_request: AppointmentRequest, marks: Marks, *, now: datetime, by: User | None
) -> None:
    """The fact and its time. The legal clock is derived from it in `scheduling`, whenever that runs."""
    if not (appointment_request.wants_written_estimate or marks.asks_price_in_words):
        return
    ticked = appointment_request.wants_written_estimate
    CostQuestion.objects.create(
        client=appointment_request.client,
        appointment_request=appointment_request,
        asked_at=now,
        how=CostQuestion.How.TICK if ticked else CostQuestion.How.FREE_TEXT,
        recorded_by=by,
    )


def _ask_staff_to_call(appointment_request: AppointmentRequest, *, now: datetime) -> None:
    urgency = {Priority.URGENT: TaskPriority.URGENT, Priority.SAME_DAY: TaskPriority.TODAY}
    if appointment_request.priority not in urgency:
        return
    staff_tasks.open_task(
        key=f"request:{appointment_request.pk}:call",
        kind="call_first",
        subject_type=SUBJECT,
        subject_id=appointment_request.pk,
        title=f"Call before anything else: {appointment_request.reference}",
        priority=urgency[Priority(appointment_request.priority)],
        due_at=appointment_request.reply_by,
        now=now,
    )
