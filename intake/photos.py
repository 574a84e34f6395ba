"""Files that people send along: what we take, and a photo written anew so that only the picture is left. Pure.

A photo is decoded within bounds of its size and painted into a new file: place, time, maker, thumbnails, comments
and whatever was hidden behind the picture stay outside. A PDF is kept as it came and only ever offered as a download.
"""

import io
import re
import unicodedata
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import pi_heif
from PIL import Image, ImageOps

from intake.questionnaires.attachments import Upload, fits, real_type

JPEG, PNG, HEIC, PDF = "image/jpeg", "image/png", "image/heic", "application/pdf"
TAKEN = (JPEG, PNG, HEIC, PDF)
MAX_BYTES = 10_000_000  # of one file as it comes
LONGEST_SIDE = 2_000  # pixels of what is kept; a card is easily read
# A JPEG is decoded at a fraction of its size, so that more pixels cost no more memory. A phone's whole sensor fits.
MAX_PIXELS = {"JPEG": 110_000_000, "PNG": 25_000_000, "HEIF": 50_000_000}
_FORMATS = {JPEG: "JPEG", PNG: "PNG", HEIC: "HEIF"}
_FLAT = (255, 255, 255)  # what shines through a picture that is see-through

pi_heif.register_heif_opener(thumbnails=False)
warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own bounds come first


class NotKept(Exception):
    """Why a file is not taken: empty, too_large, too_many_pixels, kind, not_here, unreadable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it is kept."""

    name: str
    content_type: str
    content: bytes


def kept_from(upload: Upload, *, size: int, only: Sequence[str] = ()) -> Kept:
    """The file as it may be kept, or NotKept. `size` is what came, of which `content` may hold nothing when it is
    too much; `only` are the types that a form takes, such as "image/*"."""
    name = tidy_name(upload.name)
    if size > MAX_BYTES:
        raise NotKept("too_large")
    if not upload.content:
        raise NotKept("empty")
    came = real_type(upload)
    if came not in TAKEN:
        raise NotKept("kind")
    if came == PDF:
        if not fits(PDF, only):
            raise NotKept("not_here")
        if b"%%EOF" not in upload.content[-2_048:]:
            raise NotKept("unreadable")
        return Kept(name, PDF, upload.content)
    into = next((kind for kind in (JPEG, PNG) if fits(kind, only)), "")
    if not into:
        raise NotKept("not_here")
    return Kept(name, into, written_anew(upload.content, came=came, into=into))


def written_anew(content: bytes, *, came: str, into: str = JPEG) -> bytes:
    """The picture alone, upright, in a new file. NotKept when there is no picture in it or one out of bounds."""
    try:
        return _painted(content, _FORMATS[came], into)
    except NotKept:
        raise
    except Image.DecompressionBombError as error:
        raise NotKept("too_many_pixels") from error
    except Exception as error:  # decoders of pictures raise whatever they like on what is no picture
        raise NotKept("unreadable") from error


def _painted(content: bytes, kind: str, into: str) -> bytes:
    with Image.open(io.BytesIO(content), formats=[kind]) as picture:
        if picture.width * picture.height > MAX_PIXELS[kind]:
            raise NotKept("too_many_pixels")
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded small from the start
        picture.load()
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), reducing_gap=2.0)
        upright = ImageOps.exif_transpose(picture)
    painted = Image.new("RGB", upright.size, _FLAT)
    if upright.mode.startswith("I;16") or upright.mode == "I":
        upright = upright.point(lambda shade: shade / 256).convert("L")
    if upright.has_transparency_data:
        seen = upright.convert("RGBA")
        painted.paste(seen, mask=seen.getchannel("A"))
    else:
        painted.paste(upright.convert("RGB"))
    out = io.BytesIO()
    painted.save(out, "PNG" if into == PNG else "JPEG", quality=85, optimize=True)
    return out.getvalue()


def tidy_name(name: str) -> str:
    """A file's name as it can be shown anywhere: no path, no control or direction signs, not endless."""
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join(
        c for c in last if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"}
    )
    stem, dot, end = plain.strip(" .").rpartition(".")
    short = f"{stem[:80]}{dot}{end[:8]}" if dot and stem else plain.strip(" .")[:88]
    return short or "file"
