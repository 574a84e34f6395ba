"""What follows an issue: who pays changes, plans cover visits, prices change, versions, one file, what staff read."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser

from config.foundation.links import Link
from config.foundation.models import Clinic, StaffTask, User
from intake.models import Client, CostQuestion, Coverage, Package, Practitioner, PriceLine, Service
from notifications.models import Message
from scheduling.estimates import documents, issue, plans, triggers, versions, watch
from scheduling.estimates.completeness import Incomplete
from scheduling.estimates.contents import Scope
from scheduling.models import Estimate, EstimateEvent, Seat, Trigger
from tests.scheduling.estimates.build import DENVER
from tests.scheduling.estimates.rows import a_client, a_trigger, signed_in
from tests.scheduling.estimates.test_issue import NOW, VISIT, a_request, a_visit, confirmed

pytestmark = pytest.mark.usefixtures("clinic")


def a_plan(client: Client, by: User, **changes: Any) -> Estimate:
    return plans.issue_plan(
        **{
            "client": client,
            "service": Service.objects.get(code="PT-FU"),
            "scope": Scope(date(2027, 3, 8), date(2027, 5, 31), 1, "week", 8),
            "practitioner": Practitioner.objects.get(code="P1"),
            "by": by,
            "now": NOW,
            **changes,
        }
    )


# --- who pays ----------------------------------------------------------------------------------------


def test_switching_to_self_pay_after_booking_starts_a_clock_and_issues(by: User) -> None:
    asked = a_request(coverage="medicare")
    issue.issue_for_appointment(appointment=a_visit(asked), by=by, now=NOW)
    assert not Trigger.objects.exists()

    later = datetime(2027, 3, 1, 9, 0, tzinfo=DENVER)
    _answer, made = issue.switched(client=asked.client, kind="private_no_claim_please", by=by, now=later)

    assert [(one.event, str(one.legal_due_on)) for one in Trigger.objects.all()] == [
        ("switched", "2027-03-02")
    ]
    assert [one.snapshot["basis"] for one in made] == ["self_pay"]
    answers = sorted(Coverage.objects.values_list("type", flat=True))
    assert answers == ["medicare", "private_no_claim_please"]  # history stays


def test_a_federal_program_ends_the_clocks(by: User) -> None:
    client = a_client(born_on=date(1955, 5, 5))
    asked = a_request(coverage="unsure", client=client)
    issue.issue_for_appointment(appointment=a_visit(asked), by=by, now=NOW)

    issue.switched(client=client, kind="medicare", by=by, now=NOW + timedelta(hours=1))

    assert [one.closed_reason for one in Trigger.objects.all()] == ["not_entitled"]
    assert not Estimate.objects.exists()


def test_whoever_is_65_gets_it_when_medicare_was_asked_about(by: User) -> None:
    client = a_client(born_on=date(1955, 5, 5))
    asked = a_request(coverage="unsure", client=client)
    issue.issue_for_appointment(appointment=a_visit(asked), by=by, now=NOW)
    first = Trigger.objects.get()

    _answer, made = issue.switched(client=client, kind="none", by=by, now=NOW + timedelta(hours=1))

    assert [one.cause for one in made] == [first]  # the clock is the booking's own, not a new one
    assert not StaffTask.objects.still_open().filter(kind="ask_about_medicare").exists()


def test_staff_read_why_somebody_gets_none(desk: Browser) -> None:
    asked = a_request(coverage="tricare")

    page = desk.get(f"/staff/estimates/client/{asked.client_id}/").content.decode()

    assert "No good-faith estimate: TRICARE is a federal program" in page


def test_a_question_asked_with_a_visit_tomorrow_is_due_before_it(by: User) -> None:
    asked = a_request()
    visit = a_visit(asked, starts_at=datetime(2027, 3, 2, 9, 0, tzinfo=DENVER), confirmed_at=NOW)
    assert visit.status == "booked"
    CostQuestion.objects.create(
        client=asked.client,
        appointment_request=asked,
        asked_at=datetime(2027, 3, 1, 14, 0, tzinfo=DENVER),
        how="staff",
        recorded_by=by,
    )

    triggers.derive_requested(clinic=Clinic.get())
    triggers.derive_requested(clinic=Clinic.get())

    found = Trigger.objects.get(event="requested")
    assert (str(found.legal_due_on), str(found.target_due_on)) == ("2027-03-04", "2027-03-01")


def test_deriving_a_question_late_moves_no_date() -> None:
    asked = a_request()
    CostQuestion.objects.create(client=asked.client, appointment_request=asked, asked_at=NOW, how="free_text")

    triggers.derive_requested(clinic=Clinic.get())  # the machine's own clock stands years away

    assert str(Trigger.objects.get().legal_due_on) == "2027-03-03"


def test_a_ticked_box_is_answered_at_the_next_look_without_a_visit() -> None:
    asked = a_request()
    CostQuestion.objects.create(client=asked.client, appointment_request=asked, asked_at=NOW, how="tick")
    triggers.derive_requested(clinic=Clinic.get())

    watch.look(now=NOW + timedelta(minutes=1))

    assert [one.reason for one in Estimate.objects.all()] == ["requested"]


def test_a_declined_request_has_no_care_to_estimate() -> None:
    asked = a_request(status="declined")
    CostQuestion.objects.create(client=asked.client, appointment_request=asked, asked_at=NOW, how="tick")
    triggers.derive_requested(clinic=Clinic.get())

    watch.look(now=NOW + timedelta(minutes=1))

    assert [one.closed_reason for one in Trigger.objects.all()] == ["no_care"]
    assert not Estimate.objects.exists()


# --- the sample clinic's own examples -----------------------------------------------------------------


def test_a_client_with_care_and_wellness_gets_two_papers_and_the_sums_are_not_mixed(by: User) -> None:
    asked = a_request(service="ORTHO-EVAL")
    asked.also_services.add(Service.objects.get(code="TUNE"))
    CostQuestion.objects.create(client=asked.client, appointment_request=asked, asked_at=NOW, how="tick")

    made = issue.issue_for_request(appointment_request=asked, by=by, now=NOW)

    assert [(one.kind, one.total_cents) for one in made] == [("gfe", 210_00), ("price_summary", 130_00)]


def test_a_package_and_a_session_are_one_price_summary(by: User) -> None:
    asked = a_request(service="EQUIP", package=Package.objects.get(code="EQUIP-10"))
    asked.also_services.add(Service.objects.get(code="TUNE"))

    made = issue.issue_for_request(appointment_request=asked, by=by, now=NOW)

    assert [(one.kind, one.total_cents) for one in made] == [("price_summary", 380_00)]  # E03
    assert not Trigger.objects.exists()


def test_two_seats_in_a_class_get_their_price_without_anybody_asking(by: User) -> None:
    asked = a_request(service="WORKSHOP", people=2, submitted_at=NOW)
    visit = a_visit(asked, practitioner=None, client=None, appointment_request=None, seats=10, seats_taken=2)
    Seat.objects.create(appointment=visit, client=asked.client, appointment_request=asked, people=2)

    watch.look(now=NOW)
    watch.look(now=NOW)

    assert [(one.kind, one.total_cents) for one in Estimate.objects.all()] == [
        ("price_summary", 110_00)
    ]  # E06


# --- plans -------------------------------------------------------------------------------------------


def test_a_plan_covers_its_visits_so_none_gets_a_paper_of_its_own(by: User) -> None:
    client = a_client()
    plan = a_plan(client, by, scope=Scope(date(2027, 3, 8), date(2027, 3, 22), 1, "week", 2))
    for week in range(3):
        asked = a_request(service="PT-FU", client=client)
        day = VISIT + timedelta(days=7 * week)
        issue.issue_for_appointment(appointment=a_visit(asked, starts_at=day), by=by, now=NOW)

    assert Trigger.objects.filter(satisfied_by=plan).count() == 2
    assert Estimate.objects.exclude(pk=plan.pk).count() == 1  # the third is more than the plan counts


def test_more_visits_make_a_version_that_says_so_and_points_back(by: User) -> None:
    first = a_plan(a_client(), by)

    second = a_plan(first.client, by, scope=Scope(date(2027, 3, 8), date(2027, 5, 31), 1, "week", 12))

    assert (second.number, second.version, second.supersedes, second.reason) == (
        first.number,
        2,
        first,
        "changed",
    )
    assert set(second.snapshot["replaced"]["changes"]) == {"price", "plan"}
    assert second.cause
    assert second.cause.tier == "CHG"


def test_the_next_period_is_a_renewal(by: User) -> None:
    first = a_plan(a_client(), by)

    second = a_plan(first.client, by, scope=Scope(date(2027, 6, 7), date(2027, 8, 30), 1, "week", 8))

    assert second.reason == "renewal"


def test_a_package_that_does_not_come_out_even_adds_single_visits(by: User) -> None:
    eight = Scope(date(2027, 3, 8), date(2027, 5, 31), 1, "week", 8)

    plan = a_plan(a_client(), by, scope=eight, package=Package.objects.get(code="PT-FU-6"))

    assert plan.total_cents == 930_00 + 2 * 165_00


def test_visits_booked_at_once_have_one_recurring_estimate_on_the_clock_of_the_first(by: User) -> None:
    client = a_client()
    asked = a_request(service="PT-FU", client=client)
    visits = [a_visit(asked, starts_at=VISIT + timedelta(days=7 * week)) for week in range(12)]

    made = plans.issue_series(appointments=visits, times=1, per="week", by=by, now=NOW)
    for visit in visits:
        issue.issue_for_appointment(appointment=visit, by=by, now=NOW)

    assert made
    assert (made.total_cents, str(made.legal_due_on)) == (1_980_00, "2027-03-01")  # E04
    assert Estimate.objects.count() == 1


def test_thirty_days_before_a_plan_ends_somebody_is_asked(by: User) -> None:
    plan = a_plan(a_client(), by)

    for day in (NOW, datetime(2027, 5, 1, 9, 0, tzinfo=DENVER), datetime(2027, 5, 3, 9, 0, tzinfo=DENVER)):
        watch.look(now=day)
        watch.look(now=day)

    assert [one.subject_id for one in StaffTask.objects.filter(kind="estimate_ends")] == [str(plan.pk)]


# --- changes -----------------------------------------------------------------------------------------


def test_a_change_of_prices_lists_what_it_touches_and_reissues_in_one_click(desk: Browser, by: User) -> None:
    plan = a_plan(a_client(), by)
    other = confirmed(a_request())
    assert versions.touched_by_prices(today=NOW.date()) == []
    PriceLine.objects.filter(service__code="PT-FU").update(unit_cents=170_00)

    assert versions.touched_by_prices(today=NOW.date()) == [plan]
    new = versions.at_todays_prices(estimate=plan, by=by, now=NOW)

    assert new
    assert (new.total_cents, new.version) == (8 * 170_00, 2)
    assert versions.touched_by_prices(today=NOW.date()) == []
    other.refresh_from_db()
    assert other.status == "issued"


def test_another_therapist_within_a_business_day_keeps_the_old_prices(by: User) -> None:
    visit = a_visit(a_request())
    first = issue.issue_for_appointment(appointment=visit, by=by, now=NOW)
    PriceLine.objects.filter(service__code="ORTHO-EVAL").update(unit_cents=260_00)
    visit.practitioner = Practitioner.objects.get(code="P2")
    assert first

    saturday = datetime(2027, 3, 6, 10, 0, tzinfo=DENVER)  # the visit is on Monday: Friday was the last day
    assert issue.issue_for_appointment(appointment=visit, by=by, now=saturday) is None

    first.refresh_from_db()
    assert (first.status, first.total_cents) == ("issued", 210_00)
    assert EstimateEvent.What.KEPT in {one.what for one in first.events.all()}
    # The control: a business day earlier the same swap is a change with a new version.
    friday = datetime(2027, 3, 5, 10, 0, tzinfo=DENVER)
    second = issue.issue_for_appointment(appointment=visit, by=by, now=friday)
    assert second
    assert second.version == 2


def test_the_other_language_is_one_tap_and_says_the_same_sum(client: Browser, time_machine: Any) -> None:
    time_machine.move_to(NOW)
    estimate = confirmed(a_request())
    documents.make_waiting(now=NOW)
    link = Link.objects.get(purpose="estimate")
    client.post(link.path(), {"born_month": "4", "born_day": "19", "born_year": "1986"})

    answer = client.post(link.path(), {"ask": "language"})

    spanish = Estimate.objects.get(version=2)
    assert (spanish.language, spanish.total_cents, spanish.reason) == ("es", estimate.total_cents, "language")
    assert spanish.snapshot["replaced"]["changes"] == ["language"]
    page = client.get(answer["Location"]).content.decode()
    assert "Estimado de Buena Fe" in page  # and the birth date was not asked again
    assert "Open the newer one" in client.get(link.path()).content.decode()


def test_correcting_and_voiding_need_a_reason(desk: Browser, by: User) -> None:
    estimate = confirmed(a_request())
    address = f"/staff/estimates/{estimate.pk}/change/"

    assert desk.post(address, {"act": "void", "why": " "}).status_code == 422
    with pytest.raises(Incomplete):
        versions.correct(estimate=estimate, by=by, now=NOW, why="")
    estimate.refresh_from_db()
    assert estimate.status == "issued"

    assert desk.post(address, {"act": "void", "why": "wrong person"}).status_code == 302
    estimate.refresh_from_db()
    assert estimate.status == "voided"
    assert not Message.objects.waiting().filter(subject_id=str(estimate.pk)).exists()
    assert desk.post(address, {"act": "void", "why": "again"}).status_code == 302  # kindly, no error page


def test_a_clinic_may_look_first(client: Browser, by: User, time_machine: Any) -> None:
    Clinic.objects.update(reviews_estimates=True)
    asked = a_request()
    assert issue.issue_for_appointment(appointment=a_visit(asked), by=None, now=NOW) is None
    trigger = Trigger.objects.get()
    time_machine.move_to(NOW + timedelta(minutes=5))
    desk = signed_in(client, by)

    page = desk.get(f"/staff/estimates/clock/{trigger.pk}/").content.decode()
    assert "$210.00" in page
    assert not Estimate.objects.exists()

    desk.post(f"/staff/estimates/clock/{trigger.pk}/")

    assert Estimate.objects.get().cause == trigger
    assert not StaffTask.objects.still_open().filter(kind="estimate_to_review").exists()


def test_what_was_missing_is_put_right_and_sent(client: Browser, by: User, time_machine: Any) -> None:
    time_machine.move_to(NOW)
    desk = signed_in(client, by)
    asked = a_request(client=a_client(born_on=None))
    issue.issue_for_appointment(appointment=a_visit(asked), by=None, now=NOW)
    address = f"/staff/estimates/clock/{Trigger.objects.get().pk}/"

    refused = desk.post(address)
    assert refused.status_code == 422
    assert "Birth date of the client: missing" in refused.content.decode()
    asked.client.set_birth_date(date(1986, 4, 19))
    asked.client.save()
    assert desk.post(address).status_code == 302

    assert Estimate.objects.get().target_due_on == Trigger.objects.get().target_due_on
    assert not StaffTask.objects.still_open().filter(kind="estimate_incomplete").exists()


def test_the_database_and_the_arithmetic_agree_on_which_clocks_are_past_half() -> None:
    client, clinic = a_client(), Clinic.get()
    for hours in range(0, 120, 7):
        for days in range(-1, 5):
            asked_at = NOW - timedelta(hours=hours)
            a_trigger(client=client, happened_at=asked_at, target_due_on=(NOW + timedelta(days=days)).date())

    found = {row[0] for row in watch.late(clinic=clinic, now=NOW)}

    expected = {
        one.pk
        for one in Trigger.objects.all()
        if watch.part_gone(watch.Clock(one.pk, one.happened_at, one.target_due_on), clinic=clinic, now=NOW)
        >= 0.5
    }
    assert found == expected
    assert 0 < len(found) < Trigger.objects.count()
