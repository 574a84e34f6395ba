"""A file from the form to the desk: kept with what was typed, never in the way, opened only by who may."""

import base64
import hashlib
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.http import HttpResponse
from django.test import Client as Browser
from django.utils import timezone

from config.foundation.models import AccessEvent
from intake import drafts, form_library
from intake.form_library import form_of
from intake.models import AppointmentRequest, RequestDraft, Service, StoredFile
from intake.questionnaires import validate
from tests.factories import load_sample_clinic, make_user, publish_form
from tests.intake.bad_input.conftest import PAGES, Asker
from tests.intake.files import PDF, photo

FORM = {
    "resourceType": "Questionnaire",
    "url": "https://forms.example/scans",
    "version": "1",
    "status": "active",
    "title": "Scans",
    "item": [
        {"linkId": "has", "text": "Do you have a scan?", "type": "boolean"},
        {
            "linkId": "scan",
            "text": "Your scan",
            "type": "attachment",
            "enableWhen": [{"question": "has", "operator": "=", "answerBoolean": True}],
            "extension": [
                {"url": "http://hl7.org/fhir/StructureDefinition/maxSize", "valueDecimal": 30000},
                {"url": "http://hl7.org/fhir/StructureDefinition/mimeType", "valueCode": "image/jpeg"},
                {"url": "http://hl7.org/fhir/StructureDefinition/mimeType", "valueCode": "application/pdf"},
            ],
        },
        {
            "linkId": "when",
            "text": "When was it made?",
            "type": "string",
            "enableWhen": [{"question": "scan", "operator": "exists", "answerBoolean": True}],
        },
    ],
}


@pytest.fixture
def asker(db: None) -> Asker:
    """Somebody who asks for a visit whose service also asks the clinic's own form."""
    load_sample_clinic()
    owner, now = make_user(roles="front_desk therapist administrator"), timezone.now()
    form = form_library.take_in(content=json.dumps(FORM).encode(), by=owner, now=now)
    form_library.publish(questionnaire=form, by=owner, now=now, rights_confirmed=True, warnings_seen=True)
    service = Service.objects.get(code="ORTHO-EVAL")
    form_library.attach(questionnaire=form, services=[service], by=owner)
    asker = Asker("R01")
    asker.said |= {f"{form.slug}-i0": ["true"]}
    asker.scan = f"{form.slug}-i1"  # type: ignore[attr-defined]
    return asker


def sent_along(content: bytes, name: str = "a photo.jpg", says: str = "image/jpeg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, says)


def post(asker: Asker, page: str, **files: Any) -> HttpResponse:
    return asker.browser.post(f"/request/{page}", {**asker.said, **files})


def send_with(asker: Asker, page: str, **files: Any) -> AppointmentRequest:
    for each in PAGES:
        answer = post(asker, each, **(files if each == page else {}))
        if each == page and answer.status_code == 200:  # more to see on it first
            answer = post(asker, each)
    assert answer["Location"] == "/request/received/"
    return AppointmentRequest.objects.get()


def test_a_photo_of_the_card_goes_with_the_request_and_says_so_on_the_way(asker: Asker) -> None:
    answer = post(asker, "paying/", card_front=sent_along(photo(), "my card.JPG"))

    assert answer["Location"] == "/request/send/"
    for page in ("paying", "send"):  # back, reload and the last look: it is still there
        assert "my card.JPG" in asker.browser.get(f"/request/{page}/").content.decode()
    sent = send_with(asker, "none")
    (kept,) = sent.files.all()
    assert (kept.kind, kept.name, kept.draft) == ("card_front", "my card.JPG", None)
    assert kept.sha256 == hashlib.sha256(kept.content).hexdigest()
    assert {"card_needs_reading"} == {"card_needs_reading", "files_refused"} & set(
        sent.markers.values_list("code", flat=True)
    )


def test_a_page_sent_twice_keeps_a_file_once_and_another_photo_takes_its_place(asker: Asker) -> None:
    for _press in range(2):
        post(asker, "paying/", card_front=sent_along(photo()))
    assert StoredFile.objects.count() == 1

    post(asker, "paying/", card_front=sent_along(PDF, "scan.pdf", "application/pdf"))

    assert [one.name for one in StoredFile.objects.all()] == ["scan.pdf"]


def test_a_file_can_be_taken_back_and_nothing_typed_is_lost(asker: Asker) -> None:
    post(asker, "paying/", card_front=sent_along(photo()))
    page = asker.browser.get("/request/paying/").content.decode()
    button = re.search(r'name="remove_file" value="([^"]+)"', page)
    assert button is not None

    answer = asker.browser.post(
        "/request/paying/", {**asker.said, "carrier": ["Typed Mutual"], "remove_file": button[1]}
    )

    assert answer["Location"] == "/request/paying/"
    assert not StoredFile.objects.exists()
    assert "Typed Mutual" in asker.browser.get("/request/paying/").content.decode()


def test_nobody_takes_back_the_file_of_another(asker: Asker) -> None:
    post(asker, "paying/", card_front=sent_along(photo()))
    stranger = Asker("R02")

    post(stranger, "paying/", remove_file=str(StoredFile.objects.get().pk))

    assert StoredFile.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"MZ a program", "we cannot keep this kind of file"),
        (b"", "there is nothing in this file"),
        (b"\xff\xd8\xff", "we could not open this file"),
        (PDF.ljust(10_000_001), "this file is too large. At most 10 MB fit"),
    ],
    ids=["program", "empty", "broken", "too large"],
)
def test_a_bad_file_is_named_in_a_sentence_and_holds_nothing_up(
    content: bytes, words: str, asker: Asker
) -> None:
    answer = post(asker, "paying/", card_back=sent_along(content, "card.jpg"))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert 'href="#id_card_back"' in page
    assert "Everything you typed is still here." in page
    assert "We could not keep card.jpg" in asker.browser.get("/request/send/").content.decode()
    sent = send_with(asker, "none")
    assert "files_refused" in set(sent.markers.values_list("code", flat=True))


def test_a_good_file_in_the_place_of_a_bad_one_leaves_no_marker(asker: Asker) -> None:
    post(asker, "paying/", card_back=sent_along(b"MZ"))
    sent = send_with(asker, "paying/", card_back=sent_along(photo()))

    assert "files_refused" not in set(sent.markers.values_list("code", flat=True))


def test_what_nobody_asked_for_is_refused_where_it_came(asker: Asker) -> None:
    answer = asker.browser.post("/request/you/", {**asker.said, "selfie": sent_along(photo())})

    assert "we did not ask for a file here" in answer.content.decode()
    assert not StoredFile.objects.exists()


def test_an_answer_that_is_a_file_lies_in_the_response_by_name_and_validates(asker: Asker) -> None:
    sent = send_with(asker, "safety/", **{asker.scan: sent_along(PDF, "knee.pdf")})  # type: ignore[attr-defined]

    (kept,) = sent.files.all()
    (row,) = [one for one in sent.questionnaire_responses.all() if one.questionnaire.title == "Scans"]
    attachment = row.response["item"][1]["answer"][0]["valueAttachment"]
    assert attachment == {
        "contentType": "application/pdf",
        "url": f"urn:uuid:{kept.pk}",
        "size": len(PDF),
        "hash": base64.b64encode(hashlib.sha1(PDF, usedforsecurity=False).digest()).decode(),
        "title": "knee.pdf",
    }
    assert (kept.link_id, bytes(kept.content)) == ("scan", PDF)
    assert [found.code for found in validate.validate(form_of(row.questionnaire), row.response)] == []


def test_a_question_about_a_file_is_asked_when_the_file_is_there_without_a_script(asker: Asker) -> None:
    answer = post(asker, "safety/", **{asker.scan: sent_along(PDF, "knee.pdf")})  # type: ignore[attr-defined]

    assert answer.status_code == 200
    page = answer.content.decode()
    assert "When was it made?" in page
    assert "knee.pdf" in page


def test_the_forms_own_limit_is_kept_and_said_at_the_question(asker: Asker) -> None:
    answer = post(
        asker, "safety/", **{asker.scan: sent_along(PDF.replace(b"%%EOF", b" " * 30_000 + b"%%EOF"))}
    )  # type: ignore[attr-defined]

    assert "At most 30 kB fit" in answer.content.decode()
    assert not StoredFile.objects.exists()


def test_a_required_file_that_could_not_be_kept_holds_nobody_up(asker: Asker) -> None:
    form = publish_form({"linkId": "card", "text": "Your card", "type": "attachment", "required": True})
    asker.said |= {f"{form.slug}-~shown": [""], asker.scan.replace("i1", "i0"): ["false"]}  # type: ignore[attr-defined]
    assert post(asker, "safety/").status_code == 422  # none was chosen

    answer = post(asker, "safety/", **{f"{form.slug}-i0": sent_along(b"MZ", "card.exe")})
    assert "we cannot keep this kind of file" in answer.content.decode()
    assert post(asker, "safety/")["Location"] == "/request/you/"
    sent = send_with(asker, "none")

    assert not sent.questionnaire_responses.filter(questionnaire=form).exists()
    assert "files_refused" in set(sent.markers.values_list("code", flat=True))


def test_the_file_of_a_question_that_is_not_asked_in_the_end_is_dropped(asker: Asker) -> None:
    post(asker, "safety/", **{asker.scan: sent_along(PDF)})  # type: ignore[attr-defined]
    asker.said[asker.scan.replace("i1", "i0")] = ["false"]  # type: ignore[attr-defined]

    sent = send_with(asker, "none")

    assert not sent.files.exists()
    assert not StoredFile.objects.exists()


def test_what_was_sent_the_database_does_not_change(asker: Asker) -> None:
    sent = send_with(asker, "paying/", card_front=sent_along(photo()))
    kept = StoredFile.objects.get()

    for change in ({"sha256": "0" * 64}, {"appointment_request": None}, {"kind": "card_back"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            StoredFile.objects.update(**change)
    kept.save(update_fields=["content"])  # a new seal for the same bytes
    sent.refresh_from_db()
    assert hashlib.sha256(sent.files.get().content).hexdigest() == kept.sha256


def test_a_form_that_nobody_sent_is_forgotten_with_its_files(asker: Asker) -> None:
    post(asker, "paying/", card_front=sent_along(photo()))
    over = RequestDraft.objects.get().expires_at

    assert drafts.forget_expired(now=over) == 0
    assert drafts.forget_expired(now=over + timedelta(hours=2)) == 1
    assert not StoredFile.objects.exists()


def test_what_was_sent_outlives_the_form_it_came_from(asker: Asker) -> None:
    sent = send_with(asker, "paying/", card_front=sent_along(photo()))

    drafts.forget_expired(now=timezone.now() + timedelta(days=30))

    assert not RequestDraft.objects.exists()
    assert sent.files.count() == 1


def desk(roles: str) -> Browser:
    browser = Browser()
    browser.force_login(make_user(roles=roles))
    return browser


@pytest.mark.parametrize(
    ("field", "opens", "only_sees"),
    [("card_front", "front_desk", "therapist"), ("referral_file", "therapist", "front_desk")],
)
def test_only_who_may_opens_a_file_and_each_look_is_written_down(
    field: str, opens: str, only_sees: str, asker: Asker
) -> None:
    sent = send_with(asker, "paying/", **{field: sent_along(photo())})
    address = f"/staff/request/{sent.pk}/file/{StoredFile.objects.get().pk}/"

    assert address in desk(opens).get(f"/staff/request/{sent.pk}/").content.decode()
    answer = desk(opens).get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert re.fullmatch(r'inline; filename="[a-z-]+-[a-z0-9-]+\.jpg"', answer["Content-Disposition"])
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    looks = AccessEvent.objects.filter(subject_type="intake.storedfile")
    assert looks.count() == 1
    assert desk(only_sees).get(address).status_code == 403
    assert address not in desk(only_sees).get(f"/staff/request/{sent.pk}/").content.decode()
    assert looks.count() == 1


def test_a_pdf_is_only_ever_a_download(asker: Asker) -> None:
    sent = send_with(asker, "paying/", card_front=sent_along(PDF, "<b>.pdf"))

    answer = desk("front_desk").get(f"/staff/request/{sent.pk}/file/{StoredFile.objects.get().pk}/")

    assert answer["Content-Disposition"].startswith("attachment;")
    assert "&lt;b&gt;.pdf" in desk("front_desk").get(f"/staff/request/{sent.pk}/").content.decode()


def test_group_89_a_file_is_found_under_its_own_request_only(asker: Asker) -> None:
    send_with(asker, "paying/", card_front=sent_along(photo()))
    other = Asker("R02").stored()

    answer = desk("front_desk").get(f"/staff/request/{other.pk}/file/{StoredFile.objects.get().pk}/")

    assert answer.status_code == 404


def test_a_file_does_not_open_under_another_row(asker: Asker) -> None:
    """What is sealed is bound to its row: bytes moved to another file are an error, never shown."""
    post(asker, "paying/", card_front=sent_along(photo()), card_back=sent_along(PDF))
    front, back = StoredFile.objects.order_by("kind").reverse()
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM intake_storedfile WHERE kind = 'card_back'")
        cursor.execute(
            "UPDATE intake_storedfile SET content = %s WHERE kind = 'card_front'", cursor.fetchone()
        )

    with pytest.raises(Exception, match="altered"):
        _opened = StoredFile.objects.get(pk=front.pk).content
    assert back.pk != front.pk


def test_group_86_files_have_a_number_too(asker: Asker) -> None:
    several = [sent_along(PDF + bytes([number]) + b"%%EOF") for number in range(5)]

    answer = post(asker, "paying/", referral_file=several)

    assert answer.content.decode().count("more files than we can keep") >= 2
    assert StoredFile.objects.count() == 3
