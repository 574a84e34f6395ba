"""The pages of the request form. They clean what was typed and know the words of their errors, nothing else.

One flat namespace of names over all pages, so the whole can also be posted at once (`submission.submit_form`):

visit    service (a code or not_sure), also*, package, workshop_on_{month,day,year}, people, client_status,
         for_whom, where_during_visit
about    body_areas*, side, reason, started_on_{…}, pregnancy_status, pregnancy_weeks
safety   the questionnaires of the service (see `asking.py`)
you      first_name, last_name, name_to_use, pronouns, birth_date_{…}, email, phone, mailing_address, reach*,
         prefer, best_time, say_only, representative_{first_name,last_name,relation,may_consent,legal_role,phone,email}
paying   coverage, carrier, plan_type, member_id, group_number, policyholder_{relation,name,birth_date_…},
         phone_on_card, secondary_{carrier,member_id}, prior_authorization, medicare_number,
         claim_{number,employer,state,adjuster,adjuster_phone,attorney}, claim_on_{…}, referral, ask_estimate,
         days*, parts*, earliest_{…}, latest_{…}, availability_notes, practitioner, gender, waitlist_ok,
         series_{per_week,weeks}, access_needs*, access_notes
send     privacy_notice_seen, policy_seen, email_ok, text_ok, guardian_agrees, telehealth, waiver_signed

(* several values; `website` is the honeypot on the last page.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.foundation.clinic import Clinic
from intake import prices, words
from intake.fields import FURTHEST_WISH, BoxedDate, Email, Line, Story, Telephone
from intake.models import AppointmentRequest, ContactWay, CoverageType, Practitioner, Service
from intake.models.client import ADULT_AGE
from intake.prices import PriceRow
from intake.widgets import DateBoxes, TileBoxes, TileRadios

NOT_SURE = "not_sure"
HONEYPOT = "website"
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
REACH = {
    "email": _("Email"),
    "text": _("Text"),
    "call": _("Call"),
    "voicemail": _("Voicemail"),
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
YES_NO = [("yes", _("Yes")), ("no", _("No"))]
YES_NO_UNSURE = [*YES_NO, ("unsure", _("I am not sure"))]
ACCESS = {
    "quiet_room": _("A quiet room"),
    "step_free": _("No steps, wheelchair"),
    "large_print": _("Large print"),
    "interpreter": _("An interpreter"),
    "lying": _("I cannot lie on my back"),
    "companion": _("Someone comes with me"),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """What every page must know: the clinic, its services, today, and what was said so far (raw)."""

    clinic: Clinic
    services: Sequence[Service]
    today: date
    said: Mapping[str, Sequence[str]]
    practitioners: Sequence[Practitioner] = ()

    def first(self, name: str) -> str:
        values = self.said.get(name) or [""]
        return values[0]

    @property
    def service(self) -> Service | None:
        code = self.first("service")
        return next((service for service in self.services if service.code == code), None)

    @property
    def is_workshop(self) -> bool:
        return bool(self.service and self.service.is_workshop)

    @property
    def for_whom(self) -> str:
        said = self.first("for_whom")
        return said if said in AppointmentRequest.ForWhom.values else AppointmentRequest.ForWhom.SELF

    @property
    def is_returning(self) -> bool:
        return self.first("client_status") == AppointmentRequest.ClientStatus.RETURNING

    def price_rows(self) -> list[PriceRow]:
        return prices.price_rows(self.services)


class StepForm(forms.Form):
    """`setting` must be given; `data` is what was posted (or said before) as name → values."""

    required_css_class = ""

    def __init__(self, data: Mapping[str, Sequence[str]] | None = None, *, setting: Setting) -> None:
        self.setting = setting
        super().__init__(None if data is None else MultiValueDict({k: list(v) for k, v in data.items()}))
        self.set_up()

    def set_up(self) -> None:
        """Choices and bounds that depend on the clinic, the day, or what was said before."""

    def dated(self, name: str) -> BoxedDate:
        return cast(BoxedDate, self.fields[name])

    def choosing(self, name: str) -> forms.ChoiceField:
        return cast(forms.ChoiceField, self.fields[name])

    def names(self) -> set[str]:
        """Every name this page may post; anything else is ignored."""
        found = set()
        for name, field in self.fields.items():
            boxes = isinstance(field.widget, DateBoxes)
            found |= {f"{name}_{part}" for part in ("month", "day", "year")} if boxes else {name}
        return found

    def twice(self, posted: Mapping[str, Sequence[str]]) -> list[str]:
        """Names that stand twice in what was posted though they can have one answer only."""
        several = {
            name for name, field in self.fields.items() if isinstance(field, forms.MultipleChoiceField)
        }
        return [name for name in self.names() - several if len(posted.get(name, ())) > 1]

    def problems(self) -> list[dict[str, str]]:
        """For the error summary: address of the control and sentence."""
        found = []
        for name, errors in self.errors.items():
            if name == NON_FIELD_ERRORS:
                found += [{"href": "#main", "text": str(error)} for error in errors]
                continue
            bound = self[name]
            suffix = getattr(bound.field.widget, "focus_suffix", "")
            short = getattr(bound.field, "short", "") or bound.label
            found += [{"href": f"#{bound.auto_id}{suffix}", "text": f"{short}: {error}"} for error in errors]
        return found

    def suggestions(self) -> list[dict[str, str]]:
        """What the person may have meant, each agreed to with one press: {"name", "value", "text"}."""
        found = []
        for name, errors in self.errors.as_data().items():
            for error in errors:
                meant = (error.params or {}).get("suggestion")
                if not meant:
                    continue
                is_date = isinstance(self.fields[name], BoxedDate)
                said = words.day(date.fromisoformat(meant), year=True, weekday=False) if is_date else meant
                found.append(
                    {
                        "field": name,
                        "value": f"{name}={meant}",
                        "text": gettext("Yes, %(meant)s") % {"meant": said},
                    }
                )
        return found


def _radios(choices: Mapping[Any, Any], **widget: Any) -> dict[str, Any]:
    return {"choices": list(choices.items()), "required": False, "widget": TileRadios(**widget)}


def _boxes(choices: Mapping[str, Any], **widget: Any) -> dict[str, Any]:
    return {"choices": list(choices.items()), "required": False, "widget": TileBoxes(**widget)}


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
    people = forms.IntegerField(
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
        label=_("Been here before?"), **_radios({"new": _("No"), "returning": _("Yes")}, layout="set--2")
    )
    for_whom = forms.ChoiceField(
        label=_("Who is the visit for?"), initial="self", **_radios(dict(AppointmentRequest.ForWhom.choices))
    )
    also = forms.MultipleChoiceField(label=_("Something else as well?"), **_boxes({}))
    package = forms.ChoiceField(label=_("Several visits at once?"), **_radios({}))

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
        workshop_on.earliest, workshop_on.latest = self.setting.today, self.setting.today + FURTHEST_WISH
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
        label=_("Where does it bother you?"), **_boxes(BODY_AREAS, layout="set--2 set--wide")
    )
    side = forms.ChoiceField(label=_("Mostly on which side?"), **_radios(SIDES, layout="set--4"))
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
        **_radios(
            {
                "no": _("No"),
                "pregnant": _("Pregnant"),
                "gave_birth": _("Gave birth"),
                "maybe": _("Maybe pregnant"),
            },
            layout="set--4",
        ),
    )
    pregnancy_weeks = forms.IntegerField(
        label=_("How many weeks pregnant, or since the birth?"),
        required=False,
        min_value=0,
        max_value=60,
        error_messages={"invalid": _("Please write a number of weeks, such as 25.")},
    )

    def set_up(self) -> None:
        self.dated("started_on").latest = self.setting.today


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
        **_boxes(REACH, layout="set--fit"),
    )
    prefer = forms.ChoiceField(
        label=_("Which is best?"),
        **_radios({"email": _("Email"), "phone": _("Phone call"), "text": _("Text")}, layout="set--fit"),
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


class PayingForm(StepForm):
    coverage = forms.ChoiceField(
        label=_("Tap the one that fits"),
        **_radios(
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
        **_boxes({"yes": _("Yes, send me a price estimate")}),
    )
    days = forms.MultipleChoiceField(
        label=_("Which days could work?"), **_boxes({**WEEKDAYS, "any": _("Any day")}, layout="set--fit")
    )
    parts = forms.MultipleChoiceField(label=_("What part of the day?"), **_boxes(PARTS, layout="set--fit"))
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
    practitioner = forms.ChoiceField(label=_("Whom would you like to see?"), **_radios({}, layout="set--fit"))
    gender = forms.ChoiceField(
        label=_("A woman or a man?"),
        **_radios({"": _("Either is fine"), "woman": _("A woman"), "man": _("A man")}, layout="set--fit"),
    )
    waitlist_ok = forms.MultipleChoiceField(
        label=_("If nothing is free"), **_boxes({"yes": _("Put me on the waitlist")})
    )
    series_per_week = forms.IntegerField(label=_("Visits a week"), required=False, min_value=1, max_value=7)
    series_weeks = forms.IntegerField(
        label=_("For how many weeks"), required=False, min_value=1, max_value=26
    )
    access_needs = forms.MultipleChoiceField(
        label=_("What should we prepare?"), **_boxes(ACCESS, layout="set--fit")
    )
    access_notes = Line(label=_("Anything else we should know to help you?"), max_length=500)

    def set_up(self) -> None:
        today = self.setting.today
        for name in ("earliest", "latest"):
            field = self.dated(name)
            field.earliest, field.latest = today, today + FURTHEST_WISH
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


class SendForm(StepForm):
    privacy_notice_seen = forms.BooleanField(
        error_messages={"required": _("Please tick that you have seen how we keep your data private.")}
    )
    policy_seen = forms.BooleanField(
        error_messages={"required": _("Please tick that you know what a late change costs.")}
    )
    email_ok = forms.BooleanField(
        label=_("You may email me about this visit. Email is not fully private."), required=False
    )
    text_ok = forms.BooleanField(label=_("You may text me about this visit."), required=False)
    guardian_agrees = forms.BooleanField(
        label=_("I am the parent or guardian, and I agree that this child asks for a visit."), required=False
    )
    telehealth = forms.BooleanField(
        label=_("I know that a video visit is not the same as a visit in the room, and I agree to it."),
        required=False,
    )
    waiver_signed = forms.BooleanField(
        label=_("I use the machines at my own risk, after the first lesson."), required=False
    )

    def set_up(self) -> None:
        clinic, service = self.setting.clinic, self.setting.service
        self.fields["privacy_notice_seen"].label = format_html(
            gettext('I have seen <a href="{}" target="_blank">how you keep my data private</a>.'), "/privacy/"
        )
        self.fields["privacy_notice_seen"].short = _("Privacy")  # type: ignore[attr-defined]
        self.fields["policy_seen"].label = prices.change_rule_to_tick(clinic, service)
        self.fields["policy_seen"].short = _("Changes")  # type: ignore[attr-defined]

    def consent_names(self, *, is_minor: bool, has_email: bool, wants_text: bool) -> list[str]:
        """Which boxes this person is asked to look at, in order."""
        service = self.setting.service
        asked = ["privacy_notice_seen", "policy_seen"]
        asked += ["guardian_agrees"] if is_minor else []
        asked += ["telehealth"] if service and "video" in service.modes else []
        asked += ["waiver_signed"] if service and "waiver_signed" in service.needs else []
        asked += ["email_ok"] if has_email else []
        asked += ["text_ok"] if wants_text else []
        return asked


STEPS: dict[str, type[StepForm]] = {
    "visit": VisitForm,
    "about": AboutForm,
    "you": YouForm,
    "paying": PayingForm,
    "send": SendForm,
}
PREFERS = {"email": ContactWay.EMAIL, "phone": ContactWay.PHONE, "text": ContactWay.TEXT}
