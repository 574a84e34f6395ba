"""The client's estimate by private link, and the public page about the right to one."""

from datetime import date, datetime, timedelta

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from config.foundation import access_log, staff_tasks
from config.foundation.clinic import Clinic
from config.foundation.links import BadLink, Link, by_link
from config.foundation.models import User
from config.foundation.policy import public
from intake import wishes
from intake.widgets import DateBoxes
from scheduling.estimates import delivery, disclaimers, versions
from scheduling.estimates.completeness import Incomplete
from scheduling.estimates.freezing import SUBJECT, AlreadyReplaced
from scheduling.estimates.sheet import sheet
from scheduling.estimates.versions import LINK
from scheduling.models import Estimate, EstimateEvent, LinkTries

OPEN_FOR = timedelta(days=90)  # a browser that gave the birth date is not asked again


class BirthDateForm(forms.Form):
    born = forms.Field(label=gettext_lazy("Birth date"), widget=DateBoxes(autocomplete="bday"))

    def clean_born(self) -> date:
        typed = [str(part).strip() for part in self.cleaned_data["born"] or ()]
        try:
            month, day, year = (int(part) for part in typed)
            return date(year, month, day)
        except ValueError:
            raise forms.ValidationError(
                _("This is not a date. Type the month, the day and the whole year as numbers.")
            ) from None


@by_link(LINK)
def by_private_link(request: HttpRequest, link: Link) -> HttpResponse:
    """Birth date first (price summaries do not ask), then the estimate, its PDF, and what may be asked for."""
    estimate = Estimate.objects.select_related("client").filter(pk=link.subject_id).first()
    if estimate is None or estimate.status == Estimate.Status.VOIDED:
        raise BadLink
    with translation.override(estimate.language):
        if estimate.is_gfe and not _is_open(request, link):
            return _ask_birth_date(request, link, estimate)
        if request.method == "POST":
            return _ask_for_more(request, estimate)
        if request.GET.get("document") == "pdf":
            return pdf_of(request, estimate)
        access_log.record(
            by=None, action="estimate_opened", subject=SUBJECT, subject_id=estimate.pk, request=request
        )
        context = {
            "estimate": estimate,
            "sheet": sheet(estimate.snapshot),
            "has_pdf": estimate.document_state == Estimate.DocumentState.MADE,
            "newer": _newest(estimate) if estimate.status == Estimate.Status.SUPERSEDED else None,
        }
        return _private(render(request, "scheduling/estimates/estimate.html", context))


def _ask_birth_date(request: HttpRequest, link: Link, estimate: Estimate) -> HttpResponse:
    tries = LinkTries.objects.filter(pk=link.pk).first()
    if tries and tries.wrong >= LinkTries.LIMIT:
        return _private(render(request, "scheduling/estimates/locked.html", status=403))
    form = BirthDateForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if form.cleaned_data["born"] == estimate.client.birth_date:
            delivery.opened(estimate=estimate, now=timezone.now())
            response = redirect(request.path)
            _remember_birth_date(response, link)
            return _private(response)
        if _wrong_birth_date(link, estimate, now=timezone.now()) >= LinkTries.LIMIT:
            return _private(render(request, "scheduling/estimates/locked.html", status=403))
        form.add_error("born", _("This is not the birth date we have. Please look at it once more."))
    status = 422 if form.errors else 200
    reader = wishes.reader_of(estimate.client, clinic=Clinic.get(), now=timezone.now())
    context = {"form": form, "is_client": reader.is_client}
    return _private(render(request, "scheduling/estimates/birth_date.html", context, status=status))


def _remember_birth_date(response: HttpResponse, link: Link) -> None:
    response.set_signed_cookie(
        _cookie(link),
        "open",
        salt=str(link.pk),
        max_age=int(OPEN_FOR.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def _wrong_birth_date(link: Link, estimate: Estimate, *, now: datetime) -> int:
    LinkTries.objects.get_or_create(link_id=link.pk, defaults={"last_at": now})
    LinkTries.objects.filter(pk=link.pk).update(wrong=F("wrong") + 1, last_at=now)
    wrong = LinkTries.objects.get(pk=link.pk).wrong
    if wrong >= LinkTries.LIMIT:
        staff_tasks.open_task(
            key=f"estimate-locked:{link.pk}",
            kind="estimate_locked",
            subject_type=SUBJECT,
            subject_id=estimate.pk,
            title="An estimate's link is locked: five wrong birth dates",
            priority=staff_tasks.Priority.TODAY,
            now=now,
        )
    return wrong


def _ask_for_more(request: HttpRequest, estimate: Estimate) -> HttpResponse:
    """The other language, which is issued at once, or paper, which staff print: noted with its time."""
    now, wish = timezone.now(), request.POST.get("ask", "")
    if wish == "language":
        return _in_other_language(request, estimate, now=now)
    if wish == "paper":
        _note_wish(estimate, EstimateEvent.What.PAPER_ASKED, "An estimate is wanted on paper", now=now)
        messages.success(request, _("We will send it on paper."))
    return redirect(request.path)


def _in_other_language(request: HttpRequest, estimate: Estimate, *, now: datetime) -> HttpResponse:
    other = "es" if estimate.language == "en" else "en"
    try:
        made = versions.in_language(estimate=estimate, language=other, by=None, now=now)
    except (AlreadyReplaced, versions.PricesChanged, Incomplete):
        what = EstimateEvent.What.LANGUAGE_ASKED
        _note_wish(estimate, what, "An estimate is wanted in another language", now=now)
        messages.success(request, _("We got your wish and will take care of it."))
        return redirect(request.path)
    EstimateEvent.objects.create(estimate=estimate, what=EstimateEvent.What.LANGUAGE_ASKED, at=now)
    link = Link.objects.get(purpose=LINK, subject_id=str(made.pk))
    response = redirect(link.path())
    if made.is_gfe:  # the same person in the same browser: the birth date was typed a moment ago
        delivery.opened(estimate=made, now=now)
        _remember_birth_date(response, link)
    return _private(response)


def _note_wish(estimate: Estimate, what: EstimateEvent.What, title: str, *, now: datetime) -> None:
    EstimateEvent.objects.create(estimate=estimate, what=what, at=now)
    staff_tasks.open_task(
        key=f"estimate-{what}:{estimate.pk}",
        kind=f"estimate_{what}",
        subject_type=SUBJECT,
        subject_id=estimate.pk,
        title=title,
        priority=staff_tasks.Priority.TODAY,
        reopen=True,
        now=now,
    )


def pdf_of(request: HttpRequest, estimate: Estimate) -> HttpResponse:
    """The stored PDF as a file to keep."""
    if estimate.document_state != Estimate.DocumentState.MADE:
        raise BadLink
    access_log.record(
        by=request.user if isinstance(request.user, User) else None,
        action="estimate_saved",
        subject=SUBJECT,
        subject_id=estimate.pk,
        request=request,
    )
    response = HttpResponse(bytes(estimate.document.pdf), content_type="application/pdf")
    # The name of a file on somebody's phone says nothing about them.
    response["Content-Disposition"] = f'attachment; filename="estimate-{estimate.number}.pdf"'
    return _private(response)


def _newest(estimate: Estimate) -> str:
    """The link to the version in force, or nothing where it was taken back."""
    now_counts = Estimate.objects.in_force().filter(number=estimate.number).first()
    link = Link.objects.filter(purpose=LINK, subject_id=str(now_counts.pk)).first() if now_counts else None
    return link.path() if link else ""


def _is_open(request: HttpRequest, link: Link) -> bool:
    said = request.get_signed_cookie(
        _cookie(link), default="", salt=str(link.pk), max_age=int(OPEN_FOR.total_seconds())
    )
    return bool(said == "open")


def _cookie(link: Link) -> str:
    return f"estimate-{link.pk.hex[:12]}"


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex"
    return response


@require_GET
@public
def right_to_an_estimate(request: HttpRequest) -> HttpResponse:
    """The written notice: open to all, indexable, printable as a poster."""
    language = request.GET.get("lang", "")
    with translation.override(language if language in {"en", "es"} else translation.get_language()):
        shown = "es" if (translation.get_language() or "").startswith("es") else "en"
        words = {key: disclaimers.text(key, language=shown, phone="", email="") for key in ("D4", "D7", "D8")}
        context = {"rights": words, "shown": shown, "page": request.build_absolute_uri(request.path)}
        return render(request, "scheduling/estimates/right.html", context)
