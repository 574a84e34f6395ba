"""The clinic's own settings: lists of rows, one page a row, and what a change would do before it is saved."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from config.foundation.clinic import Clinic
from config.foundation.policy import May, may, staff_may
from config.foundation.versioned import StaleVersion
from intake import words
from intake.models import Service
from scheduling.clinic_settings import effects, prices, saving
from scheduling.clinic_settings.forms import ClinicForm, SettingForm
from scheduling.clinic_settings.kinds import KINDS, Kind
from scheduling.models import PriceVersion, SettingChange
from scheduling.views.asked import signed_in

CHANGES_SHOWN = 30
NEW = "new"


@require_GET
@staff_may(May.MANAGE_CLINIC)
def index(request: HttpRequest) -> HttpResponse:
    clinic = Clinic.get()
    cards = [
        {"title": kind.title, "about": kind.about, "href": reverse("settings:rows", args=[kind.slug])}
        for kind in KINDS.values()
    ]
    return render(
        request,
        "scheduling/settings/index.html",
        {
            "cards": cards,
            "history": _history(SettingChange.objects.all(), clinic),
            "manages_people": may(request.user, May.MANAGE_USERS),
            "clinic": clinic,
        },
    )


@require_GET
@staff_may(May.MANAGE_CLINIC)
def rows(request: HttpRequest, kind: str) -> HttpResponse:
    shown, clinic = _kind(kind), Clinic.get()
    lines = [
        {"pk": row.pk, "cells": list(zip(shown.heads, shown.line(row, clinic), strict=True))}
        for row in shown.rows()[:500]
    ]
    return render(request, "scheduling/settings/rows.html", {"kind": shown, "lines": lines, "clinic": clinic})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_may(May.MANAGE_CLINIC)
def row(request: HttpRequest, kind: str, pk: str) -> HttpResponse:
    """One row, or a new one. `act`: look (what would it do), save, remove."""
    shown, now, clinic = _kind(kind), timezone.now(), Clinic.get()
    instance = None if pk == NEW else _find(shown, pk)
    form = shown.form(
        request.POST if request.method == "POST" else None, instance=instance, clinic=clinic, now=now
    )
    if request.method != "POST":
        return _row_page(request, shown, form, instance, clinic=clinic)
    if request.POST.get("act") == "remove":
        return _remove(request, shown, instance, clinic=clinic)
    if not form.is_valid():
        return _row_page(request, shown, form, instance, clinic=clinic, status=422)
    outcome = saving.save(
        form=form,
        kind=shown.slug,
        by=signed_in(request),
        now=now,
        clinic=clinic,
        confirmed=request.POST.get("confirmed", ""),
        only_look=request.POST.get("act") == "look",
    )
    if not outcome.saved:
        status = 200 if request.POST.get("act") == "look" else 409
        return _row_page(request, shown, form, instance, clinic=clinic, outcome=outcome, status=status)
    messages.success(request, _("Saved."))
    if shown.slug == "services" and instance is None:
        return redirect("settings:prices", pk=form.instance.pk)
    return redirect("settings:rows", kind=shown.slug)


def _remove(request: HttpRequest, shown: Kind, instance: Model | None, *, clinic: Clinic) -> HttpResponse:
    if instance is None or not shown.removable:
        raise Http404
    pk = str(instance.pk)
    try:
        outcome = saving.remove(
            row=instance,
            kind=shown.slug,
            by=signed_in(request),
            now=timezone.now(),
            clinic=clinic,
            confirmed=request.POST.get("confirmed", ""),
            only_look=False,
        )
    except saving.InUse:
        messages.error(request, _("Something else needs it. Switch it off instead."))
        return redirect("settings:rows", kind=shown.slug)
    if not outcome.saved:
        again = _find(shown, pk)  # the row that was tried on has lost its key
        form = shown.form(None, instance=again, clinic=clinic, now=timezone.now())
        return _row_page(
            request, shown, form, again, clinic=clinic, outcome=outcome, removing=True, status=409
        )
    messages.success(request, _("Removed."))
    return redirect("settings:rows", kind=shown.slug)


def _row_page(
    request: HttpRequest,
    shown: Kind,
    form: SettingForm,
    instance: Model | None,
    *,
    clinic: Clinic,
    outcome: saving.Outcome | None = None,
    removing: bool = False,
    status: int = 200,
) -> HttpResponse:
    about = SettingChange.objects.filter(kind=shown.slug, subject_id=str(instance.pk)) if instance else None
    context = {
        "kind": shown,
        "form": form,
        "instance": instance,
        "outcome": outcome,
        "removing": removing,
        "broken": list(outcome.broken.values()) if outcome else [],
        "times": [(name, *pair) for name, pair in outcome.times.items()] if outcome else [],
        "history": _history(about, clinic) if about is not None else [],
        "clinic": clinic,
    }
    return render(request, "scheduling/settings/row.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_may(May.MANAGE_CLINIC)
def clinic_page(request: HttpRequest) -> HttpResponse:
    """Name, promise, fees, reminders."""
    now, clinic = timezone.now(), Clinic.get()
    form = ClinicForm(request.POST or None, instance=clinic, clinic=clinic, now=now)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            saving.save(
                form=form,
                kind="clinic",
                by=signed_in(request),
                now=now,
                clinic=clinic,
                confirmed="",
                only_look=False,
            )
            messages.success(request, _("Saved."))
            return redirect("settings:clinic")
        status = 422
    history = _history(SettingChange.objects.filter(kind="clinic"), clinic)
    context = {"form": form, "history": history, "clinic": clinic}
    return render(request, "scheduling/settings/clinic.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_may(May.MANAGE_CLINIC)
def price_page(request: HttpRequest, pk: Any) -> HttpResponse:
    """The lines of one visit, and every version there was."""
    service, clinic = get_object_or_404(Service, pk=pk), Clinic.get()
    versions = list(PriceVersion.objects.filter(service=service).select_related("by"))
    initial = [{**line, "codes": ", ".join(line["codes"])} for line in prices.lines_of(service)]
    lines = prices.LineFormSet(request.POST if request.method == "POST" else None, initial=initial)
    status, problem = 200, ""
    if request.method == "POST":
        if lines.is_valid():
            seen = request.POST.get("seen", "")
            try:
                prices.change(
                    service=service,
                    lines=prices.said(lines),
                    by=signed_in(request),
                    now=timezone.now(),
                    seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 6 else -1,
                )
            except StaleVersion:
                status, problem = 409, _("Somebody changed the prices meanwhile. Look, then save again.")
            else:
                messages.success(request, _("Saved. Estimates from now on use these prices."))
                return redirect("settings:prices", pk=pk)
        else:
            status = 422
    context = {
        "service": service,
        "lines": lines,
        "problem": problem,
        "seen": versions[0].number if versions else 0,
        "versions": [{"row": each, "when": words.moment(each.at, clinic.zone)} for each in versions],
        "clinic": clinic,
    }
    return render(request, "scheduling/settings/prices.html", context, status=status)


@require_GET
@staff_may(May.MANAGE_CLINIC)
def preview(request: HttpRequest) -> HttpResponse:
    """What could be booked now, day by day, and visits that do not fit the rules as they are."""
    now, clinic = timezone.now(), Clinic.get()
    services = list(Service.objects.offered())
    wanted = request.GET.get("service", "")[:40]
    chosen = next((each for each in services if each.code == wanted), services[0] if services else None)
    days = effects.by_day(chosen, now=now, clinic=clinic) if chosen else []
    context = {
        "services": services,
        "chosen": chosen,
        "days": [{"day": words.day(day), "times": times} for day, times in days],
        "misfits": list(effects.misfits(now=now, clinic=clinic).values()),
        "clinic": clinic,
    }
    return render(request, "scheduling/settings/preview.html", context)


def _kind(slug: str) -> Kind:
    try:
        return KINDS[slug]
    except KeyError:
        raise Http404 from None


def _find(shown: Kind, pk: str) -> Model:
    try:
        found: Model | None = shown.rows().filter(pk=pk).first()
    except (ValueError, ValidationError):
        found = None
    if found is None:
        raise Http404
    return found


def _history(changes: Any, clinic: Clinic) -> list[dict[str, Any]]:
    """Who changed what, newest first."""
    titles = {slug: kind.title for slug, kind in KINDS.items()} | {
        "clinic": _("The clinic"),
        "people": _("People"),
    }
    what = {"added": _("Added"), "changed": _("Changed"), "removed": _("Removed")}
    return [
        {
            "when": words.moment(each.at, clinic.zone),
            "who": each.by.first_name or str(each.by),
            "what": f"{titles.get(each.kind, each.kind)}: {what.get(each.what, each.what)}",
            "lines": [
                (
                    name.replace("_", " "),
                    "–" if was in (None, "") else was,
                    "–" if now_is in (None, "") else now_is,
                )
                for name, (was, now_is) in each.changes.items()
                if name != "id"
            ],
        }
        for each in changes.select_related("by")[:CHANGES_SHOWN]
    ]
