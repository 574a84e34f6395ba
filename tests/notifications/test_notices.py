"""Every message: what it says, what it must never say, and who may be told."""

import base64
from datetime import date, timedelta

import pytest
from django.db import connection
from icalendar import Calendar

from config.foundation.access_log import AccessEvent
from config.foundation.clinic import Clinic, Location
from config.foundation.staff_tasks import StaffTask
from intake import contact, notices
from intake.models import AppointmentRequest, Service
from notifications import catalogue, suppression
from notifications.models import Message, State, Suppression
from scheduling import notices as visits
from scheduling.models import Appointment, Offer
from tests.factories import NOW, load_sample_clinic, make_appointment_request, make_client, make_user

pytestmark = pytest.mark.django_db

# What a subject, preview, file name or calendar entry never says.
BANNED = (
    "pelvi", "pélvi", "back", "espalda", "hip", "cadera", "groin", "ingle", "knee", "pain", "dolor", "pregnan",
    "embaraz", "bladder", "visceral", "ortho", "therapy", "terapia", "tuning", "vibration", "medicare", "insur",
    "$", "alex", "sample@",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _clinic() -> None:
    load_sample_clinic()


def make_visit(appointment_request: AppointmentRequest, **fields: object) -> Appointment:
    starts = NOW + timedelta(days=7)
    return Appointment.objects.create(
        **{
            "appointment_request": appointment_request,
            "client": appointment_request.client,
            "service": appointment_request.service,
            "location": Location.objects.get(code="main"),
            "starts_at": starts,
            "ends_at": starts + timedelta(minutes=75),
            "price_cents": 21000,
            **fields,
        }
    )


@pytest.mark.parametrize("code", [kind.code for kind in catalogue.kinds()])
def test_every_message_renders_in_each_of_its_languages_and_its_subject_says_nothing(code: str) -> None:
    kind = catalogue.kind(code)
    for language in kind.languages:
        rendered = kind.preview(language)
        preview = rendered.html.split('class="preview"')[1].split(">", 1)[1].split("</div>")[0]
        for said in (rendered.subject.lower(), preview.lower()):
            assert not [word for word in BANNED if word in said]
        assert "\n" not in rendered.subject
        assert "{{" not in rendered.text + rendered.html
        assert "<img" not in rendered.html
        assert "prefers-color-scheme" in rendered.html


def test_no_message_about_any_service_names_it_or_its_price() -> None:
    for service in Service.objects.all():
        request = make_appointment_request(
            service=service,
            client=make_client(first_name="Alex", last_name="Sample"),
            story="Low back pain since I moved house. It hurts to sit.",
        )
        visit = make_visit(request, price_cents=service.price_cents)
        offer = Offer.objects.create(appointment_request=request, expires_at=NOW + timedelta(days=2))
        notices.received(appointment_request=request, now=NOW)
        notices.urgent_received(appointment_request=request, now=NOW)
        notices.needs_info(appointment_request=request, now=NOW)
        notices.staff_alert(appointment_request=request, now=NOW)
        visits.offered_times(offer=offer, times=[visit.starts_at], now=NOW)
        visits.confirmed(appointment=visit, has_estimate=True, now=NOW)
        visits.moved(appointment=visit, has_estimate=True, was_at=NOW, now=NOW)
        visits.reminder(appointment=visit, lead_hours=48, now=NOW)
        visits.cancelled(appointment=visit, by_clinic=False, now=NOW)
        for message in Message.objects.about("intake.appointmentrequest", request.pk) | Message.objects.about(
            "scheduling.appointment", visit.pk
        ):
            outside = [message.subject, *(part["name"] for part in message.attachments)]
            outside += [attachment_text(message)] if message.attachments else []
            for said in outside:
                assert not [
                    word for word in BANNED if word in said.lower().replace("example physical therapy", "")
                ], said
            for secret in (service.public_name, "hurts to sit", "Sample", f"{service.price_cents / 100:.2f}"):
                assert secret not in message.text + message.html


def attachment_text(message: Message) -> str:
    event = next(iter(parsed(message).walk("VEVENT")))
    return f"{event['SUMMARY']} {event.get('DESCRIPTION', '')}"


def parsed(message: Message) -> Calendar:
    [part] = message.attachments
    return Calendar.from_ical(base64.b64decode(part["content"]))


def test_update_and_cancellation_change_the_same_calendar_entry() -> None:
    visit = make_visit(make_appointment_request())
    first = visits.confirmed(appointment=visit, has_estimate=True, now=NOW)
    visit.sequence, visit.starts_at, visit.ends_at = (
        1,
        visit.starts_at + timedelta(days=7),
        visit.ends_at + timedelta(days=7),
    )
    visit.save()
    second = visits.moved(appointment=visit, has_estimate=True, was_at=NOW, now=NOW)
    visit.sequence = 2
    visit.save()
    third = visits.cancelled(appointment=visit, by_clinic=True, now=NOW)
    assert first is not None
    assert second is not None
    assert third is not None

    entries = [next(iter(parsed(message).walk("VEVENT"))) for message in (first, second, third)]
    assert len({str(entry["UID"]) for entry in entries}) == 1
    assert [entry["SEQUENCE"] for entry in entries] == [0, 1, 2]
    assert [str(parsed(message)["METHOD"]) for message in (first, second, third)] == [
        "REQUEST",
        "REQUEST",
        "CANCEL",
    ]
    # The visit of 8 March is before the clock change, that of 15 March after it: both at 9 on the wall.
    assert [entry.decoded("DTSTART").hour for entry in entries[:2]] == [9, 9]
    assert list(parsed(first).walk("VTIMEZONE"))


def test_a_confirmation_waits_ten_seconds_and_a_move_takes_it_back() -> None:
    visit = make_visit(make_appointment_request())
    message = visits.confirmed(appointment=visit, has_estimate=True, now=NOW)
    assert message is not None
    assert message.not_before == NOW + timedelta(seconds=10)

    visits.moved(appointment=visit, has_estimate=True, was_at=NOW, now=NOW)

    assert Message.objects.get(pk=message.pk).state == State.WITHDRAWN


def test_who_wants_no_mail_gets_none_and_staff_get_a_call_card() -> None:
    client = make_client(
        first_name="Nova", email="nova@example.net", email_ok=False, voicemail_ok=False,
        contact_notes={"best_time": "10:00-12:00 weekdays only", "say_only": "calling for Nova, no clinic name"},
    )  # fmt: skip
    request = make_appointment_request(client=client)

    receipt = notices.received(appointment_request=request, now=NOW)
    told = visits.confirmed(appointment=make_visit(request), has_estimate=True, now=NOW)

    assert told is not None
    assert {receipt.state, told.state} == {State.NOT_SENT}
    [task] = StaffTask.objects.all()  # the receipt on the page was the receipt
    assert "Nova" not in task.title
    assert "Leave no voicemail." in task.details
    assert "calling for Nova, no clinic name" in task.details
    assert "10:00-12:00 weekdays only" in task.details


def test_a_wish_is_set_aside_only_by_a_named_person_and_logged() -> None:
    client = make_client(email_ok=False)
    arguments = {
        "client": client, "kind": "needs_info", "context": {"url": "x"}, "key": "k", "subject_type": "t",
        "subject_id": "1", "now": NOW, "clinic": Clinic.get(), "override_reason": "asked_on_the_phone",
    }  # fmt: skip
    with pytest.raises(contact.OverrideNeedsReason):
        contact.tell_client(**arguments)

    message = contact.tell_client(**arguments, by=make_user())

    assert message.state == State.QUEUED
    assert (
        AccessEvent.objects.filter(action="contact_wish_set_aside", reason="asked_on_the_phone").count() == 1
    )


def test_the_guardian_is_told_instead_of_a_minor() -> None:
    client = make_client(
        first_name="Wynn", email="wynn@example.com", birth_date=date(2011, 9, 2),
        representative={"first_name": "Ash", "email": "ash@example.com", "may_consent": True},
    )  # fmt: skip

    message = notices.received(appointment_request=make_appointment_request(client=client), now=NOW)

    assert message.to == "ash@example.com"
    assert "Hello Ash" in message.text
    assert "Wynn" in message.text


def test_a_minor_who_wrote_alone_is_answered_alone() -> None:
    client = make_client(first_name="Ember", email="ember@example.net", birth_date=date(2010, 11, 20))

    message = notices.received(appointment_request=make_appointment_request(client=client), now=NOW)

    assert message.to == "ember@example.net"


@pytest.mark.parametrize(
    ("email", "why"),
    [
        ("", "no_address"),
        ("x@example.com\nBcc: everyone@example.net", "bad_address"),
        ("пример@example.org", "bad_address"),
        ("hello@example.com", "own_address"),
        ("gone@example.com", "blocked_address"),
    ],
)
def test_an_address_we_must_not_write_to_becomes_a_call_card(email: str, why: str) -> None:
    suppression.suppress(
        address_hash=suppression.address_hash("gone@example.com"), why=Suppression.Why.BOUNCE, now=NOW
    )
    request = make_appointment_request(client=make_client(email=email))

    message = notices.needs_info(appointment_request=request, now=NOW)

    assert (message.state, message.reason) == (State.NOT_SENT, why)
    assert StaffTask.objects.count() == 1


def test_two_people_with_one_mailbox_are_told_apart_and_keep_their_own_wishes() -> None:
    parent = make_client(first_name="Ash", email="twinfield.home@example.com")
    other = make_client(first_name="Wynn", email="twinfield.home@example.com", email_ok=False)

    first = notices.received(appointment_request=make_appointment_request(client=parent), now=NOW)
    second = notices.received(appointment_request=make_appointment_request(client=other), now=NOW)

    assert (first.state, second.state) == (State.QUEUED, State.NOT_SENT)
    assert first.message_id != second.message_id


def test_an_urgent_request_gets_the_911_advice_and_no_cheer_and_no_times() -> None:
    request = make_appointment_request(priority="urgent")

    message = notices.received(appointment_request=request, now=NOW)

    assert message.kind == "urgent_received"
    assert "911" in message.text
    assert "hear from us" not in message.text
    assert "What happens next" not in message.text


def test_a_name_with_a_link_in_it_is_not_repeated_in_our_mail() -> None:
    client = make_client(first_name="Win money at http://evil.example")

    message = notices.received(appointment_request=make_appointment_request(client=client), now=NOW)

    assert "evil" not in message.text + message.html
    assert "Hello," in message.text


def test_a_name_with_markup_is_shown_as_text() -> None:
    client = make_client(first_name="<b>Bo\u202e</b>")

    message = notices.received(appointment_request=make_appointment_request(client=client), now=NOW)

    assert "&lt;b&gt;Bo&lt;/b&gt;" in message.html
    assert "<b>Bo</b>" in message.text


def test_confirming_twice_tells_once_and_telling_is_few_statements(
    django_assert_max_num_queries: object,
) -> None:
    visit = make_visit(make_appointment_request())
    with django_assert_max_num_queries(9):  # type: ignore[operator]
        visits.confirmed(appointment=visit, has_estimate=True, now=NOW)
    visits.confirmed(appointment=visit, has_estimate=True, now=NOW)

    assert Message.objects.filter(kind="confirmed").count() == 1
    assert connection.vendor
