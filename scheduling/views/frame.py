"""Everything of the desk that stands around the panel: queue, ribbon, calendar; and the panel within it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zlib import crc32

from django.db.models import Count, Max, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from config.foundation import access_log
from config.foundation.clinic import Clinic
from config.foundation.policy import May, may
from config.foundation.user import User
from intake.models import AppointmentRequest, RequestEvent, Service
from notifications import health
from scheduling import calendar, desk, wording
from scheduling.models import Appointment
from scheduling.templatetags.desk import is_neutral
from scheduling.views.asked import Asked, is_part, signed_in

SUBJECT = "intake.appointmentrequest"
Looking = dict[str, list[str]]  # request id -> who else has it open
LOOKING = timedelta(minutes=3)  # who opened a request this long ago is said to be looking at it
# What a row of the queue shows: a desk full of them is read every ten seconds.
ROW_COLUMNS = (
    "version", "status", "priority", "reply_by", "submitted_at", "wants_written_estimate",
    "client__first_name", "client__last_name", "client__name_to_use", "client__prefers", "client__call_ok",
    "client__email_ok", "client__email", "coverage__type", "service__code", "service__public_name",
    "service__minutes", "service_asked__code", "service_asked__public_name",
)  # fmt: skip


def _rows(asked: Asked, *, now: datetime, clinic: Clinic, neutral: bool, looking: Looking) -> list[desk.Row]:
    found = AppointmentRequest.objects.filter(desk.in_tab(asked.tab)).most_important_first(now=now)
    if asked.service:
        found = found.filter(service__code=asked.service)
    if asked.payer:
        found = found.filter(coverage__type=asked.payer)
    shown = (
        found.with_everything_on_a_row()
        .with_calls()
        .select_related("service_asked")
        .only(*ROW_COLUMNS)[: asked.limit]
    )
    return [
        desk.row(each, now=now, zone=clinic.zone, neutral=neutral, seen_by=looking.get(str(each.pk), ()))
        for each in shown
    ]


def looking_at(*, now: datetime, user: User) -> Looking:
    """Who else opened which request a moment ago: request id -> first names. Two queries at most."""
    seen = (
        access_log.AccessEvent.objects.filter(subject_type=SUBJECT, action="opened", at__gt=now - LOOKING)
        .exclude(actor=str(user.pk))
        .values_list("subject_id", "actor")
        .distinct()
    )
    pairs = list(seen)
    if not pairs:
        return {}
    names = {str(u.pk): u.first_name or str(u) for u in User.objects.filter(pk__in={a for _s, a in pairs})}
    found: Looking = {}
    for subject, actor in pairs:
        if actor in names:
            found.setdefault(subject, []).append(names[actor])
    return found


def queue_parts(
    request: HttpRequest, asked: Asked, *, now: datetime, clinic: Clinic, looking: Looking | None = None
) -> dict[str, Any]:
    """`looking`: when the panel has asked already who else is here."""
    if looking is None:
        looking = looking_at(now=now, user=signed_in(request))
    rows = _rows(asked, now=now, clinic=clinic, neutral=is_neutral(request), looking=looking)
    counts = desk.counts()
    total = counts[asked.tab]
    return {
        "groups": desk.grouped(rows),
        "rows_shown": len(rows),
        "counts": counts,
        "tabs": [
            {"key": desk.Tab.ANSWER, "label": _("To answer"), "count": 0},
            {"key": desk.Tab.CALLS, "label": _("Calls"), "count": counts[desk.Tab.CALLS]},
            {"key": desk.Tab.WAITING, "label": _("Waiting"), "count": counts[desk.Tab.WAITING]},
            {"key": desk.Tab.OTHER, "label": _("Other"), "count": counts[desk.Tab.OTHER]},
        ],
        "more_rows": total > len(rows) and not asked.filtered,
        "more_limit": asked.limit + desk.ROWS_AT_ONCE,
        "nav_counts": {"d": counts[desk.Tab.ANSWER]},
        "urgent_count": sum(row.group == "urgent" for row in rows),
        "queue_mark": _mark(rows),
    }


def quiet_line(*, now: datetime, clinic: Clinic, hidden: bool, mail_waits: float | None) -> str:
    """What the line says when there is nothing to say: does mail move, and what happened last.

    `mail_waits`: for how many seconds the oldest message has been due, None when all have left.
    """
    said = [_("All mail has left.")]
    if mail_waits is not None and mail_waits >= health.LATE.total_seconds():
        minutes = int(mail_waits // 60)
        said = [_("Mail has not moved for %(minutes)d minutes. Nothing is lost.") % {"minutes": minutes}]
    elif mail_waits is not None:
        said = [_("Mail is on its way.")]
    last = RequestEvent.objects.select_related("by", "appointment_request__client").order_by("-at").first()
    if last is not None:
        client = last.appointment_request.client
        name = desk.neutral_name(client) if hidden else client.initials_name
        by = (last.by.first_name or str(last.by)) if last.by else _("the client")
        at = wording.until(last.at, now=now, zone=clinic.zone)
        said.append(_("Last change %(at)s: %(name)s, by %(by)s.") % {"at": at, "name": name, "by": by})
    return "  ".join(said)


def _mark(rows: Sequence[desk.Row]) -> str:
    """Changes when a row comes, goes or changes: what polling compares."""
    shown = repr([(row.id, row.version, row.late, row.tags) for row in rows])
    return f"{crc32(shown.encode()):08x}"  # the same in every worker process, unlike hash()


def bar_parts(
    asked: Asked, *, now: datetime, clinic: Clinic, fits: dict[date, dict[str, Any]] | None = None
) -> dict[str, Any]:
    today = now.astimezone(clinic.zone).date()
    monday = today - timedelta(days=today.weekday())
    first = monday
    if not monday <= asked.day < monday + timedelta(days=14):
        first = asked.day - timedelta(days=asked.day.weekday())
    step = timedelta(days=7 if asked.week else 1)
    both_weeks = calendar.read_hours(clinic=clinic, first=first, last=first + timedelta(days=13))
    hours = replace(both_weeks, first=asked.first, last=asked.last)  # the shown days lie within
    return {
        "ribbon": [
            replace(each, fit=(fits or {}).get(each.day))
            for each in calendar.ribbon(hours=both_weeks, now=now)
        ],
        "today": today,
        "day_before": asked.day - step,
        "day_after": asked.day + step,
        "day_title": wording.short_day(asked.day)
        if not asked.week
        else _("%(first)s to %(last)s")
        % {"first": wording.month_day(asked.first), "last": wording.month_day(asked.last)},
        "off": calendar.who_is_off(hours),
        "hours": hours,
        "whose": _whose(hours, asked) if asked.week else (),
    }


def _whose(hours: calendar.Hours, asked: Asked) -> list[dict[str, Any]]:
    """Whose week can be looked at alone."""
    columns = calendar.columns(hours, (), by_rooms=asked.by_rooms)
    every = {"id": "", "title": _("Everyone") if not asked.by_rooms else _("All rooms")}
    return [{**column, "current": column["id"] == asked.who} for column in (every, *columns)]


def frame_parts(
    request: HttpRequest,
    asked: Asked,
    *,
    now: datetime,
    clinic: Clinic,
    fits: dict[date, dict[str, Any]] | None = None,
    looking: Looking | None = None,
) -> dict[str, Any]:
    """Everything of the desk but the panel."""
    start, end = calendar.day_bounds(asked.first, asked.last, clinic.zone)
    visits = calendar.visits_between(start=start, end=end, now=now)
    neutral = is_neutral(request)
    zone, mail = clinic.zone, health.look(now=now)
    cards = [calendar.card(visit, zone=zone, now=now, neutral=neutral) for visit in visits]
    return {
        "asked": asked,
        "now": now,
        "clinic": clinic,
        "neutral": neutral,
        "may_confirm": may(request.user, May.CONFIRM_VISITS),
        "cards": cards,
        "days_cards": [card for card in cards if card.start.date() == asked.day],
        "services": Service.objects.offered().only("code", "public_name"),
        "payers": desk.PAYERS.items(),
        "words": {
            "hours": _("Hours"),
            "here": _("Here"),
            "is_here": _("%(name)s is here") % {"name": "%s"},
            "fits": _("Fits. Let go to book."),
            "looking": _("Looking…"),
            "calendar_lost": _("The calendar could not be read. The day list is shown instead."),
            "connection_lost": _("The connection was lost. Look at the calendar before you press again."),
            "went_wrong": _("That did not work. Nothing was changed. Try again."),
        },
        "mail_health": mail,
        "quiet_line": quiet_line(now=now, clinic=clinic, hidden=neutral, mail_waits=mail.oldest_due),
        **queue_parts(request, asked, now=now, clinic=clinic, looking=looking),
        **bar_parts(asked, now=now, clinic=clinic, fits=fits),
    }


def calendar_mark(asked: Asked, *, clinic: Clinic) -> str:
    """Changes when a visit of the shown days comes, goes or changes."""
    start, end = calendar.day_bounds(asked.first, asked.last, clinic.zone)
    found = Appointment.objects.filter(starts_at__lt=end, ends_at__gt=start).aggregate(
        number=Count("pk"), versions=Sum("version"), newest=Max("created_at")
    )
    return f"{found['number']}-{found['versions'] or 0}-{found['newest'] or ''}"


def _neighbours(appointment_request: AppointmentRequest, frame: dict[str, Any]) -> dict[str, Any]:
    """ "6 of 30", and the rows before and after."""
    rows = [row for group in frame["groups"] for row in group.rows]
    ids = [row.id for row in rows]
    here = str(appointment_request.pk)
    place = ids.index(here) if here in ids else None
    before = after = None
    if place is not None:
        before = rows[place - 1] if place > 0 else None
        after = rows[place + 1] if place + 1 < len(rows) else None
    elif rows:
        after = rows[0]
    return {
        "place": place + 1 if place is not None else None,
        "of": len(rows),
        "before": before,
        "after": after,
    }


def with_panel(
    request: HttpRequest,
    asked: Asked,
    panel: dict[str, Any],
    now: datetime,
    clinic: Clinic,
    status: int = 200,
) -> HttpResponse:
    if is_part(request):
        queue_context = queue_parts(request, asked, now=now, clinic=clinic, looking=panel.get("looking"))
        context = {"asked": asked, **queue_context, **panel, "oob": request.method == "POST"}
        if "appointment_request" in panel:
            context |= _neighbours(panel["appointment_request"], queue_context)
        elif queue_context["groups"]:
            context["after"] = queue_context["groups"][0].rows[0]
        return render(request, "scheduling/desk/part.html", context, status=status)
    if panel.get("goto") and "day" not in request.GET:
        asked = replace(asked, day=date.fromisoformat(panel["goto"]))
    fits, looking = panel.get("fits"), panel.get("looking")
    frame = frame_parts(request, asked, now=now, clinic=clinic, fits=fits, looking=looking)
    if "appointment_request" in panel:
        frame |= _neighbours(panel["appointment_request"], frame)
    return render(request, "scheduling/desk/desk.html", {**frame, **panel}, status=status)
