"""How they pay, what their insurance is (never required), and which times would suit."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from config.foundation.clinic import FURTHEST_AHEAD
from intake.fields import BoxedDate, Line, Telephone, WholeNumber
from intake.forms.base import YES_NO_UNSURE, StepForm, boxes, radios
from intake.models import AppointmentRequest, CoverageType
from intake.widgets import TileRadios

WEEKDAYS = {
    "mon": _("Monday"),
    "tue": _("Tuesday"),
    "wed": _("Wednesday"),
    "thu": _("Thursday"),
    "fri": _("Friday"),
    "sat": _("Saturday"),
}
PARTS = {
    "before_8am": _("Before 8 am"),
    "morning": _("Morning"),
    "early_afternoon": _("Early afternoon"),
    "late_afternoon": _("Late afternoon"),
    "after_school": _("After school"),
    "evening": _("Evening"),
}
COVERAGE_ON_PAGE = {
    CoverageType.NONE: _("I have no insurance"),
    CoverageType.PRIVATE_SEND_OWN_BILL: _("I have insurance, but I pay you"),
    CoverageType.PRIVATE_NO_CLAIM: _("I have insurance. Please send them nothing"),
    CoverageType.MEDICARE: _("Medicare"),
    CoverageType.MEDICAID: _("Medicaid or CHIP"),
    CoverageType.TRICARE: _("TRICARE"),
    CoverageType.AUTO_INJURY: _("A car crash"),
    CoverageType.WORK_INJURY: _("A work injury"),
    CoverageType.TRAVEL: _("Travel insurance"),
    CoverageType.SAME_AS_BEFORE: _("The same as last time"),
    CoverageType.NOT_NEEDED: _("Not needed for this"),
    CoverageType.UNSURE: _("I am not sure"),
}
CALL_FIRST = (CoverageType.MEDICAID, CoverageType.TRICARE, CoverageType.AUTO_INJURY, CoverageType.WORK_INJURY)
ACCESS = {
    "quiet_room": _("A quiet room"),
    "step_free": _("No steps, wheelchair"),
    "large_print": _("Large print"),
    "interpreter": _("An interpreter"),
    "lying": _("I cannot lie on my back"),
    "companion": _("Someone comes with me"),
}


class PayingForm(StepForm):
    coverage = forms.ChoiceField(
        label=_("Tap the one that fits"),
        **radios(
            COVERAGE_ON_PAGE,
            hints={
                CoverageType.PRIVATE_SEND_OWN_BILL: _("We can give you a bill to send to your plan."),
                CoverageType.MEDICARE: _("We call you first. The rules are special."),
                **dict.fromkeys(CALL_FIRST, _("We call you first.")),
            },
        ),
    )
    carrier = Line(label=_("Name of the insurance"))
    plan_type = Line(label=_("Kind of plan"), help_text=_("Such as PPO, HMO, EPO."), max_length=40)
    member_id = Line(label=_("Member number"), max_length=60)
    group_number = Line(label=_("Group number"), max_length=60)
    policyholder_name = Line(label=_("Whose plan is it?"), help_text=_("If it is not your own."))
    policyholder_relation = Line(label=_("What are they to you?"), max_length=60)
    policyholder_birth_date = BoxedDate(label=_("Their birth date"), too_late=_("Please check the year."))
    phone_on_card = Telephone(label=_("Phone number on the card"), autocomplete="off", optional_note=True)
    secondary_carrier = Line(label=_("A second insurance"))
    secondary_member_id = Line(label=_("Its member number"), max_length=60)
    prior_authorization = forms.ChoiceField(
        label=_("Does your plan ask for a yes before the visit?"),
        choices=YES_NO_UNSURE,
        required=False,
        widget=TileRadios(layout="set--fit"),
    )
    medicare_number = Line(label=_("Medicare number"), max_length=40)
    claim_number = Line(label=_("Claim number"), max_length=60)
    claim_on = BoxedDate(
        label=_("Day of the crash or injury"), too_late=_("This day is not here yet. Please check the year.")
    )
    claim_state = Line(label=_("State"), max_length=40)
    claim_employer = Line(label=_("Employer"))
    claim_adjuster = Line(label=_("Adjuster"))
    claim_adjuster_phone = Telephone(label=_("Adjuster's phone"), autocomplete="off", optional_note=True)
    claim_attorney = Line(label=_("Lawyer"))
    referral = forms.ChoiceField(
        label=_("Do you have a referral or a prescription?"),
        help_text=_("You do not need one here. Some plans ask for it."),
        choices=YES_NO_UNSURE,
        required=False,
        widget=TileRadios(layout="set--fit"),
    )
    ask_estimate = forms.MultipleChoiceField(
        label=_("Do you want the price in writing now?"),
        help_text=_(
            "You get it anyway when we agree on a time. Tick this to have it sooner, even if you are not ready to book."
        ),
        **boxes({"yes": _("Yes, send me a price estimate")}),
    )
    days = forms.MultipleChoiceField(
        label=_("Which days could work?"), **boxes({**WEEKDAYS, "any": _("Any day")}, layout="set--fit")
    )
    parts = forms.MultipleChoiceField(label=_("What part of the day?"), **boxes(PARTS, layout="set--fit"))
    earliest = BoxedDate(
        label=_("Not before"),
        too_early=_("This day is over. Please check it."),
        too_late=_("This is too far away. Please check the year."),
    )
    latest = BoxedDate(
        label=_("Not after"),
        too_early=_("This day is over. Please check it."),
        too_late=_("This is too far away. Please check the year."),
    )
    availability_notes = Line(label=_("Anything else about times?"), max_length=300)
    practitioner = forms.ChoiceField(label=_("Whom would you like to see?"), **radios({}, layout="set--fit"))
    gender = forms.ChoiceField(
        label=_("A woman or a man?"),
        **radios({"": _("Either is fine"), "woman": _("A woman"), "man": _("A man")}, layout="set--fit"),
    )
    waitlist_ok = forms.MultipleChoiceField(
        label=_("If nothing is free"), **boxes({"yes": _("Put me on the waitlist")})
    )
    series_per_week = WholeNumber(label=_("Visits a week"), required=False, min_value=1, max_value=7)
    series_weeks = WholeNumber(label=_("For how many weeks"), required=False, min_value=1, max_value=26)
    access_needs = forms.MultipleChoiceField(
        label=_("What should we prepare?"), **boxes(ACCESS, layout="set--fit")
    )
    access_notes = Line(label=_("Anything else we should know to help you?"), max_length=500)

    def set_up(self) -> None:
        today = self.setting.today
        for name in ("earliest", "latest"):
            field = self.dated(name)
            field.earliest, field.latest = today, today + FURTHEST_AHEAD
        for name in ("claim_on", "policyholder_birth_date"):
            field = self.dated(name)
            field.latest = today
        self.choosing("practitioner").choices = [
            ("", _("Anyone")),
            *((p.code, p.name) for p in self.setting.practitioners),
        ]
        self._leave_out_of_sight()
        for name in ("series_per_week", "series_weeks"):
            self.fields[name].widget.attrs["inputmode"] = "numeric"

    def _leave_out_of_sight(self) -> None:
        """Choices that make no sense here are not drawn, but still taken when posted."""
        hidden = set() if self.setting.is_returning else {CoverageType.SAME_AS_BEFORE}
        service = self.setting.service
        if service is None or service.is_health_care:
            hidden |= {CoverageType.NOT_NEEDED}
        if self.setting.for_whom != AppointmentRequest.ForWhom.CHILD:
            self._hide("parts", {"after_school"})
        self._hide("coverage", {str(value) for value in hidden})

    def _hide(self, name: str, values: set[str]) -> None:
        widget = self.fields[name].widget
        chosen = set(self.setting.said.get(name) or [])
        widget.choices = [choice for choice in widget.choices if str(choice[0]) not in values - chosen]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        earliest, latest = cleaned.get("earliest"), cleaned.get("latest")
        if earliest and latest and latest < earliest:
            self.add_error(
                "latest",
                ValidationError(_("This is before the first day. Please check both."), code="in_the_past"),
            )
        return cleaned
