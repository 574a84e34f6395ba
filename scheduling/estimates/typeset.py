"""From words to bytes: the tagged PDF (PDF/UA-1), made by typst from the sheet alone.

typst brings fonts for Latin, Greek, Cyrillic and Hebrew; `fonts/` has the scripts that they lack. Fonts of the
machine are not looked at, so that paper is the same wherever it is made. Emoji are left out. A letter that no font
has is refused by name: a document with boxes instead of a name is wrong.
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
FONTS = Path(__file__).with_name("fonts")
STANDARDS: list[Any] = ["ua-1"]  # refuses skipped headings, missing titles and letters without a font

# A picture with what is joined to it (skin, gender, a second picture). No name on an ID has one.
EMOJI = re.compile("(?:[\u2600-\u27bf\U0001f000-\U0001faff][\ufe0f\u200d\u20e3\U000e0020-\U000e007f]*)+ ?")
NO_FONT = re.compile(r"the text `?\"(?P<text>.+?)\"`? could not be displayed")


class Unprintable(Exception):
    """The document holds letters for which this machine has no font; `letters` are the first of them."""

    def __init__(self, letters: str) -> None:
        self.letters = letters
        super().__init__(f"No font has the letters “{letters}”.")


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    return typst.Compiler(
        str(TEMPLATE), root=str(TEMPLATE.parent), font_paths=[str(FONTS)], ignore_system_fonts=True
    )


def pdf(snapshot: Mapping[str, Any]) -> bytes:
    """The PDF of a snapshot: the same bytes from the same snapshot.

    Raises Unprintable for letters without a font, and for a name that is nothing but emoji.
    """
    data = sheet(snapshot).as_data()
    if not EMOJI.sub("", data["person"]).strip():
        raise Unprintable(data["person"])
    issued_at = datetime.fromisoformat(snapshot["issued_at"])
    try:
        made = _compiler().compile(
            format="pdf",
            pdf_standards=STANDARDS,
            sys_inputs={"data": EMOJI.sub("", json.dumps(data, ensure_ascii=False))},
            timestamp=int(issued_at.timestamp()),
        )
    except typst.TypstError as error:
        if found := NO_FONT.search(str(error)):
            raise Unprintable(found["text"]) from error
        raise
    if not isinstance(made, bytes):
        raise TypeError("typst returned no single document")
    return made
