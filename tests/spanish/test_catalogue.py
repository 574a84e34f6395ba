"""An untranslated text fails the build: everything said to clients stands in the Spanish catalogue."""

import gettext
import re
from string import Formatter

import pytest

from tests.spanish.extracting import MO, Said, catalogue, said_to_clients, unreadable_calls

pytestmark = pytest.mark.once


def test_everything_said_to_clients_is_translated() -> None:
    spanish = catalogue()

    missing = {
        f"{said.where}: {said.msgid!r}"
        for said in said_to_clients()
        if not _is_translated(said, spanish.get(said.msgid))
    }

    assert not missing, "\n".join(["Without Spanish in locale/es:", *sorted(missing)])


def _is_translated(said: Said, entry: object) -> bool:
    texts = getattr(entry, "texts", {})
    fits = getattr(entry, "plural", "") == said.plural and not getattr(entry, "is_fuzzy", True)
    return fits and all(texts.get(place, "").strip() for place in range(2 if said.plural else 1))


def test_the_reading_finds_texts_of_every_kind() -> None:
    """The control: a reader that finds nothing would let everything pass."""
    found = {said.msgid for said in said_to_clients()}

    assert "Ask for a visit" in found  # {% translate %} in a page
    assert "We have your request, %(name)s." in found  # {% blocktranslate %}
    assert "One thing to fix" in found  # with a plural
    assert "Did you mean %(email)s?" in found  # gettext in a module
    assert "First name" in found  # gettext_lazy under another name
    assert "Your number:" in found or "Hello," in found  # a mail
    assert len(found) > 600


def test_no_text_hides_from_the_reading() -> None:
    assert not unreadable_calls(), "Texts must stand in the call itself, or nobody can translate them."


def test_what_is_filled_in_is_the_same_in_both_languages() -> None:
    wrong = []
    for entry in catalogue().values():
        if not entry.msgid:
            continue
        for place, text in entry.texts.items():
            english = entry.plural if place and entry.plural else entry.msgid
            extra = _filled_in(text) - _filled_in(english + entry.msgid)
            lost = _filled_in(english) - _filled_in(text) if place or not entry.plural else set()
            if extra or lost:
                wrong.append(f"{entry.msgid!r}: {sorted(extra | lost)}")
    assert not wrong, "\n".join(wrong)


def _filled_in(text: str) -> set[str]:
    named = set(re.findall(r"%\(\w+\)[sd]", text))
    tags = set(re.findall(r"</?\w+", text))
    braces = {f"{{{name}}}" for _text, name, _spec, _how in Formatter().parse(text) if name is not None}
    return named | tags | braces


def test_the_compiled_catalogue_is_of_this_one() -> None:
    with MO.open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    wrong = []
    for entry in catalogue().values():
        if not entry.msgid:
            continue
        for place, text in entry.texts.items():
            number = 2 if place else 1
            said = (
                compiled.ngettext(entry.msgid, entry.plural, number)
                if entry.plural
                else compiled.gettext(entry.msgid)
            )
            if said != text:
                wrong.append(entry.msgid)
    assert not wrong, f"Run msgfmt: django.mo is older than django.po for {wrong[:5]}"


def test_the_draft_says_that_it_is_one() -> None:
    """Until a native speaker and a clinician have read it, the file says so; then it names them."""
    head = catalogue()[""].texts[0]

    assert re.search(r"^X-Review: (draft|read by .+ on \d{4}-\d{2}-\d{2})", head, re.MULTILINE)
