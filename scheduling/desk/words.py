"""How the desk says what stands on a request: groups, payers, markers, wishes, and why a time is refused."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake import words
from intake.models import (
    AppointmentRequest,
    Client,
    ContactWay,
    CoverageType,
)
from scheduling.estimates.entitlement import FEDERAL

GROUPS = {
    "urgent": gettext_lazy("Urgent"),
    "same_day": gettext_lazy("Same day"),
    "overdue": gettext_lazy("Overdue"),
    "today": gettext_lazy("Due today"),
    "later": gettext_lazy("Due later"),
    "low": gettext_lazy("No hurry"),
}
PAYERS = {
    CoverageType.NONE: gettext_lazy("self-pay"),
    CoverageType.PRIVATE_SEND_OWN_BILL: gettext_lazy("own bill"),
    CoverageType.PRIVATE_NO_CLAIM: gettext_lazy("no claim, please"),
    CoverageType.MEDICARE: gettext_lazy("Medicare"),
    CoverageType.MEDICAID: gettext_lazy("Medicaid"),
    CoverageType.TRICARE: gettext_lazy("TRICARE"),
    CoverageType.VA: gettext_lazy("Veterans care"),
    CoverageType.IHS: gettext_lazy("Indian Health"),
    CoverageType.AUTO_INJURY: gettext_lazy("car crash"),
    CoverageType.WORK_INJURY: gettext_lazy("work injury"),
    CoverageType.TRAVEL: gettext_lazy("travel insurance"),
    CoverageType.SAME_AS_BEFORE: gettext_lazy("as last time"),
    CoverageType.NOT_NEEDED: gettext_lazy("no payer needed"),
    CoverageType.UNSURE: gettext_lazy("payer not sure"),
}
# code -> (letter, words on the row, what it means in the panel)
MARKERS: dict[str, tuple[str, Any, Any]] = {
    "possible_duplicate": ("2", gettext_lazy("Wrote twice?"), gettext_lazy("Maybe wrote twice.")),
    "price_question_in_text": ("$", gettext_lazy("Price asked"), gettext_lazy("Asked about the price in their own words.")),
    "price_question": ("$", gettext_lazy("Price asked"), gettext_lazy("Asked for a price estimate in writing.")),
    "price_only": ("$", gettext_lazy("Only the price"), gettext_lazy("Wants no time yet, only the estimate.")),
    "paper_delivery": ("P", gettext_lazy("Paper by post"), gettext_lazy("The estimate must go by post.")),
    "has_question": ("?", gettext_lazy("Asks a question"), gettext_lazy("Asks a question. It wants an answer.")),
    "safety_not_answered": ("N", gettext_lazy("Safety not answered"), gettext_lazy("The safety questions were not answered. Ask on the phone.")),
    "client_wrote": ("A", gettext_lazy("Wrote back"), gettext_lazy("Wrote back by the link. Their words are in the history.")),
    "needs_info": ("N", gettext_lazy("Something is missing"), gettext_lazy("Something is missing. Ask for it.")),
    "no_client_match": ("N", gettext_lazy("Not found"), gettext_lazy("Says they were here before, but we find nobody. Ask, do not refuse.")),
    "known_client": ("K", gettext_lazy("Known"), gettext_lazy("We know this person.")),
    "series": ("12", gettext_lazy("visits"), gettext_lazy("Asks for several visits.")),
    "waitlist": ("W", gettext_lazy("Would come sooner"), gettext_lazy("Would take a time that becomes free.")),
    "minor": ("M", gettext_lazy("Under 18"), gettext_lazy("Under 18. A parent or guardian must agree and come along.")),
    "guardian_present": ("M", gettext_lazy("Guardian agrees"), gettext_lazy("A guardian has agreed.")),
    "representative_check": ("R", gettext_lazy("Someone speaks for them"), gettext_lazy("Somebody speaks for this person. Ask what they may decide.")),
    "contact_limits": ("C", gettext_lazy("Careful how"), gettext_lazy("There are limits on how we may reach this person.")),
    "no_calls": ("C", gettext_lazy("No calls"), gettext_lazy("Do not call.")),
    "costly_phone": ("C", gettext_lazy("Costly number"), gettext_lazy("The phone number is abroad or charges who calls it. Look before you call or text.")),
    "no_email": ("C", gettext_lazy("No mail"), gettext_lazy("Has no e-mail.")),
    "shared_inbox": ("C", gettext_lazy("Shared inbox"), gettext_lazy("Others read this inbox. Say nothing about health.")),
    "access_needs": ("A", gettext_lazy("Access needs"), gettext_lazy("Needs something to be able to come.")),
    "language_es": ("ES", gettext_lazy("Spanish"), gettext_lazy("Wrote in Spanish. Mail goes out in Spanish.")),
    "card_needs_reading": ("I", gettext_lazy("Card to read"), gettext_lazy("Sent a photo of the card. Somebody must read it.")),
    "files_refused": ("I", gettext_lazy("File refused"), gettext_lazy("A file could not be kept. The request itself is whole.")),
    "short_notice": ("!", gettext_lazy("Short notice"), gettext_lazy("Wants a time very soon.")),
    "spam_likely": ("X", gettext_lazy("Maybe spam"), gettext_lazy("Looks like spam. Nothing was sent to it.")),
    "many_from_one_place": ("X", gettext_lazy("One of many"), gettext_lazy("Came with many others from one place. Nothing was sent to it. If it is a person, put it back in the queue.")),
    "urgent_medical": ("", "", ""),  # the flags above it say which
    "call_before_offering": ("", "", ""),
    "after_hours": ("", "", gettext_lazy("Came in after hours.")),
    "resumed_draft": ("", "", gettext_lazy("Came back to an unfinished form.")),
    "chosen_name": ("", "", gettext_lazy("Uses another name than the legal one. The estimate carries the legal name.")),
    "mononym": ("", "", gettext_lazy("Has one name. That is the whole name.")),
    "pregnant": ("", "", gettext_lazy("Pregnant.")),
    "postpartum": ("", "", gettext_lazy("Had a baby not long ago.")),
    "sensitive_topic": ("", "", gettext_lazy("A sensitive topic. Nothing of it leaves in a subject or a preview.")),
}  # fmt: skip
REASONS = {
    "within_dates": "",
    "marked_time": gettext_lazy("Marked by the client"),
    "outside_dates": gettext_lazy("Other dates"),
    "wished_day": gettext_lazy("Wished day"),
    "other_day": gettext_lazy("Another day"),
    "wished_part": gettext_lazy("wished hours"),
    "other_part": gettext_lazy("other hours"),
    "wished_practitioner": gettext_lazy("as asked"),
    "other_practitioner": gettext_lazy("someone else"),
    "speaks_language": gettext_lazy("Speaks Spanish"),
    "other_language": gettext_lazy("No Spanish"),
    "wished_gender": gettext_lazy("as asked"),
    "other_gender": gettext_lazy("not as asked"),
    "joins_class": gettext_lazy("Joins the class"),
    "fills_gap": gettext_lazy("Fills a gap"),
    "soonest": gettext_lazy("Soonest"),
}
# Why a time may not be taken, in the words everybody here uses. Codes as `explain_slot` gives them.
REFUSALS = {
    "service_not_offered_by_practitioner": gettext_lazy("%(who)s does not give this service."),
    "room_not_allowed": gettext_lazy("That room does not suit this service."),
    "closed": gettext_lazy("The clinic is closed then."),
    "time_off": gettext_lazy("%(who)s is off then."),
    "wrong_location": gettext_lazy("%(who)s works somewhere else then."),
    "outside_hours": gettext_lazy("Outside %(who)s’s hours."),
    "too_soon": gettext_lazy("Too soon: %(who)s needs more notice."),
    "practitioner_busy": gettext_lazy("%(who)s has another visit then."),
    "room_busy": gettext_lazy("No room is free then."),
    "room_full": gettext_lazy("No machine is free then."),
    "first_visits_full": gettext_lazy("%(who)s has no more first visits that day."),
    "too_far_ahead": gettext_lazy("That is further ahead than we plan."),
    "off_grid": gettext_lazy("A visit starts on five minutes, such as 9:05. Choose one of those."),
    "no_such_time": gettext_lazy("The clocks skip that hour."),
    "class_full": gettext_lazy("The class is full."),
    "in_the_past": gettext_lazy("That time has passed."),
    "on_hold": gettext_lazy("A hold is open. A named person must lift it first."),
    "call_first": gettext_lazy("Call first. No time is named before somebody has talked to them."),
    "no_service": gettext_lazy("Choose the service first."),
    "not_open": gettext_lazy("This request is already answered."),
}


def refusal(code: str, *, who: str = "") -> str:
    text = str(REFUSALS.get(str(code), _("That time cannot be booked.")))
    said = text % {"who": who or _("that person")} if "%(who)s" in text else text
    return said[:1].upper() + said[1:]


# What who receives a client should know, on paper that others may see: letters, and what they stand for at the foot.
ON_PAPER = {
    "minor": ("M", gettext_lazy("under 18")),
    "representative_check": ("S", gettext_lazy("someone speaks for them")),
    "contact_limits": ("C", gettext_lazy("careful how to reach them")),
    "no_calls": ("C", gettext_lazy("careful how to reach them")),
    "access_needs": ("A", gettext_lazy("needs something to come")),
    "language_es": ("ES", gettext_lazy("Spanish")),
    "card_needs_reading": ("I", gettext_lazy("card to read")),
}


def paper_flags(markers: Iterable[tuple[UUID, str]]) -> tuple[dict[UUID, str], list[tuple[str, str]]]:
    """Markers by request as letters, and the letters used with what they mean."""
    letters: dict[UUID, set[str]] = {}
    meant: dict[str, str] = {}
    for request_id, code in markers:
        if code in ON_PAPER:
            letter, meaning = ON_PAPER[code]
            letters.setdefault(request_id, set()).add(letter)
            meant[letter] = str(meaning)
    return {key: " ".join(sorted(found)) for key, found in letters.items()}, sorted(meant.items())


DAYS = {
    "mon": gettext_lazy("Mon"), "tue": gettext_lazy("Tue"), "wed": gettext_lazy("Wed"), "thu": gettext_lazy("Thu"),
    "fri": gettext_lazy("Fri"), "sat": gettext_lazy("Sat"), "sun": gettext_lazy("Sun"),
}  # fmt: skip
PARTS = {
    "before_8am": gettext_lazy("before 8 am"), "morning": gettext_lazy("morning"), "midday": gettext_lazy("midday"),
    "early_afternoon": gettext_lazy("early afternoon"), "afternoon": gettext_lazy("afternoon"),
    "after_school": gettext_lazy("after school"), "late_afternoon": gettext_lazy("late afternoon"),
    "evening": gettext_lazy("evening"),
}  # fmt: skip


def payer_words(appointment_request: AppointmentRequest) -> str:
    coverage = appointment_request.coverage
    return str(PAYERS.get(CoverageType(coverage.type), coverage.type)) if coverage else _("payer not asked")


def contact_words(client: Client) -> str:
    """How to reach somebody, on a row."""
    way = {
        ContactWay.EMAIL: _("mail"),
        ContactWay.PHONE: _("call"),
        ContactWay.TEXT: _("text"),
    }.get(ContactWay(client.prefers) if client.prefers else ContactWay.EMAIL, _("mail"))
    limits = []
    if not client.call_ok:
        limits.append(_("no calls"))
    if not client.email_ok or not client.email:
        limits.append(_("no mail"))
    return ", ".join([way, *limits])


def contact_sentence(client: Client) -> str:
    """How to reach somebody, in full words for the panel."""
    first = {
        ContactWay.EMAIL: _("Mail first."),
        ContactWay.PHONE: _("Call first."),
        ContactWay.TEXT: _("Text first."),
    }.get(ContactWay(client.prefers) if client.prefers else ContactWay.EMAIL, _("Mail first."))
    more = [_("Voicemail is fine.") if client.voicemail_ok else _("No voicemail.")]
    if not client.call_ok:
        more = [_("Do not call.")]
    more.append(_("Text is fine.") if client.text_ok else _("No text messages."))
    if not client.email_ok:
        more.append(_("No mail."))
    notes = client.contact_notes or {}
    if notes.get("best_time"):
        more.append(_("Best time: %(when)s.") % {"when": notes["best_time"]})
    if notes.get("say_only"):
        more.append(_("Say only “%(words)s”.") % {"words": notes["say_only"]})
    return " ".join([first, *more])


def neutral_name(client: Client) -> str:
    """On a screen that others see: first name and initial."""
    return client.initials_name


def wishes_words(appointment_request: AppointmentRequest) -> str:
    """ "Tue, Thu. Late afternoon or evening. From March 3." """
    wishes = appointment_request.wishes or {}
    parts = []
    if days := [str(DAYS.get(day, day)) for day in wishes.get("days") or []]:
        parts.append(", ".join(days))
    if hours := [str(PARTS.get(part, part)) for part in wishes.get("parts") or []]:
        parts.append(_(" or ").join(hours).capitalize())
    for key, text in (("earliest", _("From %(day)s")), ("latest", _("Until %(day)s"))):
        if wishes.get(key):
            parts.append(text % {"day": words.day(date.fromisoformat(wishes[key]), weekday=False)})
    if wishes.get("practitioner"):
        parts.append(_("With %(name)s") % {"name": wishes["practitioner"]})
    if wishes.get("waitlist_ok"):
        parts.append(_("Sooner is welcome"))
    return ". ".join(parts) + "." if parts else _("Any time.")


def payer_sentence(appointment_request: AppointmentRequest) -> tuple[str, str]:
    """Who pays, and what that means for the estimate."""
    coverage, service = appointment_request.coverage, appointment_request.service
    kind = CoverageType(coverage.type).label if coverage else _("Not asked yet")
    if service is None:
        return str(kind), _("No estimate while no service is chosen.")
    if service.estimate == "gfe" and coverage and coverage.type in FEDERAL:
        return str(kind), _(
            "No good-faith estimate: a federal program pays, and covered care may not simply be charged in cash."
        )
    if service.estimate == "gfe":
        return str(kind), _("The estimate goes with the confirmation.")
    return str(kind), _("A price summary goes with the confirmation.")


def reasons(codes: Iterable[object]) -> str:
    """The reasons of a suggested time in at most two short words: "Wished day, wished hours. Fills a gap." """
    given = [str(code) for code in codes]
    if {"wished_day", "wished_part"} <= set(given):
        given = ["as_wished", *[c for c in given if c not in {"wished_day", "wished_part"}]]
    said = {**REASONS, "as_wished": gettext_lazy("As wished")}
    texts = [str(said[code]) for code in given if said.get(code)]
    return ". ".join(text[:1].upper() + text[1:] for text in texts[:2]) + "." if texts else ""
