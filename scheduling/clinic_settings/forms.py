"""The pages of the settings. They say in words what is wrong; what was typed stays."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Model
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from config.foundation.clinic import FURTHEST_AHEAD, Clinic, Location
from intake.models import Package, Practitioner, Service
from scheduling.clinic_settings.prices import Money
from scheduling.models import Resource, Room

LONGEST_VISIT, LONGEST_BUFFER, MOST_MACHINES = 480, 120, 12
MODES = [("in_person", _("In the clinic")), ("video", _("By video")), ("offsite", _("Another place"))]
AUDIENCE = [
    ("new", _("New clients")),
    ("returning", _("Known clients")),
    ("returning_after_90_days", _("Known clients after 90 days")),
    ("new_after_staff_ok", _("New clients once staff agreed")),
]
LANGUAGES = [("en", "English"), ("es", "Español")]
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
CLOCK = forms.TimeInput(attrs={"type": "time", "step": "300"}, format="%H:%M")


def _minutes(label: Any, *, least: int, most: int, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        error_messages={
            "min_value": _("At least %(limit_value)s minutes."),
            "max_value": _("At most %(limit_value)s minutes."),
            "invalid": _("Write a number of minutes, such as 60."),
        },
        **more,
    )


def fresh_code(model: Any, name: str) -> str:
    """A short code of a name, not yet in use."""
    start = slugify(name)[:30] or "item"
    taken = set(model.objects.filter(code__startswith=start).values_list("code", flat=True))
    return next(code for code in [start, *(f"{start}-{n}" for n in range(2, 1000))] if code not in taken)


def ticked(label: Any, model: type[Model]) -> Any:
    """Boxes to tick for rows that the setting itself has no column for; `SettingForm.also` names them."""
    return forms.ModelMultipleChoiceField(
        label=label,
        queryset=model._default_manager.order_by("position", "code"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class SettingForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """`now` and the clinic are given, so that a form knows the day and the zone."""

    coded_by = ""  # the field whose words a new row's code is made of
    also: tuple[str, ...] = ()  # relations that are ticked here and kept at the other end

    def __init__(self, *args: Any, clinic: Clinic, now: datetime, **kwargs: Any) -> None:
        self.clinic, self.now = clinic, now
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.DateField):
                field.widget = DAY.__class__(attrs={"type": "date"}, format="%Y-%m-%d")
            elif isinstance(field, forms.TimeField):
                field.widget = CLOCK.__class__(attrs={"type": "time", "step": "300"}, format="%H:%M")
        for name in self.also if not self.instance._state.adding else ():
            self.initial[name] = list(getattr(self.instance, name).values_list("pk", flat=True))
        self.set_up()

    def set_up(self) -> None:
        """Choices that depend on what there is."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.coded_by and self.instance._state.adding:
            self.instance.code = fresh_code(type(self.instance), str(cleaned.get(self.coded_by) or ""))
        return cleaned

    def _save_m2m(self) -> None:
        super()._save_m2m()  # type: ignore[misc]
        for name in self.also:
            getattr(self.instance, name).set(self.cleaned_data[name])


class ServiceForm(SettingForm):
    minutes = _minutes(_("Minutes with the client"), least=5, most=LONGEST_VISIT)
    buffer_before_minutes = _minutes(_("Minutes kept free before"), least=0, most=LONGEST_BUFFER, initial=0)
    buffer_after_minutes = _minutes(_("Minutes kept free after"), least=0, most=LONGEST_BUFFER, initial=0)
    modes = forms.MultipleChoiceField(label=_("How"), choices=MODES)
    audience = forms.MultipleChoiceField(label=_("For whom"), choices=AUDIENCE)
    rooms = ticked(_("Rooms it may be in"), Room)
    coded_by = "public_name"
    also = ("rooms",)

    class Meta:
        model = Service
        fields = (
            *("public_name", "public_name_es", "plain", "plain_es", "kind", "estimate", "minutes"),
            *("buffer_before_minutes", "buffer_after_minutes", "modes", "audience", "needs_practitioner"),
            *("practitioners", "uses_equipment_place", "min_people", "max_people", "location"),
            *("follow_up", "typical_follow_ups_low", "typical_follow_ups_high", "position", "active"),
        )
        labels = {
            "public_name": _("Name clients see"),
            "public_name_es": _("Name in Spanish"),
            "plain": _("In one or two plain sentences"),
            "plain_es": _("The same in Spanish"),
            "kind": _("What it is"),
            "estimate": _("Which paper it gets"),
            "needs_practitioner": _("A practitioner gives it"),
            "practitioners": _("Who gives it"),
            "uses_equipment_place": _("Takes one machine of the room"),
            "min_people": _("Least people (class)"),
            "max_people": _("Most people (class)"),
            "location": _("Where, if at another place"),
            "follow_up": _("Usual visit after it"),
            "typical_follow_ups_low": _("Usual number of visits after it, from"),
            "typical_follow_ups_high": _("to"),
            "position": _("Place in the list"),
            "active": _("Offered now"),
        }
        widgets = {
            "practitioners": forms.CheckboxSelectMultiple,
            "plain": forms.Textarea(attrs={"rows": 3}),
            "plain_es": forms.Textarea(attrs={"rows": 3}),
        }

    def set_up(self) -> None:
        self.initial.setdefault("modes", ["in_person"])
        self.initial.setdefault("audience", ["new", "returning"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("estimate") == "gfe" and cleaned.get("kind") != "health_care":
            self.add_error(
                "estimate", _("A good-faith estimate is for health care only. Choose the price summary.")
            )
        low, high = cleaned.get("min_people"), cleaned.get("max_people")
        if low and high and low > high:
            self.add_error("max_people", _("The most is less than the least."))
        if cleaned.get("needs_practitioner") and cleaned.get("active") and not cleaned.get("practitioners"):
            self.add_error("practitioners", _("Tick who gives it, or nobody can book it."))
        if self.instance._state.adding:
            self.instance.price_cents = 0
        return cleaned


class PackageForm(SettingForm):
    """Several visits sold together. Estimates that went out keep the price they named."""

    coded_by = "coded"
    price_cents = Money(label=_("Price of all of them"), max_length=20)

    class Meta:
        model = Package
        fields = ("service", "visits", "price_cents", "valid_months", "refund", "active")
        labels = {
            "service": _("Visits of"),
            "visits": _("How many visits"),
            "valid_months": _("Months they may be used"),
            "refund": _("What happens to visits not used, as clients read it"),
            "active": _("Offered now"),
        }

    def set_up(self) -> None:
        self.fields["visits"].validators += [MinValueValidator(2), MaxValueValidator(99)]
        self.fields["valid_months"].validators += [MinValueValidator(1), MaxValueValidator(60)]

    def clean(self) -> dict[str, Any]:
        service, visits = self.cleaned_data.get("service"), self.cleaned_data.get("visits")
        self.cleaned_data["coded"] = f"{service.code}-{visits}" if service and visits else ""
        cleaned = super().clean()
        price = cleaned.get("price_cents")
        if service and visits and price is not None and price > visits * service.price_cents:
            self.add_error("price_cents", _("That is more than these visits cost one by one."))
        return cleaned


class RoomForm(SettingForm):
    coded_by = "name"
    machines = forms.IntegerField(
        label=_("Machines in it"), min_value=0, max_value=MOST_MACHINES, initial=0, required=False
    )

    class Meta:
        model = Room
        fields = ("name", "location", "services", "position", "active")
        labels = {
            "name": _("Name"),
            "location": _("Where"),
            "services": _("What may be done in it"),
            "position": _("Filled in this order"),
            "active": _("In use"),
        }
        widgets = {"services": forms.CheckboxSelectMultiple}

    def set_up(self) -> None:
        if not self.instance._state.adding:
            self.initial["machines"] = self._machines().filter(active=True).count()

    def _machines(self) -> Any:
        return Resource.objects.filter(room=self.instance, kind=Resource.Kind.MACHINE)

    def _save_m2m(self) -> None:
        super()._save_m2m()
        wanted = self.cleaned_data.get("machines") or 0
        Resource.objects.get_or_create(kind=Resource.Kind.ROOM, room=self.instance)
        for number in range(1, wanted + 1):
            Resource.objects.get_or_create(
                kind=Resource.Kind.MACHINE, room=self.instance, machine_number=number
            )
        # A machine that goes keeps its row: past visits claimed it.
        self._machines().update(active=False)
        self._machines().filter(machine_number__lte=wanted).update(active=True)


class PractitionerForm(SettingForm):
    languages = forms.MultipleChoiceField(label=_("Speaks"), choices=LANGUAGES)
    services = ticked(_("Gives"), Service)
    coded_by = "name"
    also = ("services",)

    class Meta:
        model = Practitioner
        fields = (
            *("name", "role", "user", "licensed_health_care", "npi", "license_number", "languages"),
            *(
                "gender_for_matching",
                "minimum_notice_hours",
                "max_first_visits_per_day",
                "position",
                "active",
            ),
        )
        labels = {
            "name": _("Name with credentials, as on an estimate"),
            "role": _("Role"),
            "user": _("Signs in as"),
            "licensed_health_care": _("Licensed to give health care"),
            "npi": _("NPI"),
            "license_number": _("License"),
            "gender_for_matching": _("For clients who ask (woman, man)"),
            "minimum_notice_hours": _("Hours of notice before a visit"),
            "max_first_visits_per_day": _("First visits a day at most"),
            "position": _("Place in the list"),
            "active": _("Works here"),
        }

    def set_up(self) -> None:
        self.initial.setdefault("languages", ["en"])

    def clean_npi(self) -> str:
        npi: str = self.cleaned_data["npi"].strip()
        if npi and not (npi.isascii() and npi.isdigit() and len(npi) == 10):
            raise forms.ValidationError(_("An NPI has ten digits."))
        return npi

    def _save_m2m(self) -> None:
        super()._save_m2m()
        Resource.objects.get_or_create(kind=Resource.Kind.PRACTITIONER, practitioner=self.instance)


class LocationForm(SettingForm):
    coded_by = "name"
    way_in = forms.URLField(
        label=_("Web address of the video room"),
        required=False,
        assume_scheme="https",
        help_text=_("It stands in the mails of video visits. Without it, you tell each client the way in."),
    )

    class Meta:
        model = Location
        fields = (
            "name",
            "kind",
            "address",
            "way_in",
            "step_free",
            "parking",
            "travel_minutes_from_main",
            "is_active",
        )
        labels = {
            "name": _("Name"),
            "kind": _("What it is"),
            "address": _("Address"),
            "step_free": _("No steps"),
            "parking": _("Parking"),
            "travel_minutes_from_main": _("Minutes from the main place"),
            "is_active": _("In use"),
        }


class ClinicForm(SettingForm):
    website = forms.URLField(label=_("Website"), required=False, assume_scheme="https")
    reminders_hours = forms.CharField(
        label=_("Reminders, hours before a visit"), required=False, help_text=_("Such as 48, 3.")
    )

    class Meta:
        model = Clinic
        fields = (
            *("name", "short_name", "legal_name", "tin", "npi_organization", "phone", "email", "website"),
            *("reply_promise_text", "reply_by_time", "proposal_hold_hours", "booking_horizon_days"),
            *(
                "change_notice_hours",
                "late_change_fee_percent",
                "no_show_fee_percent",
                "first_late_change_waived",
            ),
            *("reminders_hours", "reviews_estimates", "shows_openings", "payment_text", "late_arrival_text"),
            *("minors_text", "superbill_text"),
        )
        labels = {
            "name": _("Name"),
            "short_name": _("Short name"),
            "legal_name": _("Legal name, as on an estimate"),
            "npi_organization": _("NPI of the clinic"),
            "phone": _("Phone"),
            "email": _("Mail"),
            "reply_promise_text": _("Reply promise, in words"),
            "reply_by_time": _("Reply by, on the next open day"),
            "proposal_hold_hours": _("Hours an offer is held"),
            "booking_horizon_days": _("Days ahead that may be booked"),
            "change_notice_hours": _("Hours of notice to change without a fee"),
            "late_change_fee_percent": _("Late change costs, percent"),
            "no_show_fee_percent": _("No-show costs, percent"),
            "first_late_change_waived": _("The first late change is free"),
            "reviews_estimates": _("Look at every estimate before it goes out"),
            "shows_openings": _("Show openings after a request is sent"),
            "payment_text": _("How to pay"),
            "late_arrival_text": _("Coming late"),
            "minors_text": _("Under 18"),
            "superbill_text": _("Bills for the insurance"),
        }
        help_texts = {"booking_horizon_days": _("1 to 400. Empty: 400.")}
        widgets = {"payment_text": forms.Textarea(attrs={"rows": 3})}

    def set_up(self) -> None:
        self.initial["reminders_hours"] = ", ".join(str(one) for one in self.instance.reminders_hours or [])
        self.fields["booking_horizon_days"].validators += [
            MinValueValidator(1),
            MaxValueValidator(FURTHEST_AHEAD.days),
        ]
        self.fields["proposal_hold_hours"].validators += [MinValueValidator(1), MaxValueValidator(24 * 14)]

    def clean_reminders_hours(self) -> list[int]:
        parts = [one.strip() for one in self.cleaned_data["reminders_hours"].replace(";", ",").split(",")]
        hours = [one for one in parts if one]
        if not all(one.isascii() and one.isdigit() and 1 <= int(one) <= 24 * 14 for one in hours):
            raise forms.ValidationError(_("Write whole hours from 1 to 336, such as 48, 3."))
        return sorted({int(one) for one in hours}, reverse=True)
