"""What of the product can be said to a client, read out of its source, and what the Spanish catalogue holds.

Pure Python: Django turns a template into gettext calls, `ast` reads the calls in modules. No gettext tools.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent.parent
PO = ROOT / "locale" / "es" / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
APPS = ("config", "intake", "scheduling", "notifications")

# Everything is said to clients until it is named here: these pages and modules are seen by staff alone,
# whose desk is in English.
STAFF_ONLY = (
    "config/",  # the roof: settings, accounts, staff pages
    "intake/client_form.py",
    "intake/ledger.py",
    "intake/contact.py",  # why a message cannot be repeated
    "intake/management/",
    "intake/messages_urls.py",
    "intake/models/client.py",
    "intake/models/consent.py",
    "intake/models/insurance.py",
    "intake/models/questionnaire.py",
    "intake/models/service.py",
    "intake/templatetags/mail_trouble.py",
    "intake/templates/intake/answers.html",
    "intake/templates/intake/forms/",
    "intake/templates/intake/mail/staff_",
    "intake/templates/intake/mail/test_mail",
    "intake/templates/intake/messages/",
    "intake/views/messages.py",
    "intake/views/questionnaires.py",
    "notifications/models.py",
    "scheduling/",  # the desk's app
)
# ... but for these, which lie among them.
FOR_CLIENTS = (
    "config/templates/4",  # what is said when something is refused or broken
    "config/templates/5",
    "config/templates/base.html",
    "config/templates/components/",
    "config/templates/django/",
    "config/templates/link_unavailable.html",
    "config/templates/plain.html",
    "config/views.py",
    "intake/models/appointment_request.py",
    "scheduling/estimates/sheet_words.py",
    "scheduling/class_notices.py",
    "scheduling/estimate_notices.py",
    "scheduling/notices.py",
    "scheduling/series_notices.py",
    "scheduling/templates/scheduling/client/",
    "scheduling/templates/scheduling/estimates/birth_date.html",
    "scheduling/templates/scheduling/estimates/document.html",
    "scheduling/templates/scheduling/estimates/estimate.html",
    "scheduling/templates/scheduling/estimates/locked.html",
    "scheduling/templates/scheduling/estimates/right.html",
    "scheduling/templates/scheduling/mail/",
    "scheduling/views/client/",
    "scheduling/views/estimates.py",
    "scheduling/waitlist_notices.py",
    "scheduling/wording.py",
)
STAFF_MAIL = (
    "scheduling/templates/scheduling/mail/daily_digest",
    "scheduling/templates/scheduling/mail/staff_",
)
# How many of a call's first arguments are texts.
CALLS = {
    "_": 1, "gettext": 1, "gettext_lazy": 1, "gettext_noop": 1,
    "ngettext": 2, "ngettext_lazy": 2,
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """One text in the source."""

    msgid: str
    where: str
    plural: str = ""


@dataclass
class Entry:
    """One entry of the catalogue."""

    msgid: str = ""
    plural: str = ""
    texts: dict[int, str] = field(default_factory=dict)
    is_fuzzy: bool = False


def said_to_clients() -> Iterator[Said]:
    for path in _files():
        where = str(path.relative_to(ROOT))
        source = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            # Templates become gettext calls among noise; only the calls are kept.
            source = "\n".join(_calls_in(templatize(source, origin=where)))
        yield from _said_in(source, where)


def _files() -> Iterator[Path]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*")):
            where = str(path.relative_to(ROOT))
            is_template = "templates" in path.parts and path.suffix in {".html", ".txt"}
            is_ours = (path.suffix == ".py" or is_template) and "migrations" not in path.parts
            for_clients = where.startswith(FOR_CLIENTS) and not where.startswith(STAFF_MAIL)
            if is_ours and (for_clients or not where.startswith(STAFF_ONLY)):
                yield path


def _calls_in(templatized: str) -> Iterator[str]:
    """`gettext(u'…')`, `_('…')` and `ngettext(u'…', u'…', count)` as templatize writes them."""
    text = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
    for match in re.finditer(
        rf"(?:\b(?:n?gettext)|_)\(\s*({text})(?:\s*,\s*({text})\s*,[^)]*)?\s*\)", templatized, re.S
    ):
        yield f"ngettext({match[1]}, {match[2]}, n)" if match[2] else f"gettext({match[1]})"


def _said_in(source: str, where: str) -> Iterator[Said]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        texts = [one.value for one in node.args[: CALLS.get(name, 0)] if isinstance(one, ast.Constant)]
        if texts:
            yield Said(str(texts[0]), where, str(texts[1]) if len(texts) > 1 else "")


def unreadable_calls() -> list[str]:
    """gettext calls in modules whose text is not written in the call."""
    found = []
    for path in _files():
        if path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(getattr(node, "func", None), "id", "")
            if isinstance(node, ast.Call) and name in CALLS and not isinstance(node.args[0], ast.Constant):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


# --- the catalogue -----------------------------------------------------------------------------------


def catalogue() -> dict[str, Entry]:
    """msgid → entry of the .po file."""
    found: dict[str, Entry] = {}
    entry, where = Entry(), ""
    for line in [*PO.read_text(encoding="utf-8").splitlines(), ""]:
        if line.startswith("#,") and "fuzzy" in line:
            entry.is_fuzzy = True
        elif line.startswith(("msgid", "msgstr")):
            where, _space, rest = line.partition(" ")
            _add(entry, where, rest)
        elif line.startswith('"'):
            _add(entry, where, line)
        elif not line.strip() and where:
            found[entry.msgid] = entry
            entry, where = Entry(), ""
    return found


def _add(entry: Entry, where: str, quoted: str) -> None:
    text = ast.literal_eval(quoted)
    if where == "msgid":
        entry.msgid += text
    elif where == "msgid_plural":
        entry.plural += text
    else:
        place = int(where[7:-1]) if where.startswith("msgstr[") else 0
        entry.texts[place] = entry.texts.get(place, "") + text
