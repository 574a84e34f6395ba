"""A form saved for later comes back from a mail's link, on any device, for its person only."""

import re
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from intake.models import RequestDraft
from intake.views.later import WRONG_TRIES
from notifications.models import Message
from tests.factories import load_sample_clinic

pytestmark = pytest.mark.django_db

BORN = {"birth_date_month": "4", "birth_date_day": "19", "birth_date_year": "1986"}
SOMEONE = {"first_name": "Alex", "email": "alex@example.com", **BORN}


@pytest.fixture(autouse=True)
def clinic(db: None) -> None:
    load_sample_clinic()


def saved_form(*, language: str = "en", **said: str) -> str:
    """Somebody saves for later and asks for the mail. The path of the link in it."""
    browser = Browser(headers={"accept-language": language})
    browser.post("/request/", {"service": "ORTHO-EVAL"})
    browser.post("/request/you/", {**said, "later": "1"})
    assert browser.post("/request/saved/", {"email": "alex@example.com"}).status_code == 200
    text = Message.objects.get(kind="form_unfinished").content["text"]
    found = re.search(r"https?://[^/]+(/v/\S+)", text)
    assert found
    return found[1]


def test_the_link_opens_the_form_on_another_device() -> None:
    link, other = saved_form(**SOMEONE), Browser()

    answer = other.post(link, BORN)

    assert answer.status_code == 302
    assert answer["Location"] == "/request/about/"  # the first page not done
    assert "alex@example.com" in other.get("/request/you/").content.decode()


def test_looking_at_the_link_changes_nothing_and_opens_nothing() -> None:
    link, scanner = saved_form(**SOMEONE), Browser()
    before = RequestDraft.objects.values().get()

    page = scanner.get(link)

    assert page.status_code == 200
    assert "Alex" not in page.content.decode()
    assert "alex@example.com" not in page.content.decode()
    assert not scanner.cookies.get("request_draft")
    assert RequestDraft.objects.values().get() == before


def test_nobody_else_opens_it() -> None:
    link, stranger = saved_form(**SOMEONE), Browser()

    wrong = stranger.post(link, {**BORN, "birth_date_year": "1987"})

    assert wrong.status_code == 422
    assert "This is not the birth date you typed." in wrong.content.decode()
    assert not stranger.cookies.get("request_draft")
    for _try in range(WRONG_TRIES - 1):
        wrong = stranger.post(link, {**BORN, "birth_date_year": "1987"})
    assert wrong.status_code == 404
    assert stranger.post(link, BORN).status_code == 404


def test_before_a_birth_date_was_typed_none_is_asked() -> None:
    link, other = saved_form(), Browser()

    assert "birth_date" not in other.get(link).content.decode()
    assert other.post(link)["Location"] == "/request/about/"


def test_the_mail_names_neither_service_nor_answers() -> None:
    saved_form(**SOMEONE)

    content = Message.objects.get(kind="form_unfinished").content

    assert not re.search(r"back|hip|pain|visit|\$", content["text"].split("http")[0], re.IGNORECASE)


def test_an_old_link_and_one_of_a_sent_form_are_no_longer_any() -> None:
    link = saved_form(**SOMEONE)
    RequestDraft.objects.update(expires_at=timezone.now() - timedelta(minutes=1))

    assert Browser().get(link).status_code == 404
    assert Browser().post(link, BORN).status_code == 404


def test_a_form_comes_back_in_its_language() -> None:
    link, other = saved_form(language="es", **SOMEONE), Browser()

    assert "Siga con su formulario" in other.get(link).content.decode()
    other.post(link, BORN)
    assert 'lang="es"' in other.get("/request/you/").content.decode()


def test_a_wrong_address_for_the_mail_is_kept_and_said() -> None:
    browser = Browser()
    browser.post("/request/", {"service": "ORTHO-EVAL", "later": "1"})

    page = browser.post("/request/saved/", {"email": "alex@example,com"})

    assert page.status_code == 422
    assert "alex@example,com" in page.content.decode()
    assert not Message.objects.filter(kind="form_unfinished").exists()


def test_a_draft_is_kept_seven_days() -> None:
    Browser().post("/request/", {"service": "ORTHO-EVAL"})
    draft = RequestDraft.objects.get()

    assert draft.expires_at - draft.created_at == timedelta(days=7)
