"""The last page before sending: everything that was said, and what is still to be fixed elsewhere."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from intake import asking, prices, words
from intake.forms import Setting, StepForm, YouForm
from intake.questionnaires.model import Value
from intake.views import pages
from intake.whole import Said, Whole, read_whole


def review(
    setting: Setting,
    said: Said,
    form: StepForm | None,
    *,
    now: datetime,
    files: Mapping[str, Sequence[Value]],
) -> dict[str, Any]:
    """`files`: those sent along as answers, by the names of their fields."""
    whole = read_whole(said, now=now, language=translation.get_language(), files=files)
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
    setting, clean = whole.setting, whole.clean
    service = setting.service

    def shown(form: str, name: str) -> str:
        field = whole.forms[form].fields[name]
        chosen = clean(name)
        values = chosen if isinstance(chosen, list) else [chosen] if chosen else []
        labels = {str(value): str(label) for value, label in field.choices}  # type: ignore[attr-defined]
        return ", ".join(labels.get(str(value), str(value)) for value in values)

    visit = (
        [service.name, prices.price_row(service).hint]
        if service
        else [_("Not sure yet. You help me choose.")]
    )
    name = f"{clean('first_name') or ''} {clean('last_name') or ''}".strip()
    born = clean("birth_date")
    phone = clean("phone")
    paying = [shown("paying", "coverage") or _("Not said")]
    if clean("ask_estimate"):
        paying.append(_("Price estimate: yes, please"))
    rows = [
        ("visit", _("Visit"), visit, _("visit")),
        (
            "about",
            _("Where"),
            [line for line in (shown("about", "body_areas"), shown("about", "side")) if line],
            _("places"),
        ),
        ("about", _("In your words"), [clean("reason")] if clean("reason") else [], _("your words")),
        ("safety", _("Safety"), [_safety_words(whole)] if whole.asked else [], _("safety answers")),
        (
            "you",
            _("For"),
            [
                line
                for line in (
                    name,
                    _("born %(day)s") % {"day": words.day(born, year=True, weekday=False)} if born else "",
                )
                if line
            ],
            _("name and birth date"),
        ),
        (
            "you",
            _("Reach you"),
            [
                line
                for line in (clean("email"), words.phone(phone.e164) if phone else "", shown("you", "reach"))
                if line
            ],
            _("how to reach you"),
        ),
        ("paying", _("Paying"), paying, _("paying")),
        (
            "paying",
            _("Times"),
            [line for line in (shown("paying", "days"), shown("paying", "parts")) if line],
            _("times"),
        ),
    ]
    return [
        {"name": label, "lines": lines or ["-"], "href": pages.address(where), "hidden": hidden}
        for where, label, lines, hidden in rows
        if lines or where != "safety"
    ]


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
