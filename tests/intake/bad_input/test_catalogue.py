"""No group of the catalogue is forgotten: each names itself in a test, by the test's name or by the name of a case."""

import re
from pathlib import Path

import pytest

GROUPS = range(1, 61)
HERE = Path(__file__).parent
NAMED = re.compile(r"group_(\d\d)|[\"'](\d\d)[ -]")


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: f"{group:02}")
def test_the_group_is_tried(group: int) -> None:
    written = "\n".join(
        path.read_text(encoding="utf-8") for path in HERE.glob("test_*.py") if path != Path(__file__)
    )

    assert group in {int(by_test or by_case) for by_test, by_case in NAMED.findall(written)}
