"""The client's estimate by private link, the page about the right to one, and the staff board."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.foundation import access_log, staff_tasks
from config.foundation.links import BadLink, Link, by_link
from config.foundation.models import Clinic, User
from config.foundation.policy import May, public, staff_may
from intake.models import (
    AppointmentRequest,
    Client,
    CostQuestion,
    Package,
    Practitioner,
    Service,
    ServiceKind,
)
from intake.widgets import DateBoxes
from scheduling.estimates import delivery, disclaimers, issue, triggers
from scheduling.estimates.contents import Diagnosis, Incomplete, Scope
from scheduling.estimates.issue import LINK, SUBJECT
from scheduling.estimates.sheet import sheet
from scheduling.models import Estimate, EstimateEvent, LinkTries, Trigger

OPEN_FOR = timedelta(days=90)  # a browser that gave the birth date is not asked again
BOARD_ROWS = 200


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
            return _pdf(request, estimate)
        access_log.record(
            by=None, action="estimate_opened", subject=SUBJECT, subject_id=estimate.pk, request=request
        )
        context = {
            "estimate": estimate,
            "sheet": sheet(estimate.snapshot),
            "has_pdf": estimate.document_state == Estimate.DocumentState.MADE,
            "is_replaced": estimate.status == Estimate.Status.SUPERSEDED,
        }
        return _private(render(request, "scheduling/estimates/estimate.html", context))


def _ask_birth_date(request: HttpRequest, link: Link, estimate: Estimate) -> HttpResponse:
    tries = LinkTries.objects.filter(pk=link.pk).first()
    if tries and tries.wrong >= LinkTries.LIMIT:
        return _private(render(request, "scheduling/estimates/locked.html", status=403))
    form = BirthDateForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if form.cleaned_data["born"] == estimate.client.birth_date:
            response = redirect(request.path)
            response.set_signed_cookie(
                _cookie(link),
                "open",
                salt=str(link.pk),
                max_age=int(OPEN_FOR.total_seconds()),
                httponly=True,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
            return _private(response)
        if _wrong_birth_date(link, estimate, now=timezone.now()) >= LinkTries.LIMIT:
            return _private(render(request, "scheduling/estimates/locked.html", status=403))
        form.add_error("born", _("This is not the birth date we have. Please look at it once more."))
    status = 422 if form.errors else 200
    return _private(render(request, "scheduling/estimates/birth_date.html", {"form": form}, status=status))


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
    """Paper or the other language: a wish staff fulfil, noted with its time."""
    wishes = {"paper": EstimateEvent.What.PAPER_ASKED, "language": EstimateEvent.What.LANGUAGE_ASKED}
    what = wishes.get(request.POST.get("ask", ""))
    if what is not None:
        now = timezone.now()
        EstimateEvent.objects.create(estimate=estimate, what=what, at=now)
        staff_tasks.open_task(
            key=f"estimate-{what}:{estimate.pk}",
            kind=f"estimate_{what}",
            subject_type=SUBJECT,
            subject_id=estimate.pk,
            title="An estimate is wanted on paper or in another language",
            priority=staff_tasks.Priority.TODAY,
            reopen=True,
            now=now,
        )
        messages.success(request, _("We got your wish and will take care of it."))
    return redirect(request.path)


def _pdf(request: HttpRequest, estimate: Estimate) -> HttpResponse:
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
        return render(request, "scheduling/estimates/right.html", {"rights": words, "shown": shown})


@require_GET
@staff_may(May.ISSUE_ESTIMATES)
def board(request: HttpRequest) -> HttpResponse:
    """Every running clock by its target date, and what was provided last, each with its proof."""
    clinic = Clinic.get()
    today = clinic.local(timezone.now()).date()
    rows = Trigger.objects.select_related("client", "satisfied_by", "appointment__service")
    running = list(
        rows.running().order_by(F("target_due_on").asc(nulls_last=True), "happened_at")[:BOARD_ROWS]
    )
    groups = {
        "overdue": [one for one in running if one.target_due_on and one.target_due_on < today],
        "today": [one for one in running if one.target_due_on == today],
        "later": [one for one in running if not one.target_due_on or one.target_due_on > today],
        "satisfied": list(rows.filter(provided_at__isnull=False).order_by("-provided_at")[:50]),
    }
    return render(
        request,
        "scheduling/estimates/board.html",
        {"groups": groups, "tasks": _open_tasks(), "today": today, "clinic": clinic},
    )


def _open_tasks() -> Any:
    kinds = staff_tasks.StaffTask.objects.still_open().filter(kind__startswith="estimate_")
    return kinds.most_important_first()[:BOARD_ROWS]


@require_http_methods(["GET"])
@staff_may(May.ISSUE_ESTIMATES)
def proof(request: HttpRequest, pk: str) -> HttpResponse:
    """One estimate for staff: the document as it was issued and everything that happened to it."""
    estimate = get_object_or_404(Estimate.objects.select_related("client", "cause"), pk=pk)
    if request.GET.get("document") == "pdf" and estimate.document_state == Estimate.DocumentState.MADE:
        return _pdf(request, estimate)
    access_log.record(
        by=request.user if isinstance(request.user, User) else None,
        action="estimate_seen",
        subject=SUBJECT,
        subject_id=estimate.pk,
        request=request,
    )
    context = {
        "estimate": estimate,
        "sheet": sheet(estimate.snapshot),
        "events": estimate.events.select_related("by"),
        "others": Estimate.objects.filter(client=estimate.client).order_by("-issued_at"),
    }
    return render(request, "scheduling/estimates/proof.html", context)


@require_POST
@staff_may(May.ISSUE_ESTIMATES)
def given(request: HttpRequest, pk: str) -> HttpResponse:
    """Staff put the paper in the post, or handed it over."""
    estimate = get_object_or_404(Estimate, pk=pk)
    by = get_object_or_404(User, pk=request.user.pk)
    ways = {"posted": EstimateEvent.What.POSTED, "handed": EstimateEvent.What.HANDED}
    if what := ways.get(request.POST.get("how", "")):
        delivery.give(estimate=estimate, what=what, by=by, now=timezone.now())
        messages.success(request, _("Noted."))
    return redirect("estimates:proof", pk=pk)


class PlanForm(forms.Form):
    """The plan of care after an evaluation: dates, how often, how many."""

    service = forms.ModelChoiceField(
        Service.objects.filter(kind=ServiceKind.HEALTH_CARE, active=True), label=gettext_lazy("Service")
    )
    practitioner = forms.ModelChoiceField(
        Practitioner.objects.filter(licensed_health_care=True, active=True), label=gettext_lazy("Therapist")
    )
    starts_on = forms.DateField(
        label=gettext_lazy("First visit on"), widget=forms.DateInput({"type": "date"})
    )
    ends_on = forms.DateField(label=gettext_lazy("Last visit on"), widget=forms.DateInput({"type": "date"}))
    times = forms.IntegerField(label=gettext_lazy("Times"), min_value=1, max_value=7, initial=1)
    per = forms.ChoiceField(
        label=gettext_lazy("Per"),
        choices=[
            ("week", gettext_lazy("week")),
            ("two_weeks", gettext_lazy("two weeks")),
            ("month", gettext_lazy("month")),
        ],
    )
    visits = forms.IntegerField(label=gettext_lazy("Visits in all"), min_value=1, max_value=366)
    package = forms.ModelChoiceField(
        Package.objects.filter(active=True), label=gettext_lazy("Package"), required=False
    )
    diagnoses = forms.CharField(label=gettext_lazy("Diagnosis codes (ICD-10-CM)"), required=False)
    notes = forms.CharField(
        label=gettext_lazy("Notes"), required=False, max_length=4_000, widget=forms.Textarea({"rows": 3})
    )

    def scope(self) -> Scope:
        said = self.cleaned_data
        return Scope(said["starts_on"], said["ends_on"], said["times"], said["per"], said["visits"])

    def codes(self) -> tuple[Diagnosis, ...]:
        return tuple(
            Diagnosis(code) for code in self.cleaned_data["diagnoses"].upper().replace(",", " ").split()
        )


@require_http_methods(["GET", "POST"])
@staff_may(May.ISSUE_ESTIMATES)
def plan(request: HttpRequest, client_id: str) -> HttpResponse:
    """One short form: the recurring estimate is issued with it, or says what is missing."""
    client = get_object_or_404(Client, pk=client_id)
    form = PlanForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        said = form.cleaned_data
        try:
            made = issue.issue_plan(
                client=client,
                service=said["service"],
                practitioner=said["practitioner"],
                scope=form.scope(),
                package=said["package"],
                diagnoses=form.codes(),
                notes=said["notes"],
                by=get_object_or_404(User, pk=request.user.pk),
                now=timezone.now(),
            )
        except Incomplete as refusal:
            for one in refusal.missing:
                form.add_error(None, str(one))
        else:
            messages.success(request, _("Issued. The mail leaves when the PDF is made."))
            return redirect("estimates:proof", pk=made.pk)
    status = 422 if form.errors else 200
    return render(request, "scheduling/estimates/plan.html", {"form": form, "about": client}, status=status)


@require_POST
@staff_may(May.ISSUE_ESTIMATES)
def asked_about_cost(request: HttpRequest, request_id: str) -> HttpResponse:
    """Somebody asked what it costs, on the phone or at the desk: the clock starts now."""
    asked = get_object_or_404(AppointmentRequest, pk=request_id)
    by = get_object_or_404(User, pk=request.user.pk)
    with transaction.atomic():
        CostQuestion.objects.create(
            client=asked.client,
            appointment_request=asked,
            asked_at=timezone.now(),
            how=CostQuestion.How.STAFF,
            recorded_by=by,
        )
        triggers.derive_requested(clinic=Clinic.get(), appointment_request=asked)
    messages.success(request, _("Noted. The estimate is due within three business days."))
    return redirect("estimates:board")
