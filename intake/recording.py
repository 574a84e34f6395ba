"""What was told, as rows: the client with their newest wishes, the coverage, details, wishes and consents."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from config.foundation.encryption import lookup_hash
from config.foundation.user import User
from intake import clients, matching
from intake.forms import PREFERS, PayingForm, SendForm, YouForm
from intake.matching import Person
from intake.models import AppointmentRequest, Client, Consent, CostQuestion, Coverage, CoverageType, Status
from intake.price_question import asks_price_in_words
from intake.whole import Whole, reach

CONSENT_TEXT_VERSION = "2027-01"
DUPLICATE_WITHIN = timedelta(days=60)


def look_for(
    person: Person, *, known: Client | None = None, now: datetime
) -> tuple[matching.Found, AppointmentRequest | None]:
    """Who this is among the clients (`known`: staff said so), and an open request that may be the same one."""
    by_contact = Q()
    if person.email:
        by_contact |= Q(email__iexact=person.email)
    if person.phone:
        by_contact |= Q(phone=person.phone)
    spam = AppointmentRequest.objects.filter(status=Status.QUARANTINED).values("client")
    candidates = {
        str(client.pk): client
        for client in Client.objects.known().filter(by_contact).exclude(pk__in=spam)[:50]
    }
    found = matching.find(person, [_as_person(client, key) for key, client in candidates.items()])
    if known is not None:
        found = replace(found, same=_as_person(known, str(known.pk)), likely=[])
    keys = [one.key for one in [*found.likely, *([found.same] if found.same else [])]]
    earlier = (
        AppointmentRequest.objects.open()
        .filter(client_id__in=keys, submitted_at__gte=now - DUPLICATE_WITHIN)
        .order_by("-submitted_at")
        .first()
    )
    return found, earlier


def recognise(client: Client, *, now: datetime) -> tuple[Client | None, AppointmentRequest | None]:
    """The same for somebody whose entry is there already: the client we knew, and an open request of theirs.

    For a request that was set aside when it came, so that nobody looked who sent it.
    """
    found, earlier = look_for(_as_person(client, ""), now=now)
    return (Client.objects.get(pk=found.same.key) if found.same else None), earlier


def _as_person(client: Client, key: str) -> Person:
    return Person(
        client.first_name,
        client.last_name,
        client.birth_date,
        client.email,
        str(client.phone or ""),
        client.name_to_use,
        key,
    )


def client_of(
    whole: Whole,
    same: Person | None,
    *,
    language: str,
    by: User | None,
    now: datetime,
    is_certain: bool = False,
) -> Client:
    """The known client with their newest wishes, or a new one.

    A known address or number is never replaced, but by staff who are certain who this is.
    """
    client = Client.objects.get(pk=same.key) if same else Client()
    before = clients.snapshot(client) if same else {}
    phone = whole.clean("phone")
    if not same:
        client.first_name, client.last_name = whole.clean("first_name"), whole.clean("last_name") or ""
        client.set_birth_date(whole.clean("birth_date"))
    client.name_to_use = whole.clean("name_to_use") or client.name_to_use
    client.pronouns = whole.clean("pronouns") or client.pronouns
    typed = whole.clean("email") or ""
    client.email = (typed or client.email) if is_certain else (client.email or typed)
    if phone and (is_certain or not client.phone):
        client.phone, client.phone_extension = phone.e164, phone.extension
    client.mailing_address = whole.clean("mailing_address") or client.mailing_address
    client.language = language
    ways = reach(whole)
    client.prefers = PREFERS.get(whole.clean("prefer") or "", client.prefers)
    client.email_ok = bool(whole.clean("email_ok")) and "email" in ways
    client.email_document_ok = client.email_ok and bool(whole.clean("email_document_ok"))
    client.text_ok = bool(whole.clean("text_ok")) and "text" in ways
    client.call_ok = "call" in ways or "voicemail" in ways
    client.voicemail_ok = "voicemail" in ways
    if whole.clean("coverage") == CoverageType.PRIVATE_NO_CLAIM:
        client.insurer_contact_ok = False
    client.contact_notes = {key: whole.clean(key) for key in ("best_time", "say_only") if whole.clean(key)}
    if whole.clean("representative_first_name"):
        client.representative = _representative(whole)
    client.save()
    after = clients.snapshot(client)
    changes = {name: [was, after[name]] for name, was in before.items() if was != after[name]}
    if changes:
        clients.remember(client=client, what="came_again", changes=changes, by=by, now=now)
    return client


def _representative(whole: Whole) -> dict[str, str]:
    phone = whole.clean("representative_phone")
    said = {
        key: whole.clean(f"representative_{key}") or ""
        for key in ("first_name", "last_name", "relation", "may_consent", "legal_role", "email")
    }
    return {key: value for key, value in {**said, "phone": phone.e164 if phone else ""}.items() if value}


def coverage_of(whole: Whole, client: Client, *, now: datetime, by: User | None) -> Coverage:
    def said(*names: str) -> dict[str, Any]:
        return {name: _plain(whole.clean(name)) for name in names if whole.clean(name)}

    card = said(
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
            card[group] = inner
    member = "".join(c for c in str(card.get("member_id", "")).upper() if c.isalnum())
    return Coverage.objects.create(
        client=client,
        type=whole.clean("coverage") or CoverageType.UNSURE,
        details=card,
        member_id_index=lookup_hash(member, purpose="member-id") if member else "",
        answered_at=now,
        recorded_by=by,
    )


def _plain(value: Any) -> Any:
    if hasattr(value, "e164"):
        return value.e164
    return value.isoformat() if hasattr(value, "isoformat") else value


def details(whole: Whole) -> dict[str, Any]:
    names = (
        "body_areas",
        "side",
        "started_on",
        "where_during_visit",
        "availability_notes",
        "workshop_on",
        "referral",
    )
    told: dict[str, Any] = {name: _plain(whole.clean(name)) for name in names if whole.clean(name)}
    if whole.clean("pregnancy_status"):
        told["pregnancy"] = {
            "status": whole.clean("pregnancy_status"),
            "weeks": whole.clean("pregnancy_weeks"),
        }
    needs = [
        *(whole.clean("access_needs") or []),
        *([whole.clean("access_notes")] if whole.clean("access_notes") else []),
    ]
    if needs:
        told["access_needs"] = "; ".join(needs)
    if whole.clean("series_per_week"):
        told["series"] = {
            "per_week": whole.clean("series_per_week"),
            "weeks": whole.clean("series_weeks"),
            "days": whole.clean("days"),
            "parts": whole.clean("parts"),
        }
    return told


def wishes(whole: Whole) -> dict[str, Any]:
    days = [day for day in whole.clean("days") or [] if day != "any"]
    wished = {"days": days} | {
        name: _plain(whole.clean(name))
        for name in ("parts", "earliest", "latest", "practitioner", "gender")
        if whole.clean(name)
    }
    if whole.clean("waitlist_ok"):
        wished["waitlist_ok"] = True
    return {name: value for name, value in wished.items() if value}


def record_consents(
    whole: Whole, sent: AppointmentRequest, *, now: datetime, how: str, by: User | None
) -> None:
    send, you = whole.forms["send"], whole.forms["you"]
    if not isinstance(send, SendForm) or not isinstance(you, YouForm):
        raise TypeError("The pages are not the ones we know.")
    asked = send.consent_names(
        is_minor=you.is_minor, has_email=bool(whole.clean("email")), wants_text="text" in reach(whole)
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


def cost_question(sent: AppointmentRequest, *, now: datetime, by: User | None) -> None:
    """Asking the price, by tick or in their own words, starts an estimate's clock: kept with its time."""
    if sent.wants_written_estimate or asks_price_in_words(sent.story):
        CostQuestion.objects.get_or_create(
            appointment_request=sent,
            asked_at=now,
            defaults={
                "client": sent.client,
                "how": CostQuestion.How.TICK if sent.wants_written_estimate else CostQuestion.How.FREE_TEXT,
                "recorded_by": by,
            },
        )
