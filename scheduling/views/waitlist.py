"""Fill a freed time: staff choose whom to ask, the first yes by link wins."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from config.foundation.clinic import Clinic
from config.foundation.links import BadLink, Link, by_link
from config.foundation.policy import May, staff_may
from config.foundation.versioned import StaleVersion
from intake import words
from scheduling import booking, freed_times, waitlist, wording
from scheduling.models import Appointment, FreedTime, Invitation
from scheduling.views.asked import signed_in
from scheduling.views.client.shown import speak


@require_POST
@staff_may(May.CONFIRM_VISITS)
def fill(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Offer a time that a visit gave up to the ticked people. Only who could come may be ticked."""
    now = timezone.now()
    visit = get_object_or_404(Appointment, pk=pk)
    named = request.POST.get("time", "cancelled")
    freed = next((each for each in freed_times.free(now=now, of=visit.pk) if each.key == named), None)
    if freed is None:
        messages.error(request, _("That time is taken by now, or is offered already."))
        return redirect("desk:visit", pk=pk)
    ticked = set(request.POST.getlist("request")[:50])
    fitting = {each.key: each for each in waitlist.candidates(freed=freed, now=now)}
    chosen = [each.about for key, each in fitting.items() if key in ticked]
    if len(chosen) != len(ticked):
        messages.error(request, _("One of them is not waiting any more. Nobody was asked. Look again."))
        return redirect("desk:visit", pk=pk)
    try:
        made = waitlist.invite(freed=freed, people=chosen, by=signed_in(request), now=now)
    except waitlist.NobodyToAsk:
        messages.error(request, _("Tick one to five people."))
    except waitlist.TooLateToAsk:
        messages.error(request, _("Too little time is left to answer by mail. Call instead."))
    except booking.SlotTaken:
        messages.error(request, _("That time is taken by now, or is offered already."))
    except (booking.NotBookable, booking.TryAgain):
        messages.error(request, _("That did not work. Nobody was asked. Try again."))
    else:
        until = wording.until(made.expires_at, now=now, zone=Clinic.get().zone)
        said = ngettext("%(count)d person is asked.", "%(count)d people are asked.", len(chosen))
        messages.success(
            request, said % {"count": len(chosen)} + " " + _("Held until %(until)s.") % {"until": until}
        )
        return redirect("desk:lists")
    return redirect("desk:visit", pk=pk)


@require_POST
@staff_may(May.CONFIRM_VISITS)
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    freed = get_object_or_404(FreedTime.objects.select_related("hold"), pk=pk)
    try:
        waitlist.withdraw(freed=freed, by=signed_in(request), now=timezone.now())
    except waitlist.Gone:
        messages.error(request, _("Somebody has answered already."))
    else:
        messages.success(request, _("Taken back. The time is free."))
    return redirect("desk:lists")


@by_link("waitlist")
def invitation(request: HttpRequest, link: Link) -> HttpResponseBase:
    """A client looks at a time that opened, and says yes or no. GET shows, POST acts."""
    asked = (
        Invitation.objects.select_related(
            "freed_time__hold__service",
            "freed_time__hold__practitioner",
            "freed_time__hold__location",
            "appointment_request__client",
            "appointment_request__service",
            "visit__client",
            "visit__service",
            "visit__appointment_request",
        )
        .filter(pk=link.subject_id)
        .first()
    )
    if asked is None:
        raise BadLink
    speak(request, asked.language)
    if request.method == "POST":
        return _answer(request, asked)
    return _page(request, asked)


def _answer(request: HttpRequest, asked: Invitation) -> HttpResponse:
    now = timezone.now()
    try:
        if request.POST.get("act") == "no":
            waitlist.decline(invitation=asked, now=now)
        else:
            waitlist.accept(invitation=asked, now=now)
    except (waitlist.Gone, booking.SlotTaken, booking.NotBookable, StaleVersion):
        pass  # the page says how it stands
    except booking.TryAgain:
        sorry = _("We could not book it just now. Please try again, or call us.")
        return _page(request, asked, wrong=sorry, status=409)
    asked.refresh_from_db()
    asked.freed_time.refresh_from_db()
    return _page(request, asked, answered=True)


def _page(
    request: HttpRequest, asked: Invitation, *, wrong: str = "", answered: bool = False, status: int = 200
) -> HttpResponse:
    clinic, freed = Clinic.get(), asked.freed_time
    hold, service = freed.hold, asked.service
    is_open = (
        freed.status == FreedTime.Status.OPEN
        and freed.expires_at > timezone.now()
        and asked.status == Invitation.Status.WAITING
    )
    if answered and asked.status == Invitation.Status.WAITING and not is_open:
        status = 409
    price = service.price_cents if service else hold.price_cents
    context = {
        "invitation": asked,
        "is_open": is_open,
        "is_shared": freed.invitations.count() > 1,
        "is_mine": asked.status == Invitation.Status.ACCEPTED,
        "said_no": asked.status == Invitation.Status.DECLINED,
        "when": words.moment(hold.starts_at, clinic.zone),
        "kept_until": words.moment(freed.expires_at, clinic.zone),
        "hold": hold,
        "minutes": service.minutes if service else hold.service.minutes,
        "price": words.money(price),
        "visit_at": words.moment(asked.visit.starts_at, clinic.zone) if asked.visit else "",
        "wrong": wrong,
    }
    return render(request, "scheduling/client/freed_time.html", context, status=status)
