"""The sample clinic's requests, as a person would type them: sample → the request form's posted names.

The only adapter between the two: codes of answers become the fields of the shipped questionnaires.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from intake import asking
from intake.models import Service
from intake.questionnaires import sheet

AREAS = {
    "back_where": {"low_back": "low_back", "mid_back": "mid_back", "tailbone": "tailbone"},
    "hip_where": {},
}
AREA_OF = {"back": "low_back", "hip": "hip", "groin": "groin"}


def posted(form: Mapping[str, Any], *, honeypot: str = "") -> dict[str, list[str]]:
    """`form` as it stands in the clinic file. Dates go whole into the first box, exactly as typed."""
    said: dict[str, list[str]] = {}

    def put(name: str, value: Any) -> None:
        if value in (None, "", [], False):
            return
        values = value if isinstance(value, list) else [value]
        said[name] = [_text(one) for one in values]

    for name in ("service", "client_status", "for_whom", "people", "where_during_visit", "first_name", "last_name",
                 "name_to_use", "pronouns", "email", "phone", "mailing_address", "also", "package"):  # fmt: skip
        put(name, form.get(name))
    put("reason", _story(form))
    put("birth_date_month", form.get("dob"))
    put("started_on_month", form.get("started_on"))
    put("workshop_on_month", form.get("workshop_date"))
    pregnancy = form.get("pregnancy", {})
    put("pregnancy_status", pregnancy.get("status"))
    put("pregnancy_weeks", pregnancy.get("weeks"))
    _contact(form, put)
    _helper(form, put)
    _paying(form, put)
    wishes = form.get("availability", {})
    series = form.get("series", {})
    put("days", wishes.get("days") or series.get("days"))
    put("parts", wishes.get("parts") or series.get("parts"))
    put("earliest_month", wishes.get("earliest"))
    put("latest_month", wishes.get("latest"))
    put("availability_notes", wishes.get("notes"))
    put("waitlist_ok", "yes" if wishes.get("waitlist_ok") else "")
    put("series_per_week", series.get("per_week"))
    put("series_weeks", series.get("weeks"))
    put("access_notes", form.get("access_needs"))
    for name, agreed in form.get("consents", {}).items():
        put(name, "on" if agreed else "")
    put("website", honeypot)
    _questionnaires(form, said)
    return said


def _text(value: Any) -> str:
    return "yes" if value is True else str(value)


def _story(form: Mapping[str, Any]) -> str:
    repeat = form.get("reason_repeat")
    return repeat["text"] * repeat["times"] + repeat["then"] if repeat else str(form.get("reason", ""))


def _contact(form: Mapping[str, Any], put: Any) -> None:
    contact = form.get("contact", {})
    prefer = contact.get("prefer", "")
    reach = []
    if form.get("email") and contact.get("email_reminders_ok", True):
        reach.append("email")
    if contact.get("text_ok"):
        reach.append("text")
    if form.get("phone") and contact.get("call_ok", prefer == "phone" or bool(contact.get("voicemail_ok"))):
        reach.append("call")
    if contact.get("voicemail_ok"):
        reach.append("voicemail")
    put("reach", reach)
    for name in ("prefer", "best_time", "say_only"):
        put(name, contact.get(name))


def _helper(form: Mapping[str, Any], put: Any) -> None:
    helper = form.get("guardian") or form.get("representative") or {}
    for name in ("first_name", "last_name", "relation", "phone", "email", "legal_role"):
        put(f"representative_{name}", helper.get(name))
    put("representative_may_consent", "yes" if helper.get("may_consent") else "")


def _paying(form: Mapping[str, Any], put: Any) -> None:
    coverage = form.get("coverage", {})
    put("coverage", coverage.get("type"))
    for name in ("carrier", "plan_type", "member_id", "group_number", "phone_on_card", "medicare_number"):
        put(name, coverage.get(name))
    put("prior_authorization", coverage.get("prior_authorization_needed"))
    holder, second = coverage.get("policyholder") or {}, coverage.get("secondary") or {}
    put("policyholder_name", holder.get("name"))
    put("policyholder_relation", holder.get("relation"))
    put("policyholder_birth_date_month", holder.get("dob"))
    put("secondary_carrier", second.get("carrier"))
    put("secondary_member_id", second.get("member_id"))
    claim = coverage.get("claim") or {}
    put("claim_on_month", claim.get("injury_date") or claim.get("accident_date"))
    for name in ("number", "state", "employer", "adjuster", "adjuster_phone", "attorney"):
        put(f"claim_{name}", claim.get(name))
    put("referral", (form.get("referral") or {}).get("has"))
    put("ask_estimate", "yes" if form.get("ask_estimate") else "")


def _questionnaires(form: Mapping[str, Any], said: dict[str, list[str]]) -> None:
    services = list(Service.objects.offered().prefetch_related("questionnaires"))
    chosen = [one for one in services if one.code == form.get("service")] or [
        one for one in services if one.is_first_visit
    ]
    given = {**form.get("answers", {}), **form.get("changes", {})}
    for asked in asking.forms_of(chosen):
        answers = _answers_of(asked, form, given)
        if answers:
            said.update(sheet.fields_for(asked.form, answers, asked.prefix))


def _answers_of(asked: asking.Asked, form: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    slug, questions = asked.row.slug, asked.form.by_link_id
    if slug == "safety":
        return _safety(form.get("safety"), questions)
    if slug.endswith("precautions"):
        told = form.get("precautions")
        if told == "all_no":
            return _all_no(questions)
        return {code: answer for code, answer in (told or {}).items() if code in questions}
    return {code: answer for code, answer in given.items() if code in questions and answer != "skipped"}


def _safety(told: Any, questions: Mapping[str, Any]) -> dict[str, Any]:
    if told in (None, "skipped"):
        return {}
    if told == "all_no":
        return _all_no(questions)
    answers: dict[str, Any] = _all_no(questions) if told.get("others") == "all_no" else {}
    return answers | {code: answer for code, answer in told.items() if code in questions}


def _all_no(questions: Mapping[str, Any]) -> dict[str, Any]:
    return {
        link_id: "no"
        for link_id, item in questions.items()
        if link_id not in {*asking.KNOWN, "pregnancy_warning"} and _has_no(item.options)
    }


def _has_no(options: Sequence[Any]) -> bool:
    return any(
        isinstance(option.value.raw, dict) and option.value.raw.get("code") == "no" for option in options
    )
