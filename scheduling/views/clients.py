"""Find a person, all we have of them on one page, and mend what is wrong."""

from contextlib import suppress
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, parse

from config.foundation import access_log
from config.foundation.clinic import Clinic
from config.foundation.policy import May, may, staff_may
from config.foundation.versioned import StaleVersion
from intake import clients as people
from intake import contact
from intake.client_form import ClientForm
from intake.models import Client
from notifications.models import Message
from scheduling import client_page as page
from scheduling import desk
from scheduling.templatetags.desk import is_neutral
from scheduling.views.asked import signed_in

FOUND_AT_ONCE = 50
SHORTEST = 2  # letters; a shorter search would list the whole clinic


def search(text: str) -> list[Client]:
    """People by name, mail address or phone, however it is typed. One query."""
    text = " ".join(text.replace("\x00", "").split())[:100]
    if len(text) < SHORTEST:
        return []
    asked = Q(email__icontains=text) if "@" in text else Q(pk__in=())
    with suppress(NumberParseException):
        asked |= Q(phone=format_number(parse(text, "US"), PhoneNumberFormat.E164))
    words = Q()
    for word in text.split()[:5]:
        words &= Q(first_name__icontains=word) | Q(last_name__icontains=word) | Q(name_to_use__icontains=word)
    found = Client.objects.known().filter(asked | words)
    return list(found.order_by("last_name", "first_name", "pk")[:FOUND_AT_ONCE])


@require_GET
@staff_may(May.SEE_REQUESTS)
def clients(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "")[:100]
    hidden = is_neutral(request)
    found = [
        {"client": each, "name": desk.neutral_name(each) if hidden else each.display_name}
        for each in search(text)
    ]
    return render(request, "scheduling/desk/clients.html", {"q": text, "people": found, "neutral": hidden})


@require_GET
@staff_may(May.SEE_REQUESTS)
def client_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Requests, visits, estimates, messages and wishes of one person. Looking is written down before showing."""
    client = get_object_or_404(Client, pk=pk)
    access_log.record(
        by=signed_in(request),
        action="opened",
        subject="intake.client",
        subject_id=pk,
        fields=["contact", "requests", "visits", "estimates", "messages"],
        request=request,
    )
    now, clinic, hidden = timezone.now(), Clinic.get(), is_neutral(request)
    context = {
        "client": client,
        "shown_name": desk.neutral_name(client) if hidden else client.display_name,
        "age": client.age_on(now.astimezone(clinic.zone).date()),
        "contact": desk.contact_sentence(client),
        **page.everything_of(client, clinic=clinic),
        "may_edit": may(request.user, May.CONFIRM_VISITS) and not hidden,
        "neutral": hidden,
        "clinic": clinic,
    }
    return render(request, "scheduling/desk/client.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_may(May.CONFIRM_VISITS)
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Name, addresses and wishes. What was typed stays when something is to be fixed."""
    client, now, clinic = get_object_or_404(Client, pk=pk), timezone.now(), Clinic.get()
    today = clinic.local(now).date()
    if request.method != "POST":
        access_log.record(
            by=signed_in(request),
            action="opened",
            subject="intake.client",
            subject_id=pk,
            fields=["contact"],
            request=request,
        )
        return _form(request, client, ClientForm(client=client, today=today))
    form = ClientForm(request.POST, client=client, today=today)
    if not form.is_valid():
        return _form(request, client, form, status=422)
    try:
        changes = people.edit(
            client=client,
            values=form.values(),
            by=signed_in(request),
            now=now,
            why=form.cleaned_data["why"],
            seen=request.POST.get("seen", ""),
        )
    except people.ReasonNeeded:
        form.add_error("why", _("A way to reach them is opened. Write who said so, and how."))
        return _form(request, client, form, status=422)
    except StaleVersion:
        problem = _("Somebody changed this person meanwhile. Look at the history, then save again.")
        return _form(request, client, form, problem=problem, status=409)
    messages.success(request, _("Saved.") if changes else _("Nothing was different."))
    return redirect("desk:client", pk=pk)


def _form(
    request: HttpRequest, client: Client, form: ClientForm, *, problem: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "client": client,
        "form": form,
        "seen": people.seen_mark(client),
        "problem": problem,
        "history": page.history_of(client, clinic=Clinic.get()),
    }
    return render(request, "scheduling/desk/client_edit.html", context, status=status)


@require_POST
@staff_may(May.CONFIRM_VISITS)
def send_again(request: HttpRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    """The same words once more, to the address the person has now."""
    client = get_object_or_404(Client, pk=pk)
    message = get_object_or_404(Message, pk=message_pk)
    if not page.is_about(message, client):
        return redirect("desk:client", pk=pk)
    try:
        contact.send_to_corrected(
            message=message, client=client, by=signed_in(request), now=timezone.now(), clinic=Clinic.get()
        )
    except contact.CannotRepeat as no:
        messages.error(request, str(no))
    else:
        messages.success(request, _("It is on its way again."))
    return redirect("desk:client", pk=pk)
