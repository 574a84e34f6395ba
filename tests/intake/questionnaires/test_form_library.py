"""Forms are taken in byte for byte, published once, and never change after."""

import json
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, transaction

from intake import form_library
from intake.models import Questionnaire, QuestionnaireResponse
from intake.questionnaires import sheet, validate
from tests.factories import make_appointment_request

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 3, 1, 16, tzinfo=UTC)


def file(version: str = "1", text: str = "A?", **root: str) -> bytes:
    item = {"linkId": "a", "text": text, "type": "string"}
    form = {
        "resourceType": "Questionnaire",
        "url": "http://x.example/q",
        "version": version,
        "status": "active",
    }
    return b"  " + json.dumps({**form, **root, "item": [item]}, indent=3).encode() + b"\n"


def published(content: bytes) -> Questionnaire:
    row = form_library.take_in(content=content, by=None, now=NOW)
    form_library.publish(questionnaire=row, by=None, now=NOW, rights_confirmed=True, warnings_seen=True)
    return Questionnaire.objects.get(pk=row.pk)


def test_the_export_of_an_import_equals_its_bytes() -> None:
    row = form_library.take_in(content=file(), by=None, now=NOW)

    assert bytes(Questionnaire.objects.get(pk=row.pk).source) == file()


def test_the_same_version_with_other_content_is_a_conflict() -> None:
    form_library.take_in(content=file(), by=None, now=NOW)

    assert form_library.take_in(content=file(), by=None, now=NOW).version == "1"
    with pytest.raises(form_library.Conflict, match=r"q\|1"):
        form_library.take_in(content=file(text="B?"), by=None, now=NOW)


@pytest.mark.parametrize(
    "change", [{"source": b"{}"}, {"version": "9"}, {"url": "http://y"}, {"status": "draft"}]
)
def test_the_database_refuses_to_change_a_published_form(change: dict[str, object]) -> None:
    row = published(file())

    with pytest.raises(DatabaseError), transaction.atomic():
        Questionnaire.objects.filter(pk=row.pk).update(**change)


def test_publishing_a_new_version_retires_the_one_before() -> None:
    first, second = published(file()), published(file("2"))

    first.refresh_from_db()
    assert (first.status, second.status) == ("retired", "published")


def test_a_copyrighted_form_needs_the_right_to_use_it() -> None:
    row = form_library.take_in(content=file(copyright="Somebody"), by=None, now=NOW)

    with pytest.raises(form_library.NotPublishable, match="rights_unconfirmed"):
        form_library.publish(questionnaire=row, by=None, now=NOW, rights_confirmed=False, warnings_seen=True)


def test_shipped_forms_are_published_and_wait_for_approval() -> None:
    form_library.load_shipped(now=NOW)
    form_library.load_shipped(now=NOW)

    assert Questionnaire.objects.published().filter(approved_at=None).count() == 17


def test_a_stored_answer_keeps_its_digits() -> None:
    """Plain JSON would make a decimal a text or a float; neither is what was typed."""
    raw = {
        "resourceType": "Questionnaire",
        "url": "http://x.example/digits",
        "version": "1",
        "status": "active",
        "item": [{"linkId": "a", "text": "How long?", "type": "decimal"}],
    }
    row = form_library.take_in(content=json.dumps(raw).encode(), by=None, now=NOW)
    answered = sheet.read(form_library.form_of(row), {"i0": ["1.50"]}).response()
    stored = QuestionnaireResponse.objects.create(
        appointment_request=make_appointment_request(service=None), questionnaire=row, response=answered
    )

    again = QuestionnaireResponse.objects.get(pk=stored.pk).response

    assert str(again["item"][0]["answer"][0]["valueDecimal"]) == "1.50"
    assert validate.validate(form_library.form_of(row), again) == []


def test_two_forms_whose_urls_end_alike_are_told_apart_in_every_version() -> None:
    """Fields of both may stand on one page."""
    first = published(file(url="http://a.example/q"))
    other = published(file(url="http://b.example/q"))
    newer = published(file(version="2", url="http://b.example/q"))

    assert first.slug == "q"
    assert other.slug == newer.slug != "q"


def test_a_form_of_others_does_not_pass_for_one_of_ours() -> None:
    """Rules and pages know the shipped forms by their slug."""
    assert published(file(url="http://elsewhere.example/safety")).slug.startswith("safety-")
