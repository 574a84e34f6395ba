"""One design system: every part is a template, is shown on the page of all parts, and is what the pages are built from."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = {
    str(path).split("/templates/")[1]: path.read_text(encoding="utf-8")
    for app in ("config", "intake", "scheduling")
    for path in (ROOT / app).rglob("templates/**/*.html")
}
ALL_PARTS = "dev/components.html"
PARTS = sorted(name for name in TEMPLATES if name.startswith("components/"))
# Drawn by the fields of the form on that page, which the template does not name.
BY_FIELDS = ("django/forms/field.html", "components/count.html")


def named_in(template: str) -> set[str]:
    return set(re.findall(r'{% (?:include|extends) "([^"]+)"', TEMPLATES[template]))


def within(template: str) -> Iterator[str]:
    """What a page is built from, down to the last part."""
    for name in named_in(template):
        yield name
        yield from within(name)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_shown_on_the_page_of_all_parts(part: str) -> None:
    shown = {*within(ALL_PARTS), *BY_FIELDS}
    shown |= {name for field in BY_FIELDS for name in within(field)}

    assert part in shown


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_what_pages_are_built_from(part: str) -> None:
    """By another template's name for it, or by a field that brings it along."""
    users = [name for name in TEMPLATES if name != ALL_PARTS and part in named_in(name)]
    by_code = [path for path in (ROOT / "intake").glob("*.py") if f'"{part}"' in path.read_text("utf-8")]

    assert users or by_code


def test_a_banner_is_written_once() -> None:
    """A banner written by hand lacks its sign, and its words then stand in the narrow column of the sign."""
    by_hand = [name for name, text in TEMPLATES.items() if '<p class="banner' in text]

    assert sorted(by_hand) == ["allauth/elements/alert.html", "components/banner.html"]
