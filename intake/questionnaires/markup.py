"""Markdown and XHTML of strangers -> a small safe HTML. Everything not on the list is dropped or escaped."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from intake.questionnaires.model import Text

KEPT = frozenset(
    {"b", "strong", "i", "em", "u", "br", "p", "ul", "ol", "li", "sub", "sup", "code", "h4", "a"}
)
RENAMED = {"h1": "h4", "h2": "h4", "h3": "h4", "h5": "h4", "h6": "h4", "div": "p"}
SWALLOWED = frozenset(
    {"script", "style", "iframe", "object", "template", "svg", "math", "title", "textarea", "noscript"}
)
BLOCKS = frozenset({"p", "ul", "ol", "li", "h4"})
VOID = frozenset({"br"})
MAX_MARKUP = 50_000  # characters; longer words of one item are shown without their markup
MAX_OPEN = 40  # elements inside each other; deeper ones are passed over
_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*(?:\s[^<>]{0,2000})?/?>")


class Html(str):
    """Text that is already safe HTML (templates ask `__html__`)."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def escaped(text: str) -> Html:
    return Html(html.escape(text).replace("\n", "<br>"))


def inline(text: Text, language: str = "en") -> Html:
    """For labels and options: no blocks, no links, so that it fits inside a legend or a label."""
    words = text.in_language(language)
    if words != text.plain:
        return Html(html.escape(words))  # a translation is plain text
    if text.xhtml:
        return _safe(text.xhtml, KEPT - BLOCKS - {"a"}) or Html(html.escape(words))
    if text.markdown:
        return _safe(_markdown_inline(html.escape(text.markdown)), KEPT - BLOCKS - {"a"}) or Html(
            html.escape(words)
        )
    return Html(html.escape(words))


def block(text: Text, language: str = "en") -> Html:
    """For display items: paragraphs, lists and https links."""
    words = text.in_language(language)
    if words != text.plain or not (text.xhtml or text.markdown):
        return escaped(words)
    source = text.xhtml or _markdown(text.markdown)
    return _safe(source, KEPT) or escaped(words)


def _safe(source: str, allowed: frozenset[str]) -> Html:
    if len(source) > MAX_MARKUP:
        return Html("")  # the caller shows the plain words
    cleaner = _Cleaner(allowed)
    cleaner.feed(_only_whole_tags(_without_comments(source)))
    cleaner.close()
    return Html(cleaner.result())


def _without_comments(source: str) -> str:
    """Comments out, in one pass; one that never ends takes the rest with it, as in a browser."""
    kept, at = [], 0
    while (start := source.find("<!--", at)) >= 0:
        kept.append(source[at:start])
        end = source.find("-->", start + 4)
        if end < 0:
            return "".join(kept)
        at = end + 3
    return "".join([*kept, source[at:]])


def _only_whole_tags(source: str) -> str:
    """Every `<` that starts no whole tag becomes text: the parser goes back over half tags again and again
    (six minutes for 100 kB of them)."""
    kept, at = [], 0
    for tag in _TAG.finditer(source):
        kept += [source[at : tag.start()].replace("<", "&lt;"), tag[0]]
        at = tag.end()
    return "".join([*kept, source[at:].replace("<", "&lt;")])


class _Cleaner(HTMLParser):
    """Writes only elements it knows, properly closed, without attributes except a link's https address."""

    def __init__(self, allowed: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.allowed = allowed
        self.out: list[str] = []
        self.open: list[str] = []
        self.swallowing: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SWALLOWED:
            self.swallowing.append(tag)
        tag = RENAMED.get(tag, tag)
        if self.swallowing or tag not in self.allowed or len(self.open) >= MAX_OPEN:
            if not self.swallowing and tag in BLOCKS:
                self.out.append(" ")
            return
        if tag in VOID:
            self.out.append("<br>")
            return
        if tag == "a":
            address = dict(attrs).get("href") or ""
            if not address.startswith("https://") or "a" in self.open:
                return
            self.out.append(f'<a href="{html.escape(address)}" rel="noopener noreferrer">')
        elif not self._fits(tag):
            return
        else:
            self.out.append(f"<{tag}>")
        self.open.append(tag)

    def _fits(self, tag: str) -> bool:
        """Keep the nesting valid: list items in lists, blocks not inside paragraphs or inline elements."""
        inside = self.open[-1] if self.open else ""
        if tag == "li":
            return inside in ("ul", "ol")
        if inside in ("ul", "ol"):
            return False
        if tag in BLOCKS:
            while self.open and self.open[-1] == "p":
                self.out.append(f"</{self.open.pop()}>")
            return not self.open or (self.open[-1] == "li" and tag != "h4")
        return True

    def handle_endtag(self, tag: str) -> None:
        if self.swallowing:
            if tag == self.swallowing[-1]:
                self.swallowing.pop()
            return
        tag = RENAMED.get(tag, tag)
        if tag not in self.open:
            return
        while True:
            last = self.open.pop()
            self.out.append(f"</{last}>")
            if last == tag:
                return

    def handle_data(self, data: str) -> None:
        if self.swallowing or (self.open and self.open[-1] in ("ul", "ol")):
            return
        self.out.append(html.escape(data))

    def result(self) -> str:
        while self.open:
            self.out.append(f"</{self.open.pop()}>")
        return re.sub(r"<p>\s*</p>", "", "".join(self.out)).strip()


def _markdown(source: str) -> str:
    """Paragraphs, lists, headings, bold, italics, https links. Raw HTML in it is shown as text."""
    blocks = []
    for part in re.split(r"\n\s*\n", html.escape(source.replace("\r\n", "\n"), quote=False)):
        lines = [line.strip() for line in part.strip().split("\n") if line.strip()]
        if not lines:
            continue
        if all(re.match(r"[-*+] ", line) for line in lines):
            blocks.append(_list("ul", [line[2:] for line in lines]))
        elif all(re.match(r"\d{1,3}[.)] ", line) for line in lines):
            blocks.append(_list("ol", [line.split(" ", 1)[1] for line in lines]))
        elif lines[0].startswith("#") and len(lines) == 1:
            blocks.append(f"<h4>{_markdown_inline(lines[0].lstrip('# '))}</h4>")
        else:
            blocks.append(f"<p>{'<br>'.join(map(_markdown_inline, lines))}</p>")
    return "".join(blocks)


def _list(tag: str, entries: list[str]) -> str:
    return f"<{tag}>{''.join(f'<li>{_markdown_inline(entry)}</li>' for entry in entries)}</{tag}>"


def _markdown_inline(line: str) -> str:
    line = re.sub(r"!\[([^\[\]\n]{0,200})\]\([^)\s]{0,500}\)", r"\1", line)  # no pictures from elsewhere
    line = re.sub(r"\[([^\[\]\n]{1,200})\]\((https://[^)\s\"]{1,500})\)", r'<a href="\2">\1</a>', line)
    line = re.sub(r"\[([^\[\]\n]{1,200})\]\([^)\s]{0,500}\)", r"\1", line)
    line = re.sub(r"\*\*([^*\n]{1,500})\*\*", r"<strong>\1</strong>", line)
    return re.sub(r"(?<![\w*])[*_]([^*_\n]{1,500})[*_](?![\w*])", r"<em>\1</em>", line)
