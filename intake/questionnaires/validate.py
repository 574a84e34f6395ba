"""Is a QuestionnaireResponse valid for exactly this form? Findings with linkId, path and words for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from intake.questionnaires import checks, enablement, wording
from intake.questionnaires.held import FromResponse, answer_value, objects, starting, values_in
from intake.questionnaires.model import ERROR, WARNING, Finding, Item, Questionnaire
from intake.questionnaires.tree import Node, Tree, grow
from intake.questionnaires.values import equal

STATUSES = frozenset({"in-progress", "completed", "amended", "entered-in-error", "stopped"})
FINAL = frozenset({"completed", "amended"})
# True whatever the status; all else is a warning while answers are still being given.
ALWAYS_ERRORS = frozenset(
    {
        "qr-structure", "qr-status", "qr-questionnaire-unknown", "qr-linkid-missing",
        "qr-linkid-unknown", "qr-misplaced", "qr-group-answer", "qr-display-content",
        "qr-item-under-question", "qr-item-and-answer", "qr-type",
    }
)  # fmt: skip


def validate(questionnaire: Questionnaire, response: Any, *, language: str = "en") -> list[Finding]:
    """All findings, in the order of the response, then of the form."""
    if not isinstance(response, dict) or response.get("resourceType") != "QuestionnaireResponse":
        kind = response.get("resourceType") if isinstance(response, dict) else type(response).__name__
        return [_not_a_response(f"this is a {kind}, not a QuestionnaireResponse")]
    held = FromResponse(questionnaire, response)
    tree = grow(questionnaire, held)
    enablement.decide(tree)
    walker = _Walker(questionnaire, tree, language)
    walker.root(response)
    findings = [*walker.findings, *_whole_form(tree, held, language)]
    if str(response.get("status")) not in FINAL:
        findings = [f if f.code in ALWAYS_ERRORS else _softened(f) for f in findings]
    return findings


def check_answers(tree: Tree, *, language: str = "en", present: set[str] | None = None) -> Iterator[Finding]:
    """Findings about the answers of a decided tree: required, counts, and each value by itself.

    `present` names the paths a response has, so that a required question in a group left out entirely is no
    error; a page has every group on it (None).
    """
    unasked = tree.questionnaire.unasked()
    for node in tree.walk():
        if not node.enabled or node.item.is_display:
            continue
        item, values = node.item, node.values
        if present is None and item.place in unasked:
            continue  # the page never asked
        if item.required and _is_expected(node, present) and not _has_answer(node):
            yield Finding(
                "qr-required", ERROR, wording.message("qr-required", language), item.link_id, node.path
            )
        yield from checks.check_set(item, values, node.path, language)
        if item.is_question:
            yield from checks.check_count(item, len(values), node.path, language)
        for value in values:
            yield from checks.check_value(item, value, node.path, language)


def _whole_form(tree: Tree, held: FromResponse, language: str) -> Iterator[Finding]:
    yield from check_answers(tree, language=language, present=held.present)
    for node in tree.walk():
        if node.item.is_group and node.item.repeats and node.repetition == 0 and node.enabled:
            path = node.path.rsplit("#", 1)[0]
            if path in held.present:
                yield from checks.check_count(node.item, held.counts.get(path, 0), node.path, language)
    yield from _read_only(tree, language)


def _read_only(tree: Tree, language: str) -> Iterator[Finding]:
    """A read-only value must be the initial one. Computed values we cannot recompute, so they pass."""
    start = starting(tree.questionnaire)
    for node in tree.walk():
        item = node.item
        if not item.is_question or not item.read_only or not node.values or not item.initial:
            continue
        first = list(start.answers(item, node.path).values())
        same = len(first) == len(node.values) and all(
            equal(a, b) for a, b in zip(first, node.values, strict=True)
        )
        if not same:
            yield Finding(
                "qr-read-only", ERROR, wording.message("qr-read-only", language), item.link_id, node.path
            )


def _is_expected(node: Node, present: set[str] | None) -> bool:
    """Must the question be there? In a response only when the group around it is."""
    parent = node.parent
    while parent is not None:
        if present is not None and parent.item.is_group and parent.path not in present:
            return False
        parent = parent.parent
    return True


def _has_answer(node: Node) -> bool:
    if node.item.is_question:
        return bool(node.values)
    return any(child.enabled and child.item.is_question and child.values for child in node.below())


@dataclass(slots=True)
class _Walker:
    """Structure: is every item of the response where the form has it?"""

    questionnaire: Questionnaire
    tree: Tree
    language: str
    findings: list[Finding] = field(default_factory=list)

    def say(
        self, code: str, link_id: str = "", path: str = "", severity: str = ERROR, **parts: object
    ) -> None:
        self.findings.append(
            Finding(code, severity, wording.message(code, self.language, **parts), link_id, path)
        )

    def root(self, response: Mapping[str, Any]) -> None:
        canonical = response.get("questionnaire")
        ours, url = self.questionnaire, str(canonical or "").split("|")[0]
        other_version = "|" in str(canonical) and ours.version and canonical != ours.canonical
        if canonical and ours.url and (url != ours.url or other_version):
            self.say("qr-questionnaire-unknown", found=canonical)
        if str(response.get("status")) not in STATUSES:
            self.say("qr-status")
        self.subject(response.get("subject"))
        self.items(response, self.questionnaire.items, "i")

    def subject(self, subject: Any) -> None:
        allowed = self.questionnaire.raw.get("subjectType")
        reference = subject.get("reference") if isinstance(subject, dict) else None
        stated = subject.get("type") if isinstance(subject, dict) else None
        kind = stated or _resource_type(reference)
        if isinstance(allowed, list) and allowed and kind and kind not in allowed:
            self.say("qr-subject-type", found=kind)

    def items(self, holder: Mapping[str, Any], allowed: Iterable[Item], prefix: str) -> None:
        raw_items = holder.get("item")
        if raw_items is not None and (
            not isinstance(raw_items, list) or len(objects(raw_items)) != len(raw_items)
        ):
            self.say("qr-structure", found="“item” is not a list of objects")
        expected = {item.link_id: item for item in allowed}
        seen: dict[str, int] = {}
        last = -1
        for raw in objects(raw_items):
            link_id = raw.get("linkId")
            item = expected.get(link_id) if isinstance(link_id, str) else None
            if item is None:
                self.stranger(link_id)
                continue
            position = item.place[-1]
            if position < last:
                self.say("qr-order", item.link_id)
            last = max(last, position)
            count = seen.get(item.link_id, 0)
            seen[item.link_id] = count + 1
            path = f"{prefix}{position}"
            if count and not (item.is_group and item.repeats):
                self.say("qr-too-many", item.link_id, path)
            else:
                self.item(raw, item, f"{path}#{count}" if item.is_group and item.repeats else path)

    def stranger(self, link_id: Any) -> None:
        if not isinstance(link_id, str) or not link_id:
            self.say("qr-linkid-missing")
        elif link_id in self.questionnaire.by_link_id:
            self.say("qr-misplaced", link_id)
        else:
            self.say("qr-linkid-unknown", link_id, found=link_id)

    def item(self, raw: Mapping[str, Any], item: Item, path: str) -> None:
        has_items, has_answers = bool(raw.get("item")), bool(raw.get("answer"))
        if has_items and has_answers:
            self.say("qr-item-and-answer", item.link_id, path)
        self.text(raw.get("text"), item, path)
        if item.is_display:
            if has_items or has_answers:
                self.say("qr-display-content", item.link_id, path)
            return
        node = self.tree.by_path.get(path)
        disabled_here = node is not None and not node.enabled and (node.parent is None or node.parent.enabled)
        if disabled_here and (has_items or has_answers):  # said once, at the top of what is disabled
            self.say("qr-not-enabled", item.link_id, path)
        if item.is_group:
            self.group(raw, item, path, has_answers)
        else:
            self.question(raw, item, path, has_items)

    def group(self, raw: Mapping[str, Any], item: Item, path: str, has_answers: bool) -> None:
        if has_answers:
            self.say("qr-group-answer", item.link_id, path)
        self.items(raw, item.items, f"{path}.")

    def question(self, raw: Mapping[str, Any], item: Item, path: str, has_items: bool) -> None:
        if has_items:
            self.say("qr-item-under-question", item.link_id, path)
        answers, stated = objects(raw.get("answer")), raw.get("answer")
        if stated is not None and (not isinstance(stated, list) or len(answers) != len(stated)):
            self.say("qr-structure", item.link_id, path, found="“answer” is not a list of objects")
        if not answers:
            self.say("qr-unanswered-item", item.link_id, path, WARNING)
        valued = [answer for answer in answers if answer_value(answer) is not None]
        if len(valued) != len(answers) or any(len(values_in(answer)) > 1 for answer in answers):
            self.say("qr-type", item.link_id, path)
        node = self.tree.by_path.get(path)
        asked = [child for child in item.items if not child.is_display]
        keys = self.keys(node, valued)
        for key, answer in zip(keys, valued, strict=False):
            self.items(answer, [*asked, *(c for c in item.items if c.is_display)], f"{path}@{key}.")

    def keys(self, node: Node | None, valued: list[Mapping[str, Any]]) -> list[int]:
        """Slot numbers of the answers, in the order of the answers."""
        free = [slot for slot in node.slots if slot.value is not None] if node is not None else []
        keys = []
        for answer in valued:
            value = answer_value(answer)
            slot = next(
                (s for s in free if s.value is not None and value is not None and s.value == value), None
            )
            if slot is not None:
                free.remove(slot)
                keys.append(slot.key)
        return keys

    def text(self, words: Any, item: Item, path: str) -> None:
        known = {item.text.plain, *item.text.translations.values(), _joined(item)}
        if isinstance(words, str) and words.strip() not in {k.strip() for k in known}:
            self.say("qr-text", item.link_id, path, WARNING)


def _resource_type(reference: Any) -> str:
    """`Patient` of `https://x.org/fhir/Patient/1/_history/2`; nothing of `urn:uuid:…` or `#p`."""
    path = str(reference or "").split("/_history/")[0].split("/")
    return path[-2] if len(path) > 1 else ""


def _joined(item: Item) -> str:
    return f"{item.prefix.plain} {item.text.plain}".strip()


def _not_a_response(found: str) -> Finding:
    return Finding("qr-structure", ERROR, wording.message("qr-structure", found=found))


def _softened(finding: Finding) -> Finding:
    return Finding(finding.code, WARNING, finding.message, finding.link_id, finding.path)
