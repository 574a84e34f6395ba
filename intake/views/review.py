"""The last page before sending: everything that was said, and what is still to be fixed elsewhere."""

from datetime import date, datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from intake import asking, drafts, prices, uploads, words
from intake.cleaning import Phone
from intake.forms import Setting, StepForm, YouForm
from intake.models import RequestDraft
from intake.views import pages
from intake.whole import Said, Whole, read_whole


def review(
    setting: Setting,
    said: Said,
    form: StepForm | None,
    draft: RequestDraft | None,
    *,
    now: datetime,
) -> dict[str, Any]:
    """`draft`: whose files go along."""
    whole = read_whole(
        said,
        now=now,
        language=translation.get_language(),
        files=uploads.answers_in(uploads.files_of(draft)),
        excused=drafts.could_not_keep(draft),
    )
    you = whole.forms["you"]
    reach = set(said.get("reach") or ())
    asked = []
    if form is not None and hasattr(form, "consent_names"):
        asked = form.consent_names(
            is_minor=isinstance(you, YouForm) and you.is_minor,
            has_email=bool(whole.clean("email")),
            wants_text="text" in reach,
        )
    consents = [form[name] for name in asked] if form is not None else []
    return {"rows": _review_rows(whole), "consents": consents, "elsewhere": elsewhere(whole)}


# What has no words of its own on this page is shown with its question, when something was said to it.
WITH_QUESTION = {
    "visit": ("workshop_on", "where_during_visit", "also", "package"),
    "about": ("started_on", "pregnancy_status", "pregnancy_weeks"),
    "person": ("name_to_use", "pronouns"),
    "adult": ("representative_relation", "representative_phone", "representative_email"),
    "ways": ("prefer", "best_time", "say_only", "mailing_address"),
    "paying": (
        *("carrier", "plan_type", "member_id", "group_number", "policyholder_name", "policyholder_relation"),
        *("policyholder_birth_date", "phone_on_card", "secondary_carrier", "secondary_member_id"),
        *("medicare_number", "prior_authorization", "referral", "claim_number", "claim_on", "claim_state"),
        *("claim_employer", "claim_adjuster", "claim_adjuster_phone", "claim_attorney"),
    ),
    "times": (
        *("earliest", "latest", "availability_notes", "practitioner", "gender", "waitlist_ok"),
        *("series_per_week", "series_weeks"),
    ),
}


def _review_rows(whole: Whole) -> list[dict[str, Any]]:
    adult = _("Your parent or guardian") if whole.setting.for_whom == "self" else _("And you")
    rows = [
        ("visit", _("Visit"), _visit(whole), _("visit")),
        ("about", _("Where"), _shown(whole, "about", "body_areas", "side"), _("places")),
        ("about", _("In your words"), [whole.clean("reason"), *_told(whole, "about")], _("your words")),
        ("safety", _("Safety"), [_safety_words(whole)] if whole.asked else [], _("safety answers")),
        ("you", _("For"), _person(whole), _("name and birth date")),
        ("you", adult, _adult(whole), _("the name of the adult")),
        ("you", _("Reach you"), _ways(whole), _("how to reach you")),
        ("paying", _("Paying"), _paying(whole), _("paying")),
        (
            "paying",
            _("Times"),
            [*_shown(whole, "paying", "days", "parts"), *_told(whole, "times")],
            _("times"),
        ),
        ("paying", _("To prepare"), _to_prepare(whole), _("what to prepare")),
    ]
    if_said = {"safety", adult, _("To prepare")}
    said = ((where, label, [line for line in lines if line], hidden) for where, label, lines, hidden in rows)
    return [
        {"name": label, "lines": lines or [_("Not said")], "href": pages.address(where), "hidden": hidden}
        for where, label, lines, hidden in said
        if lines or not {where, label} & if_said
    ]


def _shown(whole: Whole, form: str, *names: str) -> list[str]:
    """What was chosen in these fields, in the words of the form; a line a field, empty for one left out."""
    lines = []
    for name in names:
        field, chosen = whole.forms[form].fields[name], whole.clean(name)
        values = chosen if isinstance(chosen, list) else [chosen] if chosen else []
        labels = {str(value): str(label) for value, label in field.choices}  # type: ignore[attr-defined]
        lines.append(", ".join(labels.get(str(value), str(value)) for value in values))
    return lines


def _told(whole: Whole, part: str) -> list[str]:
    """What was said to the rarer questions of a part, each with its question."""
    found = []
    for name in WITH_QUESTION[part]:
        form = next(form for form in whole.forms.values() if name in form.fields)
        field, value = form.fields[name], whole.clean(name)
        if not value:
            continue
        question = str(field.label)
        found.append(
            f"{question} {_in_words(field, value)}"
            if question.endswith("?")
            else f"{question}: {_in_words(field, value)}"
        )
    return found


def _in_words(field: Any, value: Any) -> str:
    if isinstance(value, date):
        return words.day(value, year=True, weekday=False)
    if isinstance(value, Phone):
        return words.phone(value.e164)
    labels = {str(code): str(label) for code, label in getattr(field, "choices", ())}
    values = value if isinstance(value, list) else [value]
    return ", ".join(labels.get(str(one), str(one)) for one in values)


def _visit(whole: Whole) -> list[str]:
    service = whole.setting.service
    if service is None:
        return [_("Not sure yet. You help me choose."), *_told(whole, "visit")]
    people = whole.clean("people") if whole.setting.is_workshop else 0
    for_how_many = ngettext("For %(n)s person", "For %(n)s people", people) % {"n": people} if people else ""
    return [service.name, prices.price_row(service).hint, for_how_many, *_told(whole, "visit")]


def _person(whole: Whole) -> list[str]:
    name = f"{whole.clean('first_name') or ''} {whole.clean('last_name') or ''}".strip()
    born = whole.clean("birth_date")
    birthday = _("born %(day)s") % {"day": words.day(born, year=True, weekday=False)} if born else ""
    return [name, birthday, *_told(whole, "person")]


def _adult(whole: Whole) -> list[str]:
    """Who writes for somebody else, or the adult whom a child has named."""
    name = f"{whole.clean('representative_first_name') or ''} {whole.clean('representative_last_name') or ''}"
    return [line for line in (name.strip(), *_told(whole, "adult")) if line]


def _to_prepare(whole: Whole) -> list[str]:
    lines = [*_shown(whole, "paying", "access_needs"), whole.clean("access_notes")]
    return [line for line in lines if line]


def _ways(whole: Whole) -> list[str]:
    phone = whole.clean("phone")
    number = words.phone(phone.e164) if phone else ""
    if phone and phone.extension:
        number = _("%(number)s, extension %(extension)s") % {"number": number, "extension": phone.extension}
    return [whole.clean("email"), number, *_shown(whole, "you", "reach"), *_told(whole, "ways")]


def _paying(whole: Whole) -> list[str]:
    [coverage] = _shown(whole, "paying", "coverage")
    wants = _("Price estimate: yes, please") if whole.clean("ask_estimate") else ""
    return [coverage or _("Not said"), *_told(whole, "paying"), wants]


def _safety_words(whole: Whole) -> str:
    said = asking.answered(whole.asked, whole.sheets).get("safety", {})
    yes = sum(1 for code in said.values() if code == "yes")
    if not said:
        return _("Not answered")
    return _("All answered no") if not yes else _("%(n)s answered yes") % {"n": yes}


def elsewhere(whole: Whole) -> list[dict[str, str]]:
    """What is still to be fixed on other pages, with links there."""
    found = []
    for name, form in whole.forms.items():
        if name != "send":
            found += [
                {"href": f"{pages.address(name)}{one['href']}", "text": one["text"]}
                for one in form.problems()
            ]
    return found
