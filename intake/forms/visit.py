"""The first two pages: what is wanted and for whom, and where it bothers."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.foundation.clinic import FURTHEST_AHEAD
from intake import words
from intake.fields import BoxedDate, Line, Story, WholeNumber
from intake.forms.base import StepForm, boxes, radios
from intake.models import AppointmentRequest
from intake.widgets import TileRadios

NOT_SURE = "not_sure"
BODY_AREAS = {
    "low_back": _("Low back"),
    "hip": _("Hip"),
    "mid_back": _("Mid back"),
    "tailbone": _("Tailbone"),
    "groin": _("Groin"),
    "belly": _("Belly"),
    "thigh": _("Thigh"),
    "knee": _("Knee"),
    "foot": _("Foot"),
    "neck": _("Neck"),
    "shoulder": _("Shoulder"),
    "wrist": _("Hand"),
    "pelvis": _("Pelvis, bladder or bowel"),
    "else": _("Somewhere else"),
}
SIDES = {"left": _("Left"), "right": _("Right"), "both": _("Both"), "middle": _("Middle")}


class VisitForm(StepForm):
    service = forms.ChoiceField(
        label=_("What would you like?"),
        error_messages={
            "required": _("Please choose one. “Not sure” is fine."),
            "invalid_choice": _("Please choose one from the list."),
        },
    )
    workshop_on = BoxedDate(
        label=_("Which workshop date?"),
        too_early=_("This day is over. Please check it."),
        too_late=_("This is too far away. Please check the year."),
    )
    people = WholeNumber(
        label=_("For how many people?"),
        required=False,
        min_value=1,
        error_messages={
            "invalid": _("Please write a number, such as 2."),
            "min_value": _("At least one person."),
        },
    )
    where_during_visit = Line(label=_("Where will you be during the video visit?"))
    client_status = forms.ChoiceField(
        label=_("Been here before?"), **radios({"new": _("No"), "returning": _("Yes")}, layout="set--2")
    )
    for_whom = forms.ChoiceField(
        label=_("Who is the visit for?"), initial="self", **radios(dict(AppointmentRequest.ForWhom.choices))
    )
    also = forms.MultipleChoiceField(label=_("Something else as well?"), **boxes({}))
    package = forms.ChoiceField(label=_("Several visits at once?"), **radios({}))

    def set_up(self) -> None:
        rows = self.setting.price_rows()
        hints: dict[str, Any] = {row.code: f"{row.hint}. {row.label}".rstrip(". ") for row in rows}
        hints[NOT_SURE] = _("Tell us in your own words. We suggest the visit that fits.")
        named = [(row.code, row.name) for row in rows]
        service = self.choosing("service")
        service.widget = TileRadios(hints=hints)
        service.choices = [(NOT_SURE, _("Not sure? We help you choose")), *named]
        self.choosing("also").choices = named
        self.choosing("package").choices = [
            ("", _("No, one visit")),
            *(
                (
                    pack.code,
                    _("%(visits)s × %(name)s, %(price)s")
                    % {
                        "visits": pack.visits,
                        "name": offered.name,
                        "price": words.money(pack.price_cents, exact=False),
                    },
                )
                for offered in self.setting.services
                for pack in offered.packages.all()
                if pack.active
            ),
        ]
        workshop_on = self.dated("workshop_on")
        workshop_on.earliest, workshop_on.latest = self.setting.today, self.setting.today + FURTHEST_AHEAD
        self.fields["where_during_visit"].help_text = _(
            "State or country. Our license decides where we may treat."
        )
        self.fields["people"].widget.attrs.update({"inputmode": "numeric"})

    def clean_people(self) -> int:
        people: int | None = self.cleaned_data["people"]
        service = next((s for s in self.setting.services if s.code == self.cleaned_data.get("service")), None)
        if service and service.max_people and people and people > service.max_people:
            raise ValidationError(
                gettext("A workshop has room for %(n)s people.") % {"n": service.max_people}, code="too_many"
            )
        if people and people > 50:
            raise ValidationError(gettext("Please call us for a group this large."), code="too_many")
        return people or 1


class AboutForm(StepForm):
    body_areas = forms.MultipleChoiceField(
        label=_("Where does it bother you?"), **boxes(BODY_AREAS, layout="set--2 set--wide")
    )
    side = forms.ChoiceField(label=_("Mostly on which side?"), **radios(SIDES, layout="set--4"))
    reason = Story(
        label=_("What is going on, in your own words?"),
        help_text=_("When did it start? What makes it worse? You may also ask us something."),
    )
    started_on = BoxedDate(
        label=_("When did it start?"),
        help_text=_("If you know the day."),
        too_late=_("This day is not here yet. Please check the year."),
    )

    pregnancy_status = forms.ChoiceField(
        label=_("Are you pregnant, or did you give birth in the last 12 months?"),
        **radios(
            {
                "no": _("No"),
                "pregnant": _("Pregnant"),
                "gave_birth": _("Gave birth"),
                "maybe": _("Maybe pregnant"),
            },
            layout="set--4",
        ),
    )
    pregnancy_weeks = WholeNumber(
        label=_("How many weeks pregnant, or since the birth?"),
        required=False,
        min_value=0,
        max_value=60,
        error_messages={"invalid": _("Please write a number of weeks, such as 25.")},
    )

    def set_up(self) -> None:
        self.dated("started_on").latest = self.setting.today
        # A blank placeholder lets the style sheet tell an empty box from one with weeks in it.
        self.fields["pregnancy_weeks"].widget.attrs["placeholder"] = " "
