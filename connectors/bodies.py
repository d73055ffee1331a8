"""The body of an Outlook item, which may be HTML, and the plain description of a record."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

from connectors.described import one_line_ends

_BREAKS = {"br"}
_BLOCKS = {"address", "article", "blockquote", "center", "div", "h1", "h2", "h3", "h4", "h5", "h6"} | {
    "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul",
}  # fmt: skip
_UNSEEN = {"head", "script", "style", "title"}


def html_of(text: str) -> str:
    """A text as HTML in which every line and space is kept."""
    lines = escape(one_line_ends(text), quote=False).replace("\t", "&#9;")
    lines = re.sub(r"(?m)^ | (?= |$)", "&nbsp;", lines).replace("\n", "<br>\n")
    return f"<html><body><div>{lines}</div></body></html>"


def text_of(html: str) -> str:
    """What a person reads in an HTML text: its words and line breaks. Never raises."""
    reader = _Reader()
    reader.feed(one_line_ends(html))
    reader.close()
    return reader.text()


def description_of(content: str | None, content_type: str | None) -> str:
    """The description that a body says; Outlook puts a line end behind every text."""
    if not content:
        return ""
    if (content_type or "text").lower() == "html":
        return text_of(content)
    return one_line_ends(content).rstrip("\n")


class _Reader(HTMLParser):
    """Collects lines. White space counts as in a browser: as one space, and none at the ends of a line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = [""]
        self._unseen = 0
        self._kept = 0  # inside of <pre>

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "pre":
            self._kept += 1
        if tag in _BREAKS:
            self._lines.append("")
        elif tag in _BLOCKS:
            self._new_block()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _UNSEEN:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag == "pre":
            self._kept = max(0, self._kept - 1)
        if tag in _BLOCKS:
            self._new_block()

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        if self._kept:
            first, *others = data.replace(" ", "\xa0").split("\n")
            self._lines[-1] += first
            self._lines.extend(others)
            return
        words = re.sub(r"[ \n\f]+", " ", data)
        self._lines[-1] += words.lstrip(" ") if self._lines[-1].endswith((" ",)) or not self._lines[-1] else words

    def _new_block(self) -> None:
        if self._lines[-1].strip(" "):
            self._lines.append("")

    def text(self) -> str:
        """All lines, without the empty ones at the end."""
        lines = [line.strip(" ").replace("\xa0", " ") for line in self._lines]
        return "\n".join(lines).rstrip("\n")
