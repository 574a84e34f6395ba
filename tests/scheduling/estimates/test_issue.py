"""Confirming freezes the estimate; the worker makes its PDF once and only then lets the mail go."""

import io
import uuid
from datetime import datetime, timedelta
from typing import Any

import pypdf
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from config.foundation.models import Clinic, Location, StaffTask, User
from intake.models import AppointmentRequest, CostQuestion, Coverage, Package, Practitioner, Service
from notifications.models import Message, State
from scheduling.estimates import delivery, documents, issue, plans, triggers, versions, watch
from scheduling.estimates.completeness import Incomplete
from scheduling.estimates.contents import Scope, digest
from scheduling.estimates.freezing import SUBJECT, AlreadyReplaced
from scheduling.models import Appointment, Estimate, EstimateEvent, Trigger
from tests.scheduling.estimates.build import DENVER
from tests.scheduling.estimates.rows import a_client

NOW = datetime(2027, 2, 26, 19, 5, tzinfo=DENVER)
VISIT = datetime(2027, 3, 8, 10, 30, tzinfo=DENVER)

pytestmark = pytest.mark.usefixtures("clinic")


def a_request(
    *, coverage: str | None = "none", service: str = "ORTHO-EVAL", client: Any = None, **changes: Any
) -> AppointmentRequest:
    client = client or a_client()
    answer = Coverage.objects.create(client=client, type=coverage) if coverage else None
    return AppointmentRequest.objects.create(
        **{
            "reference": uuid.uuid4().hex[:8],
            "submission_id": uuid.uuid4(),
            "client": client,
            "service": Service.objects.get(code=service),
            "client_status": "new",
            "coverage": answer,
            "submitted_at": NOW - timedelta(days=1),
            "reply_by": NOW,
            **changes,
        }
    )


def a_visit(asked: AppointmentRequest, *, starts_at: datetime = VISIT, **changes: Any) -> Appointment:
    assert asked.service
    return Appointment.objects.create(
        **{
            "appointment_request": asked,
            "client": asked.client,
            "service": asked.service,
            "practitioner": Practitioner.objects.get(code="P1"),
            "location": Location.objects.get(code="main"),
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(minutes=75),
            "price_cents": asked.service.price_cents,
            **changes,
        }
    )


def confirmed(asked: AppointmentRequest, **changes: Any) -> Estimate:
    made = issue.issue_for_appointment(appointment=a_visit(asked, **changes), by=None, now=NOW)
    assert made
    return made


def test_confirming_issues_the_first_visit_to_the_cent_on_its_clock() -> None:
    estimate = confirmed(a_request())

    assert (estimate.total_cents, estimate.kind, estimate.version) == (210_00, "gfe", 1)
    assert estimate.number == "2027-0001"
    assert str(estimate.legal_due_on) == "2027-03-01"
    assert estimate.snapshot_sha256 == digest(estimate.snapshot)
    assert estimate.snapshot["course"][1] == {"more_visits": 6, "total_cents": 1_200_00}
    assert Trigger.objects.get().satisfied_by == estimate


def test_the_mail_waits_for_the_document_and_tells_nothing_of_health_or_money() -> None:
    estimate = confirmed(a_request())
    message = Message.objects.get()
    assert message.state == State.HELD

    assert documents.make_waiting(now=NOW) == 1
    assert documents.make_waiting(now=NOW) == 0

    message.refresh_from_db()
    assert message.state == State.QUEUED
    said = f"{message.subject} {message.text} {message.html}"
    for secret in ("210", "visit:", "Sample", "1986", "pain"):
        assert secret not in said
    assert "The link works until Saturday, April 1, 2028." in message.text
    text = pypdf.PdfReader(io.BytesIO(bytes(estimate.document.pdf))).pages[0].extract_text()
    assert "Alex Sample" in text


def test_issuing_takes_few_statements() -> None:
    visit = a_visit(a_request())

    with CaptureQueriesContext(connection) as seen, transaction.atomic():
        issue.issue_for_appointment(appointment=visit, by=None, now=NOW)

    asked = [one["sql"] for one in seen if "SAVEPOINT" not in one["sql"]]
    assert len(asked) <= 25, len(asked)


@pytest.mark.parametrize("coverage", ["medicare", "medicaid", "tricare", "va", "ihs"])
def test_federal_programs_create_no_estimate_and_no_trigger(coverage: str) -> None:
    asked = a_request(coverage=coverage)
    CostQuestion.objects.create(client=asked.client, appointment_request=asked, asked_at=NOW, how="tick")

    assert issue.issue_for_appointment(appointment=a_visit(asked), by=None, now=NOW) is None
    assert not Trigger.objects.exists()


@pytest.mark.parametrize(
    ("coverage", "basis"),
    [
        ("none", "uninsured"),
        ("private_send_own_bill", "self_pay"),
        ("private_no_claim_please", "self_pay"),
        ("unsure", "not_known"),
        (None, "not_known"),
        ("auto_injury", "not_known"),
    ],
)
def test_everybody_else_gets_one_with_the_right_basis(coverage: str | None, basis: str) -> None:
    estimate = confirmed(a_request(coverage=coverage))

    assert estimate.snapshot["basis"] == basis
    assert ("D9" in estimate.snapshot["disclaimers"]) is (basis == "self_pay")


def test_unknown_coverage_from_65_on_asks_about_medicare_first_while_the_clock_runs() -> None:
    client = a_client(born_on=datetime(1955, 5, 5, tzinfo=DENVER).date())
    asked = a_request(coverage="unsure", client=client)

    assert issue.issue_for_appointment(appointment=a_visit(asked), by=None, now=NOW) is None
    assert StaffTask.objects.get().kind == "ask_about_medicare"
    assert Trigger.objects.running().count() == 1


@pytest.mark.parametrize(("service", "cents"), [("TUNE", 130_00), ("EQUIP", 30_00)])
def test_wellness_gets_a_price_summary_without_a_clock(service: str, cents: int) -> None:
    estimate = confirmed(a_request(service=service, coverage="medicare"), practitioner=None)

    assert (estimate.kind, estimate.total_cents) == ("price_summary", cents)
    assert "good faith" not in str(estimate.snapshot).lower()
    assert not Trigger.objects.exists()


def test_two_people_in_a_workshop_pay_twice() -> None:
    estimate = confirmed(a_request(service="WORKSHOP", coverage="not_needed", people=2), practitioner=None)

    assert (estimate.kind, estimate.total_cents) == ("price_summary", 110_00)  # E06


def test_plans_and_packages_to_the_cent() -> None:
    client, service = a_client(), Service.objects.get(code="PT-FU")
    by = a_staff_member()
    plan = {"client": client, "service": service, "practitioner": None, "by": by, "now": NOW}
    eight = Scope(NOW.date(), (NOW + timedelta(days=90)).date(), 1, "week", 8)
    twelve = Scope(NOW.date(), (NOW + timedelta(days=60)).date(), 2, "week", 12)
    six_pack = Package.objects.get(code="PT-FU-6")

    assert plans.issue_plan(scope=eight, **plan).total_cents == 1_320_00  # E02
    assert plans.issue_plan(scope=twelve, **plan).total_cents == 1_980_00  # E04
    assert plans.issue_plan(scope=twelve, package=six_pack, **plan).total_cents == 1_860_00  # E05


def test_a_plan_over_twelve_months_is_refused_by_name() -> None:
    scope = Scope(NOW.date(), (NOW + timedelta(days=395)).date(), 1, "week", 40)

    with pytest.raises(Incomplete, match="over 12 months"):
        plans.issue_plan(
            client=a_client(),
            service=Service.objects.get(code="PT-FU"),
            scope=scope,
            practitioner=None,
            by=a_staff_member(),
            now=NOW,
        )
    assert not Estimate.objects.exists()


def test_a_client_without_birth_date_is_booked_and_staff_are_told_what_is_missing() -> None:
    asked = a_request(client=a_client(born_on=None))

    assert issue.issue_for_appointment(appointment=a_visit(asked), by=None, now=NOW) is None
    assert "Birth date of the client: missing" in StaffTask.objects.get().details
    assert Trigger.objects.running().count() == 1


def test_a_new_hour_of_the_same_day_keeps_the_estimate() -> None:
    asked = a_request()
    visit = a_visit(asked)
    issue.issue_for_appointment(appointment=visit, by=None, now=NOW)
    visit.starts_at += timedelta(hours=3)
    visit.ends_at += timedelta(hours=3)

    assert issue.issue_for_appointment(appointment=visit, by=None, now=NOW) is None
    assert Estimate.objects.count() == 1


def test_a_new_day_reissues_and_points_back() -> None:
    visit = a_visit(a_request())
    first = issue.issue_for_appointment(appointment=visit, by=None, now=NOW)
    visit.starts_at += timedelta(days=300)
    visit.ends_at += timedelta(days=300)

    second = issue.issue_for_appointment(appointment=visit, by=None, now=NOW + timedelta(hours=1))

    assert first
    assert second
    assert (second.number, second.version, second.supersedes) == (first.number, 2, first)
    assert second.snapshot["replaced"]["changes"] == ["date"]
    assert second.cause
    assert second.cause.event == "rescheduled"
    first.refresh_from_db()
    assert first.status == "superseded"
    assert [one.state for one in Message.objects.order_by("created_at")] == [State.WITHDRAWN, State.HELD]


def test_a_changed_service_reissues_no_later_than_the_business_day_before() -> None:
    visit = a_visit(a_request())
    issue.issue_for_appointment(appointment=visit, by=None, now=NOW)
    visit.service = Service.objects.get(code="PELVIC-EVAL")

    second = issue.issue_for_appointment(
        appointment=visit, by=None, now=datetime(2027, 3, 1, 9, 45, tzinfo=DENVER)
    )

    assert second
    assert second.total_cents == 240_00
    assert str(second.legal_due_on) == "2027-03-05"  # V04
    assert set(second.snapshot["replaced"]["changes"]) >= {"service", "price"}


@pytest.mark.parametrize(
    ("days_later", "event", "due_on"),
    [(30, "rescheduled", "2027-03-03"), (-6, "changed", "2027-03-01")],
)
def test_another_day_and_another_service_at_once_count_by_the_earlier_date(
    days_later: int, event: str, due_on: str
) -> None:
    visit = a_visit(a_request())
    issue.issue_for_appointment(appointment=visit, by=None, now=NOW)
    visit.starts_at += timedelta(days=days_later)
    visit.ends_at += timedelta(days=days_later)
    visit.service = Service.objects.get(code="PELVIC-EVAL")

    second = issue.issue_for_appointment(appointment=visit, by=None, now=NOW)

    assert second
    assert second.cause
    assert (second.cause.event, str(second.legal_due_on)) == (event, due_on)


def test_a_cost_question_is_answered_by_the_estimate_of_the_visit_and_keeps_its_own_date() -> None:
    asked = a_request()
    CostQuestion.objects.create(
        client=asked.client,
        appointment_request=asked,
        asked_at=datetime(2027, 2, 25, 12, 10, tzinfo=DENVER),
        how="tick",
    )

    estimate = confirmed(asked)

    requested = Trigger.objects.get(event="requested")
    assert str(requested.legal_due_on) == "2027-03-02"  # R01
    assert requested.satisfied_by == estimate


def asked_for_the_price_before_a_visit_was_set() -> AppointmentRequest:
    asked = a_request()
    CostQuestion.objects.create(client=asked.client, appointment_request=asked, asked_at=NOW, how="tick")
    triggers.derive_requested(clinic=Clinic.get())
    watch.look(now=NOW)
    assert Estimate.objects.get().reason == "requested"
    return asked


def test_a_first_estimate_is_no_new_one_when_the_one_before_never_left() -> None:
    asked = asked_for_the_price_before_a_visit_was_set()

    confirmed(asked)

    assert list(Message.objects.waiting().values_list("kind", flat=True)) == ["estimate_ready"]


def test_who_has_an_estimate_is_told_of_a_new_one() -> None:
    asked = asked_for_the_price_before_a_visit_was_set()
    documents.make_waiting(now=NOW)
    Message.objects.update(state=State.SENT, sent_at=NOW)

    confirmed(asked)

    assert list(Message.objects.waiting().values_list("kind", flat=True)) == ["estimate_replaced"]


def test_a_question_nobody_answers_is_warned_about_and_then_answered_alone() -> None:
    asked = a_request()
    CostQuestion.objects.create(client=asked.client, appointment_request=asked, asked_at=NOW, how="free_text")
    triggers.derive_requested(clinic=Clinic.get())

    assert watch.look(now=NOW + timedelta(hours=1)) == 0
    assert watch.look(now=NOW + timedelta(days=3)) == 1
    assert not Estimate.objects.exists()
    watch.look(now=NOW + timedelta(days=4, hours=2))

    estimate = Estimate.objects.get()
    assert estimate.snapshot["visit"] is None
    assert estimate.reason == "requested"


def test_a_bounce_is_no_delivery() -> None:
    estimate = confirmed(a_request())
    documents.make_waiting(now=NOW)
    Message.objects.update(state=State.SENT, sent_at=NOW)
    delivery.follow(now=NOW)
    assert not Trigger.objects.running().exists()

    Message.objects.update(receipt="bounced")
    delivery.follow(now=NOW)
    delivery.follow(now=NOW)

    assert Trigger.objects.running().count() == 1
    assert StaffTask.objects.get(kind="estimate_undelivered").priority == "urgent"
    assert EstimateEvent.What.BOUNCED in {one.what for one in estimate.events.all()}


def test_without_mail_it_is_printed_and_handing_it_over_provides_it() -> None:
    estimate = confirmed(a_request(client=a_client(email="", email_ok=False)))
    assert not Message.objects.waiting().exists()
    assert StaffTask.objects.filter(kind="estimate_by_paper").exists()

    delivery.give(estimate=estimate, what=EstimateEvent.What.HANDED, by=a_staff_member(), now=NOW)

    assert not Trigger.objects.running().exists()
    assert not StaffTask.objects.still_open().filter(kind="estimate_by_paper").exists()


def test_correcting_makes_a_new_version_and_voiding_takes_links_back() -> None:
    first = confirmed(a_request())
    by = a_staff_member()
    first.client.last_name = "Samplesson"
    first.client.save()

    second = versions.correct(estimate=first, by=by, now=NOW, why="name misspelt")

    assert second.snapshot["patient"]["name"] == "Alex Samplesson"
    assert second.snapshot["replaced"]["changes"] == ["correction", "patient"]
    first.refresh_from_db()
    with pytest.raises(AlreadyReplaced):
        versions.correct(estimate=first, by=by, now=NOW, why="again")
    versions.void(estimate=second, why="wrong person", by=by, now=NOW)
    assert Trigger.objects.running().filter(satisfied_by=None).count() == 1


def a_staff_member() -> Any:
    return User.objects.create_user("desk@example.com", "a long password", is_front_desk=True)


def test_a_cancelled_visit_takes_its_waiting_mail_back_and_ends_its_clock_but_not_the_question() -> None:
    asked = a_request()
    CostQuestion.objects.create(client=asked.client, appointment_request=asked, asked_at=NOW, how="tick")
    estimate = confirmed(asked)
    assert estimate.appointment

    versions.visit_cancelled(appointment=estimate.appointment, by=None, now=NOW)

    assert [one.state for one in Message.objects.filter(subject_type=SUBJECT)] == [State.WITHDRAWN]
    assert [(one.event, one.satisfied_by) for one in Trigger.objects.running()] == [("requested", None)]
