"""The pages about hours: of people, of one day, of rooms without a practitioner, closures and time off."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from config.foundation.clinic import Closure
from intake.models import Practitioner, Service
from scheduling.clinic_settings.forms import SettingForm
from scheduling.models import DateOverride, ServiceHours, Shift, TimeOff

END_FIRST = _("The end is before the start.")


class StretchForm(SettingForm):
    """From one time of a day to another, that may not overlap the other stretches beside it."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        starts, ends = cleaned.get("starts"), cleaned.get("ends")
        if not starts or not ends:
            return cleaned
        if ends <= starts:
            self.add_error("ends", END_FIRST)
            return cleaned
        self.clean_stretch(cleaned)
        for other in self.beside(cleaned).exclude(pk=self.instance.pk):
            overlaps = starts < (other.ends or time.max) and (other.starts or time.min) < ends
            if overlaps and self.meets(cleaned, other):
                self.add_error("starts", _("This overlaps %(shift)s.") % {"shift": other})
                break
        return cleaned

    def clean_stretch(self, cleaned: dict[str, Any]) -> None:
        """What more must be right of a stretch with both its times."""

    def beside(self, cleaned: dict[str, Any]) -> QuerySet[Any]:
        """The other stretches of the same day and of the same person or service."""
        raise NotImplementedError

    def meets(self, cleaned: dict[str, Any], other: Any) -> bool:
        return True


class ShiftForm(StretchForm):
    class Meta:
        model = Shift
        fields = ("practitioner", "location", "weekday", "starts", "ends", "every_weeks", "anchor_on")
        labels = {
            "practitioner": _("Who"),
            "location": _("Where"),
            "starts": _("From"),
            "ends": _("To"),
            "every_weeks": _("Every how many weeks"),
            "anchor_on": _("The first date on which it takes place (if not every week)"),
        }

    def set_up(self) -> None:
        self.fields["every_weeks"].validators += [MinValueValidator(1), MaxValueValidator(8)]

    def clean_stretch(self, cleaned: dict[str, Any]) -> None:
        anchor, weekday = cleaned.get("anchor_on"), cleaned.get("weekday")
        if (cleaned.get("every_weeks") or 1) > 1 and anchor is None:
            self.add_error("anchor_on", _("Give the first date on which it takes place."))
        elif anchor is not None and weekday is not None and anchor.weekday() != weekday:
            self.add_error("anchor_on", _("That date is another weekday."))

    def beside(self, cleaned: dict[str, Any]) -> QuerySet[Any]:
        same: dict[str, Any] = {
            "practitioner": cleaned.get("practitioner"),
            "weekday": cleaned.get("weekday"),
        }
        return Shift.objects.filter(**same)

    def meets(self, cleaned: dict[str, Any], other: Shift) -> bool:
        """Every-second-week shifts of different weeks do not meet."""
        every, anchor = cleaned.get("every_weeks") or 1, cleaned.get("anchor_on")
        if every != other.every_weeks or every == 1 or anchor is None or other.anchor_on is None:
            return True
        weeks = (anchor - timedelta(days=anchor.weekday())) - (
            other.anchor_on - timedelta(days=other.anchor_on.weekday())
        )
        return bool((weeks.days // 7) % int(every) == 0)


class DateOverrideForm(StretchForm):
    """Other hours of one person on one date: they take the place of the weekly ones."""

    class Meta:
        model = DateOverride
        fields = ("practitioner", "on", "starts", "ends", "location")
        labels = {
            "practitioner": _("Who"),
            "on": _("Date"),
            "starts": _("From (empty: does not work that day)"),
            "ends": _("To"),
            "location": _("Where"),
        }

    def set_up(self) -> None:
        people: Any = self.fields["practitioner"]
        people.queryset = Practitioner.objects.active()

    def clean_on(self) -> Any:
        on = self.cleaned_data["on"]
        if on < self.clinic.local(self.now).date() and "on" in self.changed_data:
            raise forms.ValidationError(_("This day is over. Please check it."))
        return on

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        starts, ends, asked = (
            cleaned.get("starts"),
            cleaned.get("ends"),
            {"starts", "ends"} - set(self.errors),
        )
        if len(asked) == 2 and bool(starts) != bool(ends):
            self.add_error("ends" if starts else "starts", _("Give both times, or neither."))
        if starts and not cleaned.get("location") and "location" not in self.errors:
            self.add_error("location", _("Say where."))
        others = self.beside(cleaned).exclude(pk=self.instance.pk)
        if len(asked) == 2 and not starts and not ends and others.exists():
            self.add_error("on", _("That day has hours already. Remove them first."))
        if starts and others.filter(starts=None).exists():
            self.add_error("on", _("That day is marked as off already. Remove that first."))
        return cleaned

    def beside(self, cleaned: dict[str, Any]) -> QuerySet[Any]:
        same: dict[str, Any] = {"practitioner": cleaned.get("practitioner"), "on": cleaned.get("on")}
        return DateOverride.objects.filter(**same)

    def meets(self, cleaned: dict[str, Any], other: DateOverride) -> bool:
        return other.starts is not None

    def _get_validation_exclusions(self) -> set[str]:
        # What is said beside the field above need not be said again by the constraint.
        return {*super()._get_validation_exclusions(), "starts", "ends", "location"}  # type: ignore[misc]


class ServiceHoursForm(StretchForm):
    class Meta:
        model = ServiceHours
        fields = ("service", "weekday", "starts", "ends")
        labels = {"service": _("What"), "starts": _("From"), "ends": _("To")}

    def set_up(self) -> None:
        service: Any = self.fields["service"]
        service.queryset = Service.objects.filter(needs_practitioner=False).order_by("position")

    def beside(self, cleaned: dict[str, Any]) -> QuerySet[Any]:
        same: dict[str, Any] = {"service": cleaned.get("service"), "weekday": cleaned.get("weekday")}
        return ServiceHours.objects.filter(**same)


class ClosureForm(SettingForm):
    class Meta:
        model = Closure
        fields = ("starts_on", "ends_on", "from_time", "to_time", "location", "reason")
        labels = {
            "starts_on": _("First day"),
            "ends_on": _("Last day"),
            "from_time": _("From (only for a part of the day)"),
            "to_time": _("To"),
            "location": _("Where (empty: everywhere)"),
            "reason": _("What it is called"),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        first, last = cleaned.get("starts_on"), cleaned.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("The last day is before the first day."))
        start, end = cleaned.get("from_time"), cleaned.get("to_time")
        if bool(start) != bool(end):
            self.add_error("to_time" if start else "from_time", _("Give both times, or neither."))
        elif start and end and end <= start:
            self.add_error("to_time", END_FIRST)
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        # What is said beside the field above need not be said again by the constraints.
        return {*super()._get_validation_exclusions(), "starts_on", "ends_on", "from_time", "to_time"}  # type: ignore[misc]


class TimeOffForm(SettingForm):
    starts_on = forms.DateField(label=_("First day"))
    starts_time = forms.TimeField(label=_("From (empty: the whole day)"), required=False)
    ends_on = forms.DateField(label=_("Last day"))
    ends_time = forms.TimeField(label=_("Until (empty: the whole day)"), required=False)
    reason = forms.CharField(label=_("Why (only seen here)"), required=False, max_length=200)

    class Meta:
        model = TimeOff
        fields = ("practitioner",)
        labels = {"practitioner": _("Who")}

    def set_up(self) -> None:
        if self.instance._state.adding:
            return
        start, end = self.clinic.local(self.instance.starts_at), self.clinic.local(self.instance.ends_at)
        whole_end = end.time() == time(0)
        shown: dict[str, Any] = {
            "starts_on": start.date(),
            "starts_time": None if start.time() == time(0) else start.time(),
            "ends_on": end.date() - timedelta(days=1) if whole_end else end.date(),
            "ends_time": None if whole_end else end.time(),
            "reason": self.instance.reason,
        }
        self.initial = {**self.initial, **shown}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        first, last = cleaned.get("starts_on"), cleaned.get("ends_on")
        if not first or not last:
            return cleaned
        if not 2000 <= first.year < 2100 or not 2000 <= last.year < 2100:
            self.add_error("starts_on", _("Please check the year."))
            return cleaned
        zone, until = self.clinic.zone, cleaned.get("ends_time")
        start = datetime.combine(first, cleaned.get("starts_time") or time(0), zone)
        end = datetime.combine(last, until, zone) if until else datetime.combine(last + timedelta(days=1), time(0), zone)  # fmt: skip
        if end <= start:
            self.add_error("ends_on", END_FIRST)
            return cleaned
        self.instance.starts_at, self.instance.ends_at = start, end
        self.instance.reason = cleaned.get("reason") or ""
        return cleaned
