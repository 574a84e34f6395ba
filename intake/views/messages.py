"""The ledger for staff: what was told to whom, what did not arrive, and every message there is."""

from csp.decorators import csp_replace
from django.contrib import messages as banners
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from config.foundation import access_log, staff_tasks
from config.foundation.policy import May, staff_may
from config.foundation.user import User
from intake import contact, notices, wishes
from notifications import catalogue, health
from notifications.models import WAITING, Message, Receipt, State

SHOWN = 200  # newest rows of a list
HOW = {"called", "posted", "in_person"}


@require_GET
@staff_may(May.SEE_MESSAGES)
def board(request: HttpRequest) -> HttpResponse:
    """What needs a person first, then what waits, then what was sent; the picked one beside it."""
    now = timezone.now()
    rows = Message.objects.order_by("-created_at", "id")
    groups = [
        (_("Needs you"), rows.needing_a_person()[:SHOWN]),
        (_("Waiting"), rows.filter(state__in=WAITING)[:SHOWN]),
        (_("Sent"), rows.filter(state=State.SENT, receipt__in=[Receipt.NONE, Receipt.DELIVERED])[:SHOWN]),
        (_("Not sent"), rows.filter(Q(state=State.NOT_SENT) | Q(state=State.WITHDRAWN))[:SHOWN]),
    ]
    picked = None
    if asked := request.GET.get("message", ""):
        try:
            picked = get_object_or_404(Message.objects.prefetch_related("tries"), pk=asked)
        except ValueError:
            raise Http404 from None
        access_log.record(
            by=_staff(request),
            action="message_seen",
            subject="notifications.message",
            subject_id=picked.pk,
            fields=["to", "content"],
            request=request,
        )
    shown = [(name, [(row, catalogue.label(row.kind)) for row in group]) for name, group in groups]
    context = {
        "groups": shown,
        "picked": picked,
        "picked_label": catalogue.label(picked.kind) if picked else "",
        "is_blocked": picked is not None and contact.is_blocked(picked),
        "why_not": wishes.WHY_NOT.get(picked.reason, "") if picked else "",
        "health": health.look(now=now),
    }
    return render(request, "intake/messages/board.html", context)


@require_GET
@staff_may(May.SEE_MESSAGES)
def catalogue_page(request: HttpRequest) -> HttpResponse:
    """Every message the product sends, with its words in each language."""
    kinds = [
        (kind, [(language, kind.preview(language)) for language in kind.languages])
        for kind in catalogue.kinds()
    ]
    return render(request, "intake/messages/catalogue.html", {"kinds": kinds})


# A mail carries its styles in its tags; on this page alone they may act, and nothing else may.
@csp_replace(  # type: ignore[arg-type]  # typed for views without arguments
    {"default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "script-src": ["'none'"]}
)
@require_GET
@staff_may(May.SEE_MESSAGES)
def preview(request: HttpRequest, code: str, language: str) -> HttpResponse:
    """One message as it looks in a mailbox."""
    try:
        kind = catalogue.kind(code)
    except KeyError:
        raise Http404 from None
    if language not in kind.languages:
        raise Http404
    return HttpResponse(kind.preview(language).html)


@require_POST
@staff_may(May.SEE_MESSAGES)
def send_again(request: HttpRequest, pk: str) -> HttpResponse:
    message = get_object_or_404(Message, pk=pk)
    try:
        contact.send_again(message=message, by=_staff(request), now=timezone.now())
    except contact.CannotRepeat as refused:
        banners.error(request, str(refused))
    else:
        banners.success(request, _("It is on its way again."))
    return _back(request)


@require_POST
@staff_may(May.SEE_MESSAGES)
def unblock(request: HttpRequest, pk: str) -> HttpResponse:
    """The person told us that the address of this message works again."""
    message = get_object_or_404(Message, pk=pk)
    if contact.unblock(message=message, by=_staff(request), now=timezone.now()):
        banners.success(
            request, _("We write to this address again. What did not arrive is not repeated by itself.")
        )
    return _back(request)


@require_POST
@staff_may(May.SEE_MESSAGES)
def handled(request: HttpRequest, pk: str) -> HttpResponse:
    """The person was told another way."""
    message = get_object_or_404(Message, pk=pk)
    how = request.POST.get("how", "")
    if how not in HOW:
        banners.error(request, _("Say how the person was told."))
        return _back(request)
    now = timezone.now()
    contact.mark_told(message=message, how=how, by=_staff(request), now=now)
    for key in (f"message:{message.pk}", f"contact:{message.key}"):
        staff_tasks.close_task(key=key, by=_staff(request), outcome=how, now=now)
    return _back(request)


@require_POST
@staff_may(May.SEE_MESSAGES)
def test_mail(request: HttpRequest) -> HttpResponse:
    notices.test_mail(to=_staff(request), now=timezone.now())
    banners.success(request, _("A test mail to you is on its way."))
    return redirect("messages")


def _back(request: HttpRequest) -> HttpResponse:
    """To the page the button was on, if it is one of ours; else to the board."""
    asked = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(asked, allowed_hosts=None, require_https=request.is_secure())
    return HttpResponseRedirect(asked) if asked and is_ours else redirect("messages")


def _staff(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101  # staff_may let nobody else in
    return request.user
