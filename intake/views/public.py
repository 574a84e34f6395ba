"""What clients see without signing in: the price list, the request form in six steps, the receipt."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.foundation.clinic import Clinic, Closure, reply_by
from config.foundation.policy import public
from intake import asking, prices, screening, submission, words
from intake.forms import HONEYPOT, STEPS, Setting, StepForm, YouForm
from intake.models import AppointmentRequest, ContactWay, RequestDraft, Service, ServiceKind
from intake.questionnaires.sheet import Sheet
from intake.submission import AlreadySent, NotReady, Said

COOKIE = "request_draft"
SALT = "request-draft"
# Every step: title, lead, minutes left.
WORDS: dict[str, tuple[Any, Any, int]] = {
    "visit": (
        gettext_lazy("What would you like?"),
        gettext_lazy("You see every price before you say anything about yourself."),
        4,
    ),
    "about": (
        gettext_lazy("Where does it bother you?"),
        gettext_lazy("Tick every place. Two or three is normal."),
        4,
    ),
    "safety": (
        gettext_lazy("A few safety questions"),
        gettext_lazy("They help us keep you safe. You can skip any question."),
        3,
    ),
    "you": (
        gettext_lazy("About you"),
        gettext_lazy("We need a name, a birth date and one way to reach you."),
        2,
    ),
    "paying": (
        gettext_lazy("How will you pay?"),
        gettext_lazy("You pay us at the visit. Nothing is due today."),
        1,
    ),
    "send": (
        gettext_lazy("Check and send"),
        gettext_lazy("You can change anything. Nothing is booked yet."),
        0,
    ),
}
UNPROCESSABLE = 422


@require_GET
@public
def landing(request: HttpRequest) -> HttpResponse:
    services = list(Service.objects.offered().select_related("follow_up").prefetch_related("packages"))
    care: list[Any] = []
    wellness: list[Any] = []
    for place, (service, row) in enumerate(zip(services, prices.price_rows(services), strict=True), 1):
        # The choice travels behind the #, so it reaches no server and no log.
        entry = {
            "name": row.name,
            "price": row.price,
            "minutes": row.minutes,
            "text": row.text,
            "more": row.more,
        }
        entry |= {"label": row.label, "link": row.link, "href": f"{reverse('request')}#id_service_{place}"}
        (care if service.kind == ServiceKind.HEALTH_CARE else wellness).append(entry)
    clinic = Clinic.get()
    first = next((service for service in services if service.is_first_visit), None)
    context = {
        "care": care,
        "wellness": wellness,
        "reply_by": _promise(clinic, timezone.now()),
        "change_rule": prices.change_rule(clinic, first),
    }
    return render(request, "intake/landing.html", context)


@require_GET
@public
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "intake/privacy.html")


@require_GET
@public
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "intake/help.html")


@require_http_methods(["GET", "HEAD", "POST"])
@public
def step(request: HttpRequest, name: str = "visit") -> HttpResponse:
    """One page of the form. A GET shows what is saved; a POST saves what was typed, right or wrong, and goes on."""
    now = timezone.now()
    draft = _draft_of(request, now=now)
    if draft and draft.appointment_request_id:
        return _sent_already(request, draft, name, now=now)
    if request.method != "POST":
        if draft is None and name != "visit":
            return redirect("request")
        return _page(request, name, draft, now=now)
    return _posted(request, name, draft, now=now)


@require_GET
@public
def received(request: HttpRequest) -> HttpResponse:
    draft = _draft_of(request, now=timezone.now())
    if draft is None or draft.appointment_request_id is None:
        return redirect("request")
    sent = AppointmentRequest.objects.select_related("client", "service_asked").get(
        pk=draft.appointment_request_id
    )
    clinic = Clinic.get()
    how = (
        {
            ContactWay.EMAIL: _("By email, as you asked."),
            ContactWay.PHONE: _("By phone, as you asked."),
            ContactWay.TEXT: _("By text, as you asked."),
        }.get(ContactWay(sent.client.prefers))
        if sent.client.prefers
        else ""
    )
    context = {
        "sent": sent,
        "name": sent.client.name_to_use or sent.client.first_name,
        "is_urgent": sent.priority == "urgent",
        "is_same_day": sent.priority == "same_day",
        "reply_by": words.moment(sent.reply_by, clinic.zone),
        "sent_at": words.moment(sent.submitted_at, clinic.zone),
        "how": how,
    }
    return _private(render(request, "intake/received.html", context))


@require_GET
@public
def saved(request: HttpRequest) -> HttpResponse:
    draft = _draft_of(request, now=timezone.now())
    if draft is None:
        return redirect("request")
    context = {"until": words.day(Clinic.get().local(draft.expires_at).date()), "next": _first_open(draft)}
    return _private(render(request, "intake/saved.html", context))


@require_POST
@public
def start_over(request: HttpRequest) -> HttpResponse:
    """Forget the draft on this device; one that was not sent is deleted."""
    draft = _draft_of(request, now=timezone.now())
    if draft and draft.appointment_request_id is None:
        draft.delete()
    response = redirect("request")
    response.delete_cookie(COOKIE)
    return response


# --- one page ----------------------------------------------------------------------------------------


def _posted(request: HttpRequest, name: str, draft: RequestDraft | None, *, now: datetime) -> HttpResponse:
    posted = _lists(request)
    _agree(posted)
    said = {**submission.said_in(draft), **posted}
    setting = submission.setting_for(said, now=now)
    if draft is None:
        draft = submission.start_draft(now=now)
    asked = _asked(setting, said) if name == "safety" else []
    form = STEPS[name](posted, setting=setting) if name in STEPS else None
    names = form.names() | {HONEYPOT} if form else set()
    sheets = asking.sheets(asked, posted, language=translation.get_language()) if asked else []
    ours = {key: values for key, values in posted.items() if key in names or asking.is_name_of(asked, key)}
    twice = form.twice(posted) if form else []
    is_valid = (form is None or form.is_valid()) and not any(one.errors for one in sheets) and not twice
    later, language = "later" in posted, next(iter(posted.get("language", ())), "")
    draft = submission.save_step(
        draft=draft,
        names=names,
        prefixes=[one.prefix for one in asked],
        posted=ours,
        done=name if is_valid else "",
        later=later,
        now=now,
    )
    if later:
        return _remember(redirect("saved"), draft)
    if language in {"en", "es"}:
        response = _remember(redirect(_address(name)), draft)
        response.set_cookie("django_language", language, samesite="Lax", httponly=True)
        return response
    is_urgent = name == "safety" and "seen_urgent" not in posted and _is_urgent(sheets, said)
    if any(one.has_new_questions or one.wants_more for one in sheets):
        return _remember(_page(request, name, draft, now=now, sheets=sheets, urgent=is_urgent), draft)
    if not is_valid:
        if form and twice:
            form.add_error(twice[0], _("This came twice. Please choose one."))
        status = 400 if twice else UNPROCESSABLE
        return _remember(_page(request, name, draft, now=now, form=form, sheets=sheets, status=status), draft)
    if is_urgent:
        return _remember(_page(request, name, draft, now=now, sheets=sheets, urgent=True), draft)
    if (
        isinstance(form, YouForm)
        and form.is_minor
        and not form.names_a_representative
        and "minor_seen" not in posted
    ):
        return _remember(_page(request, name, draft, now=now, form=form, minor=True), draft)
    if name == "send":
        return _remember(_send(request, draft, now=now), draft)
    return _remember(redirect(_address(_after(name, setting))), draft)


def _send(request: HttpRequest, draft: RequestDraft, *, now: datetime) -> HttpResponse:
    try:
        submission.submit(draft=draft, now=now, language=translation.get_language())
    except NotReady as refused:
        return _page(
            request,
            "send",
            draft,
            now=now,
            form=refused.whole.forms["send"],
            whole=refused.whole,
            status=UNPROCESSABLE,
        )
    except AlreadySent:
        return _other_body(request)
    return redirect("received")


def _page(
    request: HttpRequest,
    name: str,
    draft: RequestDraft | None,
    *,
    now: datetime,
    form: StepForm | None = None,
    sheets: Sequence[Sheet] | None = None,
    whole: submission.Whole | None = None,
    urgent: bool = False,
    minor: bool = False,
    status: int = 200,
) -> HttpResponse:
    said = submission.said_in(draft)
    setting = submission.setting_for(said, now=now)
    order = _order(setting)
    number = order.index(name) + 1 if name in order else 1
    title, lead, minutes = WORDS[name]
    if form is None and name in STEPS:
        cls = STEPS[name]
        unbound = cls(None, setting=setting)
        has_said = any(key in said for key in unbound.names())
        form = cls(said, setting=setting) if has_said else unbound
        if has_said and name not in (draft.answers.get("done", []) if draft else []):
            form.full_clean()
        form = _quiet(form, said) if has_said else form
    asked = _asked(setting, said) if name == "safety" else []
    if name == "safety" and not sheets:
        sheets = asking.sheets(asked, said, language=translation.get_language())
    problems = form.problems() if form and form.is_bound and status != 200 else []
    for one in sheets or []:
        problems += (
            [{"href": f"#{where}", "text": text} for where, text in one.error_links()]
            if status != 200
            else []
        )
    if whole:
        problems += _elsewhere(whole)
    context = {
        "step": name,
        "form": form,
        "parts": [
            (one, one.controls(screening.alarms_for(slug.form)))
            for slug, one in zip(asked, sheets or [], strict=False)
        ],
        "draft_token": signing.dumps(str(draft.pk), salt=SALT) if draft else "",
        "number": number,
        "total": len(order),
        "minutes": minutes,
        "beads": [place < number for place in range(len(order))],
        "title": title,
        "lead": lead,
        "back": reverse("landing") if number == 1 else _address(order[number - 2]),
        "problems": problems,
        "suggestions": form.suggestions() if form and form.is_bound and status != 200 else [],
        "setting": setting,
        "urgent": urgent,
        "minor": minor
        or (isinstance(form, YouForm) and bool(said.get("representative_first_name", [""])[0])),
        "promise": _promise(setting.clinic, now),
        "is_resumed": name == "visit" and bool(said) and status == 200,
        "go_on": _address(_first_open(draft)) if draft else "",
    }
    if name == "send":
        context |= _review(request, setting, said, form, now=now)
    return _private(render(request, f"intake/steps/{name}.html", context, status=status))


def _quiet(form: StepForm, said: Said) -> StepForm:
    """Saved answers without complaints: an untouched page is not scolded."""
    form._errors = None  # type: ignore[attr-defined]
    calm = type(form)(said, setting=form.setting)
    calm._errors = type(calm.errors)()  # type: ignore[attr-defined]
    return calm


def _review(
    request: HttpRequest, setting: Setting, said: Said, form: StepForm | None, *, now: datetime
) -> dict[str, Any]:
    whole = submission.read_whole(said, now=now, language=translation.get_language())
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
    return {"rows": _review_rows(whole), "consents": consents, "elsewhere": _elsewhere(whole)}


def _review_rows(whole: submission.Whole) -> list[dict[str, Any]]:
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
        {"name": label, "lines": lines or ["-"], "href": _address(where), "hidden": hidden}
        for where, label, lines, hidden in rows
        if lines or where != "safety"
    ]


def _safety_words(whole: submission.Whole) -> str:
    said = asking.answered(whole.asked, whole.sheets).get("safety", {})
    yes = sum(1 for code in said.values() if code == "yes")
    if not said:
        return _("Not answered")
    return _("All answered no") if not yes else _("%(n)s answered yes") % {"n": yes}


def _elsewhere(whole: submission.Whole) -> list[dict[str, str]]:
    """What is still to be fixed on other pages, with links there."""
    found = []
    for name, form in whole.forms.items():
        if name != "send":
            found += [
                {"href": f"{_address(name)}{one['href']}", "text": one["text"]} for one in form.problems()
            ]
    return found


# --- which page, which draft -------------------------------------------------------------------------


def _order(setting: Setting) -> list[str]:
    """A class asks neither where it hurts nor about safety."""
    return ["visit", "you", "paying", "send"] if setting.is_workshop else list(WORDS)


def _after(name: str, setting: Setting) -> str:
    order = _order(setting)
    return order[min(order.index(name) + 1, len(order) - 1)] if name in order else "you"


def _first_open(draft: RequestDraft | None) -> str:
    done = draft.answers.get("done", []) if draft else []
    return next((name for name in WORDS if name not in done), "send")


def _address(name: str) -> str:
    return reverse("request") if name == "visit" else reverse("request_step", args=[name])


def _asked(setting: Setting, said: Said) -> list[asking.Asked]:
    return [] if setting.is_workshop else asking.asked_of(setting.service, setting.services, said)


def _is_urgent(sheets: Sequence[Sheet], said: Said) -> bool:
    return any(flag.level == "urgent" for flag in asking.flags_in(sheets, said))


def _lists(request: HttpRequest) -> dict[str, list[str]]:
    return {key: [str(value) for value in request.POST.getlist(key)] for key in request.POST}


def _agree(posted: dict[str, list[str]]) -> None:
    """ "Yes, that is what I meant": the suggestion takes the place of what was typed."""
    field, _equals, meant = next(iter(posted.pop("agree", ())), "").partition("=")
    if not meant:
        return
    if f"{field}_year" in posted:
        year, month, day = meant.split("-") if meant.count("-") == 2 else ("", "", "")
        posted |= {f"{field}_year": [year], f"{field}_month": [month], f"{field}_day": [day]}
    elif field in posted:
        posted[field] = [meant]


def _draft_of(request: HttpRequest, *, now: datetime) -> RequestDraft | None:
    """By the signed cookie; when that is lost, by the token of the page that was posted."""
    for token in (request.COOKIES.get(COOKIE, ""), request.POST.get("draft", "")):
        try:
            key = uuid.UUID(signing.loads(token, salt=SALT))
        except (signing.BadSignature, ValueError, TypeError):
            continue
        found = RequestDraft.objects.filter(pk=key, expires_at__gt=now).first()
        if found:
            return found
    return None


def _remember(response: HttpResponse, draft: RequestDraft) -> HttpResponse:
    response.set_cookie(
        COOKIE,
        signing.dumps(str(draft.pk), salt=SALT),
        expires=draft.expires_at,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response


def _sent_already(request: HttpRequest, draft: RequestDraft, name: str, *, now: datetime) -> HttpResponse:
    """A second press of "send" is the same request; another answer after sending is said so, not swallowed."""
    if request.method != "POST":
        return redirect("received")
    posted = _lists(request)
    if name != "send":
        return _other_body(request)
    said = submission.said_in(draft)
    form = STEPS["send"](posted, setting=submission.setting_for(said, now=now))
    names = form.names() | {HONEYPOT}
    before = {key: values for key, values in said.items() if key in names and any(values)}
    again = {key: values for key, values in posted.items() if key in names and any(values)}
    return redirect("received") if before == again else _other_body(request)


def _other_body(request: HttpRequest) -> HttpResponse:
    return _private(render(request, "intake/sent_already.html", status=409))


def _private(response: HttpResponse) -> HttpResponse:
    add_never_cache_headers(response)
    return response


def _promise(clinic: Clinic, now: datetime) -> str:
    return words.moment(reply_by(clinic, Closure.objects.all(), now), clinic.zone)
