"""While a hold is open nothing is offered, accepted, booked or moved; the database has the last word."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from intake import triage
from intake.models import AppointmentRequest, Hold, Service, Status
from scheduling import availability, booking
from scheduling.booking import NotBookable, OfferClosed
from scheduling.models import Appointment, Claim, Offer
from tests.factories import NOW, make_appointment_request, make_user
from tests.scheduling.booked import at, confirm, make_offer

pytestmark = pytest.mark.usefixtures("clinic")


def hold(pending: AppointmentRequest, kind: str = Hold.Kind.MEDICARE) -> Hold:
    return Hold.objects.create(appointment_request=pending, kind=kind, opened_at=NOW)


@pytest.mark.parametrize("kind", Hold.Kind.values)
def test_no_kind_of_hold_lets_a_time_be_confirmed_or_offered(kind: str) -> None:
    pending = make_appointment_request()
    times = availability.best_times(pending, now=NOW)
    hold(pending, kind)
    for act in (
        lambda: confirm(pending, "2027-03-03T09:00"),
        lambda: booking.offer(appointment_request=pending, times=times, by=None, now=NOW),
    ):
        with pytest.raises(NotBookable, match="on_hold"):
            act()
    assert not Appointment.objects.exists()
    assert not Claim.objects.exists()


def test_a_hold_that_comes_after_the_offer_takes_the_offer_back() -> None:
    pending, user = make_appointment_request(), make_user()
    made = make_offer(pending)
    pending.refresh_from_db()
    booking.letting_go(
        triage.hold,
        appointment_request=pending,
        reason="On Medicare",
        by=user,
        now=NOW,
        expect_version=pending.version,
    )
    with pytest.raises(OfferClosed):
        booking.accept(offer_time=made.times.all()[0], now=NOW)
    assert Offer.objects.get().status == Offer.Status.WITHDRAWN
    assert not Claim.objects.exists()


def test_a_hold_by_itself_is_refused_while_an_offer_holds_time() -> None:
    pending, user = make_appointment_request(), make_user()
    make_offer(pending)
    pending.refresh_from_db()
    with pytest.raises(triage.NotAllowed, match="holds_time"):
        triage.hold(
            appointment_request=pending,
            reason="On Medicare",
            by=user,
            now=NOW,
            expect_version=pending.version,
        )


def test_a_booked_visit_under_a_hold_stays_and_is_not_moved_until_the_hold_is_lifted() -> None:
    pending, user = make_appointment_request(), make_user()
    visit = confirm(pending, "2027-03-03T09:00")
    pending.refresh_from_db()
    opened = triage.hold(
        appointment_request=pending, reason="Car crash", by=user, now=NOW, expect_version=pending.version
    )
    assert pending.status == Status.BOOKED

    def move() -> Appointment:
        return booking.move(
            appointment=visit,
            practitioner=visit.practitioner,
            room=visit.room,
            starts_at=at("2027-03-03T10:30"),
            by=user,
            now=NOW,
        )

    with pytest.raises(NotBookable, match="on_hold"):
        move()
    opened.appointment_request.refresh_from_db()
    triage.release(
        hold=opened,
        reason="Pays herself",
        by=user,
        now=NOW,
        expect_version=opened.appointment_request.version,
    )
    assert move().starts_at == at("2027-03-03T10:30")


@pytest.mark.parametrize("status", [Status.OFFERED, Status.BOOKED])
def test_the_database_itself_refuses_a_held_request_that_is_booked(status: str) -> None:
    pending = make_appointment_request()
    opened = hold(pending)
    with pytest.raises(IntegrityError, match="held_request_is_not_booked"), transaction.atomic():
        AppointmentRequest.objects.filter(pk=pending.pk).update(status=status)
    Hold.objects.filter(pk=opened.pk).update(lifted_at=NOW + timedelta(hours=1), lifted_by=make_user())
    AppointmentRequest.objects.filter(pk=pending.pk).update(status=status)


def test_who_may_not_or_says_nothing_lifts_nothing() -> None:
    pending = make_appointment_request(status=Status.ON_HOLD)
    opened = hold(pending)
    for user, reason in ((make_user(roles="administrator"), "yes"), (make_user(), " ")):
        with pytest.raises(triage.NotAllowed):
            triage.release(hold=opened, reason=reason, by=user, now=NOW, expect_version=pending.version)
    opened.refresh_from_db()
    assert opened.lifted_at is None


def test_a_request_without_a_service_is_given_one_and_the_line_is_kept() -> None:
    pending, user = make_appointment_request(service=None), make_user()
    service = Service.objects.get(code="PELVIC-EVAL")
    opened = triage.choose_service(
        appointment_request=pending, service=service, by=user, now=NOW, expect_version=pending.version
    )
    pending.refresh_from_db()
    assert (opened, pending.service, pending.status) == ([], service, Status.NEW)
    line = pending.events.get(what="service_chosen")
    assert (line.by, line.why) == (user, f"– → {service.public_name}")
    assert availability.best_times(pending, now=NOW)


def test_choosing_a_kind_of_care_that_is_held_holds_it() -> None:
    pending, user = make_appointment_request(service="WORKSHOP", story="My Medicare pays, ok?"), make_user()

    def choose(code: str) -> list[Hold]:
        return triage.choose_service(
            appointment_request=pending,
            service=Service.objects.get(code=code),
            by=user,
            now=NOW,
            expect_version=pending.version,
        )

    opened = choose("ORTHO-EVAL")
    assert [each.kind for each in opened] == [Hold.Kind.MEDICARE]
    assert pending.status == Status.ON_HOLD
    triage.release(hold=opened[0], reason="Mother's", by=user, now=NOW, expect_version=pending.version)
    assert choose("PELVIC-EVAL") == []  # lifted once by a person, not set again by a rule


def test_a_service_is_not_changed_under_an_offer() -> None:
    pending = make_appointment_request()
    make_offer(pending)
    pending.refresh_from_db()
    with pytest.raises(triage.NotAllowed, match="holds_time"):
        triage.choose_service(
            appointment_request=pending,
            service=Service.objects.get(code="PT-FU"),
            by=make_user(),
            now=NOW,
            expect_version=pending.version,
        )
