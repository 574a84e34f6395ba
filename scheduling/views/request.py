"""One request, open: everything on one screen."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from config.foundation import access_log
from config.foundation.clinic import Clinic
from config.foundation.policy import May, may, staff_may
from intake.answers import answers_of
from intake.files import shown_to
from intake.models import AppointmentRequest, Client, Joining, Service, Status
from scheduling import availability, desk, series, wording
from scheduling.templatetags.desk import is_neutral
from scheduling.views.asked import asked_of, is_part, signed_in
from scheduling.views.frame import SUBJECT, looking_at, with_panel
from scheduling.views.places import place_choices, read_place


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
        ).prefetch_related("flags", "holds__opened_by", "markers", "events__by"),
        pk=pk,
    )


def open_request(text: str) -> AppointmentRequest | None:
    try:
        key = UUID(text)
    except ValueError:
        return None
    return AppointmentRequest.objects.select_related("service", "client").filter(pk=key).first()


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


def changes_since(appointment_request: AppointmentRequest, *, number: int, clinic: Clinic) -> list[str]:
    """The last `number` lines of its history: what a page of an older version does not show."""
    lines = desk.history(appointment_request, clinic=clinic)[-max(number, 1) :]
    return [f"{line.when}: {line.text}" + (f" “{line.why}”" if line.why else "") for line in lines[-5:]]


def panel_context(
    request: HttpRequest,
    appointment_request: AppointmentRequest,
    *,
    now: datetime,
    clinic: Clinic,
    mode: str = "",
    times: Sequence[desk.BestTime] | None = None,
) -> dict[str, Any]:
    """`times` to show instead of the best ones, by who has just looked for them."""
    user = signed_in(request)
    sees_answers = may(user, May.SEE_ANSWERS)
    hidden = is_neutral(request)
    payer, payer_note = desk.payer_sentence(appointment_request)
    # Who just lost a time has the best ones already.
    known = desk.Suggested(times) if times and is_part(request) else None
    suggested = known or desk.suggested(appointment_request, now=now, clinic=clinic, by_mail=mode == "offer")
    times, looking = list(times or suggested.times), looking_at(now=now, user=user)
    joined = _joined_into(appointment_request)
    return {
        "appointment_request": appointment_request,
        **_person(appointment_request.client, today=now.astimezone(clinic.zone).date(), hidden=hidden),
        "notices": desk.notices(
            appointment_request, clinic=clinic, sees_answers=sees_answers, neutral=hidden
        ),
        "wishes": desk.wishes_words(appointment_request),
        "joined": joined,
        "files": shown_to(user, [appointment_request, *(joining.other for joining in joined)]),
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
        "fits": suggested.days,
        "looking": looking,
        "goto": times[0].day.isoformat() if times else "",
        **(place_choices() if mode == "place" else {}),
        "services": Service.objects.offered() if _needs_service(appointment_request, mode) else (),
        "others_here": looking.get(str(appointment_request.pk), []),
        "needs_call": desk.needs_call(appointment_request),
        "placeable": desk.can_be_placed(appointment_request),
        "history": desk.history(appointment_request, clinic=clinic),
        "calls": desk.calls_made(appointment_request, clinic=clinic),
        "series_url": reverse("desk:series", args=[appointment_request.pk])
        if series.wanted(appointment_request)
        else "",
        "mode": mode,
        "Status": Status,
        "neutral": hidden,
        "clinic": clinic,
        "now": now,
    }


def _person(client: Client, *, today: date, hidden: bool) -> dict[str, Any]:
    return {
        "client": client,
        "shown_name": desk.neutral_name(client) if hidden else client.display_name,
        "age": client.age_on(today),
        "born": client.birth_date,
        "contact": desk.contact_sentence(client),
    }


def _joined_into(kept: AppointmentRequest) -> list[Joining]:
    """Requests that were joined into this one: their words stay readable, and they can be parted."""
    if not any(event.what == "joined" for event in kept.events.all()):
        return []
    return list(kept.joinings.filter(undone_at=None).select_related("other"))


def _needs_service(appointment_request: AppointmentRequest, mode: str) -> bool:
    """The visit is still to be chosen, or somebody wants to choose another."""
    return mode == "service" or (appointment_request.is_open and appointment_request.service_id is None)


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
    times: Sequence[desk.BestTime] | None = None,
    **more: Any,
) -> HttpResponse:
    """The panel of a request, alone for htmx, else on the whole desk. `more` is what the act adds."""
    now, clinic = timezone.now(), Clinic.get()
    asked = asked_of(request, today=now.astimezone(clinic.zone).date())
    panel = panel_context(request, appointment_request, now=now, clinic=clinic, mode=mode, times=times)
    return with_panel(
        request, asked, {**panel, **more, "panel": "scheduling/desk/request.html"}, now, clinic, status
    )


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
