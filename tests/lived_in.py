"""A clinic with a week behind it: requests in several states, visits, an offer, estimates, messages, links."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model
from django.utils import timezone

from config.clinic_file.requests import draft_with_files
from config.foundation.models import User
from config.sample_requests import posted
from intake import drafts, triage
from intake.models import AppointmentRequest, Client, Practitioner, Questionnaire, Service
from intake.submission import submit_form
from notifications.models import Message, State
from scheduling import availability, booking, freed_times, series, waitlist
from scheduling.estimates import documents
from scheduling.models import Appointment, Estimate, Room, Series, Trigger
from tests.factories import load_sample_clinic, make_user, sample_file

FORMS: dict[str, Any] = {
    sample["id"]: sample["form"] for sample in sample_file()["requests"] if "form" in sample
}
CODES = ("R01", "R02", "R03", "R04", "R06", "R08", "R13", "R14", "R19")
WITH_FILES = "R22"
BIRTH_DATES = {"R01": ("4", "19", "1986")}
# Whose ids stand in an address: the longest beginning that fits says it.
MODELS: dict[str, type[Model]] = {
    "staff/clients/": Client,
    "staff/estimates/": Estimate,
    "staff/estimates/client/": Client,
    "staff/estimates/clock/": Trigger,
    "staff/estimates/plan/": Client,
    "staff/forms/": Questionnaire,
    "staff/request/": AppointmentRequest,
    "staff/series/": Series,
    "staff/settings/people/": User,
    "staff/settings/prices/": Service,
    "staff/visit/": Appointment,
}


def model_of(route: str) -> type[Model]:
    fitting = [start for start in MODELS if route.startswith(start)]
    assert fitting, f"{route}: say in MODELS of tests/lived_in.py whose ids stand here"
    return MODELS[max(fitting, key=len)]


@dataclass
class LivedIn:
    owner: User
    booked: Appointment
    offered: AppointmentRequest
    now: datetime


def lived_in_clinic() -> LivedIn:
    """R01 is booked with its estimate made and sent card photos, R03 was offered times, R02 is held, R08 declined.

    R13 has a series, the time R14 gave back is offered to R19 on the waitlist; more wait.
    """
    now = timezone.now()
    load_sample_clinic(visits=True, starting=now.date())
    owner = make_user(email="owner@clinic.example", roles="front_desk therapist administrator")
    asked = {code: send(code, now=now - timedelta(hours=3)) for code in CODES}
    booked = confirm(asked["R01"], by=owner, now=now)
    documents.make_waiting(now=now)
    times = availability.best_times(asked["R03"], now=now)
    booking.offer(appointment_request=asked["R03"], times=times[:2], by=owner, now=now)
    for code, verb in (("R02", triage.hold), ("R08", triage.decline)):
        one = asked[code]
        verb(appointment_request=one, by=owner, now=now, expect_version=one.version, reason="Because")
    series.confirm(
        appointment_request=asked["R13"],
        times=availability.best_times(asked["R13"], now=now)[:2],
        by=owner,
        now=now,
        expect_version=asked["R13"].version,
    )
    gone = booking.cancel(appointment=confirm(asked["R14"], by=owner, now=now, rank=2), by=owner, now=now)
    freed = freed_times.free(now=now, of=gone.pk)[0]
    triage.waitlist(appointment_request=asked["R19"], by=owner, now=now, expect_version=asked["R19"].version)
    waitlist.invite(freed=freed, people=[asked["R19"]], by=owner, now=now)
    drafts.start_draft(now=now)
    Message.objects.filter(state=State.QUEUED, waits_for="").update(state=State.SENT, sent_at=now)
    return LivedIn(owner=owner, booked=booked, offered=asked["R03"], now=now)


def send(code: str, *, now: datetime) -> AppointmentRequest:
    """A sample as typed, without its days: those are of another year than the test's."""
    days = ("earliest", "latest", "started_on", "claim_on")
    said = {name: values for name, values in posted(FORMS[code]).items() if not name.startswith(days)}
    draft = draft_with_files(FORMS[WITH_FILES], now=now) if code == "R01" else None
    return submit_form(said, submission_id=uuid.uuid4(), now=now, seconds_to_fill=200, draft=draft)


def confirm(asked: AppointmentRequest, *, by: User, now: datetime, rank: int = 0) -> Appointment:
    """The best time (or the one after it), as one click takes it."""
    best = availability.best_times(asked, now=now)[rank]
    return booking.confirm(
        appointment_request=asked,
        practitioner=Practitioner.objects.get(pk=best.practitioner_id),
        room=Room.objects.filter(pk=best.room_id).first(),
        starts_at=best.starts_at,
        by=by,
        now=now,
    )
