"""Bytes of a file -> a JSON object that is an R4 Questionnaire within our limits, or the reason why not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from intake.questionnaires.model import ERROR, WARNING, Finding

MAX_BYTES = 1_000_000
MAX_ITEMS = 1_000
MAX_DEPTH = 10
MAX_OPTIONS = 500
MAX_LINK_ID = 255
MAX_IMAGE_BYTES = 200_000
MAX_JSON_DEPTH = 100
MAX_EXPONENT = 400  # 1e400 is written out as 400 digits; nobody means more

R5_TYPES = {"coding"}
R5_MEMBERS = {"copyrightLabel", "versionAlgorithmString", "versionAlgorithmCoding"}
R5_ITEM_MEMBERS = {"answerConstraint", "disabledDisplay"}
STU3_MEMBERS = {"group", "question"}
STU3_ITEM_MEMBERS = {"option", "options"}


# JSON can write these down; no database and no page can hold them.
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_ESCAPED = re.compile(r"\\u(0000|[dD][89a-fA-F])")


class NotJson(ValueError):
    """The bytes are not JSON that we take; the message says where."""


@dataclass(slots=True)
class Loaded:
    """What could be read. `refused` holds the reasons that stop everything; `raw` may still be there."""

    raw: dict[str, Any] | None = None
    refused: list[Finding] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    item_count: int = 0


def load(content: bytes) -> Loaded:
    loaded = Loaded()
    if len(content) > MAX_BYTES:
        loaded.refused.append(
            _error("too-large", f"The file has {len(content):,} bytes; at most {MAX_BYTES:,} are read.")
        )
        return loaded
    try:
        document = read_json(content, loaded.findings)
    except NotJson as problem:
        loaded.refused.append(_error("not-json", str(problem)))
        return loaded
    stranger = _not_a_questionnaire(document)
    if stranger:
        loaded.refused.append(stranger)
        return loaded
    loaded.raw = document
    loaded.item_count = sum(1 for _ in raw_items(document))
    loaded.refused.extend(_other_version(document) or list(_over_limits(document, loaded.item_count)))
    return loaded


def read_json(content: bytes, findings: list[Finding] | None = None) -> Any:
    """Strict JSON with decimals kept as written. Raises NotJson with line and column."""
    repeated: set[str] = set()

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in pairs:
            if name in found:
                repeated.add(name)
            found[name] = value
        return found

    if content.startswith(b"\xef\xbb\xbf"):
        content = content[3:]
        if findings is not None:
            findings.append(
                _warning("byte-order-mark", "The file starts with a byte-order mark; it was skipped.")
            )
    try:
        text = content.decode("utf-8")
        document = json.loads(
            text, parse_float=decimal, parse_constant=_no_constant, object_pairs_hook=members
        )
    except UnicodeDecodeError as problem:
        raise NotJson(f"The file is not UTF-8 text (byte {problem.start + 1}).") from None
    except json.JSONDecodeError as problem:
        raise NotJson(
            f"The file is not JSON: {problem.msg} at line {problem.lineno}, column {problem.colno}."
        ) from None
    except RecursionError:
        raise NotJson("The file is nested too deep to be read.") from None
    except ValueError as problem:
        raise NotJson(f"The file is not JSON: {problem}.") from None
    if _too_nested(document):
        raise NotJson("The file is nested too deep to be read.")
    if _ESCAPED.search(text) and any(map(_NO_TEXT.search, _texts(document))):
        raise NotJson("The file holds half a sign (a lone surrogate) or a zero sign, which are no text.")
    if repeated and findings is not None:
        names = ", ".join(sorted(repeated)[:5])
        findings.append(
            _warning("json-repeated-member", f"A member is written twice, the last one counts: {names}.")
        )
    return document


def decimal(digits: str) -> Decimal:
    """Digit for digit. ValueError for what is no number, or one so large that writing it out would hang."""
    try:
        number = Decimal(digits)
    except ArithmeticError:
        raise ValueError(f"“{digits[:20]}” is no number") from None
    if not number.is_finite() or abs(number.adjusted()) > MAX_EXPONENT:
        raise ValueError(f"the number {digits[:20]} is out of bounds")
    return number


def raw_items(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All items of the raw JSON, at every depth, without recursion."""
    stack = [node]
    while stack:
        children = stack.pop().get("item")
        for child in children if isinstance(children, list) else ():
            if isinstance(child, dict):
                yield child
                stack.append(child)


def unpack_bundle(content: bytes) -> bytes | None:
    """The only Questionnaire of a Bundle as bytes of its own, or None when there is not exactly one."""
    try:
        document = json.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return None
    found = _questionnaires_of(document)
    return json.dumps(found[0], ensure_ascii=False, indent=2).encode() if len(found) == 1 else None


def _questionnaires_of(bundle: Any) -> list[dict[str, Any]]:
    entries = bundle.get("entry") if isinstance(bundle, dict) else None
    resources = (
        [e.get("resource") for e in entries or () if isinstance(e, dict)] if isinstance(entries, list) else []
    )
    return [r for r in resources if isinstance(r, dict) and r.get("resourceType") == "Questionnaire"]


def _not_a_questionnaire(document: Any) -> Finding | None:
    if not isinstance(document, dict):
        return _error("not-questionnaire", "The file holds no JSON object, so it is no Questionnaire.")
    kind = document.get("resourceType")
    if kind == "Questionnaire":
        return None
    if kind == "Bundle":
        count = len(_questionnaires_of(document))
        advice = "it can be taken out" if count == 1 else "choose one and save it as a file of its own"
        return _error("bundle", f"The file is a Bundle with {count} questionnaires inside; {advice}.")
    named = f"a {kind}" if isinstance(kind, str) and kind else "of no stated type"
    return _error("not-questionnaire", f"The file is {named}, not a Questionnaire.")


def _other_version(document: Mapping[str, Any]) -> list[Finding]:
    """R5 and STU3 told apart by their own members; a file with no sign of either is read as R4."""
    items = list(raw_items(document))
    if R5_MEMBERS & document.keys() or any(
        str(item.get("type")) in R5_TYPES or R5_ITEM_MEMBERS & item.keys() for item in items
    ):
        return [_error("r5", "This form is FHIR R5; save it as R4 and import it again.")]
    if STU3_MEMBERS & document.keys() or any(map(_is_stu3, items)):
        return [_error("stu3", "This form is FHIR STU3 or older; save it as R4 and import it again.")]
    return []


def _is_stu3(item: Mapping[str, Any]) -> bool:
    conditions = item.get("enableWhen")
    return bool(STU3_ITEM_MEMBERS & item.keys()) or any(
        isinstance(c, dict) and "hasAnswer" in c for c in (conditions if isinstance(conditions, list) else ())
    )


def _over_limits(document: Mapping[str, Any], count: int) -> Iterator[Finding]:
    if count > MAX_ITEMS:
        yield _error("too-many-items", f"The form has {count:,} items; at most {MAX_ITEMS:,} are taken.")
    depth = _item_depth(document)
    if depth > MAX_DEPTH:
        yield _error("too-deep", f"Items are nested {depth} deep; at most {MAX_DEPTH} levels are taken.")
    for item in raw_items(document):
        link_id = str(item.get("linkId") or "")
        options = item.get("answerOption")
        if len(link_id) > MAX_LINK_ID:
            yield _error(
                "linkid-too-long", f"A linkId is longer than {MAX_LINK_ID} characters.", link_id[:40]
            )
        if isinstance(options, list) and len(options) > MAX_OPTIONS:
            yield _error(
                "too-many-options", f"{len(options)} options; at most {MAX_OPTIONS} are taken.", link_id
            )
    images = _image_bytes(document)
    if images > MAX_IMAGE_BYTES:
        yield _error(
            "images-too-large", f"Pictures in the form take {images:,} bytes; at most {MAX_IMAGE_BYTES:,}."
        )


def _item_depth(document: Mapping[str, Any]) -> int:
    depth, level = 0, [document]
    while level := [child for node in level for child in _children(node)]:
        depth += 1
    return depth


def _children(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = node.get("item")
    return [child for child in found if isinstance(child, dict)] if isinstance(found, list) else []


def _image_bytes(document: Any) -> int:
    total, stack = 0, [document]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            data = node.get("data")
            if isinstance(data, str) and ("contentType" in node or node.get("resourceType") == "Binary"):
                total += len(data) * 3 // 4
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return total


def _texts(document: Any) -> Iterator[str]:
    """Every text in it, names of members too."""
    stack = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            yield node
        elif isinstance(node, dict):
            stack.extend((*node.keys(), *node.values()))
        elif isinstance(node, list):
            stack.extend(node)


def _too_nested(document: Any) -> bool:
    level, depth = [document], 0
    while level:
        depth += 1
        if depth > MAX_JSON_DEPTH:
            return True
        level = [
            child
            for node in level
            if isinstance(node, (dict, list))
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, (dict, list))
        ]
    return False


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _error(code: str, message: str, link_id: str = "") -> Finding:
    return Finding(code, ERROR, message, link_id)


def _warning(code: str, message: str, link_id: str = "") -> Finding:
    return Finding(code, WARNING, message, link_id)
