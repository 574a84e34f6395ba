"""Text messages: a wish, a consent and a channel with a console at its end; no provider yet."""

from typing import Any

import pytest
from django.core import mail

from intake import notices
from intake.models.client import ContactWay
from notifications import channels, delivery
from notifications.models import Channel, Message, State
from tests.factories import NOW, load_sample_clinic, make_appointment_request, make_client

pytestmark = pytest.mark.django_db

WANTS_TEXTS = {"phone": "+18015550123", "text_ok": True, "prefers": ContactWay.TEXT}


@pytest.fixture(autouse=True)
def _clinic() -> None:
    load_sample_clinic()


@pytest.fixture
def texts(settings: Any) -> None:
    settings.SMS_BACKEND = "console"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def received(**person: Any) -> Message:
    request = make_appointment_request(client=make_client(**person))
    return notices.received(appointment_request=request, now=NOW)


@pytest.mark.usefixtures("texts")
def test_who_prefers_texts_and_agreed_to_them_gets_one_line_that_says_little() -> None:
    message = received(**WANTS_TEXTS)

    assert (message.channel, message.to, message.html) == (Channel.TEXT, "+18015550123", "")
    assert "\n" not in message.text.strip()
    assert len(message.text) <= 320  # two parts of a text message
    delivery.drain(now=NOW)
    [shown] = mail.outbox
    assert shown.body == message.text


@pytest.mark.usefixtures("texts")
def test_without_consent_nobody_is_texted() -> None:
    assert received(**{**WANTS_TEXTS, "text_ok": False}).channel == Channel.EMAIL


@pytest.mark.usefixtures("texts")
def test_who_wants_no_mail_but_texts_gets_a_text_instead_of_a_call_card() -> None:
    message = received(**{**WANTS_TEXTS, "prefers": "", "email_ok": False})

    assert (message.channel, message.state) == (Channel.TEXT, State.QUEUED)


@pytest.mark.usefixtures("texts")
def test_what_does_not_fit_a_text_goes_by_mail() -> None:
    request = make_appointment_request(client=make_client(**WANTS_TEXTS))

    assert notices.needs_info(appointment_request=request, now=NOW).channel == Channel.EMAIL


def test_while_there_is_no_provider_a_wish_for_texts_is_answered_by_mail() -> None:
    assert not channels.texting_works()
    assert received(**WANTS_TEXTS).channel == Channel.EMAIL
