"""All pages of a request read together, and what they say: the person, the ways to reach them, what marking weighs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from config.foundation.clinic import Clinic
from intake import asking, marking, matching, payers, screening
from intake.forms import STEPS, PayingForm, Setting, StepForm, age_on
from intake.matching import Person
from intake.models import CoverageType, Practitioner, Service
from intake.questionnaires.model import Value
from intake.questionnaires.sheet import Excused, Sheet

Said = Mapping[str, Sequence[str]]


@dataclass(slots=True)
class Whole:
    """All pages read together."""

    setting: Setting
    forms: dict[str, StepForm]
    asked: list[asking.Asked] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)

    @property
    def is_valid(self) -> bool:
        return all(form.is_valid() for form in self.forms.values()) and not any(
            one.errors for one in self.sheets
        )

    def clean(self, name: str) -> Any:
        for form in self.forms.values():
            if name in form.cleaned_data:
                return form.cleaned_data[name]
        return None


def setting_for(
    said: Said, *, now: datetime, clinic: Clinic | None = None, by_staff: bool = False
) -> Setting:
    clinic = clinic or Clinic.get()
    services = (
        Service.objects.offered().select_related("follow_up").prefetch_related("packages", "questionnaires")
    )
    return Setting(
        clinic=clinic,
        services=list(services),
        today=clinic.local(now).date(),
        said=said,
        practitioners=list(Practitioner.objects.active()),
        by_staff=by_staff,
    )


def read_whole(
    data: Said,
    *,
    now: datetime,
    language: str,
    by_staff: bool = False,
    files: Mapping[str, Sequence[Value]] | None = None,
    excused: Excused | None = None,
) -> Whole:
    """`files`: those sent along as answers to questions, by the names of their fields. `excused`: as in `asking`."""
    setting = setting_for(data, now=now, by_staff=by_staff)
    asked = [] if setting.is_workshop else asking.asked_of(setting.service, setting.services, data)
    whole = Whole(
        setting=setting,
        forms={step: form(data, setting=setting) for step, form in STEPS.items()},
        asked=asked,
        sheets=asking.sheets(
            asked, data, language=language, zone=setting.clinic.zone, files=files, excused=excused
        ),
    )
    for form in whole.forms.values():
        form.is_valid()
    return whole


def person(whole: Whole) -> Person:
    phone = whole.clean("phone")
    return Person(
        first_name=whole.clean("first_name"),
        last_name=whole.clean("last_name") or "",
        born_on=whole.clean("birth_date"),
        email=whole.clean("email") or "",
        phone=phone.e164 if phone else "",
        name_to_use=whole.clean("name_to_use") or "",
    )


def reach(whole: Whole) -> frozenset[str]:
    """The ways ticked; nothing ticked means mail or a call, whichever was given."""
    ticked = set(whole.clean("reach") or ())
    if not ticked:
        ticked = {"email"} if whole.clean("email") else set()
        ticked |= {"call"} if whole.clean("phone") else set()
    return frozenset(ticked)


def suggested_service(whole: Whole) -> Service | None:
    """For "not sure": the private first visit where pregnancy, birth or the pelvis is named, else the usual one."""
    first_visits = [service for service in whole.setting.services if service.is_first_visit]
    private = whole.clean("pregnancy_status") in {"pregnant", "gave_birth"} or "pelvis" in (
        whole.clean("body_areas") or ()
    )
    fitting = [service for service in first_visits if asking.is_sensitive(service) == private]
    return next(iter(fitting or first_visits), None)


def told(
    whole: Whole,
    answers: Mapping[str, Mapping[str, str]],
    flags: Sequence[screening.FoundFlag],
    found: matching.Found,
    *,
    now: datetime,
    language: str,
    times_resumed: int,
    files: tuple[int, int],
    covered: Sequence[str],
) -> marking.Told:
    """`covered`: how this person said they pay in earlier requests, newest first."""
    setting, born = whole.setting, whole.clean("birth_date")
    service, phone, ways = setting.service, whole.clean("phone"), reach(whole)
    coverage = whole.clean("coverage") or ""
    claim = {
        name.removeprefix("claim_"): whole.clean(name)
        for name in PayingForm.base_fields
        if name.startswith("claim_")
    }
    return marking.Told(
        now=setting.clinic.local(now),
        practice_state=setting.clinic.practice_state,
        service_kind=service.kind if service else "",
        service_modes=tuple(service.modes) if service else (),
        is_sensitive=asking.is_sensitive(service) or "pelvis" in (whole.clean("body_areas") or ()),
        story=whole.clean("reason") or "",
        has_areas=bool(whole.clean("body_areas")),
        has_answers=any(said for form, said in answers.items() if form not in {"safety"}),
        asks_estimate=bool(whole.clean("ask_estimate")),
        language=language,
        first_name=whole.clean("first_name"),
        last_name=whole.clean("last_name") or "",
        name_to_use=whole.clean("name_to_use") or "",
        age=age_on(setting.today, born) if born else None,
        email=whole.clean("email") or "",
        phone=phone.e164 if phone else "",
        wants_paper=bool(whole.clean("mailing_address")),
        reach=ways,
        email_refused=bool(whole.clean("email")) and "email" not in ways and not whole.clean("email_ok"),
        say_only=whole.clean("say_only") or "",
        for_whom=setting.for_whom,
        names_representative=bool(whole.clean("representative_first_name")),
        guardian_agrees=bool(whole.clean("guardian_agrees")),
        legal_role=whole.clean("representative_legal_role") or "",
        coverage=coverage,
        coverage_texts=[whole.clean(name) or "" for name in payers.TEXTS],
        covered_before=payers.as_last_time(coverage, covered),
        has_had_medicare=CoverageType.MEDICARE in covered,
        claims=payers.claim_of(claim),
        where_during_visit=whole.clean("where_during_visit") or "",
        latest=whole.clean("latest"),
        waitlist=bool(whole.clean("waitlist_ok")),
        is_series=bool(whole.clean("series_per_week")),
        access=bool(whole.clean("access_needs") or whole.clean("access_notes")),
        says_returning=setting.is_returning,
        is_known=found.same is not None,
        shares_contact=found.shares_contact,
        times_resumed=times_resumed,
        screening_asked="safety" in answers,
        screening_answered=bool(answers.get("safety")),
        flag_levels=frozenset(flag.level for flag in flags),
        held_by_screening=frozenset(asking.holds_from(flags)),
        files=files[0],
        bad_files=files[1],
    )
