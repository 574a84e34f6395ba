"""YAML to plain data, remembering the line of every value so that an error can point at it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import yaml
from jsonschema import Draft202012Validator, FormatChecker

SCHEMA = json.loads(Path(__file__).with_name("schema.json").read_text())

Place = tuple[str | int, ...]

# libyaml where the wheel has it: ten times faster, with the same marks.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ClinicFileError(Exception):
    """What is wrong with a clinic file, and on which line (counted from 1)."""

    def __init__(self, line: int, reason: str) -> None:
        self.line, self.reason = line, reason
        super().__init__(f"line {line}: {reason}")


class ClinicFile:
    """A checked file: `data` as plain values; `line(place)` for errors found later."""

    def __init__(self, data: dict[str, Any], lines: dict[Place, int]) -> None:
        self.data, self._lines = data, lines

    def line(self, place: Place) -> int:
        """The line of the value at `place`, or of the nearest value around it."""
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 1)

    def error(self, place: Place, reason: str) -> ClinicFileError:
        return ClinicFileError(self.line(place), reason)


def read(source: str) -> ClinicFile:
    """Parse and check `source`. Raises ClinicFileError with the first thing that is wrong."""
    try:
        root, data = _parse(source)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ClinicFileError(line, f"this is not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ClinicFileError(1, f"this is not YAML: {error}") from error
    if root is None or not isinstance(data, dict):
        raise ClinicFileError(1, "the file does not hold a clinic")
    clinic_file = ClinicFile(data, dict(_lines(root, ())))
    _check_shape(clinic_file)
    _check_references(clinic_file)
    return clinic_file


def _parse(source: str) -> tuple[yaml.Node | None, Any]:
    """The tree with its line numbers, and the plain values made from it: the text is parsed once."""
    loader = _LOADER(source)
    try:
        root = loader.get_single_node()
        return root, None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


def _lines(node: yaml.Node, place: Place) -> Iterator[tuple[Place, int]]:
    yield place, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:  # YAML would silently keep the last one
                raise ClinicFileError(key.start_mark.line + 1, f"“{key.value}” stands here twice")
            seen.add(key.value)
            yield from _lines(value, (*place, key.value))
            yield (*place, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, (*place, index))


def _check_shape(clinic_file: ClinicFile) -> None:
    errors = Draft202012Validator(SCHEMA, format_checker=FormatChecker()).iter_errors(clinic_file.data)
    first = min(errors, key=lambda error: clinic_file.line(tuple(error.absolute_path)), default=None)
    if first is not None:
        place = tuple(first.absolute_path)
        name = ".".join(str(part) for part in place) or "the file"
        raise clinic_file.error(place, f"{name}: {first.message}")


# where a code is used -> which list it must stand in
_REFERENCES = (
    ("rooms", "location", "locations"),
    ("services", "practitioners", "practitioners"),
    ("services", "rooms", "rooms"),
    ("services", "at", "locations"),
    ("practitioners", "services", "services"),
    ("packages", "service", "services"),
    ("time_off", "practitioner", "practitioners"),
    ("clients", "home_practitioner", "practitioners"),
    ("appointments", "client", "clients"),
    ("appointments", "service", "services"),
    ("appointments", "practitioner", "practitioners"),
    ("appointments", "room", "rooms"),
    ("appointments", "at", "locations"),
)


def _check_references(clinic_file: ClinicFile) -> None:
    data = clinic_file.data
    if data["timezone"] not in available_timezones():
        raise clinic_file.error(("timezone",), f"“{data['timezone']}” is not a time zone")
    codes: dict[str, set[str]] = {}
    for section in ("locations", "rooms", "practitioners", "services", "packages", "clients", "appointments"):
        codes[section] = set()
        for index, row in enumerate(data.get(section, [])):
            if row["code"] in codes[section]:
                raise clinic_file.error((section, index), f"{section}: the code “{row['code']}” stands twice")
            codes[section].add(row["code"])
    for section, field, target in _REFERENCES:
        for index, row in enumerate(data.get(section, [])):
            used = row.get(field) or []
            for code in [used] if isinstance(used, str) else used:
                if code not in codes[target]:
                    raise clinic_file.error((section, index, field), f"there is no “{code}” in {target}")
    for index, row in enumerate(data.get("practitioners", [])):
        for day, shifts in row["weekly_hours"].items():
            for number, shift in enumerate(shifts):
                place: Place = ("practitioners", index, "weekly_hours", day, number)
                if shift["at"] not in codes["locations"]:
                    raise clinic_file.error(place, f"there is no “{shift['at']}” in locations")
                if shift["from"] >= shift["to"]:
                    raise clinic_file.error(place, "a shift must end after it starts")
    for index, row in enumerate(data.get("closures", [])):
        first, last = row.get("date") or row["date_from"], row.get("date") or row["date_to"]
        if first > last or ("from" in row and row["from"] >= row["to"]):
            raise clinic_file.error(("closures", index), "a closure must end after it starts")
