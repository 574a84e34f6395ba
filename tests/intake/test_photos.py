"""Groups 80–87 of the catalogue of bad input: what comes as a picture is painted anew or left out, fast and small."""

import io
import zlib

import pytest
from PIL import Image

from intake.photos import MAX_BYTES, NotKept, kept_from, tidy_name
from intake.questionnaires.attachments import Upload
from tests.intake.files import HEIC, PDF, chunk, encoded, photo, png

SMALL = Image.new("RGB", (40, 20), "white")


def kept(
    content: bytes, *, name: str = "x.jpg", says: str = "image/jpeg", only: tuple[str, ...] = ()
) -> bytes:
    return kept_from(Upload(name, says, content), size=len(content), only=only).content


def why_not(content: bytes, **how: tuple[str, ...]) -> str:
    with pytest.raises(NotKept) as no:
        kept(content, **how)  # type: ignore[arg-type]
    return no.value.code


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def turned(orientation: int) -> bytes:
    """Red where the top left is when it hangs right, stored as a camera held that way stores it."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    picture = Image.new("RGB", (80, 40), "white")
    picture.paste("red", (0, 0, 20, 20))
    back = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
            5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
            8: Image.Transpose.ROTATE_270}  # fmt: skip
    stored = picture.transpose(back[orientation]) if orientation in back else picture
    return encoded(stored, exif=tags)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_group_83_a_photo_stands_upright_however_the_phone_was_held(orientation: int) -> None:
    red, green, _blue = opened(kept(turned(orientation))).getpixel((5, 5))  # type: ignore[misc]

    assert (red > 200, green < 80) == (True, True)


@pytest.mark.parametrize("content", [photo(), HEIC.read_bytes()], ids=["JPEG", "HEIC"])
def test_group_84_where_and_when_it_was_taken_is_gone(content: bytes) -> None:
    assert b"taken at home" in content  # it was in there

    clean = kept(content, says="application/octet-stream")

    assert b"taken at home" not in clean
    assert not opened(clean).getexif()
    assert opened(clean).info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize(
    "tail", [b"<script>alert(1)</script>", b"PK\x03\x04 a jar", b"%PDF-1.4 %%EOF"], ids=["HTML", "ZIP", "PDF"]
)
def test_group_81_what_hides_behind_a_picture_is_not_kept(tail: bytes) -> None:
    assert tail not in kept(encoded(SMALL) + tail)


@pytest.mark.parametrize(
    "content",
    [b"<html>", b"<?php echo 1;", b"<svg onload='x'/>", b"PK\x03\x04", b"MZ\0", encoded(SMALL, "GIF"), encoded(SMALL, "TIFF"),
     encoded(SMALL, "WEBP"), b"\0\0\0\x14ftypqt  ", b"\0" * 99],
    ids=["HTML", "PHP", "SVG", "ZIP", "program", "GIF", "TIFF", "WEBP", "video", "zeros"],
)  # fmt: skip
def test_group_80_and_87_the_bytes_decide_not_the_name(content: bytes) -> None:
    assert why_not(content) == "kind"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (png(30_000, 30_000, rows=1), "too_many_pixels"),
        (png(6_000, 6_000, rows=1), "too_many_pixels"),
        (png(9, 9, before_pixels=chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(40_000_000)))), "unreadable"),
        (png(9, 9, before_pixels=chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(40_000_000)))), "unreadable"),
        (encoded(SMALL)[:200], "unreadable"),
        (b"\xff\xd8\xff", "unreadable"),
        (png(99, 99)[:45], "unreadable"),
        (HEIC.read_bytes()[:900], "unreadable"),
        (b"%PDF-1.4 and no end", "unreadable"),
        (b"", "empty"),
    ],
    ids=[
        "900 Mpx",
        "36 Mpx",
        "zTXt",
        "iCCP",
        "cut JPEG",
        "three bytes",
        "cut PNG",
        "cut HEIC",
        "cut PDF",
        "nothing",
    ],
)
def test_group_82_and_83_what_explodes_or_is_broken_is_refused(content: bytes, code: str) -> None:
    assert why_not(content) == code


@pytest.mark.parametrize(
    "picture",
    [SMALL.convert("CMYK"), SMALL.convert("L")],
    ids=["CMYK", "grey"],
)
def test_group_83_odd_jpegs_are_read(picture: Image.Image) -> None:
    assert opened(kept(encoded(picture))).size == (40, 20)


@pytest.mark.parametrize(
    "content",
    [encoded(Image.new("I;16", (9, 9), 60_000), "PNG"), encoded(Image.new("RGBA", (9, 9), (0, 0, 0, 0)), "PNG"),
     encoded(Image.new("RGBA", (9, 9), (0, 0, 0, 0)).quantize(), "PNG"), encoded(Image.new("1", (9, 9), 1), "PNG")],
    ids=["16 bit", "see-through", "palette with alpha", "black and white"],
)  # fmt: skip
def test_group_83_odd_pngs_come_out_light_not_black(content: bytes) -> None:
    assert min(opened(kept(content)).getpixel((4, 4))) > 200  # type: ignore[type-var]


def test_group_83_one_pixel_is_a_picture() -> None:
    assert opened(kept(png(1, 1))).size == (1, 1)


def test_group_82_only_the_first_of_many_frames_is_read() -> None:
    frames = encoded(SMALL, "PNG", save_all=True, append_images=[Image.new("RGB", (40, 20), "red")] * 50)

    assert opened(kept(frames)).getpixel((3, 3))[0:3] == (255, 255, 255)  # type: ignore[index]


def test_a_large_photo_is_made_small_enough_to_read_a_card() -> None:
    assert opened(kept(encoded(Image.new("L", (6000, 3000))))).size == (2000, 1000)


def test_group_86_a_byte_too_much_is_too_much() -> None:
    with pytest.raises(NotKept) as no:
        kept_from(Upload("x.pdf", "application/pdf", PDF), size=MAX_BYTES + 1)
    assert no.value.code == "too_large"


def test_a_pdf_is_kept_as_it_came() -> None:
    assert kept(PDF) == PDF


def test_a_form_that_takes_png_alone_gets_png() -> None:
    assert kept(photo(), only=("image/png",)).startswith(b"\x89PNG")


@pytest.mark.parametrize("only", [("audio/*",), ("image/gif",), ("text/plain",)])
def test_a_form_that_takes_what_we_do_not_gets_nothing(only: tuple[str, ...]) -> None:
    assert why_not(photo(), only=only) == "not_here"


@pytest.mark.parametrize(
    ("came", "name"),
    [
        ("../../x.jpg", "x.jpg"),
        ("C:\\photos\\x.jpg", "x.jpg"),
        ("a\r\nX: y.jpg", "aX: y.jpg"),
        ("x.jpg\0.php", "x.jpg.php"),
        ("\u202egpj.exe", "gpj.exe"),
        ("a" * 300 + ".jpeg", "a" * 80 + ".jpeg"),
        ("", "file"),
        ("...", "file"),
        ("tarjeta de María.png", "tarjeta de María.png"),
    ],
)
def test_group_85_a_name_is_for_showing_only(came: str, name: str) -> None:
    assert tidy_name(came) == name
