"""A form on its way (draft) and its sending: one submission id makes one request, however often it is posted.

Everything a request causes is written in one transaction: the person, what they told, consents with the version
of their words, flags, markers, holds, the cost question with its time, and the line of history.
"""

import json
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import get_language

from config.foundation.clinic import Clinic, Closure, reply_by
from config.foundation.encryption import lookup_hash
from config.foundation.user import User
from intake import asking, cleaning, marking, matching, notices, screening
from intake.forms import HONEYPOT, PREFERS, STEPS, PayingForm, SendForm, Setting, StepForm, YouForm, age_on
from intake.matching import Person
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
    Practitioner,
    Priority,
    QuestionnaireResponse,
    RequestDraft,
    RequestEvent,
    Service,
    Status,
)
from intake.questionnaires.sheet import Sheet

Said = Mapping[str, Sequence[str]]
CONSENT_TEXT_VERSION = "2027-01"
DUPLICATE_WITHIN = timedelta(days=60)


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


@dataclass(slots=True)
class Whole:
    """All pages read together."""

    setting: Setting
    forms: dict[str, StepForm]
    asked: list[asking.Asked] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)

    @property
    def is_valid(self) -> bool:
        return all(form.is_valid() for form in self.forms.values()) and not any(
            one.errors for one in self.sheets
        )

    def clean(self, name: str) -> Any:
        for form in self.forms.values():
            if name in form.cleaned_data:
                return form.cleaned_data[name]
        return None


# --- drafts ------------------------------------------------------------------------------------------


def setting_for(said: Said, *, now: datetime, clinic: Clinic | None = None) -> Setting:
    clinic = clinic or Clinic.get()
    services = (
        Service.objects.offered().select_related("follow_up").prefetch_related("packages", "questionnaires")
    )
    return Setting(
        clinic=clinic,
        services=list(services),
        today=clinic.local(now).date(),
        said=said,
        practitioners=list(Practitioner.objects.active()),
    )


def start_draft(*, now: datetime) -> RequestDraft:
    kept = Clinic.get().draft_kept_days
    draft = RequestDraft(expires_at=now + timedelta(days=kept), created_at=now, updated_at=now)
    draft.answers = {"said": {}, "done": [], "started_at": now.isoformat()}
    draft.save(force_insert=True)
    return draft


def said_in(draft: RequestDraft | None) -> dict[str, list[str]]:
    return dict(draft.answers.get("said", {})) if draft else {}


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
) -> RequestDraft:
    """Keep what one page said, as typed; other pages stay. `done` names the page when it is complete.

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


# --- sending -----------------------------------------------------------------------------------------


@transaction.atomic
def submit(
    *, draft: RequestDraft, now: datetime, by: User | None = None, language: str | None = None
) -> AppointmentRequest:
    """Send a draft. Raises NotReady or AlreadySent."""
    locked = RequestDraft.objects.select_for_update().get(pk=draft.pk)
    began = datetime.fromisoformat(locked.answers.get("started_at", now.isoformat()))
    sent = submit_form(
        said_in(locked),
        submission_id=locked.submission_id,
        language=language or locked.language,
        seconds_to_fill=max(0, int((now - began).total_seconds())),
        times_resumed=locked.times_resumed,
        now=now,
        by=by,
    )
    RequestDraft.objects.filter(pk=locked.pk).update(appointment_request=sent)
    return sent


def submit_form(
    data: Said,
    *,
    submission_id: uuid.UUID,
    now: datetime,
    language: str = "en",
    seconds_to_fill: int | None = None,
    times_resumed: int = 0,
    good_files: int = 0,
    bad_files: int = 0,
    how_consented: str = Consent.How.WEB,
    by: User | None = None,
    silent: bool = False,
) -> AppointmentRequest:
    """The whole form as posted (name → values, see `forms.py`), from a page, a clinic file, or staff (`by`).

    `good_files`, `bad_files`: card photos that came along; they are not kept yet and only marked.
    `silent` writes no message (loading a clinic file).
    Raises NotReady when something is to be fixed, AlreadySent when this id was sent with other answers.
    """
    digest = _digest(data)
    before = AppointmentRequest.objects.filter(submission_id=submission_id).first()
    if before is not None:
        return _same_or_refuse(before, digest)
    whole = read_whole(data, now=now, language=language)
    if not whole.is_valid:
        raise NotReady(whole)
    try:
        with transaction.atomic():
            return _write(
                whole,
                data,
                submission_id=submission_id,
                digest=digest,
                now=now,
                language=language,
                seconds=seconds_to_fill,
                times_resumed=times_resumed,
                files=(good_files, bad_files),
                how=how_consented,
                by=by,
                silent=silent,
            )
    except IntegrityError:
        faster = AppointmentRequest.objects.filter(submission_id=submission_id).first()
        if faster is None:
            raise
        return _same_or_refuse(faster, digest)


def read_whole(data: Said, *, now: datetime, language: str) -> Whole:
    setting = setting_for(data, now=now)
    asked = [] if setting.is_workshop else asking.asked_of(setting.service, setting.services, data)
    whole = Whole(
        setting=setting,
        forms={step: form(data, setting=setting) for step, form in STEPS.items()},
        asked=asked,
        sheets=asking.sheets(asked, data, language=language),
    )
    for form in whole.forms.values():
        form.is_valid()
    return whole


def _digest(data: Said) -> str:
    said = {name: list(values) for name, values in sorted(data.items()) if any(values)}
    return lookup_hash(json.dumps(said, ensure_ascii=True, sort_keys=True), purpose="submission")


def _same_or_refuse(found: AppointmentRequest, digest: str) -> AppointmentRequest:
    if found.submission_digest != digest:
        raise AlreadySent(found)
    return found


def _write(
    whole: Whole,
    data: Said,
    *,
    submission_id: uuid.UUID,
    digest: str,
    now: datetime,
    language: str,
    seconds: int | None,
    times_resumed: int,
    files: tuple[int, int],
    how: str,
    by: User | None,
    silent: bool,
) -> AppointmentRequest:
    setting, clinic = whole.setting, whole.setting.clinic
    story = whole.clean("reason") or ""
    spam = by is None and marking.looks_like_spam(
        story=story,
        honeypot=next(iter(data.get(HONEYPOT) or ()), ""),
        seconds=seconds,
        links=cleaning.count_links(" ".join(value for values in data.values() for value in values)),
    )
    person = _person(whole)
    found, likely = (matching.Found(), None) if spam else _find(person, now=now)
    client = _client(whole, found.same, language=language)
    answers = asking.answered(whole.asked, whole.sheets)
    flags = asking.flags_in(whole.sheets, data)
    told = _told(
        whole,
        answers,
        flags,
        found,
        now=now,
        language=language,
        times_resumed=times_resumed,
        files=files,
        by=by,
    )
    marks = marking.look_at(told)
    if spam:
        marks = marking.Marks(markers=["spam_likely"], priority=Priority.LOW, staff_decide_service=True)
    elif likely:
        marks.markers.append("possible_duplicate")
    coverage = _coverage(whole, client, now=now, by=by)
    wants_estimate = bool(whole.clean("ask_estimate"))
    status = Status.QUARANTINED if spam else Status.ON_HOLD if marks.holds else Status.NEW
    sent = AppointmentRequest.objects.create(
        reference=_new_reference(clinic),
        submission_id=submission_id,
        submission_digest=digest,
        client=client,
        service_asked=setting.service,
        service=None if marks.staff_decide_service else setting.service or _suggested(whole),
        package=Package.objects.filter(code=whole.clean("package") or "").first(),
        client_status=whole.clean("client_status") or AppointmentRequest.ClientStatus.NEW,
        for_whom=setting.for_whom,
        people=whole.clean("people") or 1,
        language=language,
        story=story,
        details=_details(whole),
        wishes=_wishes(whole),
        coverage=coverage,
        wants_written_estimate=wants_estimate,
        status=status,
        priority=marks.priority,
        submitted_at=now,
        seconds_to_fill=seconds,
        reply_by=reply_by(clinic, Closure.objects.all(), now),
        source=AppointmentRequest.Source.STAFF if by else AppointmentRequest.Source.WEB,
        entered_by=by,
    )
    also = [code for code in whole.clean("also") or [] if not setting.service or code != setting.service.code]
    if also:
        sent.also_services.set(Service.objects.filter(code__in=also))
    RequestEvent.objects.create(appointment_request=sent, at=now, by=by, what="submitted", to_status=status)
    Flag.objects.bulk_create(
        Flag(
            appointment_request=sent,
            level=flag.level,
            finding=flag.as_finding(),
            created_at=now,
        )
        for flag in flags
    )
    Marker.objects.bulk_create(
        Marker(
            appointment_request=sent,
            code=code,
            created_at=now,
            other_request=likely if code == "possible_duplicate" else None,
        )
        for code in marks.markers
    )
    Hold.objects.bulk_create(Hold(appointment_request=sent, kind=kind, opened_at=now) for kind in marks.holds)
    QuestionnaireResponse.objects.bulk_create(
        QuestionnaireResponse(
            appointment_request=sent,
            questionnaire=one.row,
            response=json.loads(json.dumps(page.response(authored=now.isoformat()), default=str)),
            language=language,
            authored_at=now,
        )
        for one, page in zip(whole.asked, whole.sheets, strict=True)
        if page.answers()
    )
    _consents(whole, sent, now=now, how=how, by=by)
    if not spam and (wants_estimate or marks.asks_price_in_words):
        CostQuestion.objects.create(
            client=client,
            appointment_request=sent,
            asked_at=now,
            how=CostQuestion.How.TICK if wants_estimate else CostQuestion.How.FREE_TEXT,
            recorded_by=by,
        )
    if not spam and not silent:
        notices.received(appointment_request=sent, now=now, by=by)
        notices.staff_alert(appointment_request=sent, now=now)
    return sent


def _person(whole: Whole) -> Person:
    phone = whole.clean("phone")
    return Person(
        first_name=whole.clean("first_name"),
        last_name=whole.clean("last_name") or "",
        born_on=whole.clean("birth_date"),
        email=whole.clean("email") or "",
        phone=phone.e164 if phone else "",
        name_to_use=whole.clean("name_to_use") or "",
    )


def _find(person: Person, *, now: datetime) -> tuple[matching.Found, AppointmentRequest | None]:
    """Who this is among the clients, and an open request that may be the same one."""
    by_contact = Q()
    if person.email:
        by_contact |= Q(email__iexact=person.email)
    if person.phone:
        by_contact |= Q(phone=person.phone)
    spam = AppointmentRequest.objects.filter(status=Status.QUARANTINED).values("client")
    clients = {
        str(client.pk): client
        for client in Client.objects.known().filter(by_contact).exclude(pk__in=spam)[:50]
    }
    found = matching.find(
        person,
        [
            Person(c.first_name, c.last_name, c.birth_date, c.email, str(c.phone or ""), c.name_to_use, key)
            for key, c in clients.items()
        ],
    )
    keys = [one.key for one in [*found.likely, *([found.same] if found.same else [])]]
    earlier = (
        AppointmentRequest.objects.open()
        .filter(client_id__in=keys, submitted_at__gte=now - DUPLICATE_WITHIN)
        .order_by("-submitted_at")
        .first()
    )
    return found, earlier


def _client(whole: Whole, same: Person | None, *, language: str) -> Client:
    """The known client with their newest wishes, or a new one. A known address or number is never replaced."""
    client = Client.objects.get(pk=same.key) if same else Client()
    phone = whole.clean("phone")
    if not same:
        client.first_name, client.last_name = whole.clean("first_name"), whole.clean("last_name") or ""
        client.set_birth_date(whole.clean("birth_date"))
    client.name_to_use = whole.clean("name_to_use") or client.name_to_use
    client.pronouns = whole.clean("pronouns") or client.pronouns
    client.email = client.email or whole.clean("email") or ""
    if phone and not client.phone:
        client.phone, client.phone_extension = phone.e164, phone.extension
    client.mailing_address = whole.clean("mailing_address") or client.mailing_address
    client.language = language
    reach = _reach(whole)
    client.prefers = PREFERS.get(whole.clean("prefer") or "", client.prefers)
    client.email_ok = bool(whole.clean("email_ok")) and "email" in reach
    client.text_ok = bool(whole.clean("text_ok")) and "text" in reach
    client.call_ok = "call" in reach or "voicemail" in reach
    client.voicemail_ok = "voicemail" in reach
    if whole.clean("coverage") == CoverageType.PRIVATE_NO_CLAIM:
        client.insurer_contact_ok = False
    client.contact_notes = {key: whole.clean(key) for key in ("best_time", "say_only") if whole.clean(key)}
    if whole.clean("representative_first_name"):
        client.representative = _representative(whole)
    client.save()
    return client


def _reach(whole: Whole) -> frozenset[str]:
    """The ways ticked; nothing ticked means mail or a call, whichever was given."""
    ticked = set(whole.clean("reach") or ())
    if not ticked:
        ticked = {"email"} if whole.clean("email") else set()
        ticked |= {"call"} if whole.clean("phone") else set()
    return frozenset(ticked)


def _representative(whole: Whole) -> dict[str, str]:
    phone = whole.clean("representative_phone")
    said = {
        key: whole.clean(f"representative_{key}") or ""
        for key in ("first_name", "last_name", "relation", "may_consent", "legal_role", "email")
    }
    return {key: value for key, value in {**said, "phone": phone.e164 if phone else ""}.items() if value}


def _told(
    whole: Whole,
    answers: Mapping[str, Mapping[str, str]],
    flags: Sequence[screening.FoundFlag],
    found: matching.Found,
    *,
    now: datetime,
    language: str,
    times_resumed: int,
    files: tuple[int, int],
    by: User | None,
) -> marking.Told:
    setting, born = whole.setting, whole.clean("birth_date")
    service, phone, reach = setting.service, whole.clean("phone"), _reach(whole)
    texts = [
        whole.clean(name) or "" for name in ("carrier", "member_id", "medicare_number", "secondary_carrier")
    ]
    return marking.Told(
        now=setting.clinic.local(now),
        practice_state=setting.clinic.practice_state,
        service_kind=service.kind if service else "",
        service_modes=tuple(service.modes) if service else (),
        is_sensitive=asking.is_sensitive(service) or "pelvis" in (whole.clean("body_areas") or ()),
        story=whole.clean("reason") or "",
        has_areas=bool(whole.clean("body_areas")),
        has_answers=any(said for form, said in answers.items() if form not in {"safety"}),
        asks_estimate=bool(whole.clean("ask_estimate")),
        language=language,
        first_name=whole.clean("first_name"),
        last_name=whole.clean("last_name") or "",
        name_to_use=whole.clean("name_to_use") or "",
        age=age_on(setting.today, born) if born else None,
        email=whole.clean("email") or "",
        phone=phone.e164 if phone else "",
        wants_paper=bool(whole.clean("mailing_address")),
        reach=reach,
        email_refused=bool(whole.clean("email")) and "email" not in reach and not whole.clean("email_ok"),
        say_only=whole.clean("say_only") or "",
        for_whom=setting.for_whom,
        names_representative=bool(whole.clean("representative_first_name")),
        guardian_agrees=bool(whole.clean("guardian_agrees")),
        legal_role=whole.clean("representative_legal_role") or "",
        coverage=whole.clean("coverage") or "",
        coverage_texts=texts,
        where_during_visit=whole.clean("where_during_visit") or "",
        parts=frozenset(whole.clean("parts") or ()),
        latest=whole.clean("latest"),
        waitlist=bool(whole.clean("waitlist_ok")),
        is_series=bool(whole.clean("series_per_week")),
        access=bool(whole.clean("access_needs") or whole.clean("access_notes")),
        says_returning=setting.is_returning,
        is_known=found.same is not None,
        shares_contact=found.shares_contact,
        times_resumed=times_resumed,
        screening_asked="safety" in answers,
        screening_answered=bool(answers.get("safety")),
        flag_levels=frozenset(flag.level for flag in flags),
        held_by_screening=frozenset(asking.holds_from(flags)),
        files=files[0],
        bad_files=files[1],
        is_staff_entry=by is not None,
    )


def _suggested(whole: Whole) -> Service | None:
    """For "not sure": the private first visit where pregnancy, birth or the pelvis is named, else the usual one."""
    first_visits = [service for service in whole.setting.services if service.is_first_visit]
    private = whole.clean("pregnancy_status") in {"pregnant", "gave_birth"} or "pelvis" in (
        whole.clean("body_areas") or ()
    )
    fitting = [service for service in first_visits if asking.is_sensitive(service) == private]
    return next(iter(fitting or first_visits), None)


def _coverage(whole: Whole, client: Client, *, now: datetime, by: User | None) -> Coverage:
    def said(*names: str) -> dict[str, Any]:
        return {name: _plain(whole.clean(name)) for name in names if whole.clean(name)}

    details = said(
        "carrier",
        "plan_type",
        "member_id",
        "group_number",
        "phone_on_card",
        "prior_authorization",
        "medicare_number",
        "referral",
    )
    for group in ("policyholder", "secondary", "claim"):
        names = [name for name in PayingForm.base_fields if name.startswith(f"{group}_")]
        inner = {
            name.removeprefix(f"{group}_"): _plain(whole.clean(name)) for name in names if whole.clean(name)
        }
        if inner:
            details[group] = inner
    member = "".join(c for c in str(details.get("member_id", "")).upper() if c.isalnum())
    return Coverage.objects.create(
        client=client,
        type=whole.clean("coverage") or CoverageType.UNSURE,
        details=details,
        member_id_index=lookup_hash(member, purpose="member-id") if member else "",
        answered_at=now,
        recorded_by=by,
    )


def _plain(value: Any) -> Any:
    if hasattr(value, "e164"):
        return value.e164
    return value.isoformat() if hasattr(value, "isoformat") else value


def _details(whole: Whole) -> dict[str, Any]:
    names = (
        "body_areas",
        "side",
        "started_on",
        "where_during_visit",
        "availability_notes",
        "workshop_on",
        "referral",
    )
    details: dict[str, Any] = {name: _plain(whole.clean(name)) for name in names if whole.clean(name)}
    if whole.clean("pregnancy_status"):
        details["pregnancy"] = {
            "status": whole.clean("pregnancy_status"),
            "weeks": whole.clean("pregnancy_weeks"),
        }
    needs = [
        *(whole.clean("access_needs") or []),
        *([whole.clean("access_notes")] if whole.clean("access_notes") else []),
    ]
    if needs:
        details["access_needs"] = "; ".join(needs)
    if whole.clean("series_per_week"):
        details["series"] = {
            "per_week": whole.clean("series_per_week"),
            "weeks": whole.clean("series_weeks"),
            "days": whole.clean("days"),
            "parts": whole.clean("parts"),
        }
    return details


def _wishes(whole: Whole) -> dict[str, Any]:
    days = [day for day in whole.clean("days") or [] if day != "any"]
    wishes = {"days": days} | {
        name: _plain(whole.clean(name))
        for name in ("parts", "earliest", "latest", "practitioner", "gender")
        if whole.clean(name)
    }
    if whole.clean("waitlist_ok"):
        wishes["waitlist_ok"] = True
    return {name: value for name, value in wishes.items() if value}


def _consents(whole: Whole, sent: AppointmentRequest, *, now: datetime, how: str, by: User | None) -> None:
    send, you = whole.forms["send"], whole.forms["you"]
    if not isinstance(send, SendForm) or not isinstance(you, YouForm):
        raise TypeError("The pages are not the ones we know.")
    asked = send.consent_names(
        is_minor=you.is_minor, has_email=bool(whole.clean("email")), wants_text="text" in _reach(whole)
    )
    given_by = (
        "client" if sent.for_whom == "self" else "guardian" if sent.for_whom == "child" else "representative"
    )
    Consent.objects.bulk_create(
        Consent(
            appointment_request=sent,
            kind=kind,
            agreed=bool(send.cleaned_data[kind]),
            how=how,
            text_version=CONSENT_TEXT_VERSION,
            language=sent.language,
            at=now,
            recorded_by=by,
            given_by=given_by,
        )
        for kind in asked
    )


def _new_reference(clinic: Clinic) -> str:
    """Two letters of the clinic and five signs that nobody mixes up on the phone."""
    initials = "".join(word[0] for word in str(clinic).split()[:2] if word[0].isalpha()).upper() or "R"
    while True:
        reference = f"{initials}-" + "".join(secrets.choice("23456789ACDEFHJKMNPRTWXY") for _each in range(5))
        if not AppointmentRequest.objects.filter(reference=reference).exists():
            return reference
