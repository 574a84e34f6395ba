"""What staff type about estimates."""

from datetime import date, timedelta

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.models import CoverageType, Package, Practitioner, Service, ServiceKind
from scheduling.estimates import codes
from scheduling.estimates.completeness import NOTE_LENGTH, PERIOD_DAYS
from scheduling.estimates.contents import Diagnosis, Scope

# What a client may say about paying; "same as before" is no answer to a question asked now.
ANSWERS = [
    (value, label)
    for value, label in CoverageType.choices
    if value not in {CoverageType.SAME_AS_BEFORE, CoverageType.NOT_NEEDED}
]


class PlanForm(forms.Form):
    """The plan of care after an evaluation: dates, how often, how many."""

    service = forms.ModelChoiceField(
        Service.objects.filter(kind=ServiceKind.HEALTH_CARE, active=True), label=gettext_lazy("Service")
    )
    practitioner = forms.ModelChoiceField(
        Practitioner.objects.filter(licensed_health_care=True, active=True), label=gettext_lazy("Therapist")
    )
    starts_on = forms.DateField(
        label=gettext_lazy("First visit on"), widget=forms.DateInput({"type": "date"})
    )
    times = forms.IntegerField(label=gettext_lazy("Times"), min_value=1, max_value=7, initial=1)
    per = forms.ChoiceField(
        label=gettext_lazy("Per"),
        initial="week",
        choices=[
            ("week", gettext_lazy("week")),
            ("two_weeks", gettext_lazy("two weeks")),
            ("month", gettext_lazy("month")),
        ],
    )
    visits = forms.IntegerField(label=gettext_lazy("Visits in all"), min_value=1, max_value=366)
    ends_on = forms.DateField(
        label=gettext_lazy("Last visit on"),
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text=gettext_lazy("Empty: as long as that many visits take."),
    )
    package = forms.ModelChoiceField(
        Package.objects.filter(active=True, service__kind=ServiceKind.HEALTH_CARE),
        label=gettext_lazy("Package"),
        required=False,
        empty_label=gettext_lazy("None: each visit is paid alone"),
    )
    diagnoses = forms.CharField(
        label=gettext_lazy("Diagnosis codes (ICD-10-CM)"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("With a space between two. Empty: “not yet determined”."),
    )
    notes = forms.CharField(
        label=gettext_lazy("Notes for the client"),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea({"rows": 3}),
    )

    def clean_diagnoses(self) -> str:
        typed = str(self.cleaned_data["diagnoses"]).upper().replace(",", " ")
        wrong = [code for code in typed.split() if not codes.is_diagnosis(code)]
        if wrong:
            raise forms.ValidationError(
                _("Not the form of a code: %(codes)s."), params={"codes": ", ".join(wrong)}
            )
        return typed

    def clean(self) -> dict[str, object]:
        said = super().clean() or {}
        package, service = said.get("package"), said.get("service")
        if package and service and package.service_id != service.pk:
            self.add_error("package", _("This package is for another service."))
        return said

    def scope(self) -> Scope:
        said = self.cleaned_data
        ends_on = said["ends_on"] or last_day(said["starts_on"], said["times"], said["per"], said["visits"])
        return Scope(said["starts_on"], ends_on, said["times"], said["per"], said["visits"])

    def codes(self) -> tuple[Diagnosis, ...]:
        return tuple(Diagnosis(code) for code in self.cleaned_data["diagnoses"].split())


def last_day(starts_on: date, times: int, per: str, visits: int) -> date:
    """The end of the week or month in which the last of so many visits falls."""
    periods = -(-visits // times)
    try:
        return starts_on + timedelta(days=periods * PERIOD_DAYS[per] - 1)
    except OverflowError:  # behind the last day of the calendar, and refused as too far ahead
        return date.max


class PayerForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("How do they pay?"), choices=ANSWERS)


class WhyForm(forms.Form):
    """A reason for the record, for correcting and for voiding."""

    why = forms.CharField(label=gettext_lazy("Why"), max_length=300)
