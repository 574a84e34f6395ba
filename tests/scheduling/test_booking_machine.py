"""Any order of acts on a small clinic, against a model that knows one list of spans: no difference, ever.

Offer, let it run out, accept, confirm, move, cancel, time off, seats in a class. The model is naive on purpose: a
time is free when no span of the same resource touches it.
"""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import TestCase
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from config.foundation.versioned import StaleVersion
from intake.models import AppointmentRequest, Practitioner, Service
from scheduling import booking
from scheduling.availability import Slot
from scheduling.booking import NotBookable, OfferClosed, SlotTaken
from scheduling.models import Appointment, AppointmentStatus, Claim, Offer, Room, Shift, TimeOff
from tests.factories import NOW, make_appointment_request, make_client, make_user
from tests.scheduling.booked import at

LENGTH, BUFFER = timedelta(minutes=75), timedelta(minutes=15)
DAY = at("2027-03-03T08:00")
CLOSES = DAY + timedelta(hours=9)
STARTS = st.integers(0, 16).map(lambda step: DAY + timedelta(minutes=30 * step))
KEPT = timedelta(hours=48)


@dataclass
class Model:
    """Spans that are taken, by the id of the visit or hold that takes them."""

    spans: dict[UUID, tuple[datetime, datetime]] = field(default_factory=dict)
    held_until: dict[UUID, datetime] = field(default_factory=dict)
    off: list[tuple[datetime, datetime]] = field(default_factory=list)

    def is_free(self, start: datetime, *, now: datetime, but: UUID | None = None) -> bool:
        end = start + LENGTH + BUFFER
        return all(
            end <= low or high <= start
            for key, (low, high) in self.spans.items()
            if key != but and self.held_until.get(key, now + KEPT) > now
        )

    def is_off(self, start: datetime) -> bool:
        return any(start < high and low < start + LENGTH for low, high in self.off)

    def take(self, key: UUID, start: datetime) -> None:
        self.spans[key] = (start, start + LENGTH + BUFFER)

    def release(self, key: UUID) -> None:
        self.spans.pop(key, None)
        self.held_until.pop(key, None)


class BookingMachine(RuleBasedStateMachine):
    @initialize()
    def open_the_clinic(self) -> None:
        self.model, self.now = Model(), NOW
        # One long day, and no limit of first visits: the model knows neither.
        Practitioner.objects.filter(code="P1").update(max_first_visits_per_day=None)
        Shift.objects.filter(practitioner__code="P1", weekday=2).update(starts=time(8), ends=time(17))
        self.person, self.room = Practitioner.objects.get(code="P1"), Room.objects.get(code="maple")
        self.user, self.client = make_user(), make_client()
        self.seats: dict[UUID, int] = {}

    def asked(self) -> AppointmentRequest:
        return make_appointment_request(client=self.client)

    def expected(self, start: datetime, *, but: UUID | None = None) -> str:
        """What the rules say in the order in which they are named; the notice of a day is never short here."""
        if self.model.is_off(start):
            return "time_off"
        if start + LENGTH > CLOSES:
            return "outside_hours"
        return "" if self.model.is_free(start, now=self.now, but=but) else "taken"

    @rule(start=STARTS)
    def confirm(self, start: datetime) -> None:
        expected = self.expected(start)
        got = ""
        try:
            visit = booking.confirm(
                appointment_request=self.asked(),
                practitioner=self.person,
                room=self.room,
                starts_at=start,
                by=self.user,
                now=self.now,
            )
            self.model.take(visit.pk, start)
        except SlotTaken:
            got = "taken"
        except NotBookable as no:
            got = str(no.code)
        self.same(expected, got)

    @rule(first=STARTS, second=STARTS)
    def offer(self, first: datetime, second: datetime) -> None:
        expected = self.expected(first)
        overlap = abs(first - second) < LENGTH + BUFFER
        expected = expected or self.expected(second) or ("taken" if overlap else "")
        got = ""
        slots = [Slot(start, start, self.person.pk, "", self.room.pk, "") for start in (first, second)]
        try:
            made = booking.offer(appointment_request=self.asked(), times=slots, by=self.user, now=self.now)
            for held in made.times.all():
                self.model.take(held.pk, held.starts_at)
                self.model.held_until[held.pk] = self.now + KEPT
        except SlotTaken:
            got = "taken"
        except NotBookable as no:
            got = str(no.code)
        self.same(expected, got)

    @rule(pick=st.integers(0, 5))
    def accept(self, pick: int) -> None:
        held = list(
            Appointment.objects.filter(status="held", offer__isnull=False).order_by(
                "starts_at", "practitioner__code"
            )
        )
        if not held:
            return
        chosen = held[pick % len(held)]
        alive = chosen.held_until is not None and chosen.held_until > self.now
        others = list(chosen.offer.times.exclude(pk=chosen.pk).values_list("pk", flat=True))
        try:
            booking.accept(offer_time=chosen, now=self.now)
        except OfferClosed:
            assert not alive
            return
        assert alive
        self.model.held_until.pop(chosen.pk)
        for other in others:
            self.model.release(other)

    @rule()
    def let_two_days_pass(self) -> None:
        self.now += timedelta(hours=1)
        Offer.objects.filter(status="open").update(expires_at=self.now)
        Appointment.objects.filter(status="held").update(held_until=self.now)
        Claim.objects.filter(held_until__isnull=False).update(held_until=self.now)
        self.model.held_until = dict.fromkeys(self.model.held_until, self.now)

    @rule()
    def close_what_ran_out(self) -> None:
        booking.expire_offers(now=self.now)
        for key in [key for key, until in self.model.held_until.items() if until <= self.now]:
            self.model.release(key)

    def a_visit(self, pick: int) -> Appointment | None:
        booked = Appointment.objects.filter(status="booked", seats=None).order_by(
            "starts_at", "practitioner__code"
        )
        return booked[pick % len(booked)] if booked else None

    @rule(pick=st.integers(0, 5), start=STARTS)
    def move(self, pick: int, start: datetime) -> None:
        if (visit := self.a_visit(pick)) is None:
            return
        expected, got = self.expected(start, but=visit.pk), ""
        try:
            booking.move(
                appointment=visit,
                practitioner=self.person,
                room=self.room,
                starts_at=start,
                by=self.user,
                now=self.now,
            )
            self.model.take(visit.pk, start)
        except SlotTaken:
            got = "taken"
        except NotBookable as no:
            got = str(no.code)
        self.same(expected, got)

    @rule(pick=st.integers(0, 5), stale=st.booleans())
    def cancel(self, pick: int, stale: bool) -> None:
        if (visit := self.a_visit(pick)) is None:
            return
        version = visit.version - 1 if stale else visit.version
        try:
            booking.cancel(appointment=visit, by=self.user, now=self.now, expect_version=version)
        except StaleVersion:
            assert stale
            return
        assert not stale
        self.model.release(visit.pk)

    @precondition(lambda self: not self.model.off)
    @rule(start=STARTS)
    def take_time_off(self, start: datetime) -> None:
        end = start + timedelta(hours=1)
        TimeOff.objects.create(practitioner=self.person, starts_at=start, ends_at=end)
        self.model.off.append((start, end))

    @rule(people=st.integers(1, 4))
    def join_a_class(self, people: int) -> None:
        service = Service.objects.get(code="WORKSHOP")
        plan = self.a_class(service)
        asked = make_appointment_request(service=service, client=make_client(), people=people)
        assert plan.seats is not None
        room_for_them = plan.seats_taken + people <= plan.seats
        try:
            booking.confirm(
                appointment_request=asked,
                practitioner=plan.practitioner,
                room=plan.room,
                starts_at=plan.starts_at,
                by=self.user,
                now=self.now,
            )
        except (SlotTaken, NotBookable):
            assert not room_for_them
            return
        assert room_for_them
        self.seats[plan.pk] = self.seats.get(plan.pk, 0) + people

    def a_class(self, service: Service) -> Appointment:
        planned = Appointment.objects.filter(service=service, status="booked").first()
        if planned is not None:
            return planned
        room = Room.objects.filter(services=service).order_by("code").first()
        return booking.record(
            code="CLASS",
            service=service,
            client=None,
            practitioner=Practitioner.objects.filter(services=service).order_by("code").first(),
            room=room,
            starts_at=at("2027-03-20T10:00"),
            now=self.now,
            people=0,
        )

    def same(self, expected: str, got: str) -> None:
        assert expected == got, (expected, got)

    @invariant()
    def the_claims_are_those_of_the_model(self) -> None:
        if not hasattr(self, "model"):
            return
        live = Claim.objects.filter(appointment__seats=None, resource__practitioner=self.person)
        taken = {
            claim.appointment_id: (claim.starts_at, claim.ends_at)
            for claim in live
            if claim.held_until is None or claim.held_until > self.now
        }
        alive = {
            key: span
            for key, span in self.model.spans.items()
            if self.model.held_until.get(key, self.now + KEPT) > self.now
        }
        assert taken == alive
        for visit in Appointment.objects.exclude(seats=None):
            assert visit.seats_taken == self.seats.get(visit.pk, 0) <= (visit.seats or 0)

    @invariant()
    def every_edge_has_left_a_line(self) -> None:
        for visit in Appointment.objects.prefetch_related("events"):
            edges = [event for event in visit.events.all() if event.to_status]
            assert edges, visit.pk
            newest = max(event.at for event in edges)  # of two acts in one moment neither is the later
            reached = {event.to_status for event in edges if event.at == newest}
            assert visit.status in reached or visit.status == AppointmentStatus.HELD


def run(examples: int, steps: int) -> None:
    options: dict[str, Any] = {"suppress_health_check": list(HealthCheck), "deadline": None}
    run_state_machine_as_test(
        RolledBack, settings=settings(max_examples=examples, stateful_step_count=steps, **options)
    )


class RolledBack(BookingMachine):
    """Each run in a transaction of its own, taken back at its end."""

    def __init__(self) -> None:
        super().__init__()
        self.atomics = TestCase._enter_atomics()
        assert connection.in_atomic_block

    def teardown(self) -> None:
        TestCase._rollback_atomics(self.atomics)


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("clinic")
def test_no_order_of_acts_differs_from_the_model() -> None:
    run(examples=5, steps=12)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("clinic")
def test_no_order_of_acts_differs_from_the_model_in_many_more_runs() -> None:
    run(examples=200, steps=40)
