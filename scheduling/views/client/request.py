"""A client's request by private link: how it stands, what is missing, the openings to choose from, a way out.

Nothing about their health is shown here: a link can be passed on.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from config.foundation.clinic import Clinic
from config.foundation.links import BadLink, Link, by_link
from config.foundation.versioned import StaleVersion
from intake import triage, words
from intake.forms.paying import PARTS, WEEKDAYS
from intake.models import AppointmentRequest, Priority, Status
from intake.models.appointment_request import IllegalMove
from intake.notices import REQUEST_LINK
from scheduling import availability, booking, notices
from scheduling.models import AppointmentStatus, Offer, Seat
from scheduling.views.client.shown import hours, moment_in, note_in, shown, speak, value_of, version_in

SHOWN_OPENINGS = 9
MOST_MARKED = 3

WAITING = frozenset({Status.NEW, Status.ON_HOLD, Status.QUARANTINED})
OVER = frozenset({Status.DECLINED, Status.REFERRED, Status.WITHDRAWN, Status.MERGED})
CAN_TAKE_BACK = frozenset(
    {Status.NEW, Status.NEEDS_INFORMATION, Status.ON_HOLD, Status.OFFERED, Status.WAITLISTED}
)


class _Wrong(Exception):
    """Nothing was done: a sentence for the person, and the status of the answer."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.text, self.status = text, status


@by_link(REQUEST_LINK)
def request_page(request: HttpRequest, link: Link) -> HttpResponseBase:
    """Where the request stands and what the client can do about it now."""
    asked = (
        AppointmentRequest.objects.select_related("client", "service", "service_asked")
        .prefetch_related("holds", "flags")
        .filter(pk=link.subject_id)
        .first()
    )
    if asked is None:
        raise BadLink
    speak(request, asked.language)
    now = timezone.now()
    if request.method != "POST":
        return _page(request, asked, now=now)
    act = ACTS.get(request.POST.get("act", ""))
    try:
        if act is None:
            raise _Wrong(_("That is not possible here. Nothing has changed."), 422)
        return act(request, link, asked, now)
    except _Wrong as wrong:
        return _page(request, asked, now=now, wrong=wrong.text, status=wrong.status)
    except (StaleVersion, IllegalMove, triage.NotAllowed, booking.OfferClosed, booking.NotBookable):
        asked = AppointmentRequest.objects.select_related("client", "service").get(pk=asked.pk)
        sorry = _("Your request has changed meanwhile. Please look again.")
        return _page(request, asked, now=now, wrong=sorry, status=409)


# --- what a client may do -----------------------------------------------------------------------------


def _write(request: HttpRequest, link: Link, asked: AppointmentRequest, now: datetime) -> HttpResponseBase:
    text = note_in(request)
    if not text:
        raise _Wrong(_("Please write something first."), 422)
    triage.hear(appointment_request=asked, text=text, now=now, expect_version=version_in(request))
    messages.success(request, _("Thank you. We have it."))
    return redirect(link.path())


def _mark(request: HttpRequest, link: Link, asked: AppointmentRequest, now: datetime) -> HttpResponseBase:
    """Up to three openings that were shown; by now one may be gone, which is said."""
    chosen = {moment_in(text) for text in request.POST.getlist("time")[: MOST_MARKED + 1]}
    if not 0 < len(chosen) <= MOST_MARKED:
        raise _Wrong(_("Please choose one, two or three times."), 422)
    if not shows_openings(asked, Clinic.get()):
        raise _Wrong(_("Times cannot be chosen here just now. We will send you some."), 409)
    starts = sorted(start for start in chosen if start is not None)
    if len(starts) != len(chosen) or not _are_open(asked, starts, now=now):
        raise _Wrong(_("One of these times is not open any more. Please choose again."), 409)
    triage.wish_times(appointment_request=asked, starts=starts, now=now, expect_version=version_in(request))
    messages.success(request, _("Thank you. We will try for these times and write to you."))
    return redirect(link.path())


def _are_open(asked: AppointmentRequest, starts: list[datetime], *, now: datetime) -> bool:
    zone = Clinic.get().zone
    days = [start.astimezone(zone).date() for start in starts]
    if max(days) - min(days) > timedelta(days=availability.SEARCHED_DAYS):
        return False
    found = availability.for_request(asked, start=min(days), end=max(days), now=now)
    return set(starts) <= {slot.starts_at for slot in found}


def _take_back(
    request: HttpRequest, link: Link, asked: AppointmentRequest, now: datetime
) -> HttpResponseBase:
    if request.POST.get("sure") != "yes":
        raise _Wrong(_("Please tick that you are sure. Nothing has changed."), 422)
    booking.letting_go(
        triage.withdraw,
        appointment_request=asked,
        by=None,
        now=now,
        expect_version=version_in(request),
        why="by the client",
    )
    return redirect(link.path())


def _give_back(
    request: HttpRequest, link: Link, asked: AppointmentRequest, now: datetime
) -> HttpResponseBase:
    """The place in a class, while that is free; later it is for a person to say what it costs."""
    seat = _seat(asked)
    if seat is None or now > _free_until(seat, Clinic.get()):
        raise _Wrong(_("This visit can no longer be changed here."), 409)
    if request.POST.get("sure") != "yes":
        raise _Wrong(_("Please tick that you are sure. Nothing has changed."), 422)
    try:
        booking.give_seat_back(seat=seat, now=now, expect_version=version_in(request))
    except booking.TryAgain:
        raise _Wrong(_("We are very busy just now. Nothing has changed. Please try again."), 409) from None
    return redirect(link.path())


def _seat(asked: AppointmentRequest) -> Seat | None:
    """The place in a class that a request was answered with."""
    taken = asked.seats.filter(cancelled_at=None, appointment__status=AppointmentStatus.BOOKED)
    return taken.select_related(
        "appointment__location", "appointment__practitioner", "appointment__service"
    ).first()


def _free_until(seat: Seat, clinic: Clinic) -> datetime:
    return seat.appointment.starts_at - timedelta(hours=clinic.change_notice_hours)


def _go_to_times(
    request: HttpRequest, link: Link, asked: AppointmentRequest, now: datetime
) -> HttpResponseBase:
    """The link may have to be made, and a GET makes nothing."""
    made = asked.offers.filter(status=Offer.Status.OPEN, expires_at__gt=now).first()
    return redirect(notices.offer_path(made) if made else link.path())


def _go_to_visit(
    request: HttpRequest, link: Link, asked: AppointmentRequest, now: datetime
) -> HttpResponseBase:
    visit = asked.appointments.filter(status=AppointmentStatus.BOOKED).order_by("starts_at").first()
    return redirect(notices.visit_path(visit) if visit else link.path())


ACTS: dict[str, Callable[[HttpRequest, Link, AppointmentRequest, datetime], HttpResponseBase]] = {
    "write": _write,
    "mark": _mark,
    "take_back": _take_back,
    "give_back": _give_back,
    "times": _go_to_times,
    "visit": _go_to_visit,
}


# --- what is shown ------------------------------------------------------------------------------------


def shows_openings(asked: AppointmentRequest, clinic: Clinic) -> bool:
    """May this person see real openings: the clinic wants it, and nothing has to be looked at first."""
    careful = asked.priority in {Priority.URGENT, Priority.SAME_DAY} or asked.open_holds()
    return (
        clinic.shows_openings
        and asked.service is not None
        and asked.status in {Status.NEW, Status.WAITLISTED}
        and not careful
    )


def _page(
    request: HttpRequest, asked: AppointmentRequest, *, now: datetime, wrong: str = "", status: int = 200
) -> HttpResponse:
    clinic = Clinic.get()
    is_late = asked.status in WAITING and asked.reply_by < now
    openings = _openings(asked, clinic, now=now) if shows_openings(asked, clinic) else []
    visit = asked.appointments.filter(status=AppointmentStatus.BOOKED).order_by("starts_at").first()
    seat = _seat(asked)
    has_offer = asked.offers.filter(status=Offer.Status.OPEN, expires_at__gt=now).exists()
    context = {
        "asked": asked,
        "name": asked.client.name_to_use or asked.client.first_name,
        "service": asked.service or asked.service_asked,
        "stands": _stands(asked, has_offer=has_offer, has_visit=bool(visit or seat)),
        "is_late": is_late,
        "is_urgent": asked.priority == Priority.URGENT,
        "done": {"offered": 2, "booked": 4}.get(asked.status, 0),
        "reply_by": "" if is_late else words.moment(asked.reply_by, clinic.zone),
        "sent_at": words.moment(asked.submitted_at, clinic.zone),
        "days": [str(WEEKDAYS[day]) for day in asked.wishes.get("days") or () if day in WEEKDAYS],
        "parts": [str(PARTS[part]) for part in asked.wishes.get("parts") or () if part in PARTS],
        "marked": [words.moment(start, clinic.zone) for start in availability.marked_times(asked)],
        "question": _question(asked),
        "openings": openings,
        "visit_at": words.moment(visit.starts_at, clinic.zone) if visit else "",
        "seat": shown(seat.appointment, clinic) if seat else None,
        "people": asked.people,
        "free_until": words.moment(_free_until(seat, clinic), clinic.zone)
        if seat and now <= _free_until(seat, clinic)
        else "",
        "can_write": asked.is_open,
        "can_take_back": asked.status in CAN_TAKE_BACK,
        "note": note_in(request) if wrong and request.method == "POST" else "",
        "chosen": request.POST.getlist("time") if wrong else [],
        "wrong": wrong,
    }
    return render(request, "scheduling/client/request.html", context, status=status)


def _stands(asked: AppointmentRequest, *, has_offer: bool, has_visit: bool) -> str:
    """Which of the page's few states it is. What staff think of a request is not told here."""
    if asked.status in OVER:
        return str(asked.status)
    if asked.status == Status.BOOKED:
        return "booked" if has_visit else "waiting"
    if asked.status == Status.OFFERED:
        return "offered" if has_offer else "waiting"
    return {Status.NEEDS_INFORMATION: "question", Status.WAITLISTED: "waitlisted"}.get(
        Status(asked.status), "waiting"
    )


def _question(asked: AppointmentRequest) -> str:
    """The last thing staff asked, while it is not answered."""
    if asked.status != Status.NEEDS_INFORMATION:
        return ""
    asking = [
        event
        for event in asked.events.all()
        if event.what == "asked" or event.to_status == Status.NEEDS_INFORMATION
    ]
    return asking[-1].why if asking else ""


def _openings(asked: AppointmentRequest, clinic: Clinic, *, now: datetime) -> list[dict[str, str]]:
    """The times that suit best, in the order of the calendar."""
    found = availability.best_times(asked, now=now, count=SHOWN_OPENINGS)
    marked = {value_of(start) for start in availability.marked_times(asked)}
    return [
        {
            "value": value_of(slot.starts_at),
            "day": words.day(clinic.local(slot.starts_at).date()),
            "hours": hours(clinic.local(slot.starts_at), clinic.local(slot.ends_at)),
            "practitioner": slot.practitioner_name,
            "checked": "checked" if value_of(slot.starts_at) in marked else "",
        }
        for slot in sorted(found, key=lambda slot: slot.starts_at)
    ]
