"""What staff decide about a request before there is a time: one form each, one verb of `intake.triage` each."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from config.foundation import access_log
from config.foundation.clinic import Clinic
from config.foundation.policy import May, staff_may
from config.foundation.user import User
from config.foundation.versioned import StaleVersion
from intake import merging, triage, words
from intake.models import AppointmentRequest, Hold, Joining, Service
from intake.models.appointment_request import IllegalMove
from scheduling import booking, desk
from scheduling.templatetags.desk import is_neutral
from scheduling.views.acts import refused, stale, version_of
from scheduling.views.asked import is_part, signed_in, text_in
from scheduling.views.frame import SUBJECT
from scheduling.views.request import read_request, show_request

WHY_NOT = {
    "reason": gettext_lazy("Write a reason. It stays in the history."),
    "role": gettext_lazy("You may not decide this. Ask a colleague who may."),
    "holds_time": gettext_lazy("A time is held or booked for this request. Let it go first."),
    "same": gettext_lazy("That is the same request."),
    "closed": gettext_lazy("This request is already answered."),
    "service": gettext_lazy("Choose a visit from the list."),
    "outcome": gettext_lazy("Say what came of the call."),
}
SAID = {
    "hold": gettext_lazy("On hold. Nothing is booked until it is lifted."),
    "release": gettext_lazy("The hold is lifted."),
    "looked_at": gettext_lazy("Looked at. Times can be named now."),
    "call": gettext_lazy("The call is written down."),
    "ask": gettext_lazy("The question goes out."),
    "decline": gettext_lazy("Declined. A kind answer goes out."),
    "refer": gettext_lazy("Referred on. The answer goes out."),
    "set_aside": gettext_lazy("Set aside. It is under Other."),
    "restore": gettext_lazy("Back in the queue."),
    "waitlist": gettext_lazy("On the waitlist."),
    "two_people": gettext_lazy("Two people. Both requests stay."),
    "service": gettext_lazy("The visit is chosen."),
    "read": gettext_lazy("Read. Their words stay in the history."),
}


def _verb(act: str, request: HttpRequest, pending: AppointmentRequest, by: User) -> Callable[[], Any] | None:
    """The verb a form names, with what it typed; None when there is no such act."""
    typed = text_in(request, "why", most=2000)
    given: dict[str, Any] = {
        "appointment_request": pending,
        "by": by,
        "now": timezone.now(),
        "expect_version": version_of(request),
    }
    # What takes a request out of play lets go of the time it holds first, in the same transaction.
    if act in {"set_aside", "waitlist"}:
        verb = triage.set_aside if act == "set_aside" else triage.waitlist
        return lambda: booking.letting_go(verb, **given)
    if act == "restore" and (joining := _joining_of(pending)):
        return lambda: merging.part(joining=joining, by=by, now=timezone.now())
    if act in {"restore", "two_people"}:
        return lambda: (triage.restore if act == "restore" else merging.two_people)(**given)
    if act == "service":
        service = Service.objects.offered().filter(code=text_in(request, "service", most=40)).first()
        return lambda: triage.choose_service(**given, service=service)
    if act == "hold":
        return lambda: booking.letting_go(triage.hold, **given, reason=typed)
    if act == "looked_at":
        return lambda: triage.looked_at(**given, reason=typed)
    if act == "read":
        return lambda: triage.have_read(**given)
    if act == "ask":
        return lambda: triage.ask(**given, question=typed)
    if act == "decline":
        return lambda: booking.letting_go(triage.decline, **given, reason=typed, visits_too=True)
    if act == "refer":
        where = text_in(request, "where", most=200) or _("another clinic")
        return lambda: booking.letting_go(
            triage.decline, **given, reason=typed, referred_to=where, visits_too=True
        )
    if act == "call":
        return lambda: triage.record_call(**given, outcome=text_in(request, "outcome", most=40), note=typed)
    if act == "release":
        wanted = request.POST.get("hold", "")
        opened = next((each for each in pending.open_holds() if str(each.pk) == wanted), None)
        if opened is None:
            return None
        del given["appointment_request"]
        opened.appointment_request = pending
        return lambda: triage.release(**given, hold=opened, reason=typed)
    return None


@require_POST
@staff_may(May.CONFIRM_VISITS)
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Hold, release, ask, decline, refer on, set aside, restore, waitlist, note a call. Typed text is kept."""
    pending = get_object_or_404(
        AppointmentRequest.objects.select_related("client", "service").prefetch_related("holds"), pk=pk
    )
    act = request.POST.get("act", "")
    verb = _verb(act, request, pending, signed_in(request))
    if verb is None and act != "release":
        return refused(request, pk, str(_("That cannot be done here. Look again.")))
    if verb is None or version_of(request) is None:
        return stale(request, pk, act=act, typed=request.POST.get("why", ""))
    try:
        verb()
    except triage.NotAllowed as no:
        return refused(
            request, pk, str(WHY_NOT.get(no.code, no.code)), mode=act, typed=request.POST.get("why", "")
        )
    except (StaleVersion, IllegalMove):
        return stale(request, pk, act=act, typed=request.POST.get("why", ""))
    if not is_part(request):
        messages.success(request, SAID[act])
        back = request.POST.get("next", "")
        safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
        return redirect(back if safe and back.startswith("/staff/") else reverse("desk:request", args=[pk]))
    return show_request(request, read_request(pk), say={"text": str(SAID[act])})


# --- twice the same person ------------------------------------------------------------------------


@require_GET
@staff_may(May.SEE_REQUESTS)
def compare(request: HttpRequest, pk: UUID, other_pk: UUID) -> HttpResponse:
    """Two requests side by side; what differs is marked."""
    one, other = read_request(pk), read_request(other_pk)
    for each in (one, other):
        access_log.record(
            by=signed_in(request), action="compared", subject=SUBJECT, subject_id=each.pk, request=request
        )
    return _compared(request, one, other)


def _compared(
    request: HttpRequest,
    one: AppointmentRequest,
    other: AppointmentRequest,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    clinic, hidden = Clinic.get(), is_neutral(request)

    def lines(each: AppointmentRequest) -> list[str]:
        client = each.client
        return [
            words.moment(each.submitted_at, clinic.zone),
            desk.neutral_name(client) if hidden else client.legal_name,
            "" if hidden or client.birth_date is None else client.birth_date.strftime("%b %-d, %Y"),
            "" if hidden else client.email,
            "" if hidden else words.phone(client.phone),
            each.service.public_name if each.service else "",
            desk.wishes_words(each),
            "" if hidden else each.story,
            "" if hidden else desk.payer_sentence(each)[0],
            "" if hidden else desk.contact_sentence(client),
            ", ".join(str(Hold.Kind(hold.kind).label) for hold in each.open_holds()),
            str(each.get_status_display()),
        ]

    heads = [
        *(_("Sent"), _("Name"), _("Born"), _("Mail"), _("Phone"), _("Wants"), _("When"), _("Their words")),
        *(_("Payer"), _("Reach"), _("Holds"), _("State")),
    ]
    rows = [
        {"head": head, "one": a, "other": b, "differs": a != b}
        for head, a, b in zip(heads, lines(one), lines(other), strict=True)
    ]
    context = {"one": one, "other": other, "lines": rows, "problem": problem, "clinic": clinic}
    template = "scheduling/desk/compare.html" if is_part(request) else "scheduling/desk/compare_page.html"
    return render(request, template, context, status=status)


@require_POST
@staff_may(May.CONFIRM_VISITS)
def join(request: HttpRequest, pk: UUID, other_pk: UUID) -> HttpResponse:
    """One person wrote twice: keep this request with both wishes."""
    keep, other = read_request(pk), read_request(other_pk)
    texts = [request.POST.get("version", ""), request.POST.get("other_version", "")]
    versions = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 9]
    if len(versions) != 2:
        return _compared(request, keep, other, problem=_("Look at both again."), status=409)
    try:
        merging.join(
            keep=keep,
            other=other,
            by=signed_in(request),
            now=timezone.now(),
            expect_version=versions[0],
            expect_other=versions[1],
        )
    except triage.NotAllowed as no:
        return _compared(request, keep, other, problem=str(WHY_NOT.get(no.code, no.code)), status=422)
    except (StaleVersion, IllegalMove):
        fresh = (read_request(pk), read_request(other_pk))
        problem = _("One of them was changed meanwhile. Look again.")
        return _compared(request, *fresh, problem=problem, status=409)
    if not is_part(request):
        return redirect(reverse("desk:request", args=[pk]))
    kept = read_request(pk)
    undo = {
        "text": _("Joined. Both wishes are kept."),
        "seconds": 10,
        "undo_url": reverse("desk:part", args=[pk, other_pk]),
        "undo_values": [("version", kept.version)],
    }
    return show_request(request, kept, say=undo)


@require_POST
@staff_may(May.CONFIRM_VISITS)
def part(request: HttpRequest, pk: UUID, other_pk: UUID) -> HttpResponse:
    """Undo a joining: both requests as they were."""
    get_object_or_404(AppointmentRequest, pk=pk)
    joining = (
        Joining.objects.select_related("kept__client", "other__client")
        .filter(kept=pk, other=other_pk, undone_at=None)
        .first()
    )
    if joining is None or version_of(request) is None:
        return stale(request, pk)
    try:
        merging.part(
            joining=joining, by=signed_in(request), now=timezone.now(), expect_version=version_of(request)
        )
    except triage.NotAllowed as no:
        return refused(request, pk, str(WHY_NOT.get(no.code, no.code)))
    except (StaleVersion, IllegalMove):
        return stale(request, pk)
    if not is_part(request):
        return redirect("desk:request", pk=pk)
    return show_request(request, read_request(pk), say={"text": _("Two requests again, as they were.")})


def _joining_of(pending: AppointmentRequest) -> Joining | None:
    return Joining.objects.select_related("kept", "other").filter(other=pending, undone_at=None).first()
