"""Staff enter a request from a call or a note, and book directly for somebody they know."""

import re
import uuid
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse

from intake.form_library import form_of
from intake.models import AppointmentRequest, Client, ClientEvent, Consent, StoredFile
from intake.questionnaires import validate
from notifications.models import Message
from scheduling.models import Appointment, Estimate
from tests.factories import NOW, load_sample_clinic, make_client, make_user, publish_form
from tests.intake.files import PDF, photo

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
CALLER = {
    "service": "ORTHO-EVAL", "client_status": "new", "for_whom": "self", "reason": "Hip stiff, hard to put on socks.",
    "first_name": "Madonna", "birth_date_month": "8", "birth_date_day": "17", "birth_date_year": "1968",
    "phone": "801-555-0115", "reach": ["call", "voicemail"], "prefer": "phone", "coverage": "none",
    "mailing_address": "300 Example Street", "ask_estimate": "yes",
}  # fmt: skip


@pytest.fixture(autouse=True)
def on_monday(db: None):
    with time_machine.travel(NOW, tick=False):
        load_sample_clinic()
        yield


@pytest.fixture
def staff(client: Browser) -> Browser:
    client.force_login(make_user(roles="front_desk therapist"), backend=BACKEND)
    return client


def send(staff: Browser, act: str = "enter", **changes: Any) -> Any:
    typed = {**CALLER, "came_by": "call", "language": "en", "told_of_right": "on", "privacy_notice_seen": "on",
             "policy_seen": "on", "submission_id": str(uuid.uuid4()), "act": act, **changes}  # fmt: skip
    return staff.post(
        reverse("desk:entry"), {name: value for name, value in typed.items() if value is not None}
    )


def test_a_call_becomes_a_request_with_all_the_rules_of_the_form(staff: Browser) -> None:
    assert send(staff).status_code == 302
    entered = AppointmentRequest.objects.get()
    assert (entered.source, entered.oral_estimate_notice, str(entered.client.phone)) == (
        "staff",
        True,
        "+18015550115",
    )
    assert entered.entered_by is not None
    markers = set(entered.markers.values_list("code", flat=True))
    assert {"mononym", "no_email", "paper_delivery", "safety_not_answered"} <= markers
    assert set(entered.consents.values_list("how", flat=True)) == {Consent.How.READ_OUT_BY_PHONE}
    assert entered.cost_questions.get().recorded_by == entered.entered_by


def test_who_is_on_the_phone_is_told_of_the_right_to_an_estimate_first(staff: Browser) -> None:
    answer = send(staff, told_of_right=None)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Read out the sentence about the right to an estimate, then tick this." in page
    assert "Hip stiff, hard to put on socks." in page
    assert not AppointmentRequest.objects.exists()
    assert send(staff, told_of_right=None, service="TUNE").status_code == 302  # no health care, no such right


def test_a_note_has_agreed_to_nothing_and_is_taken_all_the_same(staff: Browser) -> None:
    nothing = {"told_of_right": None, "privacy_notice_seen": None, "policy_seen": None}
    assert send(staff, came_by="note", **nothing).status_code == 302
    entered = AppointmentRequest.objects.get()
    assert not entered.oral_estimate_notice
    assert not entered.consents.filter(agreed=True).exists()


def test_the_same_payers_hold_what_staff_type(staff: Browser) -> None:
    send(staff, act="book", coverage="medicare", book_day="2027-03-03", book_time="09:00")
    entered = AppointmentRequest.objects.get()
    assert entered.status == "on_hold"
    assert not Appointment.objects.exists()


def test_wrong_dates_and_phones_come_back_with_what_was_typed(staff: Browser) -> None:
    answer = send(staff, birth_date_month="13", birth_date_day="40", phone="801-555")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'value="801-555"' in page
    assert 'value="40"' in page
    assert not AppointmentRequest.objects.exists()


def test_pressed_twice_is_one_request_and_another_body_is_said(staff: Browser) -> None:
    same = str(uuid.uuid4())
    first, second = send(staff, submission_id=same), send(staff, submission_id=same)
    assert first["Location"] == second["Location"]
    send(staff, submission_id=same, reason="Something else")
    assert AppointmentRequest.objects.count() == 1


def test_a_known_client_is_entered_and_booked_in_one_move_with_one_mail(staff: Browser) -> None:
    known = make_client(first_name="Kit", last_name="Voorbeeld", phone="+18015550177")
    page = staff.get(reverse("desk:entry"), {"client": str(known.pk)}).content.decode()
    assert 'value="Kit"' in page
    typed = {"client": str(known.pk), "first_name": "Kit", "last_name": "Voorbeeld", "phone": "801-555-0178", "email": known.email,
             "birth_date_month": "4", "birth_date_day": "19", "birth_date_year": "1986", "reach": ["email", "call"],
             "prefer": "email", "email_ok": "on", "client_status": "returning", "service": "PT-FU", "ask_estimate": None,
             "mailing_address": None, "book_day": "2027-03-04", "book_time": "09:00"}  # fmt: skip
    same = str(uuid.uuid4())
    answer = send(staff, act="book", submission_id=same, **typed)
    visit = Appointment.objects.get()
    assert answer["Location"] == reverse("desk:visit", args=[visit.pk])
    assert visit.client == known
    known.refresh_from_db()
    assert str(known.phone) == "+18015550178"  # staff know who it is: a new number replaces the old one
    assert known.events.get().changes["phone"] == ["+18015550177", "+18015550178"]
    assert visit.appointment_request is not None
    assert visit.appointment_request.status == "booked"
    assert Estimate.objects.get().client == known
    kinds = set(Message.objects.filter(audience="client").values_list("kind", flat=True))
    assert "received" not in kinds
    assert "confirmed" in kinds
    assert send(staff, act="book", submission_id=same, **typed)["Location"] == answer["Location"]
    assert Appointment.objects.count() == 1


def test_a_time_that_is_gone_leaves_nothing_behind(staff: Browser) -> None:
    place = {"book_day": "2027-03-03", "book_time": "09:00", "act": "book"}
    assert send(staff, **place).status_code == 302
    lost = send(
        staff, **place, first_name="Other", phone="801-555-0116", birth_date_year="1970", book_practitioner=""
    )
    assert lost.status_code in {302, 409}
    lost = send(staff, **{**place, "book_time": "03:00"}, first_name="Third", phone="801-555-0118")
    assert lost.status_code == 409
    assert not AppointmentRequest.objects.filter(client__first_name="Third").exists()
    assert not Client.objects.filter(first_name="Third").exists()


def test_questions_and_times_of_the_chosen_visit_are_shown_and_saved(staff: Browser) -> None:
    page = send(staff, act="look").content.decode()
    assert page.count('name="book_slot"') == 6
    assert 'name="safety-' in page
    assert not AppointmentRequest.objects.exists()


def test_an_address_is_mended_with_history_and_the_mail_sent_again(staff: Browser) -> None:
    send(staff, email="blair@exampel.com", email_ok="on", reach=["email"], prefer="email", ask_estimate=None)
    person = Client.objects.get(first_name="Madonna")
    first = Message.objects.get(kind="received")
    Message.objects.filter(pk=first.pk).update(state="failed")
    here = reverse("desk:client_edit", args=[person.pk])
    typed = {"seen": "0", "first_name": "Madonna", "birth_date_month": "8", "birth_date_day": "17", "birth_date_year": "1968",
             "email": "blair@example.com", "phone": "801-555-0115", "language": "en", "prefers": "email",
             "email_ok": "on", "insurer_contact_ok": "on", "mailing_address": "300 Example Street"}  # fmt: skip
    assert staff.post(here, {**typed, "email": "blair@@"}).status_code == 422
    assert staff.post(here, typed).status_code == 302
    assert staff.post(here, typed).status_code == 409  # made from an older page
    line = ClientEvent.objects.get()
    assert line.changes == {"email": ["blair@exampel.com", "blair@example.com"]}
    page = staff.get(reverse("desk:client", args=[person.pk])).content.decode()
    assert "Send to the address of today" in page
    staff.post(reverse("desk:client_message", args=[person.pk, first.pk]))
    again = Message.objects.exclude(pk=first.pk).get(kind="received")
    assert (again.to, again.text) == ("blair@example.com", first.text)


def test_opening_a_way_to_reach_somebody_needs_who_said_so(staff: Browser) -> None:
    person = make_client(text_ok=False, call_ok=False, phone="+18015550101")
    here = reverse("desk:client_edit", args=[person.pk])
    typed = {"seen": "0", "first_name": "Alex", "last_name": "Sample", "birth_date_month": "4", "birth_date_day": "19",
             "birth_date_year": "1986", "email": person.email, "phone": "801-555-0101", "language": "en",
             "email_ok": "on", "text_ok": "on", "insurer_contact_ok": "on"}  # fmt: skip
    assert staff.post(here, typed).status_code == 422
    person.refresh_from_db()
    assert not person.text_ok
    assert staff.post(here, {**typed, "why": "Asked on the phone today"}).status_code == 302
    person.refresh_from_db()
    assert person.text_ok
    assert ClientEvent.objects.get().why == "Asked on the phone today"


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "\x00\ud83d", "x" * 5000, "'; DROP TABLE x;--"]
)
def test_hostile_text_is_stored_or_refused_never_an_error(staff: Browser, hostile: str) -> None:
    hostile = hostile.encode("utf-8", "replace").decode()
    answer = send(staff, reason=hostile, first_name=hostile[:60], came_by=hostile[:20])
    assert answer.status_code == 422
    assert "<script>alert(1)" not in answer.content.decode()
    answer = send(
        staff, reason=hostile, first_name=hostile[:60], submission_id=hostile, book_day=hostile, act="book"
    )
    assert answer.status_code in {302, 409, 422}


def test_a_file_that_a_form_requires_is_not_asked_of_a_caller_and_the_answers_say_that_they_are_not_all(
    staff: Browser,
) -> None:
    form = publish_form(
        {"linkId": "since", "text": "Since when?", "type": "string", "required": True},
        {"linkId": "scan", "text": "Your scan", "type": "attachment", "required": True},
    )
    since = {f"{form.slug}-i0": "May", f"{form.slug}-~shown": ""}

    assert send(staff, **{**since, f"{form.slug}-i0": ""}).status_code == 422  # what can be said is asked
    assert send(staff, **since).status_code == 302

    entered = AppointmentRequest.objects.get()
    (row,) = entered.questionnaire_responses.filter(questionnaire=form)
    assert row.response["status"] == "in-progress"
    assert [f for f in validate.validate(form_of(form), row.response) if f.severity == "error"] == []
    page = staff.get(reverse("desk:request", args=[entered.pk])).content.decode()
    assert re.search(r"Your scan</dt><dd><em>Skipped", page)


def card(content: bytes = b"", name: str = "card.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content or photo(), "image/jpeg")


def test_a_photo_of_the_card_goes_with_what_staff_enter(staff: Browser) -> None:
    assert send(staff, card_front=card(), referral_file=card(PDF, "referral.pdf")).status_code == 302

    entered = AppointmentRequest.objects.get()
    assert {(one.kind, one.name) for one in entered.files.all()} == {
        ("card_front", "card.jpg"),
        ("referral", "referral.pdf"),
    }
    assert "card_needs_reading" in entered.markers.values_list("code", flat=True)


def test_a_page_that_comes_back_has_the_files_still_and_lets_go_of_one(staff: Browser) -> None:
    page_id = str(uuid.uuid4())
    looked = send(
        staff, act="look", submission_id=page_id, card_front=card(), card_back=card(name="back.jpg")
    )
    assert "card.jpg" in looked.content.decode()
    unwanted = StoredFile.objects.get(kind="card_back")

    again = send(staff, act=None, submission_id=page_id, remove_file=str(unwanted.pk)).content.decode()
    assert ("card.jpg" in again, "back.jpg" in again) == (True, False)
    assert CALLER["reason"] in again

    assert send(staff, submission_id=page_id).status_code == 302
    assert [one.name for one in AppointmentRequest.objects.get().files.all()] == ["card.jpg"]


def test_a_file_that_cannot_be_kept_is_said_to_staff_and_nothing_is_entered(staff: Browser) -> None:
    answer = send(staff, card_front=card(b"MZ no picture", "scan.exe"))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "“scan.exe”: this kind of file cannot be kept." in page
    assert CALLER["reason"] in page
    assert "bring it to the visit" not in page
    assert not AppointmentRequest.objects.exists()


def test_the_second_press_with_the_same_photo_is_the_same_request(staff: Browser) -> None:
    page_id = str(uuid.uuid4())
    first = send(staff, submission_id=page_id, card_front=card())
    second = send(staff, submission_id=page_id, card_front=card())

    assert (first["Location"], second.status_code) == (second["Location"], 302)
    assert StoredFile.objects.count() == 1


def test_a_photo_goes_with_what_is_booked_in_the_same_move(staff: Browser) -> None:
    slot = re.search(r'name="book_slot" value="([^"]+)"', send(staff, act="look").content.decode())
    assert slot is not None

    assert send(staff, act="book", book_slot=slot[1], card_front=card()).status_code == 302

    assert Appointment.objects.get().appointment_request.files.get().kind == "card_front"


def test_a_question_for_a_file_takes_one_from_staff(staff: Browser) -> None:
    form = publish_form({"linkId": "scan", "text": "Your scan", "type": "attachment"})

    page = send(staff, act="look").content.decode()
    assert "We will ask you in person" not in page
    send(staff, **{f"{form.slug}-i0": card(name="scan.jpg"), f"{form.slug}-~shown": "i0"})

    assert AppointmentRequest.objects.get().files.get().kind == "answer"
