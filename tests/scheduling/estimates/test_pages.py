"""The client's page behind the private link, the public notice, and the staff board."""

import hashlib
import re
from datetime import date
from typing import Any

import pytest
from django.test import Client as Browser

from config.foundation.links import Link
from config.foundation.models import AccessEvent, Clinic, StaffTask, User
from intake.models import Practitioner, Service
from notifications.models import Message
from scheduling.estimates import documents
from scheduling.estimates.deadlines import Tier
from scheduling.models import Estimate, EstimateEvent, LinkTries, Trigger
from scheduling.templatetags.clocks import tier_in_words
from tests.scheduling.estimates.rows import a_client
from tests.scheduling.estimates.test_issue import NOW, a_request, confirmed

BORN = {"born_month": "4", "born_day": "19", "born_year": "1986"}
WRONG = {**BORN, "born_day": "20"}


@pytest.fixture
def estimate(clinic: Clinic) -> Estimate:
    made = confirmed(a_request())
    documents.make_waiting(now=NOW)
    return made


@pytest.fixture
def address(estimate: Estimate, settings: Any) -> str:
    link = Link.objects.get(purpose="estimate", subject_id=str(estimate.pk))
    assert (link.expires_at - NOW).days >= 366
    Link.objects.filter(pk=link.pk).update(expires_at="2040-01-01T00:00Z")
    return link.path()


def test_the_birth_date_is_asked_once_and_then_page_and_pdf_open(
    client: Browser, estimate: Estimate, address: str
) -> None:
    closed = client.get(address)
    assert "Alex" not in closed.content.decode()
    assert "$210.00" not in closed.content.decode()

    assert client.post(address, BORN).status_code == 302

    page = client.get(address).content.decode()
    for said in ("Good Faith Estimate", "$210.00", "This is not a bill.", "Alex Sample"):
        assert said in page
    for text in estimate.snapshot["disclaimers"].values():
        assert text in page
    pdf = client.get(f"{address}?document=pdf")
    assert hashlib.sha256(pdf.content).hexdigest() == Estimate.objects.get().document.sha256
    assert pdf["Content-Disposition"] == 'attachment; filename="estimate-2027-0001.pdf"'


def test_the_pdf_does_not_open_before_the_birth_date(client: Browser, address: str) -> None:
    assert client.get(f"{address}?document=pdf")["Content-Type"].startswith("text/html")


def test_five_wrong_birth_dates_close_the_link_and_call_staff(client: Browser, address: str) -> None:
    answers = [client.post(address, WRONG).status_code for _ in range(5)]

    assert answers == [422, 422, 422, 422, 403]
    assert client.post(address, BORN).status_code == 403
    assert StaffTask.objects.get().kind == "estimate_locked"


@pytest.mark.parametrize(
    "typed", [{}, {"born_month": "x"}, {**BORN, "born_year": "86"}, {**BORN, "born_month": "13"}]
)
def test_what_is_no_date_is_said_kindly_and_kept(
    client: Browser, address: str, typed: dict[str, str]
) -> None:
    answer = client.post(address, typed)

    assert answer.status_code == 422
    assert all(value in answer.content.decode() for value in typed.values())


def test_looking_changes_nothing_but_the_access_log(client: Browser, address: str) -> None:
    client.post(address, BORN)
    before = EstimateEvent.objects.count()

    client.get(address)
    client.get(f"{address}?document=pdf")

    assert EstimateEvent.objects.count() == before
    assert not LinkTries.objects.exists()
    assert {one.action for one in AccessEvent.objects.all()} >= {"estimate_opened", "estimate_saved"}


def test_a_price_summary_asks_for_no_birth_date(client: Browser, clinic: Clinic) -> None:
    confirmed(a_request(service="TUNE"), practitioner=Practitioner.objects.get(code="P3"))
    Link.objects.update(expires_at="2040-01-01T00:00Z")

    page = client.get(Link.objects.get().path()).content.decode()

    assert "$130.00" in page
    assert "good faith" not in page.split("<footer")[0].lower()
    assert "birth date" not in Message.objects.get(kind="estimate_ready").text


def test_for_a_child_the_mail_and_the_page_ask_a_guardian_for_the_birth_date_of_the_child(
    client: Browser, clinic: Clinic
) -> None:
    guardian = {"first_name": "Ash", "email": "ash@example.com", "may_consent": True}
    confirmed(a_request(client=a_client(born_on=date(2015, 4, 19), representative=guardian)))
    Link.objects.update(expires_at="2040-01-01T00:00Z")
    said = Message.objects.get(kind="estimate_ready").text

    page = client.get(Link.objects.get().path()).content.decode()

    assert "We ask for the birth date of Alex first" in said
    assert "Type the birth date of the person the estimate is for" in page
    assert "your birth date" not in said + page
    assert "Alex" not in page
    assert client.post(Link.objects.get().path(), {**BORN, "born_year": "2015"}).status_code == 302


def test_paper_or_another_language_becomes_a_task(client: Browser, address: str) -> None:
    client.post(address, BORN)

    client.post(address, {"ask": "paper"})

    assert EstimateEvent.objects.filter(what="paper_asked").exists()
    assert StaffTask.objects.filter(kind="estimate_paper_asked").exists()


def test_names_are_escaped_on_the_page(client: Browser, clinic: Clinic) -> None:
    confirmed(a_request(client=a_client(first_name="<script>alert(1)</script>")))
    Link.objects.update(expires_at="2040-01-01T00:00Z")
    client.post(Link.objects.get().path(), BORN)

    page = client.get(Link.objects.get().path()).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(("language", "words"), [("en", "Your right to"), ("es", "Su derecho a")])
def test_the_right_to_an_estimate_is_public_and_may_be_found(
    client: Browser, clinic: Clinic, language: str, words: str
) -> None:
    page = client.get("/your-right-to-an-estimate/", {"lang": language})

    assert page.status_code == 200
    assert words in page.content.decode()
    assert "noindex" not in page.content.decode()
    assert "1-800-985-3059" in page.content.decode()


def test_the_board_lists_the_clock_with_its_proof(client: Browser, estimate: Estimate) -> None:
    user = User.objects.create_user("desk@example.com", "a long password", is_front_desk=True)
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")

    board = client.get("/staff/estimates/").content.decode()
    proof = client.get(f"/staff/estimates/{estimate.pk}/").content.decode()

    assert "Alex S." in board
    assert f"/staff/estimates/{estimate.pk}/" in board
    assert estimate.snapshot_sha256 in proof
    for _ in range(2):  # a double click says it once
        client.post(f"/staff/estimates/{estimate.pk}/given/", {"how": "handed"})
    assert estimate.events.filter(what="handed").count() == 1
    assert not Trigger.objects.running().exists()


def test_an_undo_that_comes_too_late_is_a_sentence_and_changes_nothing(
    client: Browser, estimate: Estimate
) -> None:
    user = User.objects.create_user("desk@example.com", "a long password", is_front_desk=True)
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    answer = client.post(f"/staff/estimates/{estimate.pk}/take-back/", follow=True)
    assert "Too late to undo." in answer.content.decode()
    assert not estimate.events.filter(what="taken_back").exists()


def test_the_board_is_closed_to_strangers_and_administrators(client: Browser, estimate: Estimate) -> None:
    assert client.get("/staff/estimates/").status_code == 302
    admin = User.objects.create_user("admin@example.com", "a long password", is_administrator=True)
    client.force_login(admin, "allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(f"/staff/estimates/{estimate.pk}/").status_code == 403


PLAN = {"starts_on": "2027-03-08", "ends_on": "2027-05-31", "times": "1", "per": "week", "visits": "8"}


END_OF_TIME = {"starts_on": "9999-12-31", "ends_on": ""}


@pytest.mark.parametrize(
    ("typed", "status"),
    [({}, 302), ({"visits": "80"}, 422), ({"visits": "0"}, 422), (END_OF_TIME, 422)],
)
def test_staff_issue_a_plan_from_one_form_or_read_what_is_wrong(
    client: Browser, estimate: Estimate, time_machine: Any, typed: dict[str, str], status: int
) -> None:
    time_machine.move_to(NOW)
    user = User.objects.create_user("desk@example.com", "a long password", is_front_desk=True)
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    chosen = {
        "service": Service.objects.get(code="PT-FU").pk,
        "practitioner": Practitioner.objects.get(code="P1").pk,
    }

    answer = client.post(f"/staff/estimates/plan/{estimate.client_id}/", {**PLAN, **chosen, **typed})

    assert answer.status_code == status
    totals = list(Estimate.objects.filter(reason="plan").values_list("total_cents", flat=True))
    assert totals == ([1_320_00] if status == 302 else [])


def test_a_question_at_the_desk_starts_the_clock(client: Browser, estimate: Estimate) -> None:
    user = User.objects.create_user("desk@example.com", "a long password", is_front_desk=True)
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")

    client.post(f"/staff/estimates/asked/{estimate.appointment_request_id}/")

    assert Trigger.objects.running().filter(event="requested").count() == 1


def at_the_desk(client: Browser) -> Browser:
    user = User.objects.create_user("desk@example.com", "a long password", is_front_desk=True)
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_after_the_evaluation_two_numbers_and_a_button_issue_the_recurring_estimate(
    client: Browser, estimate: Estimate, time_machine: Any
) -> None:
    """The acts of "in under a minute": open the form, say how often and how many, press. All else is filled in."""
    time_machine.move_to(NOW)
    desk = at_the_desk(client)
    form = desk.get(f"/staff/estimates/plan/{estimate.client_id}/").context["form"]
    as_shown = {field.html_name: field.value() or "" for field in form}
    as_shown = {name: getattr(value, "pk", value) for name, value in as_shown.items()}

    answer = desk.post(
        f"/staff/estimates/plan/{estimate.client_id}/", {**as_shown, "times": "2", "visits": "12"}
    )

    assert answer.status_code == 302
    made = Estimate.objects.get(reason="plan")
    assert made.total_cents == 12 * 165_00
    assert made.snapshot["scope"] == {
        **{"starts_on": "2027-03-05", "ends_on": "2027-04-15", "times": 2, "per": "week", "visits": 12},
        "is_booked": False,
    }


def test_an_open_dispute_keeps_an_estimate_and_says_what_may_not_be_done(
    client: Browser, estimate: Estimate
) -> None:
    desk = at_the_desk(client)
    page, act = f"/staff/estimates/{estimate.pk}/", f"/staff/estimates/{estimate.pk}/dispute/"

    desk.post(act, {"is": "open"})
    desk.post(act, {"is": "open"})

    assert Estimate.objects.get().dispute_hold
    assert "no collections" in desk.get(page).content.decode()
    desk.post(act, {"is": "over"})
    assert not Estimate.objects.get().dispute_hold
    noted = estimate.events.filter(what__startswith="dispute").values_list("what", flat=True)
    assert list(noted) == ["dispute_opened", "dispute_ended"]


def test_search_engines_are_led_to_the_right_to_an_estimate_in_both_languages(
    client: Browser, clinic: Clinic
) -> None:
    robots = client.get("/robots.txt").content.decode()
    places = re.findall("<loc>(.+?)</loc>", client.get("/sitemap.xml").content.decode())

    assert "Sitemap: http://testserver/sitemap.xml" in robots
    notices = [place for place in places if "/your-right-to-an-estimate/" in place]
    assert len(notices) == 2
    for place in places:
        answer = client.get(place.removeprefix("http://testserver"))
        assert answer.status_code == 200
        assert "noindex" not in answer.content.decode() + answer.headers.get("X-Robots-Tag", "")
        if place in notices:
            assert f'<link rel="canonical" href="{place}">' in answer.content.decode()


def test_staff_read_in_plain_words_how_the_legal_date_came_about(client: Browser, estimate: Estimate) -> None:
    tier = estimate.satisfies.get().tier
    desk = at_the_desk(client)

    for address in ("", f"{estimate.pk}/", f"client/{estimate.client_id}/"):
        page = desk.get(f"/staff/estimates/{address}").content.decode()
        assert "business day" in page
        assert not re.search(rf"\b{tier}\b", page)


def test_every_tier_has_words_of_its_own() -> None:
    words = [tier_in_words(tier) for tier in Tier]

    assert len(set(words)) == len(Tier)
    assert not any(tier in word for tier in Tier for word in words)
