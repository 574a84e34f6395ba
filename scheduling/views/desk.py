"""The desk: the queue beside the calendar, and one request or visit open between them.

Every address works as a page of its own, without JavaScript. Asked for by htmx it answers with the panel
alone, and the parts of the desk that changed with it ride along.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zlib import crc32

from django.db.models import Count, Max, Sum
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from config.foundation import access_log
from config.foundation.clinic import Clinic
from config.foundation.policy import May, may, staff_may
from config.foundation.user import User
from intake import words
from intake.answers import answers_of
from intake.models import AppointmentRequest, Practitioner, Service, Status
from scheduling import availability, booking, calendar, desk, wording
from scheduling.models import Appointment, Room
from scheduling.templatetags.desk import is_neutral

SUBJECT = "intake.appointmentrequest"
LOOKING = timedelta(minutes=3)  # who opened a request this long ago is said to be looking at it
HIDDEN_COLUMNS = ("story", "details", "client__mailing_address", "client__representative")


@dataclass(frozen=True)
class Asked:
    """What the address asks for: a tab and filters of the queue, a day and columns of the calendar."""

    tab: str
    service: str
    payer: str
    limit: int
    day: date
    week: bool
    by_rooms: bool
    agenda: bool

    @property
    def query(self) -> str:
        """The same again, for links and polling. Ids and codes only."""
        return urlencode({key: value for key, value in self.values().items() if value})

    def values(self) -> dict[str, str]:
        return {
            "tab": "" if self.tab == desk.Tab.ANSWER else self.tab,
            "service": self.service,
            "payer": self.payer,
            "day": self.day.isoformat(),
            "view": "week" if self.week else "",
            "by": "rooms" if self.by_rooms else "",
        }

    @property
    def filtered(self) -> bool:
        return bool(self.service or self.payer)

    @property
    def first(self) -> date:
        return self.day - timedelta(days=self.day.weekday()) if self.week else self.day

    @property
    def last(self) -> date:
        return self.first + timedelta(days=6) if self.week else self.day


def asked_of(request: HttpRequest, *, today: date) -> Asked:
    """Read the address. What makes no sense falls back to the plain desk; nobody is punished for a bad link."""
    values = request.GET
    tab = values.get("tab", desk.Tab.ANSWER)
    rows = values.get("rows", "")
    return Asked(
        tab=tab if tab in desk.Tab.ALL else desk.Tab.ANSWER,
        service=values.get("service", "")[:40],
        payer=values.get("payer", "")[:30],
        limit=min(int(rows), 2000) if rows.isascii() and rows.isdigit() else desk.ROWS_AT_ONCE,
        day=day_from(values.get("day", "")) or today,
        week=values.get("view") == "week",
        by_rooms=values.get("by") == "rooms",
        agenda=values.get("show") == "agenda",
    )


def day_from(text: str) -> date | None:
    """A date within reach of a clinic's life, else None."""
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return None
    return day if 2000 <= day.year < 2100 else None


# --- parts of the page ----------------------------------------------------------------------------


def _rows(asked: Asked, *, now: datetime, clinic: Clinic, neutral: bool, user: User) -> list[desk.Row]:
    found = AppointmentRequest.objects.filter(desk.in_tab(asked.tab)).most_important_first(now=now)
    if asked.service:
        found = found.filter(service__code=asked.service)
    if asked.payer:
        found = found.filter(coverage__type=asked.payer)
    shown = list(
        found.with_everything_on_a_row().select_related("service_asked").defer(*HIDDEN_COLUMNS)[: asked.limit]
    )
    looking = _looking(now=now, user=user)
    return [
        desk.row(each, now=now, zone=clinic.zone, neutral=neutral, seen_by=looking.get(str(each.pk), ()))
        for each in shown
    ]


def _looking(*, now: datetime, user: User) -> dict[str, list[str]]:
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
    found: dict[str, list[str]] = {}
    for subject, actor in pairs:
        if actor in names:
            found.setdefault(subject, []).append(names[actor])
    return found


def _queue(request: HttpRequest, asked: Asked, *, now: datetime, clinic: Clinic) -> dict[str, Any]:
    user = signed_in(request)
    rows = _rows(asked, now=now, clinic=clinic, neutral=is_neutral(request), user=user)
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


def _mark(rows: Sequence[desk.Row]) -> str:
    """Changes when a row comes, goes or changes: what polling compares."""
    shown = repr([(row.id, row.version, row.late, row.tags) for row in rows])
    return f"{crc32(shown.encode()):08x}"  # the same in every worker process, unlike hash()


def _bar(
    asked: Asked, *, now: datetime, clinic: Clinic, fits: dict[date, dict[str, Any]] | None = None
) -> dict[str, Any]:
    today = now.astimezone(clinic.zone).date()
    monday = today - timedelta(days=today.weekday())
    first = monday
    if not monday <= asked.day < monday + timedelta(days=14):
        first = asked.day - timedelta(days=asked.day.weekday())
    step = timedelta(days=7 if asked.week else 1)
    hours = calendar.read_hours(clinic=clinic, first=asked.first, last=asked.last)
    return {
        "ribbon": [
            replace(each, fit=(fits or {}).get(each.day))
            for each in calendar.ribbon(clinic=clinic, first=first, now=now)
        ],
        "today": today,
        "day_before": asked.day - step,
        "day_after": asked.day + step,
        "day_title": wording.short_day(asked.day)
        if not asked.week
        else _("%(first)s to %(last)s")
        % {"first": words.day(asked.first, weekday=False), "last": words.day(asked.last, weekday=False)},
        "off": calendar.who_is_off(hours),
        "hours": hours,
    }


def _frame(
    request: HttpRequest,
    asked: Asked,
    *,
    now: datetime,
    clinic: Clinic,
    fits: dict[date, dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Everything of the desk but the panel."""
    start, end = calendar.day_bounds(asked.first, asked.last, clinic.zone)
    visits = calendar.visits_between(start=start, end=end, now=now)
    neutral = is_neutral(request)
    cards = [calendar.card(visit, zone=clinic.zone, now=now, neutral=neutral) for visit in visits]
    return {
        "asked": asked,
        "now": now,
        "clinic": clinic,
        "neutral": neutral,
        "cards": cards,
        "now_local": now.astimezone(clinic.zone),
        "services": Service.objects.offered().only("code", "public_name"),
        "payers": desk.PAYERS.items(),
        "words": {
            "hours": _("Hours"),
            "fits": _("Fits. Let go to book."),
            "looking": _("Looking…"),
            "calendar_lost": _("The calendar could not be read. The day list is shown instead."),
            "connection_lost": _("The connection was lost. Look at the calendar before you press again."),
            "went_wrong": _("That did not work. Nothing was changed. Try again."),
        },
        **_queue(request, asked, now=now, clinic=clinic),
        **_bar(asked, now=now, clinic=clinic, fits=fits),
        "calendar_mark": calendar_mark(asked, clinic=clinic),
    }


def signed_in(request: HttpRequest) -> User:
    if not isinstance(request.user, User):  # the decorator let nobody else in
        raise Http404
    return request.user


def is_part(request: HttpRequest) -> bool:
    """Asked for by htmx: answer with the panel alone."""
    return bool(getattr(request, "htmx", False)) and not request.htmx.history_restore_request  # type: ignore[attr-defined]


# --- pages ----------------------------------------------------------------------------------------


@require_GET
@staff_may(May.SEE_REQUESTS)
def desk_page(request: HttpRequest) -> HttpResponse:
    now, clinic = timezone.now(), Clinic.get()
    asked = asked_of(request, today=now.astimezone(clinic.zone).date())
    return render(request, "scheduling/desk/desk.html", _frame(request, asked, now=now, clinic=clinic))


@require_GET
@staff_may(May.SEE_REQUESTS)
def queue(request: HttpRequest) -> HttpResponse:
    """The rows alone, for the live refresh."""
    now, clinic = timezone.now(), Clinic.get()
    asked = asked_of(request, today=now.astimezone(clinic.zone).date())
    context = {"asked": asked, **_queue(request, asked, now=now, clinic=clinic)}
    return render(request, "scheduling/desk/rows.html", context)


@require_GET
@staff_may(May.SEE_REQUESTS)
def calendar_bar(request: HttpRequest) -> HttpResponse:
    now, clinic = timezone.now(), Clinic.get()
    asked = asked_of(request, today=now.astimezone(clinic.zone).date())
    fits = None
    if appointment_request := _open_request(request.GET.get("request", "")):
        fits = ribbon_fits(appointment_request, now=now, clinic=clinic)
    context = {"asked": asked, **_bar(asked, now=now, clinic=clinic, fits=fits)}
    return render(request, "scheduling/desk/bar.html", context)


def _open_request(text: str) -> AppointmentRequest | None:
    try:
        key = UUID(text)
    except ValueError:
        return None
    return AppointmentRequest.objects.select_related("service", "client").filter(pk=key).first()


@require_GET
@staff_may(May.SEE_REQUESTS)
def calendar_feed(request: HttpRequest) -> JsonResponse:
    """Columns and events of one day or one week; never more, whatever the address asks for."""
    now, clinic = timezone.now(), Clinic.get()
    asked = asked_of(request, today=now.astimezone(clinic.zone).date())
    hours = calendar.read_hours(clinic=clinic, first=asked.first, last=asked.last)
    start, end = calendar.day_bounds(asked.first, asked.last, clinic.zone)
    visits = calendar.visits_between(start=start, end=end, now=now)
    fits: Fits | None = None
    if appointment_request := _open_request(request.GET.get("request", "")):
        fits = fits_of(appointment_request, asked=asked, now=now, clinic=clinic)
    data = calendar.feed(
        hours=hours,
        visits=visits,
        by_rooms=asked.by_rooms,
        now=now,
        neutral=is_neutral(request),
        may_move=may(request.user, May.CONFIRM_VISITS),
        new_visit=request.GET.get("visit", ""),
        fits_for={window["column"] for window in fits.windows} if fits else None,
    )
    if fits:
        data["fits"] = fits.windows
        data["events"] += fits.events
        for column in data["columns"]:
            column["note"] = fits.notes.get(column["id"], _("not for this"))
    return JsonResponse(data)


@require_POST
@staff_may(May.SEE_REQUESTS)
def neutral(request: HttpRequest) -> HttpResponse:
    """Turn this device's shared-screen mode on or off."""
    request.session["neutral"] = not is_neutral(request)
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return target if safe and target.startswith("/staff/") else reverse("desk:desk")


# --- where an open request fits -------------------------------------------------------------------


@dataclass(frozen=True)
class Fits:
    """Where the open request fits in the shown range: outlines, numbered cards, a word for each column."""

    windows: list[dict[str, str]]
    events: list[dict[str, Any]]
    notes: dict[str, str]


def _wall(moment: datetime, clinic: Clinic) -> str:
    return moment.astimezone(clinic.zone).strftime("%Y-%m-%dT%H:%M")


def _slot_column(slot: availability.Slot, *, by_rooms: bool) -> str:
    if by_rooms:
        return str(slot.room_id) if slot.room_id else calendar.NO_ROOM
    return str(slot.practitioner_id) if slot.practitioner_id else calendar.MACHINES


def fits_of(appointment_request: AppointmentRequest, *, asked: Asked, now: datetime, clinic: Clinic) -> Fits:
    """Starts that lie within a quarter of an hour of one another are one window."""
    if not desk.can_be_placed(appointment_request):
        return Fits([], [], {})
    minutes = timedelta(minutes=appointment_request.service.minutes if appointment_request.service else 60)
    slots = availability.for_request(appointment_request, start=asked.first, end=asked.last, now=now)
    runs: dict[str, list[list[datetime]]] = {}
    for slot in slots:
        of_column = runs.setdefault(_slot_column(slot, by_rooms=asked.by_rooms), [])
        if of_column and slot.starts_at - of_column[-1][-1] <= timedelta(minutes=15):
            of_column[-1].append(slot.starts_at)
        else:
            of_column.append([slot.starts_at])
    windows: list[Any] = []
    events: list[Any] = []
    notes: dict[str, str] = {}
    for column, found in runs.items():
        for starts in found:
            window = {
                "column": column,
                "start": _wall(starts[0], clinic),
                "last": _wall(starts[-1], clinic),
                "end": _wall(starts[-1] + minutes, clinic),
            }
            windows.append(window)
            events.append(
                {
                    "id": f"w{len(events)}",
                    "columns": [column],
                    "start": window["start"],
                    "end": window["end"],
                    "background": True,
                    "classes": ["window"],
                }
            )
        notes[column] = _("fits %(span)s") % {
            "span": wording.span(
                found[0][0].astimezone(clinic.zone), (found[-1][-1] + minutes).astimezone(clinic.zone)
            )
        }
    name = appointment_request.client.initials_name
    for rank, slot in enumerate(availability.best_times(appointment_request, now=now), start=1):
        day = slot.starts_at.astimezone(clinic.zone).date()
        if not asked.first <= day <= asked.last:
            continue
        span = wording.span(slot.starts_at.astimezone(clinic.zone), slot.ends_at.astimezone(clinic.zone))
        events.append(
            {
                "id": f"rank{rank}",
                "columns": [_slot_column(slot, by_rooms=asked.by_rooms)],
                "start": _wall(slot.starts_at, clinic),
                "end": _wall(slot.ends_at, clinic),
                "title": span,
                "sub": ", ".join(part for part in (name, slot.room_name.removesuffix(" room")) if part),
                "rank": str(rank),
                "label": _("Book %(day)s, %(span)s, %(who)s %(room)s")
                % {
                    "day": wording.long_day(day),
                    "span": span,
                    "who": slot.practitioner_name.split(" ")[0],
                    "room": slot.room_name,
                },
                "classes": ["fit-card"],
                "movable": True,
            }
        )
    return Fits(windows, events, notes)


def ribbon_fits(
    appointment_request: AppointmentRequest, *, now: datetime, clinic: Clinic
) -> dict[date, dict[str, Any]]:
    """For the two weeks over the calendar: where the best times are, and how many others fit."""
    if not desk.can_be_placed(appointment_request):
        return {}
    today = now.astimezone(clinic.zone).date()
    found: dict[date, dict[str, Any]] = {}
    for slot in availability.for_request(
        appointment_request, start=today, end=today + timedelta(days=20), now=now
    ):
        day = slot.starts_at.astimezone(clinic.zone).date()
        found.setdefault(day, {"count": 0, "ranks": []})["count"] += 1
    for rank, slot in enumerate(availability.best_times(appointment_request, now=now), start=1):
        day = slot.starts_at.astimezone(clinic.zone).date()
        found.setdefault(day, {"count": 1, "ranks": []})["ranks"].append(rank)
    return found


# --- one request, open ----------------------------------------------------------------------------


@dataclass(frozen=True)
class BestTime:
    rank: int
    when: str
    who: str
    why: str
    value: str  # "2027-03-02T16:10|practitioner|room", local
    said: str
    day: date


def slot_value(slot: availability.Slot, clinic: Clinic) -> str:
    return f"{_wall(slot.starts_at, clinic)}|{slot.practitioner_id or ''}|{slot.room_id or ''}"


def best_times(appointment_request: AppointmentRequest, *, now: datetime, clinic: Clinic) -> list[BestTime]:
    if not desk.can_be_placed(appointment_request):
        return []
    return as_best_times(availability.best_times(appointment_request, now=now), clinic=clinic)


def as_best_times(slots: Sequence[availability.Slot], *, clinic: Clinic) -> list[BestTime]:
    found = []
    for rank, slot in enumerate(slots, start=1):
        start, end = slot.starts_at.astimezone(clinic.zone), slot.ends_at.astimezone(clinic.zone)
        who = ", ".join(
            part
            for part in (slot.practitioner_name.split(" ")[0], slot.room_name.removesuffix(" room"))
            if part
        )
        why = desk.reasons(slot.reasons)
        found.append(
            BestTime(
                rank=rank,
                when=f"{wording.short_day(start.date())} · {wording.span(start, end)}",
                who=who,
                why=why,
                value=slot_value(slot, clinic),
                said=_("Book %(day)s, %(span)s, %(who)s. %(why)s")
                % {
                    "day": wording.long_day(start.date()),
                    "span": wording.span(start, end),
                    "who": who,
                    "why": why,
                },
                day=start.date(),
            )
        )
    return found


def read_request(pk: UUID) -> AppointmentRequest:
    """One request with all that its panel shows; a fixed number of queries."""
    return get_object_or_404(
        AppointmentRequest.objects.select_related(
            "client",
            "client__home_practitioner",
            "service",
            "service_asked",
            "coverage",
            "package",
            "answered_by",
            "merged_into",
            "entered_by",
        ).prefetch_related("flags", "holds__opened_by", "markers", "events__by", "consents"),
        pk=pk,
    )


def _place_choices() -> dict[str, Any]:
    """For “Place” and “Move”: nothing can be done by dragging alone."""
    return {
        "people": list(Practitioner.objects.active()),
        "rooms": list(Room.objects.filter(active=True).order_by("position", "code")),
    }


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


def panel_context(
    request: HttpRequest,
    appointment_request: AppointmentRequest,
    *,
    now: datetime,
    clinic: Clinic,
    mode: str = "",
) -> dict[str, Any]:
    user = signed_in(request)
    client, today = appointment_request.client, now.astimezone(clinic.zone).date()
    sees_answers = may(user, May.SEE_ANSWERS)
    hidden = is_neutral(request)
    born = client.birth_date
    payer, payer_note = desk.payer_sentence(appointment_request)
    times = best_times(appointment_request, now=now, clinic=clinic)
    others = _looking(now=now, user=user).get(str(appointment_request.pk), [])
    return {
        "appointment_request": appointment_request,
        "client": client,
        "shown_name": desk.neutral_name(client) if hidden else client.display_name,
        "age": client.age_on(today),
        "born": born,
        "contact": desk.contact_sentence(client),
        "notices": desk.notices(
            appointment_request, clinic=clinic, sees_answers=sees_answers, neutral=hidden
        ),
        "wishes": desk.wishes_words(appointment_request),
        "payer": payer,
        "payer_note": payer_note,
        "sees_answers": sees_answers,
        "answers": answers_of(appointment_request, language=get_language() or "en")
        if sees_answers and not hidden
        else None,
        "sees_insurance": may(user, May.SEE_INSURANCE),
        "may_confirm": may(user, May.CONFIRM_VISITS),
        "may_lift": may(user, May.LIFT_HOLDS),
        "times": times,
        "goto": times[0].day.isoformat() if times else "",
        **(_place_choices() if mode == "place" else {}),
        "others_here": others,
        "needs_call": desk.needs_call(appointment_request),
        "placeable": desk.can_be_placed(appointment_request),
        "history": desk.history(appointment_request, clinic=clinic),
        "mode": mode,
        "Status": Status,
        "neutral": hidden,
        "clinic": clinic,
        "now": now,
    }


@require_GET
@staff_may(May.SEE_REQUESTS)
def request_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One request open: everything on one screen. Looking at it is written down before it is shown."""
    appointment_request = read_request(pk)
    fields = ["client", "story", "flags"]
    if may(request.user, May.SEE_ANSWERS):
        fields.append("answers")
    access_log.record(
        by=signed_in(request), action="opened", subject=SUBJECT, subject_id=pk, fields=fields, request=request
    )
    return show_request(request, appointment_request, mode=request.GET.get("mode", ""))


def show_request(
    request: HttpRequest,
    appointment_request: AppointmentRequest,
    *,
    mode: str = "",
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The panel of a request, alone for htmx, else on the whole desk. `more` is what the act adds."""
    now, clinic = timezone.now(), Clinic.get()
    asked = asked_of(request, today=now.astimezone(clinic.zone).date())
    panel = panel_context(request, appointment_request, now=now, clinic=clinic, mode=mode)
    return _with_panel(
        request, asked, {**panel, **more, "panel": "scheduling/desk/request.html"}, now, clinic, status
    )


def _with_panel(
    request: HttpRequest,
    asked: Asked,
    panel: dict[str, Any],
    now: datetime,
    clinic: Clinic,
    status: int = 200,
) -> HttpResponse:
    if is_part(request):
        queue_context = _queue(request, asked, now=now, clinic=clinic)
        context = {"asked": asked, **queue_context, **panel, "oob": request.method == "POST"}
        if "appointment_request" in panel:
            context |= _neighbours(panel["appointment_request"], queue_context)
        elif queue_context["groups"]:
            context["after"] = queue_context["groups"][0].rows[0]
        return render(request, "scheduling/desk/part.html", context, status=status)
    if panel.get("goto") and "day" not in request.GET:
        asked = replace(asked, day=date.fromisoformat(panel["goto"]))
    fits = None
    if "appointment_request" in panel:
        fits = ribbon_fits(panel["appointment_request"], now=now, clinic=clinic)
    frame = _frame(request, asked, now=now, clinic=clinic, fits=fits)
    if "appointment_request" in panel:
        frame |= _neighbours(panel["appointment_request"], frame)
    return render(request, "scheduling/desk/desk.html", {**frame, **panel}, status=status)


@require_GET
@staff_may(May.SEE_REQUESTS)
def why_not(request: HttpRequest, pk: UUID) -> JsonResponse:
    """Whether a time under the pointer fits, and the reason in words when it does not."""
    appointment_request = get_object_or_404(
        AppointmentRequest.objects.select_related("service", "client"), pk=pk
    )
    now, clinic = timezone.now(), Clinic.get()
    place, problem = read_place(request.GET, clinic=clinic)
    if place is None:
        return JsonResponse({"ok": False, "text": problem}, status=400)
    verdict = desk.judge(appointment_request, place, now=now)
    if verdict.ok:
        return JsonResponse({"ok": True, "text": _("Fits. Let go to book.")})
    text = desk.refusal(verdict.why, who=place.practitioner.short_name if place.practitioner else "")
    day = place.starts_at.astimezone(clinic.zone).date()
    later = [
        slot
        for slot in availability.for_request(appointment_request, start=day, end=day, now=now)
        if slot.starts_at > place.starts_at
        and (place.practitioner is None or slot.practitioner_id == place.practitioner.pk)
    ]
    if later:
        text = f"{text} " + _("Next that fits: %(time)s.") % {
            "time": wording.clock(later[0].starts_at.astimezone(clinic.zone))
        }
    return JsonResponse({"ok": False, "text": text})


def read_place(values: Any, *, clinic: Clinic) -> tuple["desk.Place | None", str]:
    """Where a form or a drag wants a visit: `slot` ("start|practitioner|room"), or column + by + starts_at,
    or practitioner, room, day and time. What does not exist is a sentence, never an error page."""
    practitioner_id, room_id = values.get("practitioner", ""), values.get("room", "")
    text = values.get("starts_at", "")
    if values.get("slot"):
        text, practitioner_id, room_id = [*values["slot"].split("|"), "", ""][:3]
    elif values.get("day") and values.get("time"):
        text = f"{values['day']}T{values['time']}"
    elif values.get("column"):
        if values.get("by") == "rooms":
            room_id = values["column"]
        else:
            practitioner_id = values["column"]
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        return None, _("That is not a day and time we can read.")
    if not 2000 <= wall.year < 2100:
        return None, _("That is not a day and time we can read.")
    starts_at, missing = availability.local_moment(wall.replace(second=0, microsecond=0), clinic.zone)
    if missing:
        return None, desk.refusal(missing)
    practitioner = room = None
    if practitioner_id and practitioner_id != calendar.MACHINES:
        practitioner = _by_id(Practitioner.objects.filter(active=True), practitioner_id)
        if practitioner is None:
            return None, _("That person does not work here any more.")
    if room_id and room_id != calendar.NO_ROOM:
        room = _by_id(Room.objects.filter(active=True), room_id)
        if room is None:
            return None, _("That room is not there any more.")
    return desk.Place(starts_at.astimezone(UTC), practitioner, room), ""


def _by_id(rows: Any, text: str) -> Any:
    try:
        return rows.filter(pk=UUID(text)).first()
    except ValueError:
        return None


@require_GET
@staff_may(May.SEE_REQUESTS)
def closed(request: HttpRequest) -> HttpResponse:
    """The empty place of the panel."""
    return HttpResponse('<section id="panel" hidden></section>')


def calendar_mark(asked: Asked, *, clinic: Clinic) -> str:
    """Changes when a visit of the shown days comes, goes or changes."""
    start, end = calendar.day_bounds(asked.first, asked.last, clinic.zone)
    found = Appointment.objects.filter(starts_at__lt=end, ends_at__gt=start).aggregate(
        number=Count("pk"), versions=Sum("version"), newest=Max("created_at")
    )
    return f"{found['number']}-{found['versions'] or 0}-{found['newest'] or ''}"


@require_GET
@staff_may(May.SEE_REQUESTS)
def pulse(request: HttpRequest) -> JsonResponse:
    """What polling asks every few seconds: has anything changed that this screen shows?"""
    now, clinic = timezone.now(), Clinic.get()
    asked = asked_of(request, today=now.astimezone(clinic.zone).date())
    found = _queue(request, asked, now=now, clinic=clinic)
    changed = ""
    appointment_request = _open_request(request.GET.get("request", ""))
    if appointment_request and str(appointment_request.version) != request.GET.get("version", ""):
        changed = change_words(appointment_request, clinic=clinic)
    return JsonResponse(
        {
            "queue": found["queue_mark"],
            "calendar": calendar_mark(asked, clinic=clinic),
            "title": render_to_string("scheduling/desk/title.txt", found),
            "news": _("The list has changed. Show it"),
            "panel": changed,
        }
    )


def change_words(appointment_request: AppointmentRequest, *, clinic: Clinic) -> str:
    """ "Jordan changed this at 9:26 am: Booked." """
    last = appointment_request.events.select_related("by").order_by("at").last()
    if last is None:
        return _("This request was changed.")
    status = Status(appointment_request.status).label
    return _("%(who)s changed this at %(time)s. It is now: %(status)s.") % {
        "who": (last.by.first_name or str(last.by)) if last.by else _("The client"),
        "time": wording.clock(last.at.astimezone(clinic.zone)),
        "status": status,
    }


# --- a visit, open; the day on paper --------------------------------------------------------------


def read_visit(pk: UUID) -> Appointment:
    return get_object_or_404(
        Appointment.objects.select_related(
            "client",
            "service",
            "practitioner",
            "room",
            "location",
            "appointment_request",
            "confirmed_by",
            "offer",
        ),
        pk=pk,
    )


@require_GET
@staff_may(May.SEE_REQUESTS)
def visit_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    visit = read_visit(pk)
    access_log.record(
        by=signed_in(request),
        action="opened",
        subject="scheduling.appointment",
        subject_id=pk,
        fields=["client"],
        request=request,
    )
    just_booked = (
        "booked" in request.GET
        and visit.confirmed_by_id == signed_in(request).pk
        and visit.confirmed_at is not None
        and timezone.now() - visit.confirmed_at <= booking.UNDO_WITHIN
    )
    return show_visit(request, visit, **(receipt(visit) if just_booked else {}))


def receipt(visit: Appointment) -> dict[str, Any]:
    """What the panel and the line say right after a visit was booked."""
    clinic = Clinic.get()
    start = visit.starts_at.astimezone(clinic.zone)
    who = visit.practitioner.short_name if visit.practitioner else _("the machines")
    name = visit.client.initials_name if visit.client else _("The seat")
    return {
        "receipt": {
            "said": _("Booked by you at %(time)s.")
            % {"time": wording.clock(timezone.now().astimezone(clinic.zone))},
            "lines": [
                {
                    "head": _("Goes out"),
                    "text": _("The time, a calendar file and a link to change it"),
                    "small": _("Not before 10 seconds have passed. Nothing has left yet."),
                }
            ],
        },
        "say": undo_line(
            _("%(name)s is booked, %(when)s with %(who)s.")
            % {"name": name, "when": f"{wording.weekday(start.date())} {wording.clock(start)}", "who": who},
            visit,
        ),
    }


def undo_line(text: str, visit: Appointment) -> dict[str, Any]:
    seconds = int(booking.UNDO_WITHIN.total_seconds())
    return {"text": text, "undo_url": reverse("desk:visit_undo", args=[visit.pk]), "seconds": seconds}


def show_visit(request: HttpRequest, visit: Appointment, *, status: int = 200, **more: Any) -> HttpResponse:
    now, clinic = timezone.now(), Clinic.get()
    asked = asked_of(request, today=now.astimezone(clinic.zone).date())
    panel = {
        "visit": visit,
        "card": calendar.card(visit, zone=clinic.zone, now=now, neutral=is_neutral(request)),
        "visit_day": wording.long_day(visit.starts_at.astimezone(clinic.zone).date()),
        "visit_span": wording.span(
            visit.starts_at.astimezone(clinic.zone), visit.ends_at.astimezone(clinic.zone)
        ),
        "goto": visit.starts_at.astimezone(clinic.zone).date().isoformat(),
        "may_confirm": may(request.user, May.CONFIRM_VISITS),
        "neutral": is_neutral(request),
        "place_day": visit.starts_at.astimezone(clinic.zone).date().isoformat(),
        "place_time": f"{visit.starts_at.astimezone(clinic.zone):%H:%M}",
        "place_who": visit.practitioner_id,
        "part": is_part(request),
        **_place_choices(),
        **more,
        "panel": "scheduling/desk/visit.html",
    }
    return _with_panel(request, asked, panel, now, clinic, status)


@require_GET
@staff_may(May.SEE_REQUESTS)
def day_sheet(request: HttpRequest, day: str) -> HttpResponse:
    """One local day on paper: initials, letters, no reason, no phone."""
    chosen = day_from(day)
    if chosen is None:
        raise Http404
    now, clinic = timezone.now(), Clinic.get()
    hours = calendar.read_hours(clinic=clinic, first=chosen, last=chosen)
    start, end = calendar.day_bounds(chosen, chosen, clinic.zone)
    visits = calendar.visits_between(start=start, end=end, now=now)
    context = {
        "sheets": calendar.day_sheets(hours, visits, now=now),
        "off": calendar.who_is_off(hours),
        "day_title": wording.long_day(chosen),
        "printed": wording.clock(now.astimezone(clinic.zone)),
        "codes": sorted({(calendar.letters(v.service), v.service.public_name) for v in visits}),
    }
    return render(request, "scheduling/desk/sheet.html", context)
