"""Estimates for staff: the board, one estimate with its proof, a client's whole file, and the acts on them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.foundation import access_log, staff_tasks
from config.foundation.models import Clinic, User
from config.foundation.policy import May, staff_may
from intake.models import AppointmentRequest, Client, CostQuestion, CoverageType
from scheduling.estimates import completeness, contents, delivery, issue, plans, record, triggers, versions
from scheduling.estimates.completeness import Incomplete
from scheduling.estimates.forms import PayerForm, PlanForm, WhyForm
from scheduling.estimates.freezing import SUBJECT, AlreadyReplaced
from scheduling.estimates.sheet import sheet
from scheduling.models import Estimate, EstimateEvent, Trigger
from scheduling.views.estimates import pdf_of

ROWS = 200
LATELY = timedelta(days=90)

GIVEN = {
    "posted": EstimateEvent.What.POSTED,
    "handed": EstimateEvent.What.HANDED,
    "explained": EstimateEvent.What.EXPLAINED,
}


def _staff(request: HttpRequest) -> User:
    return get_object_or_404(User, pk=request.user.pk)


def _looked_at(request: HttpRequest, client: Client, *, action: str) -> None:
    """These pages show a person's name, birth date or coverage."""
    access_log.record(
        by=_staff(request), action=action, subject="intake.client", subject_id=client.pk, request=request
    )


@require_GET
@staff_may(May.ISSUE_ESTIMATES)
def board(request: HttpRequest) -> HttpResponse:
    """Every running clock by its target date, what did not arrive, and what was provided last."""
    clinic = Clinic.get()
    today = clinic.local(timezone.now()).date()
    rows = Trigger.objects.select_related("client", "satisfied_by", "appointment__service")
    running = list(rows.running().order_by(F("target_due_on").asc(nulls_last=True), "happened_at")[:ROWS])
    groups = [
        (_("Overdue"), [one for one in running if one.target_due_on and one.target_due_on < today]),
        (_("Due today"), [one for one in running if one.target_due_on == today]),
        (_("Running"), [one for one in running if not one.target_due_on or one.target_due_on > today]),
        (
            _("Satisfied, newest first"),
            list(rows.filter(provided_at__isnull=False).order_by("-provided_at")[:50]),
        ),
    ]
    context = {
        "groups": groups,
        "undelivered": delivery.undelivered().select_related("client")[:ROWS],
        "tasks": _open_tasks(),
        "touched": len(versions.touched_by_prices(today=today)),
        "ending": versions.ending_soon(today=today),
        "today": today,
        "reviews": clinic.reviews_estimates,
    }
    return render(request, "scheduling/estimates/board.html", context)


def _open_tasks() -> Any:
    kinds = [*("ask_about_medicare", "estimate_incomplete", "estimate_to_review", "estimate_by_paper")]
    still_open = staff_tasks.StaffTask.objects.still_open()
    about = still_open.filter(kind__startswith="estimate_") | still_open.filter(kind__in=kinds)
    return about.exclude(kind="estimate_due").most_important_first()[:ROWS]


@require_GET
@staff_may(May.ISSUE_ESTIMATES)
def proof(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One estimate for staff: the document as it was issued and everything that happened to it."""
    estimate = get_object_or_404(Estimate.objects.select_related("client", "cause", "supersedes"), pk=pk)
    if request.GET.get("document") == "pdf" and estimate.document_state == Estimate.DocumentState.MADE:
        return pdf_of(request, estimate)
    _log(request, "estimate_seen", estimate)
    return _proof(request, estimate)


def _proof(request: HttpRequest, estimate: Estimate, form: WhyForm | None = None) -> HttpResponse:
    context = {
        "estimate": estimate,
        "sheet": sheet(estimate.snapshot),
        "events": estimate.events.select_related("by"),
        "answers": estimate.satisfies.order_by("target_due_on"),
        "warnings": completeness.warnings(contents.from_snapshot(estimate.snapshot)),
        "in_force": estimate.status == Estimate.Status.ISSUED,
        # Just noted as posted: the paper comes by itself.
        "prints": "print" in request.GET and estimate.document_state == Estimate.DocumentState.MADE,
        "form": form or WhyForm(),
        "clinic": Clinic.get(),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "scheduling/estimates/proof.html", context, status=status)


@require_POST
@staff_may(May.ISSUE_ESTIMATES)
def given(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Staff put the paper in the post, handed it over, or explained it aloud."""
    estimate = get_object_or_404(Estimate, pk=pk)
    if what := GIVEN.get(request.POST.get("how", "")):
        delivery.give(estimate=estimate, what=what, by=_staff(request), now=timezone.now())
        undo = reverse("estimates:take_back", args=[pk]) if what in delivery.BY_HAND else ""
        if "print" in request.POST:
            said = _("Noted as posted. The PDF opens: print it and put it in the post.")
            messages.success(request, said, extra_tags=undo)
            return redirect(reverse("estimates:proof", args=[pk]) + "?print=1")
        messages.success(request, _("Noted."), extra_tags=undo)
    return redirect("estimates:proof", pk=pk)


@require_POST
@staff_may(May.ISSUE_ESTIMATES)
def take_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Undo of a note by hand, within ten seconds."""
    estimate = get_object_or_404(Estimate, pk=pk)
    try:
        delivery.take_back(estimate=estimate, by=_staff(request), now=timezone.now())
    except delivery.TooLate:
        messages.error(request, _("Too late to undo. Note below what is true now."))
        return redirect("estimates:proof", pk=pk)
    messages.success(request, _("Undone. It still waits to reach the client."))
    return redirect("estimates:board")


@require_POST
@staff_may(May.ISSUE_ESTIMATES)
def change(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Correct and reissue, or void: both with a reason. Or today's prices, or the other language."""
    estimate = get_object_or_404(Estimate.objects.select_related("client", "appointment", "service"), pk=pk)
    form, now, by = WhyForm(request.POST), timezone.now(), _staff(request)
    act = request.POST.get("act", "")
    if act in {"correct", "void"} and not form.is_valid():
        return _proof(request, estimate, form)
    try:
        made = _changed(act, estimate, form, by=by, now=now)
    except AlreadyReplaced:
        messages.error(request, _("Somebody was faster: this version counts no more."))
        return redirect("estimates:proof", pk=pk)
    except versions.PricesChanged:
        messages.error(request, _("Prices have changed since. Issue it at today's prices first."))
        return redirect("estimates:proof", pk=pk)
    except Incomplete as refusal:
        form.is_valid()
        form.add_error(None, _("It cannot be issued: %(missing)s") % {"missing": refusal.in_words})
        return _proof(request, estimate, form)
    messages.success(request, _("Issued. The mail leaves when the PDF is made.") if made else _("Done."))
    return redirect("estimates:proof", pk=made.pk if made else pk)


def _changed(act: str, estimate: Estimate, form: WhyForm, *, by: User, now: Any) -> Estimate | None:
    if act == "correct":
        return versions.correct(estimate=estimate, by=by, now=now, why=form.cleaned_data["why"])
    if act == "void":
        versions.void(estimate=estimate, why=form.cleaned_data["why"], by=by, now=now)
    if act == "prices":
        return versions.at_todays_prices(estimate=estimate, by=by, now=now)
    if act == "language":
        other = "es" if estimate.language == "en" else "en"
        return versions.in_language(estimate=estimate, language=other, by=by, now=now)
    return None


@require_POST
@staff_may(May.ISSUE_ESTIMATES)
def dispute(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A bill is disputed, or no longer: while it is, this estimate is kept whatever its age."""
    estimate = get_object_or_404(Estimate, pk=pk, kind=contents.Kind.GFE)
    is_open = request.POST.get("is") == "open"
    versions.dispute(estimate=estimate, is_open=is_open, by=_staff(request), now=timezone.now())
    messages.success(request, _("Noted."))
    return redirect("estimates:proof", pk=pk)


@require_GET
@staff_may(May.ISSUE_ESTIMATES)
def prices(request: HttpRequest) -> HttpResponse:
    """Open estimates whose prices are not today's: what a change of the price list touches."""
    today = Clinic.get().local(timezone.now()).date()
    return render(
        request, "scheduling/estimates/prices.html", {"touched": versions.touched_by_prices(today=today)}
    )


@require_GET
@staff_may(May.ISSUE_ESTIMATES)
def client_file(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """One client: how they pay and what follows, every clock, every estimate with its proof; or all as one file."""
    client = get_object_or_404(Client, pk=client_id)
    now = timezone.now()
    access_log.record(
        by=_staff(request),
        action="estimate_file_saved" if request.GET.get("save") else "estimate_file_seen",
        subject="intake.client",
        subject_id=client.pk,
        request=request,
    )
    if request.GET.get("save"):
        response = HttpResponse(record.one_file(client=client, now=now), content_type="application/zip")
        response["Content-Disposition"] = 'attachment; filename="estimates.zip"'
        return response
    return render(request, "scheduling/estimates/file.html", record.of_client(client=client, now=now))


@require_http_methods(["GET", "POST"])
@staff_may(May.ISSUE_ESTIMATES)
def plan(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """One short form: the recurring estimate is issued with it, or says what is missing."""
    client = get_object_or_404(Client, pk=client_id)
    _looked_at(request, client, action="estimate_planned")
    form = PlanForm(request.POST) if request.method == "POST" else PlanForm(initial=_usual_plan(client))
    if form.is_valid():
        said = form.cleaned_data
        try:
            made = plans.issue_plan(
                client=client,
                service=said["service"],
                practitioner=said["practitioner"],
                scope=form.scope(),
                package=said["package"],
                diagnoses=form.codes(),
                notes=said["notes"],
                by=_staff(request),
                now=timezone.now(),
            )
        except Incomplete as refusal:
            for one in refusal.missing:
                form.add_error(None, one.in_words)
        else:
            messages.success(request, _("Issued. The mail leaves when the PDF is made."))
            return redirect("estimates:proof", pk=made.pk)
    status = 422 if form.errors else 200
    return render(request, "scheduling/estimates/plan.html", {"form": form, "about": client}, status=status)


def _usual_plan(client: Client) -> dict[str, Any]:
    """What the last visit suggests, so that staff change two numbers and press the button."""
    today = Clinic.get().local(timezone.now()).date()
    last = client.appointments.select_related("service__follow_up").order_by("-starts_at").first()
    asked = client.appointment_requests.select_related("service__follow_up").order_by("-submitted_at").first()
    about = last.service if last else asked.service if asked else None
    service = (about.follow_up or about) if about else None
    return {
        "service": service,
        "practitioner": last.practitioner if last else client.home_practitioner,
        "starts_on": today + timedelta(days=7),
        "times": (service.typical_per_week if service else None) or 1,
        "visits": 8,
    }


@require_http_methods(["GET", "POST"])
@staff_may(May.ISSUE_ESTIMATES)
def waiting(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A clock without an estimate: look at what would be sent, then send it, or read what is missing."""
    trigger = get_object_or_404(
        Trigger.objects.select_related("client", "appointment", "appointment_request"), pk=pk
    )
    _looked_at(request, trigger.client, action="estimate_drafted")
    now = timezone.now()
    problems: tuple[completeness.Missing, ...] = ()
    if request.method == "POST":
        try:
            made = issue.issue_waiting(trigger=trigger, by=_staff(request), now=now)
        except Incomplete as refusal:
            problems = refusal.missing
        else:
            if made:
                messages.success(request, _("Issued. The mail leaves when the PDF is made."))
                return redirect("estimates:proof", pk=made[0].pk)
            problems = (completeness.Missing("estimate", "see the tasks on the board"),)
    drafted = issue.draft(trigger=trigger, now=now)
    if drafted and not problems:
        problems = tuple(one for one in completeness.check(drafted) if one.item != "number")
    context = {
        "trigger": trigger,
        "sheet": sheet(drafted.snapshot()) if drafted else None,
        "problems": problems,
        "warnings": completeness.warnings(drafted) if drafted else (),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "scheduling/estimates/waiting.html", context, status=status)


@require_POST
@staff_may(May.ISSUE_ESTIMATES)
def asked_about_cost(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Somebody asked what it costs, on the phone or at the desk: the clock starts now."""
    asked = get_object_or_404(AppointmentRequest.objects.select_related("client"), pk=request_id)
    _note_question(request, asked.client, asked)
    return redirect("estimates:file", client_id=asked.client_id)


@require_POST
@staff_may(May.ISSUE_ESTIMATES)
def client_asked_about_cost(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """The same of a client without a request, between two visits."""
    client = get_object_or_404(Client, pk=client_id)
    _note_question(request, client, None)
    return redirect("estimates:file", client_id=client.pk)


@transaction.atomic
def _note_question(request: HttpRequest, client: Client, asked: AppointmentRequest | None) -> None:
    CostQuestion.objects.create(
        client=client,
        appointment_request=asked,
        asked_at=timezone.now(),
        how=CostQuestion.How.STAFF,
        recorded_by=_staff(request),
    )
    triggers.derive_requested(clinic=Clinic.get(), appointment_request=asked)
    messages.success(request, _("Noted. The estimate is due within three business days."))


@require_POST
@staff_may(May.ISSUE_ESTIMATES)
def payer(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """How they pay, asked anew: a line of history, and whatever follows from it at once."""
    client = get_object_or_404(Client, pk=client_id)
    form = PayerForm(request.POST)
    if form.is_valid():
        kind = form.cleaned_data["kind"]
        _answer, made = issue.switched(client=client, kind=kind, by=_staff(request), now=timezone.now())
        said = CoverageType(kind).label
        if made:
            messages.success(request, _("%(payer)s. The estimate was issued.") % {"payer": said})
        else:
            messages.success(request, _("%(payer)s. Noted.") % {"payer": said})
    else:
        messages.error(request, _("Choose how they pay."))
    return redirect("estimates:file", client_id=client.pk)


def _log(request: HttpRequest, action: str, estimate: Estimate) -> None:
    access_log.record(
        by=_staff(request), action=action, subject=SUBJECT, subject_id=estimate.pk, request=request
    )
