"""Plain text from HTML: one pass, no parser that could be led astray, nothing is ever fetched."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

_DROPPED = {"script", "style", "title", "template", "svg", "math", "iframe"}
_LINES = {"br", "div", "tr", "ul", "ol", "table", "dl", "dt", "dd", "section", "article", "header", "footer", "center"}
_PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr"}
_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9]{0,30})")
_ALT = re.compile(r"""\balt\s{0,9}=\s{0,9}(?:"([^"]{0,500})"|'([^']{0,500})')""", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\f\v\n]+")
_MANY_LINES = re.compile(r"\n{3,}")
_DEEPEST = 10  # quotes in quotes that are shown


@dataclass(slots=True)
class _Text:
    out: list[str] = field(default_factory=list)
    quotes: int = 0
    verbatim: int = 0
    dropping: str = ""  # name of the element that is left out just now
    fresh: bool = True  # at the beginning of a line

    def words(self, text: str) -> None:
        if self.dropping:
            return
        text = html.unescape(text).replace("\xa0", " ").replace("\u200b", "")
        if self.verbatim:
            lines = text.split("\n")
            for line in lines[:-1]:
                self._put(line)
                self.line()
            self._put(lines[-1])
        else:
            self._put(_SPACES.sub(" ", text))

    def _put(self, text: str) -> None:
        if self.fresh:
            text = text if self.verbatim else text.lstrip()
            if text and self.quotes:
                self.out.append("> " * min(self.quotes, _DEEPEST))
        elif not self.verbatim and self.out[-1].endswith(" "):
            text = text.lstrip(" ")
        if text:
            self.out.append(text)
            self.fresh = False

    def line(self) -> None:
        self.out.append("\n")
        self.fresh = True

    def need_line(self) -> None:
        if not self.fresh:
            self.line()


def text_from_html(markup: str) -> str:
    """What a person reads: paragraphs, lists as lines with "- ", quotes with "> ", pictures by their words."""
    text = _Text()
    at, no_comment_end = 0, False
    while at < len(markup):
        opened = markup.find("<", at)
        if opened < 0:
            text.words(markup[at:])
            break
        text.words(markup[at:opened])
        if markup.startswith("<!--", opened) and not no_comment_end:
            end = markup.find("-->", opened + 2)
            no_comment_end = end < 0
            at = opened + 4 if end < 0 else end + 3
            continue
        at = _element(text, markup, opened)
    lines = (line.rstrip() for line in "".join(text.out).split("\n"))
    return _MANY_LINES.sub("\n\n", "\n".join(lines)).strip()


def _element(text: _Text, markup: str, opened: int) -> int:
    """Take one tag; gives the place after it."""
    named = _NAME.match(markup, opened)
    if not named:
        if markup[opened + 1 : opened + 2] in {"!", "?", "/"}:
            end = markup.find(">", opened)
            return len(markup) if end < 0 else end + 1
        text.words("<")
        return opened + 1
    end = markup.find(">", named.end())
    end = len(markup) if end < 0 else end
    _tag(text, named[1].lower(), markup[opened : end + 1])
    return end + 1


def _tag(text: _Text, name: str, tag: str) -> None:
    closing = tag.startswith("</")
    if text.dropping:
        if closing and name == text.dropping:
            text.dropping = ""
        return
    if name in _DROPPED:
        text.dropping = "" if closing or tag.endswith("/>") else name
    elif name == "img" and (found := _ALT.search(tag[:5000])):
        text.words(f" {found[1] or found[2] or ''} ")
    elif name == "td":
        text.words(" ")
    elif name == "li":
        text.need_line()
        text.words("" if closing else "- ")
    elif name in _LINES:
        text.line() if name == "br" else text.need_line()
    elif name in _PARAGRAPHS:
        _paragraph(text, name, closing)


def _paragraph(text: _Text, name: str, closing: bool) -> None:
    text.need_line()
    if text.out and text.out[-2:] != ["\n", "\n"]:
        text.line()
    step = -1 if closing else 1
    if name == "blockquote":
        text.quotes = max(0, text.quotes + step)
    elif name == "pre":
        text.verbatim = max(0, text.verbatim + step)
