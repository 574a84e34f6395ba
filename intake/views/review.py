"""The last page before sending: everything that was said, and what is still to be fixed elsewhere."""

from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from intake import asking, drafts, prices, uploads, words
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


def _review_rows(whole: Whole) -> list[dict[str, Any]]:
    rows = [
        ("visit", _("Visit"), _visit(whole), _("visit")),
        ("about", _("Where"), _shown(whole, "about", "body_areas", "side"), _("places")),
        ("about", _("In your words"), [whole.clean("reason")], _("your words")),
        ("safety", _("Safety"), [_safety_words(whole)] if whole.asked else [], _("safety answers")),
        ("you", _("For"), _person(whole), _("name and birth date")),
        ("you", _("Reach you"), _ways(whole), _("how to reach you")),
        ("paying", _("Paying"), _paying(whole), _("paying")),
        ("paying", _("Times"), _shown(whole, "paying", "days", "parts"), _("times")),
    ]
    said = ((where, label, [line for line in lines if line], hidden) for where, label, lines, hidden in rows)
    return [
        {"name": label, "lines": lines or ["-"], "href": pages.address(where), "hidden": hidden}
        for where, label, lines, hidden in said
        if lines or where != "safety"
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


def _visit(whole: Whole) -> list[str]:
    service = whole.setting.service
    if service is None:
        return [_("Not sure yet. You help me choose.")]
    return [service.name, prices.price_row(service).hint]


def _person(whole: Whole) -> list[str]:
    name = f"{whole.clean('first_name') or ''} {whole.clean('last_name') or ''}".strip()
    born = whole.clean("birth_date")
    return [name, _("born %(day)s") % {"day": words.day(born, year=True, weekday=False)} if born else ""]


def _ways(whole: Whole) -> list[str]:
    phone = whole.clean("phone")
    number = words.phone(phone.e164) if phone else ""
    return [whole.clean("email"), number, *_shown(whole, "you", "reach")]


def _paying(whole: Whole) -> list[str]:
    [coverage] = _shown(whole, "paying", "coverage")
    wants = _("Price estimate: yes, please") if whole.clean("ask_estimate") else ""
    return [coverage or _("Not said"), wants]


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
