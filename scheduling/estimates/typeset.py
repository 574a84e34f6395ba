"""From words to bytes: the tagged PDF (PDF/UA-1), made by typst from the sheet alone.

typst brings its own fonts; fonts of the machine fill in what they lack (Chinese, Japanese, Korean, Thai,
emoji). A letter that no font has is refused by name: a document with boxes instead of a name is wrong.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst

from scheduling.estimates.sheet import sheet

TEMPLATE = Path(__file__).with_name("templates") / "estimate.typ"
STANDARDS: list[Any] = ["ua-1"]  # refuses skipped headings, missing titles and letters without a font

NO_FONT = re.compile(r"the text `?\"(?P<text>.+?)\"`? could not be displayed")


class Unprintable(Exception):
    """The document holds letters for which this machine has no font; `letters` are the first of them."""

    def __init__(self, letters: str) -> None:
        self.letters = letters
        super().__init__(f"No font has the letters “{letters}”.")


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    # Finding the machine's fonts takes a second; one process does it once.
    return typst.Compiler(str(TEMPLATE), root=str(TEMPLATE.parent))


def pdf(snapshot: Mapping[str, Any]) -> bytes:
    """The PDF of a snapshot: the same bytes from the same snapshot on the same machine.

    Raises Unprintable for letters without a font.
    """
    issued_at = datetime.fromisoformat(snapshot["issued_at"])
    try:
        made = _compiler().compile(
            format="pdf",
            pdf_standards=STANDARDS,
            sys_inputs={"data": json.dumps(sheet(snapshot).as_data(), ensure_ascii=False)},
            timestamp=int(issued_at.timestamp()),
        )
    except typst.TypstError as error:
        if found := NO_FONT.search(str(error)):
            raise Unprintable(found["text"]) from error
        raise
    if not isinstance(made, bytes):
        raise TypeError("typst returned no single document")
    return made
