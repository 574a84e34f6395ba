"""The forms we ship: publishable, skippable, in two languages, with the codes of the sample clinic."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.questionnaires import sheet, validate
from intake.questionnaires.model import Item, Questionnaire
from intake.questionnaires.parse import parse
from tests.factories import sample_file

FORMS = Path(__file__).parents[3] / "intake" / "data" / "questionnaires"
CLINIC = sample_file()


def shipped() -> list[Path]:
    return sorted(FORMS.glob("*.json"))


def form(slug: str) -> Questionnaire:
    questionnaire = parse((FORMS / f"{slug}.json").read_bytes()).questionnaire
    assert questionnaire is not None
    return questionnaire


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.stem)
def test_no_question_of_ours_is_required(path: Path) -> None:
    blank = sheet.read(form(path.stem), {})

    assert blank.errors == []
    assert validate.validate(form(path.stem), blank.response()) == []


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.stem)
def test_every_word_is_there_in_spanish(path: Path) -> None:
    def untranslated(item: Item) -> Iterator[str]:
        texts = [item.text, *(option.label for option in item.options)]
        yield from (text.plain for text in texts if "es" not in text.translations)

    assert [words for item in form(path.stem).walk() for words in untranslated(item)] == []


@pytest.mark.parametrize(
    ("slug", "block"), [(slug, block) for slug, block in CLINIC["screeners"].items() if "questions" in block]
)
def test_the_sample_clinics_questions_are_asked_under_its_codes(slug: str, block: dict) -> None:
    asked = form(slug).by_link_id

    for question in block["questions"]:
        if question["code"] == "pregnancy":  # asked once in the request, handed in hidden
            assert asked["pregnancy_status"].look.hidden
            continue
        item = asked[question["code"]]
        codes = [option.value.raw["code"] for option in item.options]
        assert item.text.plain == question["text"]
        options = ["no" if code is False else code for code in question.get("options", codes)]  # YAML's no
        assert set(options) <= set(codes)


def test_pregnancy_is_never_read_from_the_page() -> None:
    tampered = {"i1": ["0"]}

    answered = sheet.read(form("safety"), tampered, known={"pregnancy_status": "gave_birth"})

    assert [v.raw["code"] for v in answered.answers()["pregnancy_status"]] == ["gave_birth"]


def test_a_pregnant_person_is_asked_about_warning_signs() -> None:
    asked = sheet.opened(form("safety"), known={"pregnancy_status": "pregnant"})
    not_asked = sheet.opened(form("safety"))

    assert asked.tree.by_link_id["pregnancy_warning"][0].enabled
    assert not not_asked.tree.by_link_id["pregnancy_warning"][0].enabled
