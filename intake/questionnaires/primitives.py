"""Primitive members of a file's JSON, coerced with a warning where they are written as another type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from intake.questionnaires.model import ERROR, WARNING, Finding, Value
from intake.questionnaires.values import coerced


@dataclass(slots=True)
class Primitives:
    """Reads members and says what was odd. Never raises, whatever JSON stands there."""

    findings: list[Finding]

    def say(self, code: str, severity: str, message: str, link_id: str = "") -> None:
        self.findings.append(Finding(code, severity, message, link_id))

    def put_right(self, value: Value | None, link_id: str) -> Value | None:
        """A value whose JSON is of another primitive type than it says, read as it was meant."""
        if value is None:
            return None
        meant = coerced(value)
        if meant.raw is value.raw:
            return value
        self.say("coerced", WARNING, f"“{value.raw}” was read as {value.kind}.", link_id)
        return meant

    def objects(self, holder: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
        found = holder.get(name)
        if found is None:
            return []
        objects = [o for o in found if isinstance(o, dict)] if isinstance(found, list) else []
        if not isinstance(found, list) or len(objects) != len(found):
            self.say(
                "json-shape", ERROR, f"“{name}” is not a list of objects.", str(holder.get("linkId") or "")
            )
        return objects

    def string(self, holder: Mapping[str, Any], name: str, link_id: str = "") -> str:
        found = holder.get(name)
        if found is None or isinstance(found, str):
            return found or ""
        self.say(
            "coerced", WARNING, f"“{name}” should be text; it was read as text.", link_id or str(found)[:40]
        )
        return str(found)

    def switch(self, holder: Mapping[str, Any], name: str, link_id: str) -> bool:
        found = holder.get(name)
        if found is None or isinstance(found, bool):
            return bool(found)
        self.say("coerced", WARNING, f"“{name}” should be true or false; “{found}” was read so.", link_id)
        return str(found).strip().lower() == "true"

    def whole(self, holder: Mapping[str, Any], name: str, link_id: str) -> int | None:
        found = holder.get(name)
        if found is None or (isinstance(found, int) and not isinstance(found, bool)):
            return found
        self.say("coerced", WARNING, f"“{name}” should be a whole number; “{found}” was read so.", link_id)
        meant = coerced(Value("Integer", found)).raw
        return meant if isinstance(meant, int) and not isinstance(meant, bool) else None
