"""The files of the sample clinic's requests. The clinic file only describes them; here they are made.

Photos are of a card that nobody has, with a place of taking and turned as a phone turns them.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

FIELDS = {"referral": "referral_file"}  # those that the form calls otherwise
HEIC = (
    Path(__file__).with_name("clinic_file") / "sample_card.heic"
)  # Pillow reads this kind and cannot write it
DESCRIPTION, ORIENTATION, GPS = 0x010E, 0x0112, 0x8825


@dataclass(frozen=True, slots=True)
class SampleFile:
    name: str
    content_type: str
    size: int
    content: bytes

    def read(self) -> bytes:
        return self.content


def files_of(form: Mapping[str, Any]) -> list[tuple[str, SampleFile]]:
    """Name of the field and file, as a browser would send them."""
    return [(FIELDS.get(each["field"], each["field"]), _file(each)) for each in form.get("files", [])]


def _file(described: Mapping[str, Any]) -> SampleFile:
    content = _content(described)
    # A video of the size it says would only be read past; here its size is enough.
    size = described["bytes"] if described["content_type"].startswith("video/") else len(content)
    return SampleFile(described["name"], described["content_type"], size, content)


def _content(described: Mapping[str, Any]) -> bytes:
    name = described["name"].lower()
    if not described["bytes"]:
        return b""
    if name.endswith(".exe"):
        return b"MZ" + bytes(200)
    if name.endswith(".mov"):
        return b"\0\0\0\x14ftypqt  " + bytes(200)
    if "HTML" in described.get("note", ""):
        return b"<!doctype html><title>A page</title><script>alert(1)</script>"
    return HEIC.read_bytes() if name.endswith(".heic") else photo()


@cache
def photo() -> bytes:
    """A JPEG that lies on its side and says where it was taken."""
    card = Image.new("RGB", (640, 400), (245, 240, 228))
    pen = ImageDraw.Draw(card)
    pen.rounded_rectangle((12, 12, 628, 388), 24, fill="white", outline=(60, 90, 85), width=4)
    pen.rectangle((12, 60, 628, 110), fill=(60, 90, 85))
    pen.text((40, 140), "SAMPLE CARD", fill=(40, 40, 40), font_size=44)
    pen.text((40, 210), "Placeholder Health", fill=(40, 40, 40), font_size=30)
    tags = Image.Exif()
    tags[ORIENTATION], tags[DESCRIPTION] = 6, "taken at home"
    place = tags.get_ifd(GPS)
    place[1], place[2] = "N", (40.0, 15.0, 0.0)
    out = io.BytesIO()
    card.rotate(90, expand=True).save(out, "JPEG", quality=80, exif=tags)
    return out.getvalue()
