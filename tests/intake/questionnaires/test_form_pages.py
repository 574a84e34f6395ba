"""Staff take a form from file to service without a programmer; answers are read on one screen."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from intake import answers, asking, form_library, screening
from intake.models import Flag, Questionnaire, QuestionnaireResponse, RequestEvent, Service
from intake.questionnaires import response as writing
from intake.questionnaires import sheet
from tests import factories

pytestmark = pytest.mark.django_db

FORM = {
    "resourceType": "Questionnaire",
    "url": "http://x.example/q",
    "version": "1",
    "status": "active",
    "title": "Knee",
    "item": [{"linkId": "a", "text": "Does it hurt?", "type": "boolean"}],
}


def therapist() -> Client:
    client = Client()
    client.force_login(factories.make_user(roles="therapist"))
    return client


def take_in(client: Client, form: Any = FORM, **more: str) -> Any:
    file = SimpleUploadedFile("q.json", form if isinstance(form, bytes) else json.dumps(form).encode())
    return client.post(reverse("forms:import"), {"file": file, **more})


def test_a_form_goes_from_file_to_service() -> None:
    factories.load_sample_clinic()
    client = therapist()

    page = take_in(client)["Location"]
    pk = Questionnaire.objects.get(url=FORM["url"]).pk
    assert "Does it hurt?" in client.get(reverse("forms:phone", args=[pk])).content.decode()
    client.post(reverse("forms:publish", args=[pk]), {"seen": "1"})
    client.post(reverse("forms:attach", args=[pk]), {"service": "TUNE"})

    assert page == reverse("forms:form", args=[pk])
    assert client.get(page).status_code == 200
    service = Service.objects.get(code="TUNE")
    assert [one.row.title for one in asking.forms_of([service])] == ["Before a wellness session", "Knee"]
    client.post(reverse("forms:retire", args=[pk]))
    assert len(asking.forms_of([Service.objects.get(code="TUNE")])) == 1


def test_what_is_exported_is_what_was_taken_in() -> None:
    client, content = therapist(), b"\n " + json.dumps(FORM).encode()
    take_in(client, content)

    exported = client.get(reverse("forms:export", args=[Questionnaire.objects.get().pk]))

    assert exported.content == content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no json",
        b'{"resourceType": "Patient"}',
        b'{"resourceType": "Questionnaire", "title": "\\ud83d"}',
    ],
)
def test_a_file_that_is_no_form_is_refused_kindly(content: bytes) -> None:
    answered = take_in(therapist(), content)

    assert answered.status_code == (422)
    assert not Questionnaire.objects.exists()


def test_the_only_form_of_a_bundle_is_taken_out_when_asked() -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": FORM}]}
    client = therapist()

    assert take_in(client, bundle).status_code == 422
    assert take_in(client, bundle, unpack="1").status_code == 302
    assert Questionnaire.objects.get().url == FORM["url"]


def test_only_a_therapist_approves_and_is_named() -> None:
    admin = Client()
    admin.force_login(factories.make_user(roles="administrator"))
    take_in(admin)
    row = Questionnaire.objects.get()

    admin.post(reverse("forms:approve", args=[row.pk]))
    row.refresh_from_db()
    assert row.approved_by is None
    therapist().post(reverse("forms:approve", args=[row.pk]))
    row.refresh_from_db()
    assert row.approved_by is not None


SPANISH = {"url": "http://hl7.org/fhir/StructureDefinition/translation",
           "extension": [{"url": "lang", "valueCode": "es"}, {"url": "content", "valueString": "¿Le duele?"}]}  # fmt: skip
IN_TWO_LANGUAGES = {**FORM, "item": [{**FORM["item"][0], "_text": {"extension": [SPANISH]}}]}  # type: ignore[index,dict-item]
MARK, MARK_ES = "draft: needs a clinician's approval", "borrador: falta la aprobación"


def test_each_language_is_a_draft_until_a_named_person_approves_its_words() -> None:
    client = therapist()
    take_in(client, IN_TWO_LANGUAGES)
    row = Questionnaire.objects.get()

    def phone(language: str) -> str:
        return client.get(reverse("forms:phone", args=[row.pk]), {"language": language}).content.decode()

    assert (MARK in phone("en"), MARK_ES in phone("es")) == (True, True)
    client.post(reverse("forms:approve", args=[row.pk]))
    assert (MARK in phone("en"), MARK_ES in phone("es")) == (False, True)
    client.post(reverse("forms:approve", args=[row.pk]), {"language": "es"})
    assert (MARK in phone("en"), MARK_ES in phone("es")) == (False, False)
    row.refresh_from_db()
    assert row.spanish_approved_by == row.approved_by is not None
    assert "¿Le duele?" in phone("es")


def test_the_preview_lies_in_a_frame_of_our_own_only() -> None:
    client = therapist()
    take_in(client)
    row = Questionnaire.objects.get()

    page, phone = (client.get(reverse(f"forms:{name}", args=[row.pk])) for name in ("preview", "phone"))

    assert reverse("forms:phone", args=[row.pk]) in page.content.decode()
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in phone["Content-Security-Policy"]
    assert phone["X-Frame-Options"] == "SAMEORIGIN"


def test_the_client_reads_the_mark_in_their_language() -> None:
    factories.load_sample_clinic()
    client = Client(HTTP_ACCEPT_LANGUAGE="es")
    client.post("/request/", {"service": "not_sure"})

    assert MARK_ES in client.get("/request/safety/").content.decode()
    Questionnaire.objects.update(spanish_approved_at="2027-01-01T00:00:00Z")
    assert MARK_ES not in client.get("/request/safety/").content.decode()


def test_the_front_desk_does_not_manage_forms() -> None:
    client = Client()
    client.force_login(factories.make_user(roles="front_desk"))

    assert client.get(reverse("forms:list")).status_code == 403


@pytest.mark.parametrize(
    ("then", "shown"), [([], False), (["call_talked"], False), (["call_talked", "looked_at"], True)]
)
def test_the_psoas_result_waits_until_somebody_has_followed_up_the_urgent_answers(
    then: list[str], shown: bool
) -> None:
    factories.load_sample_clinic()
    form_library.load_shipped(now=factories.NOW)
    row = Questionnaire.objects.get(slug="stand_and_move")
    form = form_library.form_of(row)
    stored = sheet.read(form, sheet.fields_for(form, {"curve": "yes"})).response()
    asked = factories.make_appointment_request(priority="same_day" if "looked_at" in then else "urgent")
    QuestionnaireResponse.objects.create(appointment_request=asked, questionnaire=row, response=stored)
    Flag.objects.create(appointment_request=asked, level="urgent", finding={})
    for what in then:
        RequestEvent.objects.create(appointment_request=asked, at=factories.NOW, what=what)

    assert [score.value for score in answers.answers_of(asked).scores] == ([1] if shown else [])


def test_answers_are_read_on_one_screen_flags_first() -> None:
    factories.load_sample_clinic()
    row = Questionnaire.objects.get(slug="safety")
    form = form_library.form_of(row)
    read = sheet.read(form, sheet.fields_for(form, {"saddle_numb": "yes", "weight_loss": "no"}))
    asked = factories.make_appointment_request()
    stored = json.loads(writing.dumps(read.response()))
    QuestionnaireResponse.objects.create(appointment_request=asked, questionnaire=row, response=stored)
    for flag in screening.flags_for([read.tree]):
        Flag.objects.create(appointment_request=asked, level=flag.level, finding=flag.as_finding())

    page = render_to_string("intake/answers.html", {"answers": answers.answers_of(asked)})

    assert (
        page.index("New numbness") < page.index("safety/saddle_numb") < page.index("Do you have new numbness")
    )
    assert "Skipped" in page
    assert "When did this start?" not in page  # not asked, so left out
    assert "Are you pregnant" not in page
    assert "needs a clinician" in page
