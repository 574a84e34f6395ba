"""Template and context in, subject, text and HTML out.

A message is three files beside each other: `<name>.subject.txt`, `<name>.txt` and `<name>.html`.
HTML is escaped by the engine. Plain text is not HTML, so nothing is escaped there; instead every
string of the context is stripped of what could act in a header or mislead a reader (see `harmless`).
"""

import base64
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import css_inline
from django.template import Context, Template, engines
from django.template.backends.django import DjangoTemplates
from django.utils import timezone, translation

# Controls, and the invisible characters that turn text around or hide in it (U+200B to U+200F and so on).
_ACTING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_BLANK_LINES = re.compile(r"\n{3,}")
MAX_SUBJECT = 120  # characters


@dataclass(frozen=True)
class Rendered:
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Attachment:
    """A small file that travels with the message; its name says nothing about the person."""

    name: str
    type: str  # "text/calendar; method=REQUEST"
    content: bytes

    def packed(self) -> dict[str, str]:
        return {"name": self.name, "type": self.type, "content": base64.b64encode(self.content).decode()}


class RenderingError(Exception):
    """A template is missing or cannot be rendered. Tests render every one, so this is a programming error."""


def harmless(value: str) -> str:
    """One line of visible characters: no control, no direction override, no zero-width character.

    Zero-width joiners go too: an emoji may fall into its parts, a name cannot hide a second line.
    """
    return "".join(
        " " if character in "\r\n\t\u2028\u2029" else character
        for character in unicodedata.normalize("NFC", value)
        if character in "\r\n\t\u2028\u2029" or unicodedata.category(character) not in _ACTING
    )


def render(
    template: str, context: Mapping[str, Any], *, language: str, zone: ZoneInfo | None = None
) -> Rendered:
    """Render the three parts of `template` ("intake/mail/received") in `language`, times in `zone`.

    Raises RenderingError, never sends a half-made message.
    """
    clean = {name: harmless(value) if type(value) is str else value for name, value in context.items()}
    with translation.override(language), timezone.override(zone):
        clean["LANGUAGE_CODE"] = language
        try:
            subject: str = _part(f"{template}.subject.txt").render(Context(clean, autoescape=False))
            text = _part(f"{template}.txt").render(Context(clean, autoescape=False))
            html = _part(f"{template}.html").render(Context(clean, autoescape=True))
        except Exception as error:
            raise RenderingError(f"{template} cannot be rendered: {type(error).__name__}: {error}") from error
    subject = " ".join(harmless(subject).split())[:MAX_SUBJECT]
    if not subject or not text.strip():
        raise RenderingError(f"{template} has no subject or no text")
    return Rendered(subject=subject, text=_tidy(text), html=_inliner().inline(html))


def render_text(
    template: str, context: Mapping[str, Any], *, language: str, zone: ZoneInfo | None = None
) -> str:
    """A text message: `<name>.sms.txt`, one line."""
    clean = {name: harmless(value) if type(value) is str else value for name, value in context.items()}
    with translation.override(language), timezone.override(zone):
        try:
            text = _part(f"{template}.sms.txt").render(Context(clean, autoescape=False))
        except Exception as error:
            raise RenderingError(f"{template}.sms cannot be rendered: {type(error).__name__}") from error
    return " ".join(text.split())


def _part(name: str) -> Template:
    engine = engines["django"]
    assert isinstance(engine, DjangoTemplates)  # noqa: S101  # narrows the type; settings name this engine
    template: Template = engine.get_template(name).template
    return template


@cache
def _inliner() -> css_inline.CSSInliner:
    # The dark scheme lives in an at-rule, the one thing that cannot be a style attribute.
    return css_inline.CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)


def _tidy(text: str) -> str:
    """Templates indent and leave holes where an `if` was; the reader sees neither."""
    lines = [line.strip() for line in text.strip().splitlines()]
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)) + "\n"
