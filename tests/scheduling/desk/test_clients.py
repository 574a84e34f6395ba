"""Find a person, and their page."""

import re

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse

from config.foundation.access_log import AccessEvent
from intake import words
from notifications.models import Message
from scheduling.desk.words import contact_sentence
from scheduling.models import Appointment
from tests.factories import NOW, load_sample_clinic
from tests.intake.test_samples import send
from tests.scheduling.booked import confirm
from tests.scheduling.desk.making import MONDAY, make_clinic, make_request, make_user, make_visit

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "text", ["testerman", "Blair T", "BLAIR@example.org", "(801) 555-0102", "801.555.0102"]
)
def test_a_person_is_found_by_name_mail_or_phone(staff: Browser, text: str) -> None:
    asked = make_request(service=make_clinic())
    asked.client.phone = "+18015550102"
    asked.client.save()
    page = staff.get(reverse("desk:clients"), {"q": text})
    assert [each["client"].pk for each in page.context["people"]] == [asked.client_id]


@pytest.mark.parametrize("text", ["", "x", "nobody", "%", "<script>", "9" * 500])
def test_a_search_that_finds_nobody_is_a_page(staff: Browser, text: str) -> None:
    make_request(service=make_clinic())
    page = staff.get(reverse("desk:clients"), {"q": text})
    assert page.status_code == 200
    assert page.context["people"] == []


def test_a_persons_page_shows_requests_and_visits_and_is_written_down(staff: Browser) -> None:
    service = make_clinic()
    asked = make_request(service=service)
    visit = make_visit(service=service, starts_at=MONDAY)
    page = staff.get(reverse("desk:client", args=[asked.client_id])).content.decode()
    assert asked.reference in page
    assert "Mon, Mar 1" in staff.get(reverse("desk:client", args=[visit.client_id])).content.decode()
    assert AccessEvent.objects.filter(subject_type="intake.client", action="opened").count() == 2


def test_a_persons_page_says_which_visit_they_would_have_earlier(staff: Browser) -> None:
    visit = make_visit(service=make_clinic(), starts_at=MONDAY, status="booked", earlier_since=MONDAY)
    assert "Would come earlier" in staff.get(reverse("desk:client", args=[visit.client_id])).content.decode()
    Appointment.objects.update(status="cancelled")
    page = staff.get(reverse("desk:client", args=[visit.client_id])).content.decode()
    assert "Would come earlier" not in page


@time_machine.travel(NOW, tick=False)
def test_a_persons_page_shows_all_that_was_agreed_and_told(client: Browser) -> None:
    """Request, visit, estimate, messages and how they wish to be reached, of one who came all the way."""
    load_sample_clinic()
    asked = send("R01")
    visit = confirm(asked, "2027-03-03T09:00")
    estimate = visit.estimates.get()
    client.force_login(make_user())
    page = client.get(reverse("desk:client", args=[asked.client_id])).content.decode()

    sections = dict(re.findall(r"<section><h2>(\w+)</h2>(.*?)</section>", page, re.DOTALL))
    assert asked.reference in sections["Requests"]
    assert "Wed, Mar 3" in sections["Visits"]
    assert str(estimate) in sections["Estimates"]
    assert words.money(estimate.total_cents) in sections["Estimates"]
    labels = re.findall(r'<th scope="row">(.*?)</th>', sections["Messages"])
    sent = [one for one in Message.objects.all() if one.to == asked.client.email]
    assert len(labels) == len(sent) >= 2
    assert asked.client.email in sections["Messages"]
    assert contact_sentence(asked.client) in page


def test_the_bar_links_only_to_pages_that_are_there(staff: Browser) -> None:
    make_clinic()
    items = staff.get(reverse("desk:desk")).content.decode()
    assert reverse("desk:clients") in items
    assert "/staff/lists/" in items
    assert "/staff/rooms/" not in items
