"""Staff type in a request from a call or a note, and may book it in the same move."""

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.forms.utils import ErrorDict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from config.foundation import access_log
from config.foundation.clinic import Clinic
from config.foundation.policy import May, staff_may
from intake import asking, drafts, uploads, words
from intake.drafts import NOTHING
from intake.forms import STEPS, Setting, StepForm
from intake.models import AppointmentRequest, Client, Consent, Coverage
from intake.submission import AlreadySent, NotReady
from intake.uploads import Taken
from intake.whole import setting_for
from scheduling import availability, booking, desk, direct
from scheduling.views import entry_files
from scheduling.views.acts import why_in_words
from scheduling.views.asked import signed_in
from scheduling.views.places import place_choices, read_place

CALL, IN_PERSON, VOICEMAIL, NOTE, MAIL = "call", "in_person", "voicemail", "note", "mail"
SPOKEN = {CALL, IN_PERSON}
# Names of this page that are no part of the request itself.
OWN = {
    "csrfmiddlewaretoken",
    "submission_id",
    "client",
    "came_by",
    "told_of_right",
    "language",
    "act",
    entry_files.REMOVE,
}
PLACE = {"book_slot": "slot", "book_day": "day", "book_time": "time", "book_practitioner": "practitioner", "book_room": "room"}  # fmt: skip
TIMES = 6


class EntryForm(forms.Form):
    """How it reached us, and what was said aloud."""

    came_by = forms.ChoiceField(
        label=gettext_lazy("How did it reach us?"),
        choices=[
            (CALL, gettext_lazy("They are on the phone, or were")),
            (IN_PERSON, gettext_lazy("They are here")),
            (VOICEMAIL, gettext_lazy("Voicemail")),
            (NOTE, gettext_lazy("A note or a letter")),
            (MAIL, gettext_lazy("A mail or a text")),
        ],
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of mail"), choices=[("en", "English"), ("es", "Español")]
    )
    told_of_right = forms.BooleanField(
        label=gettext_lazy("I said it."),
        required=False,
        help_text=gettext_lazy("The right to a written estimate (draft for the owner's approval)."),
    )

    def __init__(self, *args: Any, is_care: bool = True, **kwargs: Any) -> None:
        self.is_care = is_care
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        spoken = cleaned.get("came_by") in SPOKEN
        if spoken and self.is_care and not cleaned.get("told_of_right"):
            self.add_error(
                "told_of_right", _("Read out the sentence about the right to an estimate, then tick this.")
            )
        return cleaned

    @property
    def how_consented(self) -> str:
        spoken = self.cleaned_data["came_by"] in SPOKEN
        return Consent.How.READ_OUT_BY_PHONE if spoken else Consent.How.PAPER


def said_of(client: Client) -> dict[str, list[str]]:
    """What we know of a person, as if they had typed it."""
    notes, born = client.contact_notes or {}, client.birth_date
    reach = {"email": client.email_ok and client.email, "text": client.text_ok, "call": client.call_ok and client.phone, "voicemail": client.voicemail_ok}  # fmt: skip
    said: dict[str, Any] = {
        "first_name": client.first_name,
        "last_name": client.last_name,
        "name_to_use": client.name_to_use,
        "pronouns": client.pronouns,
        "email": client.email,
        "phone": words.phone(client.phone)
        + (f" x{client.phone_extension}" if client.phone_extension else ""),
        "mailing_address": client.mailing_address,
        "reach": [name for name, may in reach.items() if may],
        "prefer": client.prefers,
        "best_time": notes.get("best_time", ""),
        "say_only": notes.get("say_only", ""),
        "email_ok": "on" if client.email_ok else "",
        "text_ok": "on" if client.text_ok else "",
        "client_status": AppointmentRequest.ClientStatus.RETURNING,
        "coverage": "same_as_before" if Coverage.objects.filter(client=client).exists() else "",
    }
    if born:
        said |= {"birth_date_month": born.month, "birth_date_day": born.day, "birth_date_year": born.year}
    return {
        name: [str(one) for one in (value if isinstance(value, list) else [value])]
        for name, value in said.items()
        if value
    }


def _quietly(form_class: type[StepForm], said: dict[str, list[str]], setting: Setting) -> StepForm:
    """Filled in, and not scolded yet."""
    form = form_class(said, setting=setting)
    form._errors, form.cleaned_data = ErrorDict(), {}  # type: ignore[attr-defined]
    return form


@require_http_methods(["GET", "HEAD", "POST"])
@staff_may(May.CONFIRM_VISITS)
def entry(request: HttpRequest) -> HttpResponse:
    """One page with all of the form. `act`: look (show its questions and times), enter, or book."""
    now, known = timezone.now(), _known(request)
    if request.method != "POST":
        said = said_of(known) if known else {}
        if known:
            access_log.record(
                by=signed_in(request),
                action="opened",
                subject="intake.client",
                subject_id=known.pk,
                fields=["contact"],
                request=request,
            )
        first = EntryForm(initial={"language": known.language if known else "en"})
        return _page(request, said, first, known=known, now=now)
    said = _typed(request)
    setting = setting_for(said, now=now, by_staff=True)
    how = EntryForm(request.POST, is_care=setting.service is None or setting.service.is_health_care)
    act = request.POST.get("act", "look")
    asked = [] if setting.is_workshop else asking.asked_of(setting.service, setting.services, said)
    taken = entry_files.take(request, _submission_id(request), asked, now=now)
    if taken.refused or act == "look":
        how._errors, how.cleaned_data = ErrorDict(), {}  # type: ignore[attr-defined]
        status, problem = (
            (422, _("A file could not be kept. Nothing was entered.")) if taken.refused else (200, "")
        )
        return _page(
            request,
            said,
            how,
            known=known,
            now=now,
            taken=taken,
            looking=True,
            problem=problem,
            status=status,
        )
    if not how.is_valid():
        whole = {name: form(said, setting=setting) for name, form in STEPS.items()}
        return _page(request, said, how, known=known, now=now, forms=whole, status=422)
    return _file(request, said, how, known=known, now=now, wants_time=act == "book")


def _file(
    request: HttpRequest,
    said: dict[str, list[str]],
    how: EntryForm,
    *,
    known: Client | None,
    now: datetime,
    wants_time: bool,
) -> HttpResponse:
    by, clinic = signed_in(request), Clinic.get()
    typed = direct.Entry(
        data=said,
        submission_id=_submission_id(request),
        language=how.cleaned_data["language"],
        how_consented=how.how_consented,
        told_of_right=how.cleaned_data["told_of_right"],
        client=known,
        is_spoken=how.cleaned_data["came_by"] in SPOKEN,
        draft=drafts.draft_by(_submission_id(request)),
    )
    try:
        if not wants_time:
            return _entered(request, direct.Entered(direct.enter(entry=typed, by=by, now=now)))
        place, problem = read_place(
            {name: request.POST.get(ours, "") for ours, name in PLACE.items()}, clinic=clinic
        )
        if place is None:
            return _page(request, said, how, known=known, now=now, problem=problem, looking=True, status=422)
        return _entered(request, direct.enter_and_book(entry=typed, place=place, by=by, now=now))
    except NotReady as refused:
        return _page(
            request,
            said,
            how,
            known=known,
            now=now,
            forms=refused.whole.forms,
            looking=True,
            problem=_("Something is to be fixed first. Nothing was entered."),
            status=422,
        )
    except AlreadySent as before:
        messages.error(request, _("This page was sent before. What was typed then is kept; look at it."))
        return redirect("desk:request", pk=before.appointment_request.pk)
    except booking.SlotTaken:
        problem = _("That time was taken a moment ago. Nothing was entered. Other times stand below.")
    except booking.NotBookable as no:
        problem = why_in_words(no.code, place)
    except booking.TryAgain:
        problem = _("Too many were at it at once. Press again; nothing was entered.")
    return _page(request, said, how, known=known, now=now, problem=problem, looking=True, status=409)


def _entered(request: HttpRequest, done: direct.Entered) -> HttpResponse:
    pending = done.appointment_request
    if done.visit is not None:
        messages.success(request, _("%(name)s is booked.") % {"name": pending.client.initials_name})
        return redirect("desk:visit", pk=done.visit.pk)
    waits = pending.status == "on_hold"
    messages.success(
        request,
        _("Entered, and on hold. Nothing is booked.") if waits else _("Entered. It is in the queue."),
    )
    return redirect("desk:request", pk=pending.pk)


def _page(
    request: HttpRequest,
    said: dict[str, list[str]],
    how: EntryForm,
    *,
    known: Client | None,
    now: datetime,
    forms: dict[str, StepForm] | None = None,
    taken: Taken = NOTHING,
    looking: bool = False,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    setting = setting_for(said, now=now, by_staff=True)
    draft = drafts.draft_by(_submission_id(request))
    files = uploads.answers_in(uploads.files_of(draft))
    shown = forms or {name: _quietly(form, said, setting) for name, form in STEPS.items()}
    asked = [] if setting.is_workshop else asking.asked_of(setting.service, setting.services, said)
    looks = looking or status != 200 or any(one.form and asking.has_answers(one, said) for one in asked)
    sheets = asking.sheets(asked, said, language="en", zone=setting.clinic.zone, files=files) if looks else []
    form = {name: shown[step][name] for step in STEPS for name in shown[step].fields}
    problems = entry_files.problems(taken.refused)
    problems += [one for step in shown.values() for one in step.problems()] if forms else []
    problems += [
        {"href": f"#id_{name}", "text": str(error)} for name, errors in how.errors.items() for error in errors
    ]
    context = {
        "form": form,
        "how": how,
        "known": known,
        "setting": setting,
        "submission_id": _submission_id(request),
        "parts": [(one, one.controls()) for one in sheets],
        "files": entry_files.fields(draft, taken.refused),
        "times": desk.as_best_times(_times(said, setting, known, now=now), clinic=setting.clinic)
        if looks
        else [],
        "looks": looks,
        "problem": problem,
        "problems": problems,
        "posted": request.POST,
        "consents": _consents(shown, setting),
        "clinic": setting.clinic,
        **place_choices(),
    }
    return render(request, "scheduling/entry/entry.html", context, status=status)


CONSENTS = {
    "privacy_notice_seen": gettext_lazy("They know how we keep their data private"),
    "policy_seen": gettext_lazy("They know what a late change costs"),
    "email_ok": gettext_lazy("We may mail about this visit; they know mail is not fully private"),
    "text_ok": gettext_lazy("We may text about this visit"),
    "guardian_agrees": gettext_lazy("A parent or guardian agrees that this child asks for a visit"),
    "telehealth": gettext_lazy("They agree to a video visit"),
    "waiver_signed": gettext_lazy("They signed the waiver for the machines"),
}


def _consents(shown: dict[str, StepForm], setting: Setting) -> list[tuple[Any, Any]]:
    service = setting.service
    left_out = set() if service and "video" in service.modes else {"telehealth"}
    left_out |= set() if service and "waiver_signed" in service.needs else {"waiver_signed"}
    return [(shown["send"][name], said) for name, said in CONSENTS.items() if name not in left_out]


def _times(
    said: dict[str, list[str]], setting: Setting, known: Client | None, *, now: datetime
) -> list[availability.Slot]:
    """The times that suit best, as if the request were there already."""
    if setting.service is None:
        return []
    wishes: dict[str, Any] = {name: said[name] for name in ("days", "parts") if said.get(name)}
    wishes |= {"practitioner": said["practitioner"][0]} if said.get("practitioner") else {}
    imagined = AppointmentRequest(service=setting.service, client=known or Client(), wishes=wishes)
    return availability.best_times(imagined, now=now, count=TIMES)


def _typed(request: HttpRequest) -> dict[str, list[str]]:
    posted = {name: [str(one) for one in request.POST.getlist(name)] for name in request.POST}
    return {name: values for name, values in posted.items() if name not in OWN and name not in PLACE}


def _known(request: HttpRequest) -> Client | None:
    found: QuerySet[Client] = Client.objects.known()
    try:
        return found.filter(pk=uuid.UUID(request.POST.get("client") or request.GET.get("client", ""))).first()
    except ValueError:
        return None


def _submission_id(request: HttpRequest) -> uuid.UUID:
    """Made with the page, so that a second press is the same request."""
    try:
        return uuid.UUID(request.POST.get("submission_id", ""))
    except ValueError:
        return uuid.uuid4()
