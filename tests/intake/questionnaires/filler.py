"""Fills in any form as a person would: looks at the controls, answers each, continues until nothing is new."""

from collections.abc import Iterable, Mapping
from typing import Any

from intake.questionnaires import sheet
from intake.questionnaires.attachments import Upload, attachment_of
from intake.questionnaires.control import Control
from intake.questionnaires.model import Item, Questionnaire, Value

NATIVE = {
    "date": "2020-02-29",
    "dateTime": "2020-02-29T09:30",
    "time": "09:30",
    "url": "https://example.com/",
}
Data = dict[str, list[str]]
Files = dict[str, list[Value]]
Known = Mapping[str, Any] | None


def filled(questionnaire: Questionnaire) -> sheet.Sheet:
    return filled_in(questionnaire)[0]


def filled_in(
    questionnaire: Questionnaire, *, prefix: str = "", known: Known = None, rounds: int = 10
) -> tuple[sheet.Sheet, Data, Files]:
    """The form with all its answers, and what a page would post for them."""
    data: Data = {}
    files: Files = {}
    shown = sheet.opened(questionnaire, known=known, prefix=prefix)
    for _ in range(rounds):
        before = len(data) + len(files)
        answer_all(shown, data, files)
        data[shown.shown_field[0]] = [shown.shown_field[1]]
        shown = sheet.read(questionnaire, data, known=known, files=files, prefix=prefix)
        if len(data) + len(files) == before and not shown.has_new_questions:
            break
    return shown, data, files


def answer_all(shown: sheet.Sheet, data: Data, files: Files) -> None:
    for control in visible(shown.controls()):
        item = shown.tree.by_path[control.path].item
        if control.kind == "group":
            if control.number:
                data[f"{control.name.rsplit('#', 1)[0]}~n"] = [str(control.count)]
        elif control.name not in data and control.name not in files:
            answer(control, item, data, files)


def visible(controls: Iterable[Control]) -> Iterable[Control]:
    for control in controls:
        if control.enabled:
            yield control
            yield from visible(control.notes)
            yield from visible(control.children)
            for below in control.below:
                yield from visible(below.controls)


def answer(control: Control, item: Item, data: Data, files: Files) -> None:
    if control.kind in ("radios", "select", "scale", "checkboxes"):
        data[control.name] = [choice.value for choice in control.choices[: item.limits.min_occurs or 1]]
    elif control.kind in ("input", "textarea", "suggest") or control.kind == "quantity":
        data[control.name] = [words(item)]
        if control.units:
            data[f"{control.name}~unit"] = ["0"]
    elif control.kind == "rows":
        count = max(item.limits.min_occurs or 1, 1)
        data[f"{control.name}~n"] = [str(count)]
        for row in range(count):
            data[f"{control.name}#{row}"] = [words(item)]
    elif control.kind == "file":
        wanted = (item.limits.mime_types or ("text/plain",))[-1]
        content = {"image/jpeg": b"\xff\xd8\xff", "application/pdf": b"%PDF-1.4"}.get(wanted, b"words")
        files[control.name] = [attachment_of(Upload("a", wanted, content))]


def words(item: Item) -> str:
    """Something that keeps to the limits."""
    if item.type in NATIVE:
        low = item.limits.min_value
        return str(low.raw) if low is not None and item.type == "date" else NATIVE[item.type]
    if item.type in ("integer", "decimal", "quantity"):
        bound = item.limits.min_value or item.limits.max_value
        raw = bound.raw if bound is not None else 1
        return str(raw.get("value", 1) if isinstance(raw, dict) else raw)
    if item.limits.pattern:
        return next(
            (w for w in ("someone@example.com", "801-555-0100", "84101", "abc") if fits(item, w)), "abc"
        )
    return "a" * max(item.limits.min_length or 3, 1)


def fits(item: Item, text: str) -> bool:
    from_pattern = sheet.validate.checks._matches
    return item.limits.pattern is None or from_pattern(item.limits.pattern, text)
