"""Staff accounts: a list, an invitation, one account's name and roles."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config import people
from config.foundation.policy import May, staff_may
from config.foundation.user import User
from scheduling.views.asked import signed_in


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    class Meta:
        model = User
        fields: tuple[str, ...] = (
            *("first_name", "last_name", "is_front_desk", "is_therapist", "is_administrator"),
            "is_active",
        )
        labels = {
            "is_front_desk": gettext_lazy("Front desk: requests, calendar, insurance"),
            "is_therapist": gettext_lazy("Therapist: requests, calendar, answers to questions"),
            "is_administrator": gettext_lazy("Administrator: settings, people, the log"),
            "is_active": gettext_lazy("May sign in"),
        }
        help_texts = {"is_active": ""}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not any(cleaned.get(f"is_{role}") for role in ("front_desk", "therapist", "administrator")):
            self.add_error("is_front_desk", _("Tick at least one role. They add up."))
        return cleaned


class InvitationForm(PersonForm):
    email = forms.EmailField(label=gettext_lazy("Mail address"))

    class Meta(PersonForm.Meta):
        fields = ("first_name", "last_name", "is_front_desk", "is_therapist", "is_administrator")

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].strip().lower()
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(_("Somebody here has this address already."))
        return email


@require_GET
@staff_may(May.MANAGE_USERS)
def people_page(request: HttpRequest) -> HttpResponse:
    users = User.objects.order_by("-is_active", "first_name", "email")
    return render(request, "people/people.html", {"people": users})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_may(May.MANAGE_USERS)
def invite(request: HttpRequest) -> HttpResponse:
    form = InvitationForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        invited = people.invite(by=signed_in(request), now=timezone.now(), **form.cleaned_data)
        messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": invited.email})
        return redirect("people:people")
    status = 422 if request.method == "POST" else 200
    return render(request, "people/person.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_may(May.MANAGE_USERS)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    user = get_object_or_404(User, pk=pk)
    form = PersonForm(request.POST if request.method == "POST" else None, instance=user)
    if request.method == "POST" and form.is_valid():
        try:
            people.change(user=user, values=form.cleaned_data, by=signed_in(request), now=timezone.now())
        except people.LastAdministrator:
            form.add_error("is_administrator", _("This is the last administrator. Name another one first."))
        else:
            messages.success(request, _("Saved."))
            return redirect("people:people")
    status = 422 if request.method == "POST" else 200
    return render(request, "people/person.html", {"form": form, "person": user}, status=status)


@require_POST
@staff_may(May.MANAGE_USERS)
def invite_again(request: HttpRequest, pk: int) -> HttpResponse:
    user = get_object_or_404(User, pk=pk, is_active=True)
    if user.has_usable_password():
        messages.error(request, _("This person has a password already. They can ask for a new one."))
    else:
        people.send_invitation(user=user, by=signed_in(request))
        messages.success(request, _("It is on its way again."))
    return redirect("people:people")
