"""The request form, a page at a time: a GET shows what is saved, a POST saves what was typed and goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from config.foundation.policy import public
from intake import asking, drafts, screening, sources, submission, uploads
from intake.drafts import said_in
from intake.forms import HONEYPOT, STEPS, Setting, StepForm, YouForm
from intake.models import RequestDraft
from intake.questionnaires.sheet import Sheet
from intake.submission import AlreadySent, NotReady
from intake.uploads import Refused, Taken
from intake.views import filing, pages
from intake.views.holding import draft_of, private, remember, token_of
from intake.views.review import elsewhere, review
from intake.whole import Said, Whole, setting_for

UNPROCESSABLE = 422


@require_http_methods(["GET", "HEAD", "POST"])
@public
def step(request: HttpRequest, name: str = "visit") -> HttpResponse:
    """One page of the form. A GET shows what is saved; a POST saves what was typed, right or wrong, and goes on."""
    now = timezone.now()
    draft = draft_of(request, now=now)
    if draft and draft.appointment_request_id:
        return _sent_already(request, draft, name, now=now)
    if request.method != "POST":
        if draft is None and name != "visit":
            return redirect("request")
        return _page(request, name, draft, now=now)
    return _posted(request, name, draft, now=now)


# --- what came ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Post:
    """One page as it came: its form and its questionnaires, read against everything said before."""

    name: str
    values: dict[str, list[str]]
    said: dict[str, list[str]]
    setting: Setting
    form: StepForm | None
    asked: list[asking.Asked]
    sheets: list[Sheet] = field(default_factory=list)
    taken: Taken = field(default_factory=Taken)

    @property
    def names(self) -> set[str]:
        return self.form.names() | {HONEYPOT} if self.form else set()

    @property
    def twice(self) -> list[str]:
        return self.form.twice(self.values) if self.form else []

    @property
    def is_valid(self) -> bool:
        fits = self.form is None or self.form.is_valid()
        return fits and not any(one.errors for one in self.sheets) and not self.twice

    @property
    def wants_removed(self) -> str:
        """The file that the person does not want to send after all."""
        return next(iter(self.values.get(filing.REMOVE, ())), "")

    @property
    def is_urgent(self) -> bool:
        """An answer calls for help now, and the panel that says so was not on the page that came."""
        if self.name != "safety" or "seen_urgent" in self.values:
            return False
        return any(flag.level == "urgent" for flag in asking.flags_in(self.sheets, self.said))

    @property
    def wants_an_adult(self) -> bool:
        """A child who writes alone is shown where to name an adult, once."""
        form = self.form
        return (
            isinstance(form, YouForm)
            and form.is_minor
            and not form.names_a_representative
            and "minor_seen" not in self.values
        )

    def ours(self) -> dict[str, list[str]]:
        """What belongs to this page; anything else that came along is not kept."""
        return {
            key: values
            for key, values in self.values.items()
            if key in self.names or asking.is_name_of(self.asked, key)
        }


def _read(request: HttpRequest, name: str, draft: RequestDraft, *, now: datetime) -> _Post:
    """The page as it came. Its files are kept, or refused, before its answers are read: some are answers."""
    values = _lists(request)
    _agree(values)
    said = {**said_in(draft), **values}
    setting = setting_for(said, now=now)
    asked = _asked(setting, said) if name == "safety" else []
    taken = uploads.take(draft=draft, files=filing.posted(request), asked=asked, now=now)
    return _Post(
        name=name,
        values=values,
        said=said,
        setting=setting,
        form=STEPS[name](values, setting=setting) if name in STEPS else None,
        asked=asked,
        sheets=_sheets(asked, values, setting, draft, taken.refused) if asked else [],
        taken=taken,
    )


def _posted(request: HttpRequest, name: str, draft: RequestDraft | None, *, now: datetime) -> HttpResponse:
    draft = draft or drafts.start_draft(now=now)
    post = _read(request, name, draft, now=now)
    later = "later" in post.values
    draft = drafts.save_step(
        draft=draft,
        names=post.names,
        prefixes=[one.prefix for one in post.asked],
        posted=post.ours(),
        done=name if post.is_valid else "",
        later=later,
        taken=post.taken,
        now=now,
    )
    if later:
        response: HttpResponse = redirect("saved")
    elif post.wants_removed:
        uploads.remove(draft=draft, file_id=post.wants_removed)
        response = redirect(pages.address(name))
    elif (language := next(iter(post.values.get("language", ())), "")) in {"en", "es"}:
        response = redirect(pages.address(name))
        response.set_cookie("django_language", language, samesite="Lax", httponly=True)
    else:
        response = _next(request, post, draft, now=now)
    return remember(response, draft)


def _next(request: HttpRequest, post: _Post, draft: RequestDraft, *, now: datetime) -> HttpResponse:
    """The same page again when there is something to see on it first, else the page after."""
    name, form, sheets, refused = post.name, post.form, post.sheets, post.taken.refused
    if any(one.has_new_questions or one.wants_more for one in sheets) and not refused:
        return _page(request, name, draft, now=now, sheets=sheets, urgent=post.is_urgent)
    if not post.is_valid or refused:
        if form and post.twice:
            form.add_error(post.twice[0], _("This came twice. Please choose one."))
        status = 400 if post.twice else UNPROCESSABLE
        urgent = post.is_urgent
        return _page(
            request,
            name,
            draft,
            now=now,
            form=form,
            sheets=sheets,
            refused=refused,
            urgent=urgent,
            status=status,
        )
    if post.is_urgent:
        return _page(request, name, draft, now=now, sheets=sheets, urgent=True)
    if post.wants_an_adult:
        return _page(request, name, draft, now=now, form=form, minor=True)
    if name == "send":
        return _send(request, draft, now=now)
    return redirect(pages.address(pages.after(name, post.setting)))


def _send(request: HttpRequest, draft: RequestDraft, *, now: datetime) -> HttpResponse:
    try:
        source = sources.source_of(request, now=now)
        submission.submit(draft=draft, now=now, language=translation.get_language(), source=source)
    except NotReady as refused:
        form = refused.whole.forms["send"]
        return _page(request, "send", draft, now=now, form=form, whole=refused.whole, status=UNPROCESSABLE)
    except AlreadySent:
        return _other_body(request)
    return redirect("received")


# --- what is shown -----------------------------------------------------------------------------------


def _page(
    request: HttpRequest,
    name: str,
    draft: RequestDraft | None,
    *,
    now: datetime,
    form: StepForm | None = None,
    sheets: Sequence[Sheet] | None = None,
    whole: Whole | None = None,
    refused: Sequence[Refused] = (),
    urgent: bool = False,
    minor: bool = False,
    status: int = 200,
) -> HttpResponse:
    said = said_in(draft)
    setting = setting_for(said, now=now)
    if form is None and name in STEPS:
        form = _form_of(name, draft, setting)
    asked = _asked(setting, said) if name == "safety" else []
    if name == "safety" and not sheets:
        sheets = _sheets(asked, said, setting, draft)
    filing.tell(asked, sheets or [], refused)
    is_refused = status != 200
    if is_refused and form and form.is_bound:
        form.suggest()
    title, lead, minutes = pages.WORDS[name]
    context = {
        **_place(name, setting),
        "step": name,
        "form": form,
        "parts": [
            (one, one.controls(screening.alarms_for(slug.form)))
            for slug, one in zip(asked, sheets or [], strict=False)
        ],
        "is_draft": any(one.row.is_draft_in(translation.get_language()) for one in asked),
        "draft_token": token_of(draft) if draft else "",
        "minutes": minutes,
        "title": title,
        "lead": lead,
        "problems": filing.problems(refused) + _problems(form, sheets or [], whole) if is_refused else [],
        "files": filing.fields(draft, refused) if name == "paying" else {},
        "setting": setting,
        "urgent": urgent,
        "minor": minor or (name == "you" and bool(said.get("representative_first_name", [""])[0])),
        "promise": pages.promise(setting.clinic, now),
        "is_resumed": name == "visit" and bool(said) and not is_refused,
        "go_on": pages.address(pages.first_open(draft)) if draft else "",
    }
    if name == "send":
        context |= review(setting, said, form, draft, now=now)
        context |= filing.on_review(draft)
    return private(render(request, f"intake/steps/{name}.html", context, status=status))


def _place(name: str, setting: Setting) -> dict[str, Any]:
    """Where this page stands in the order: number, beads, and the way back."""
    order = pages.order(setting)
    number = order.index(name) + 1 if name in order else 1
    return {
        "number": number,
        "total": len(order),
        "beads": [place < number for place in range(len(order))],
        "back": reverse("landing") if number == 1 else pages.address(order[number - 2]),
    }


def _problems(form: StepForm | None, sheets: Sequence[Sheet], whole: Whole | None) -> list[dict[str, str]]:
    problems = form.problems() if form and form.is_bound else []
    for one in sheets:
        problems += [{"href": f"#{where}", "text": text} for where, text in one.error_links()]
    return problems + (elsewhere(whole) if whole else [])


def _form_of(name: str, draft: RequestDraft | None, setting: Setting) -> StepForm:
    """The page's form with what was saved. A page that was never sent is not scolded."""
    said, unbound = said_in(draft), STEPS[name](None, setting=setting)
    if not any(key in said for key in unbound.names()):
        return unbound
    form = STEPS[name](said, setting=setting)
    form._errors = type(form.errors)()  # type: ignore[attr-defined]
    return form


def _asked(setting: Setting, said: Said) -> list[asking.Asked]:
    return [] if setting.is_workshop else asking.asked_of(setting.service, setting.services, said)


def _sheets(
    asked: Sequence[asking.Asked],
    said: Said,
    setting: Setting,
    draft: RequestDraft | None,
    refused: Sequence[Refused] = (),
) -> list[Sheet]:
    return asking.sheets(
        asked,
        said,
        language=translation.get_language(),
        zone=setting.clinic.zone,
        files=uploads.answers_in(uploads.files_of(draft)) if asked else {},
        excused=drafts.could_not_keep(draft, now_too=refused),
    )


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


# --- after sending -----------------------------------------------------------------------------------


def _sent_already(request: HttpRequest, draft: RequestDraft, name: str, *, now: datetime) -> HttpResponse:
    """A second press of "send" is the same request; another answer after sending is said so, not swallowed."""
    if request.method != "POST":
        return redirect("received")
    posted = _lists(request)
    if name != "send":
        return _other_body(request)
    said = said_in(draft)
    form = STEPS["send"](posted, setting=setting_for(said, now=now))
    names = form.names() | {HONEYPOT}
    return redirect("received") if _filled(said, names) == _filled(posted, names) else _other_body(request)


def _filled(said: Mapping[str, list[str]], names: set[str]) -> dict[str, list[str]]:
    return {key: values for key, values in said.items() if key in names and any(values)}


def _other_body(request: HttpRequest) -> HttpResponse:
    return private(render(request, "intake/sent_already.html", status=409))
