"""Staff pages for forms: take one in, read the report, look at it as on a phone, publish, attach, retire."""

from __future__ import annotations

from uuid import UUID

from csp.decorators import csp_replace
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from config.foundation import access_log
from config.foundation.clinic import Clinic
from config.foundation.policy import May, Role, staff_may
from config.foundation.user import User
from intake import form_library, screening
from intake.models import Questionnaire, Service, ServiceQuestionnaire
from intake.questionnaires import sheet
from intake.questionnaires.lint import REFUSED, lint
from intake.questionnaires.model import ERROR, NOTE, WARNING
from intake.questionnaires.reading import MAX_BYTES, unpack_bundle


@require_GET
@staff_may(May.MANAGE_FORMS)
def forms(request: HttpRequest) -> HttpResponse:
    rows = Questionnaire.objects.defer("source").order_by("title", "-imported_at")
    return render(request, "intake/forms/list.html", {"rows": rows})


@require_POST
@staff_may(May.MANAGE_FORMS)
def import_form(request: HttpRequest) -> HttpResponse:
    upload = request.FILES.get("file")
    content = upload.read(MAX_BYTES + 1) if upload is not None else b""
    report = lint(content)
    if report.level == REFUSED and request.POST.get("unpack"):
        content = unpack_bundle(content) or content
    try:
        row = form_library.take_in(content=content, by=_user(request), now=timezone.now())
    except form_library.Refused as refused:
        context = {
            "findings": refused.report.findings,
            "is_bundle": refused.report.findings[0].code == "bundle",
        }
        return render(request, "intake/forms/refused.html", context, status=422)
    except form_library.Conflict as conflict:
        messages.error(request, _("%(name)s is here already, with other content.") % {"name": conflict})
        return redirect("forms:list")
    _log(request, "form.imported", row)
    return redirect("forms:form", pk=row.pk)


@require_GET
@staff_may(May.MANAGE_FORMS)
def form(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = get_object_or_404(Questionnaire, pk=pk)
    attached = set(ServiceQuestionnaire.objects.filter(url=row.url).values_list("service_id", flat=True))
    services = [(service, service.pk in attached) for service in Service.objects.order_by("position", "code")]
    report = lint(bytes(row.source), today=Clinic.get().local(timezone.now()).date())
    parsed = form_library.form_of(row)
    grave = (ERROR, WARNING, NOTE)
    context = {
        "row": row,
        "report": report,
        "findings": sorted(report.findings, key=lambda finding: grave.index(finding.severity)),
        "services": services,
        "form": parsed,
        "speaks_spanish": form_library.speaks_spanish(parsed),
    }
    return render(request, "intake/forms/form.html", context)


@require_GET
@staff_may(May.MANAGE_FORMS)
@csp_replace({"frame-src": ["'self'"]})  # type: ignore[arg-type]  # its types know no arguments of a view
def preview(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The form in the frame of a phone, as wide as one, so that it lies as it does there."""
    row = get_object_or_404(Questionnaire, pk=pk)
    language = _language(request)
    context = {"row": row, "language": language, "is_draft": row.is_draft_in(language)}
    return render(request, "intake/forms/preview.html", context)


@require_GET
@staff_may(May.MANAGE_FORMS)
@xframe_options_sameorigin
@csp_replace({"frame-ancestors": ["'self'"]})  # type: ignore[arg-type]
def phone(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What stands in that frame. Nothing typed here is sent anywhere."""
    row = get_object_or_404(Questionnaire, pk=pk)
    parsed, language = form_library.form_of(row), _language(request)
    shown = sheet.opened(parsed, language=language)
    context = {
        "row": row,
        "sheet": shown,
        "controls": shown.controls(screening.alarms_for(parsed)),
        "language": language,
        "is_draft": row.is_draft_in(language),
    }
    with translation.override(language):
        return render(request, "intake/forms/phone.html", context)


def _language(request: HttpRequest) -> str:
    return "es" if request.GET.get("language") == "es" else "en"


@require_GET
@staff_may(May.MANAGE_FORMS)
def export(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The bytes as they came."""
    row = get_object_or_404(Questionnaire, pk=pk)
    response = HttpResponse(bytes(row.source), content_type="application/fhir+json")
    response["Content-Disposition"] = f'attachment; filename="{row.slug}.json"'
    return response


@require_POST
@staff_may(May.MANAGE_FORMS)
def publish(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = get_object_or_404(Questionnaire, pk=pk)
    try:
        form_library.publish(
            questionnaire=row,
            by=_user(request),
            now=timezone.now(),
            rights_confirmed=bool(request.POST.get("rights")),
            warnings_seen=bool(request.POST.get("seen")),
        )
    except form_library.NotPublishable as problem:
        messages.error(request, _why_not(problem.code))
    else:
        _log(request, "form.published", row)
        messages.success(request, _("Published. From now on this version is asked."))
    return redirect("forms:form", pk=pk)


@require_POST
@staff_may(May.MANAGE_FORMS)
def retire(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = get_object_or_404(Questionnaire.objects.published(), pk=pk)
    form_library.retire(questionnaire=row, by=_user(request), now=timezone.now())
    _log(request, "form.retired", row)
    return redirect("forms:form", pk=pk)


@require_POST
@staff_may(May.MANAGE_FORMS)
def approve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Only a clinician may stand for the words."""
    row, user = get_object_or_404(Questionnaire, pk=pk), _user(request)
    if Role.THERAPIST not in user.roles:
        messages.error(request, _("Only a therapist can approve a form."))
    else:
        language = "es" if request.POST.get("language") == "es" else "en"
        form_library.approve(questionnaire=row, by=user, now=timezone.now(), language=language)
        _log(request, f"form.approved.{language}", row)
    return redirect("forms:form", pk=pk)


@require_POST
@staff_may(May.MANAGE_FORMS)
def attach(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = get_object_or_404(Questionnaire, pk=pk)
    services = list(
        Service.objects.filter(code__in=request.POST.getlist("service")).order_by("position", "code")
    )
    form_library.attach(questionnaire=row, services=services, by=_user(request))
    _log(request, "form.attached", row)
    messages.success(request, _("Saved."))
    return redirect("forms:form", pk=pk)


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("a signed-in user is needed")  # staff_may has seen to it
    return request.user


def _log(request: HttpRequest, action: str, row: Questionnaire) -> None:
    access_log.record(
        by=_user(request), action=action, subject="intake.questionnaire", subject_id=row.pk, request=request
    )


def _why_not(code: str) -> str:
    return {
        "errors": _("This form has errors, so it cannot be published."),
        "warnings_unseen": _("Please tick that you have read the warnings."),
        "rights_unconfirmed": _("Please confirm the right to use this copyrighted form."),
        "not_draft": _("This version was published before; it never changes."),
    }[code]
