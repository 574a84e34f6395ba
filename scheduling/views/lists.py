"""The lists a clinic works from, and the owner's numbers."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from config.foundation import access_log, staff_tasks
from config.foundation.clinic import Clinic
from config.foundation.policy import May, may, staff_may
from config.foundation.staff_tasks import StaffTask
from scheduling import lists, numbers
from scheduling.templatetags.desk import is_neutral
from scheduling.views.asked import signed_in, text_in


@require_GET
@staff_may(May.SEE_REQUESTS)
def lists_page(request: HttpRequest) -> HttpResponse:
    """Today, promises due, holds, calls with their outcomes, freed times, tasks: one page, plain tables."""
    hidden = is_neutral(request)
    found = lists.everything(clinic=Clinic.get(), now=timezone.now(), neutral=hidden)
    if not hidden:
        access_log.record(
            by=signed_in(request),
            action="listed",
            subject="intake.client",
            subject_id="calls",
            fields=["phone"],
            request=request,
        )
    context = {**found, "neutral": hidden, "may_confirm": may(request.user, May.CONFIRM_VISITS)}
    return render(request, "scheduling/desk/lists.html", context)


@require_POST
@staff_may(May.SEE_REQUESTS)
def task_done(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A person did it. A second press, or a faster colleague, changes nothing."""
    task = get_object_or_404(StaffTask, pk=pk)
    outcome = " ".join(text_in(request, "outcome", most=200).split()) or "done"
    if staff_tasks.close_task(key=task.key, by=signed_in(request), outcome=outcome, now=timezone.now()):
        messages.success(request, _("Done."))
    else:
        messages.info(request, _("That was done already."))
    return redirect("desk:lists")


def _days(request: HttpRequest) -> int:
    text = request.GET.get("days", "")
    days = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 30
    return days if days in numbers.PERIODS else 30


@require_GET
@staff_may(May.SEE_REQUESTS)
def numbers_page(request: HttpRequest) -> HttpResponse:
    days = _days(request)
    found = numbers.collect(days=days, now=timezone.now(), clinic=Clinic.get())
    context = {"numbers": found, "days": days, "periods": numbers.PERIODS}
    return render(request, "scheduling/desk/numbers.html", context)


@require_GET
@staff_may(May.SEE_REQUESTS)
def numbers_csv(request: HttpRequest) -> HttpResponse:
    days, clinic = _days(request), Clinic.get()
    found = numbers.collect(days=days, now=timezone.now(), clinic=clinic)
    response = HttpResponse(numbers.as_csv(found, clinic=clinic), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="numbers-{days}-days.csv"'
    return response
