"""Files as people send them: good ones, and ones made to break something."""

import io
import struct
import zlib
from typing import Any

from PIL import Image

from config.sample_files import HEIC, photo

__all__ = ["HEIC", "PDF", "chunk", "encoded", "photo", "png"]

PDF = b"%PDF-1.4\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n"


def encoded(picture: Image.Image, kind: str = "JPEG", **how: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *, before_pixels: bytes = b"", rows: int | None = None) -> bytes:
    """A grey picture that says how large it is; `rows` of it are there."""
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(bytes(width + 1)) for _row in range(height if rows is None else rows))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + before_pixels
        + chunk(b"IDAT", pixels + packer.flush())
        + chunk(b"IEND", b"")
    )
