"""Every form that can be published, published, asked of a person and answered: what is stored validates against it."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from intake import asking, form_library
from intake.form_library import form_of
from intake.models import Questionnaire, QuestionnaireResponse, Service
from intake.questionnaires import validate
from tests.factories import load_sample_clinic, make_user
from tests.intake.bad_input.conftest import PAGES, Asker
from tests.intake.files import PDF
from tests.intake.questionnaires.filler import filled_in
from tests.intake.questionnaires.test_real_forms import publishable


def test_the_stored_answers_of_every_form_validate_against_the_version_that_was_asked(db: None) -> None:
    load_sample_clinic()
    service = Service.objects.get(code="ORTHO-EVAL")
    forms = [*publish_all(), *Questionnaire.objects.filter(published_by=None)]  # and those that we ship
    for form in forms:
        form_library.attach(questionnaire=form, services=[service], by=None)
    asker = Asker("R01")
    asker.said |= {
        "service": ["ORTHO-EVAL"],
        "body_areas": ["low_back", "hip", "groin", "pelvis"],
        "seen_urgent": ["1"],
    }

    files = fill_in(asker, service)
    asker.browser.post("/request/safety/", {**asker.said, **files})  # says which kinds of file we do not keep
    answers = [asker.browser.post(f"/request/{page}", asker.said) for page in PAGES]

    assert [one.status_code for one in answers] == [302] * len(PAGES)
    stored = list(QuestionnaireResponse.objects.select_related("questionnaire"))
    asking_something = {str(form) for form in forms if any(q.is_question for q in form_of(form).walk())}
    assert {one.response["questionnaire"] for one in stored} == asking_something
    assert [
        found for one in stored for found in validate.validate(form_of(one.questionnaire), one.response)
    ] == []


def publish_all() -> list[Questionnaire]:
    """The real ones that can be published and those of our own for the same features."""
    owner, now = make_user(roles="administrator therapist"), timezone.now()
    forms = [form_library.take_in(content=path.read_bytes(), by=owner, now=now) for path in publishable()]
    for form in forms:
        form_library.publish(questionnaire=form, by=owner, now=now, rights_confirmed=True, warnings_seen=True)
    return forms


def fill_in(asker: Asker, service: Service) -> dict[str, Any]:
    """All questions of all its forms answered; the files that go with the page."""
    known, files = asking.known_from(asker.said), dict[str, Any]()
    for one in asking.asked_of(service, [service], asker.said):
        of_form = {name: value for name, value in known.items() if name in one.form.by_link_id}
        _sheet, data, wanted = filled_in(one.form, prefix=one.prefix, known=of_form)
        asker.said |= data
        files |= {name: SimpleUploadedFile("scan.pdf", PDF, "application/pdf") for name in wanted}
    return files
