"""Saved for later: the page that says so, the mail with the way back, and the way back on another device."""

from datetime import datetime

from django import forms
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from config.foundation.clinic import Clinic
from config.foundation.links import BadLink, Link, by_link
from config.foundation.policy import public
from intake import drafts, notices, sources, words
from intake.fields import BoxedDate, Email
from intake.models import RequestDraft
from intake.notices import DRAFT_LINK
from intake.views import pages
from intake.views.holding import COOKIE, draft_of, private, remember
from notifications.addresses import BadAddress

WRONG_TRIES = 5  # wrong birth dates after which a link no longer opens its form


class WayBackForm(forms.Form):
    email = Email(
        label=gettext_lazy("Your email"),
        required=True,
        optional_note=False,
        error_messages={"required": gettext_lazy("Please write your email, such as name@example.com.")},
    )


class BirthDateForm(forms.Form):
    birth_date = BoxedDate(
        label=gettext_lazy("Birth date"), required=True, optional_note=False, autocomplete="bday"
    )


@require_http_methods(["GET", "HEAD", "POST"])
@public
def saved(request: HttpRequest) -> HttpResponse:
    """What is kept here until when; a POST mails the way back to the address typed."""
    now = timezone.now()
    draft = draft_of(request, now=now)
    if draft is None or draft.appointment_request_id is not None:
        return redirect("request" if draft is None else "received")
    typed = next(iter(drafts.said_in(draft).get("email", ())), "")
    form = WayBackForm(request.POST if request.method == "POST" else None, initial={"email": typed})
    source = sources.source_of(request, now=now)
    if form.is_valid() and sources.is_crowded(source, now=now):
        form.add_error(
            "email",
            _("We cannot send a link right now. Your form is kept on this device. Please go on here."),
        )
    if form.is_valid():
        try:
            with transaction.atomic():
                sources.count(source, now=now)
                notices.form_unfinished(draft=draft, email=form.cleaned_data["email"], now=now)
        except BadAddress:
            form.add_error("email", _("We cannot send to this address. Please check it."))
    context = {
        "until": words.day(Clinic.get().local(draft.expires_at).date()),
        "next": pages.address(pages.first_open(draft)),
        "form": form,
        "mailed_to": form.cleaned_data["email"] if form.is_valid() else "",
    }
    return private(render(request, "intake/saved.html", context, status=422 if form.errors else 200))


@require_POST
@public
def start_over(request: HttpRequest) -> HttpResponse:
    """Forget the draft on this device; one that was not sent is deleted."""
    draft = draft_of(request, now=timezone.now())
    if draft and draft.appointment_request_id is None:
        draft.delete()
    response = redirect("request")
    response.delete_cookie(COOKIE)
    return response


@by_link(DRAFT_LINK)
def by_draft_link(request: HttpRequest, link: Link) -> HttpResponse:
    """Opens a form saved for later on this device. Only the POST does: mail scanners open links too.

    Who has typed a birth date is asked for it first, so that nobody else who reads the mail sees the answers.
    """
    now = timezone.now()
    draft = RequestDraft.objects.filter(pk=link.subject_id, expires_at__gt=now).first()
    if draft is None or draft.appointment_request_id is not None:
        raise BadLink
    if int(draft.answers.get("wrong_tries", 0)) >= WRONG_TRIES:
        raise BadLink
    with translation.override(draft.language):
        if request.method == "POST":
            return _resume(request, draft, now=now)
        return _door(request, draft)


def _door(request: HttpRequest, draft: RequestDraft, form: BirthDateForm | None = None) -> HttpResponse:
    asks = drafts.birth_date_said(draft) is not None
    context = {
        "until": words.day(Clinic.get().local(draft.expires_at).date()),
        "form": (form or BirthDateForm()) if asks else None,
    }
    return private(render(request, "intake/resume.html", context, status=422 if form else 200))


def _resume(request: HttpRequest, draft: RequestDraft, *, now: datetime) -> HttpResponse:
    born = drafts.birth_date_said(draft)
    form = BirthDateForm(request.POST)
    if born is not None and not (form.is_valid() and form.cleaned_data["birth_date"] == born):
        if form.is_valid():
            if drafts.count_wrong_birth_date(draft=draft, now=now) >= WRONG_TRIES:
                raise BadLink
            form.add_error("birth_date", _("This is not the birth date you typed. Please look once more."))
        return _door(request, draft, form)
    response = remember(redirect(pages.address(pages.first_open(draft))), draft)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        draft.language,
        samesite="Lax",
        httponly=True,
        secure=settings.LANGUAGE_COOKIE_SECURE,
    )
    return response
