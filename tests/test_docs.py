"""What a stranger reads must be true: every setting is explained, every page and file named is there."""

import ast
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
READERS = {
    "text",
    "secret",
    "key_ring",
    "words",
    "number",
    "switch",
    "database",
    "redis",
    "get",
    "setdefault",
}
# In the README's map beside the folder they are in, or made by running.
SAID_SHORT = {"questionnaires/", "estimates/", "foundation/", "var/"}
NOT_SETTINGS = {
    "DJANGO_SETTINGS_MODULE",
    "CONTENT_LENGTH",
    "QUERY_STRING",
    "OPTIONS",
}  # "get" of other things


def variables() -> set[str]:
    """Every name that a reader of the environment is given, in settings or anywhere in config."""
    found = set()
    for file in (ROOT / "config").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in READERS
            ):
                found |= _names(node.args[:1])
            elif isinstance(node, ast.For):  # a loop over names
                found |= _names(getattr(node.iter, "elts", []))
    return found - NOT_SETTINGS


def _names(values: list[ast.expr]) -> set[str]:
    words = {value.value for value in values if isinstance(value, ast.Constant)}
    return {word for word in words if isinstance(word, str) and re.fullmatch(r"[A-Z][A-Z_]{3,}", word)}


def test_every_setting_is_explained_and_nothing_else_is() -> None:
    tables = re.findall(r"^\| (`.*?) \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)
    explained = set(re.findall(r"`([A-Z_]+)`", "\n".join(tables)))

    assert {"SECRET_KEY", "MAILGUN_API_KEY"} <= variables()
    assert explained == variables()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_files_and_commands_that_the_readme_names_are_there() -> None:
    readme = (ROOT / "README.md").read_text()
    modules = re.findall(r"`((?:config|intake|scheduling|notifications|tests)\.[\w.]+)`", readme)
    named = re.findall(r"`(\w[\w./-]*(?:\.\w+|/))`", readme)
    files = [name for name in named if name not in SAID_SHORT and name not in modules]
    commands = re.findall(r"manage\.py (\w+)", readme)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert [name for name in files if not (ROOT / name).exists()] == []
    assert modules
    assert [name for name in modules if find_spec(name) is None] == []
    assert [name for name in commands if not list(ROOT.glob(f"*/**/management/commands/{name}.py"))] == []
    assert set(re.findall(r"`make ([a-z-]+)", readme)) <= targets


def test_no_two_decisions_have_one_number() -> None:
    written = [page.name[:4] for page in (ROOT / "docs" / "decisions").glob("[0-9]*.md")]

    assert sorted(set(written)) == sorted(written)
