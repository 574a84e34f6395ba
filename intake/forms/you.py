"""Who the visit is for, how to reach them, and who speaks for them."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from intake.fields import BoxedDate, Email, Line, Telephone
from intake.forms.base import YES_NO_UNSURE, StepForm, boxes, radios
from intake.models import AppointmentRequest, ContactWay
from intake.models.client import ADULT_AGE
from intake.widgets import TileRadios

REACH = {
    "email": _("Email"),
    "text": _("Text"),
    "call": _("Call"),
    "voicemail": _("Voicemail"),
}
PREFERS = {"email": ContactWay.EMAIL, "phone": ContactWay.PHONE, "text": ContactWay.TEXT}


# A child who writes alone names an adult; everybody else who speaks for somebody names themselves.
OF_AN_ADULT = {
    "representative_first_name": _("Their first name"),
    "representative_last_name": _("Their last name"),
    "representative_relation": _("What are they to you?"),
    "representative_may_consent": _("May they agree to your care?"),
    "representative_phone": _("Their phone"),
    "representative_email": _("Their email"),
}


class YouForm(StepForm):
    first_name = Line(
        label=_("First name"),
        help_text=_("As on your ID"),
        required=True,
        autocomplete="given-name",
        error_messages={"required": _("Please write a first name, so that we know whom to ask for.")},
    )
    last_name = Line(
        label=_("Last name"),
        help_text=_("Leave empty if you have none"),
        autocomplete="family-name",
        optional_note=False,
    )
    name_to_use = Line(label=_("Name we should call you"), autocomplete="nickname")
    pronouns = Line(label=_("Pronouns"), max_length=40)
    birth_date = BoxedDate(
        label=_("Birth date"),
        help_text=_("Your price estimate must show it."),
        autocomplete="bday",
        optional_note=False,
        too_early=_("Please check the year."),
        too_late=_("A birth date cannot be today or later. Please check the year."),
    )
    email = Email(
        label=_("Email"),
        help_text=_("For your times and your estimate. Or give a phone number below."),
        optional_note=False,
    )
    phone = Telephone(label=_("Phone"), help_text=_("Type it any way you like."), optional_note=False)
    mailing_address = Line(
        label=_("Mailing address"),
        help_text=_("If you want paper instead of email."),
        max_length=300,
        autocomplete="street-address",
    )
    reach = forms.MultipleChoiceField(
        label=_("How may we reach you?"),
        help_text=_("We use only what you tick."),
        **boxes(REACH, layout="set--fit"),
    )
    prefer = forms.ChoiceField(
        label=_("Which is best?"),
        **radios({"email": _("Email"), "phone": _("Phone call"), "text": _("Text")}, layout="set--fit"),
    )
    best_time = Line(label=_("Best time to call"), help_text=_("Such as weekdays 10 to 12."))
    say_only = Line(
        label=_("What may we say if someone else answers?"),
        help_text=_("Such as: ask for me, no clinic name."),
        max_length=200,
    )
    representative_first_name = Line(label=_("Your first name"))
    representative_last_name = Line(label=_("Your last name"))
    representative_relation = Line(
        label=_("What are you to this person?"),
        help_text=_("Such as mother, brother, helper."),
        max_length=60,
    )
    representative_may_consent = forms.ChoiceField(
        label=_("May you agree to care for this child?"),
        choices=YES_NO_UNSURE,
        required=False,
        widget=TileRadios(layout="set--fit"),
    )
    representative_legal_role = forms.ChoiceField(
        label=_("May you decide for this person by law?"),
        help_text=_("Such as a legal guardian. If not, we ask them too."),
        choices=YES_NO_UNSURE,
        required=False,
        widget=TileRadios(layout="set--fit"),
    )
    representative_phone = Telephone(label=_("Your phone"), optional_note=True, autocomplete="off")
    representative_email = Email(label=_("Your email"), optional_note=True)

    def set_up(self) -> None:
        birth_date = self.dated("birth_date")
        birth_date.required = not self.setting.is_workshop
        birth_date.latest = self.setting.today - timedelta(days=1)
        self.fields["reach"].optional_note = False  # type: ignore[attr-defined]
        self.fields["prefer"].optional_note = True  # type: ignore[attr-defined]
        if self.setting.for_whom != AppointmentRequest.ForWhom.SELF:
            self.fields["first_name"].label = _("Their first name")
            self.fields["first_name"].help_text = _("As on their ID")
            self.fields["last_name"].label = _("Their last name")
            self.fields["birth_date"].label = _("Their birth date")
            self.fields["name_to_use"].label = _("Name we should call them")
        elif not self.setting.by_staff:
            for name, label in OF_AN_ADULT.items():
                self.fields[name].label = label

    @property
    def is_minor(self) -> bool:
        born = getattr(self, "cleaned_data", {}).get("birth_date")
        return born is not None and age_on(self.setting.today, born) < ADULT_AGE

    @property
    def names_a_representative(self) -> bool:
        return bool(getattr(self, "cleaned_data", {}).get("representative_first_name"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        tried = {name for name in ("email", "phone") if name in self.errors}
        if not tried and not cleaned.get("email") and not cleaned.get("phone"):
            self.add_error(
                "email",
                ValidationError(
                    _("Give an email or a phone number, so that we can answer."), code="required"
                ),
            )
        return cleaned


def age_on(day: date, born: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
