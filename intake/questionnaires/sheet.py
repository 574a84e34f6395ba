"""A form in front of a person: open it, read what was posted, show it again, take the answers.

sheet = sheet.opened(questionnaire, known={"pregnancy_status": "pregnant"}, prefix="safety-", language="es")
sheet = sheet.read(questionnaire, lists_of(request.POST), known=…, prefix="safety-", language="es")
sheet.controls(alarms=…)      for the template `intake/questionnaire/form.html`
sheet.errors                  findings of enabled questions; empty means the answers are fine
sheet.has_new_questions       something became enabled that the page had not shown: show it again
sheet.response()              the QuestionnaireResponse
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

from intake.questionnaires import enablement, validate, wording
from intake.questionnaires import response as writing
from intake.questionnaires.control import Control
from intake.questionnaires.controls import Alarms, controls_of
from intake.questionnaires.held import FromResponse, starting
from intake.questionnaires.model import ERROR, Finding, Item, Questionnaire, Value
from intake.questionnaires.posted import Posted
from intake.questionnaires.tree import Held, Node, Tree, grow

SHOWN = "~shown"  # the field that lists which conditional questions the page had on it
ADD = "~add"  # the button that adds a repetition
_PATH = re.compile(r"i\d{1,4}([#@]\d{1,4})?(\.\d{1,4}([#@]\d{1,4})?)*")
_OCCURRENCE = re.compile(r"[#@]\d+")
# Whether the file of a field may come another way: it could not be kept, or the page takes none.
Excused = Callable[[str], bool]


@dataclass(slots=True)
class Sheet:
    tree: Tree
    prefix: str = ""
    language: str = "en"
    errors: list[Finding] = field(default_factory=list)
    typed: Mapping[str, list[str]] = field(default_factory=dict)
    seen: frozenset[str] | None = None  # conditional questions the posted page showed; None: no page yet
    wants_more: bool = False  # "Add another" was pressed
    awaits_files: bool = False  # a required file is still to come

    @property
    def questionnaire(self) -> Questionnaire:
        return self.tree.questionnaire

    @property
    def shown(self) -> list[str]:
        """Paths of the conditional items that are on the page now."""
        return [
            node.path
            for node in self.tree.walk()
            if node.enabled and (node.item.conditions or node.slot is not None) and not node.item.look.hidden
        ]

    @property
    def shown_field(self) -> tuple[str, str]:
        """Name and value of the hidden field that a template must carry."""
        return self.prefix + SHOWN, " ".join(self.shown)

    @property
    def has_new_questions(self) -> bool:
        if self.seen is None:
            return False
        new = set(self.shown) - self.seen
        return any(
            self.tree.by_path[path].item.is_question or self.tree.by_path[path].item.is_group for path in new
        )

    def controls(self, alarms: Alarms | None = None) -> list[Control]:
        return controls_of(
            self.tree,
            language=self.language,
            prefix=self.prefix,
            findings=self.errors,
            typed=self.typed,
            alarms=alarms,
        )

    def error_links(self) -> list[tuple[str, str]]:
        """For the error summary: id of the field, and the sentence with the question's words."""
        targets = {c.path: c for c in flattened(self.controls())}
        links = []
        for finding in self.errors:
            control = targets.get(finding.path) or targets.get(finding.path.split("#")[0])
            item = self.tree.questionnaire.by_link_id.get(finding.link_id)
            words = item.text.in_language(self.language) if item else ""
            where = control.error_target if control else ""
            links.append((where, f"{words}: {finding.message}" if words else finding.message))
        return links

    def response(self, *, authored: str = "") -> dict[str, Any]:
        """`authored` is an ISO moment with its offset. Without a required file it says that it is not complete."""
        status = writing.IN_PROGRESS if self.awaits_files else writing.COMPLETED
        return writing.build(self.tree, status=status, language=self.language, authored=authored)

    def answers(self) -> dict[str, list[Value]]:
        """linkId -> the answers that count."""
        return {link_id: found for link_id in self.tree.by_link_id if (found := self.tree.values_of(link_id))}


def opened(
    questionnaire: Questionnaire,
    *,
    known: Mapping[str, Any] | None = None,
    response: Mapping[str, Any] | None = None,
    language: str = "en",
    prefix: str = "",
) -> Sheet:
    """A form nobody has posted yet: blank with its initial values, or resumed from an earlier response.

    `known`: linkId -> code or value that the request has already; it wins over the response.
    """
    start = starting(questionnaire, known)
    held: Held = start if response is None else _Resumed(questionnaire, response, start.known)
    return Sheet(_decided(questionnaire, held), prefix=prefix, language=language)


def read(
    questionnaire: Questionnaire,
    data: Mapping[str, Sequence[str]],
    *,
    known: Mapping[str, Any] | None = None,
    files: Mapping[str, Sequence[Value]] | None = None,
    excused: Excused | None = None,
    language: str = "en",
    prefix: str = "",
    zone: tzinfo = UTC,
) -> Sheet:
    """What a page sent. `data` is name -> list of values; `zone` is that of wall times on the page.

    `files` are the attachments of this form, by the names of their fields.
    """
    add = next(iter(data.get(prefix + ADD, ())), "")
    posted = Posted(
        data=_with_more(data, prefix, add) if add else data,
        unasked=questionnaire.unasked(),
        start=starting(questionnaire, known),
        prefix=prefix,
        language=language,
        zone=zone,
        files=files or {},
    )
    tree = _decided(questionnaire, posted)
    sheet = Sheet(tree, prefix=prefix, language=language, typed=posted.typed, wants_more=bool(add))
    sheet.seen = frozenset(next(iter(data.get(prefix + SHOWN, ())), "").split())
    mistyped = {error.path for error in posted.errors}
    wrong = [e for e in validate.check_answers(tree, language=language) if e.path not in mistyped]
    late = [e for e in wrong if excused and _waits_for_a_file(tree.by_path[e.path], e, excused, prefix)]
    sheet.awaits_files = bool(late)
    sheet.errors = [e for e in posted.errors if _is_enabled(tree, e.path)]
    sheet.errors += [e for e in wrong if e not in late]
    sheet.errors += [
        Finding("qr-tampered", ERROR, wording.message("qr-tampered", language), path=name[len(prefix) :])
        for name in posted.unread()[:1]
    ]
    return sheet


def _waits_for_a_file(node: Node, finding: Finding, excused: Excused, prefix: str) -> bool:
    """Nothing is missing here but files that may come another way."""
    if finding.code not in ("qr-required", "qr-min-occurs"):
        return False
    asked = [one for one in (node, *node.below()) if one.enabled and one.item.is_question]
    may_lack = [one.item.type == "attachment" and excused(prefix + one.path) for one in asked]
    return bool(asked) and all(may_lack)


def field_name(questionnaire: Questionnaire, link_id: str, prefix: str = "") -> str:
    """The name of a question's field on the page (its first occurrence)."""
    item: Item | None = questionnaire.by_link_id[link_id]
    parts: list[str] = []
    while item is not None:
        parent = questionnaire.parent(item)
        under_question = parent is not None and parent.is_question and not item.is_display
        repeats = "#0" if item.is_group and item.repeats else ""
        parts.append(f"{'@0.' if under_question else '.' if parent else ''}{item.place[-1]}{repeats}")
        item = parent
    return f"{prefix}i{''.join(reversed(parts))}"


def item_at(questionnaire: Questionnaire, name: str, prefix: str = "") -> Item | None:
    """The item that a field of the page belongs to; None when the form has no such place."""
    path = name.removeprefix(prefix) if name.startswith(prefix) else ""
    if not _PATH.fullmatch(path):
        return None
    items, found = questionnaire.items, None
    for step in _OCCURRENCE.sub("", path[1:]).split("."):
        if int(step) >= len(items):
            return None
        found = items[int(step)]
        items = found.items
    return found


def fields_for(
    questionnaire: Questionnaire, answers: Mapping[str, Any], prefix: str = ""
) -> dict[str, list[str]]:
    """Post data for answers by linkId: codes, numbers, texts, or lists. KeyError for unknown linkIds."""
    data: dict[str, list[str]] = {}
    for link_id, given in answers.items():
        item, name = questionnaire.by_link_id[link_id], field_name(questionnaire, link_id, prefix)
        for row, one in enumerate(given if isinstance(given, (list, tuple)) else [given]):
            number = _option_number(item, one)
            if item.options and number is None:
                data.setdefault(f"{name}~other", []).append(str(one))
                data.setdefault(name, []).append("other")
            elif item.repeats and not item.options:
                data[f"{name}#{row}"] = [str(one)]
                data[f"{name}~n"] = [str(row + 1)]
            else:
                words = str(one).lower() if isinstance(one, bool) else str(one)
                data.setdefault(name, []).append(words if number is None else str(number))
    return data


def flattened(controls: list[Control]) -> list[Control]:
    """Every control of a page, in its order."""
    found = []
    for control in controls:
        found.append(control)
        found.extend(flattened(control.notes))
        found.extend(flattened(control.children))
        for below in control.below:
            found.extend(flattened(below.controls))
    return found


def _decided(questionnaire: Questionnaire, held: Held) -> Tree:
    tree = grow(questionnaire, held)
    enablement.decide(tree)
    return tree


def _is_enabled(tree: Tree, path: str) -> bool:
    node = tree.by_path.get(path) or tree.by_path.get(path.rsplit("#", 1)[0])
    return node is not None and node.enabled


def _option_number(item: Item, given: Any) -> int | None:
    for number, option in enumerate(item.options):
        raw = option.value.raw
        if (raw.get("code") if isinstance(raw, dict) else raw) == given:
            return number
    return None


def _with_more(data: Mapping[str, Sequence[str]], prefix: str, path: str) -> dict[str, Sequence[str]]:
    name = f"{prefix}{path}~n"
    now = next(iter(data.get(name, ())), "1")
    return {**data, name: [str(int(now) + 1 if now.isdecimal() and len(now) < 4 else 2)]}


class _Resumed(FromResponse):
    """An earlier response, with what is known by now on top."""

    def __init__(
        self, questionnaire: Questionnaire, response: Mapping[str, Any], known: Mapping[str, Sequence[Value]]
    ) -> None:
        super().__init__(questionnaire, response)
        self.known = known

    def answers(self, item: Item, path: str) -> Mapping[int, Value]:
        if item.link_id in self.known:
            return dict(enumerate(self.known[item.link_id]))
        return super().answers(item, path)
