"""Find a person, and their page."""

import pytest
from django.test import Client as Browser
from django.urls import reverse

from config.foundation.access_log import AccessEvent
from tests.scheduling.desk.making import MONDAY, make_clinic, make_request, make_visit

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


def test_the_bar_links_only_to_pages_that_are_there(staff: Browser) -> None:
    make_clinic()
    items = staff.get(reverse("desk:desk")).content.decode()
    assert reverse("desk:clients") in items
    assert "/staff/lists/" in items
    assert "/staff/rooms/" not in items
