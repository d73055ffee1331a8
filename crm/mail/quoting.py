"""Quoted text is folded, not dropped."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import quotequail

_TAG = re.compile(r"<(/?)blockquote\b[^<>]*>")
_LINES = 1_000  # of a text that are searched for the beginning of a quote
_LONGEST = 300  # characters of a line that can introduce a quote
_LARGEST = 200_000  # characters of HTML that are searched for one that is not marked


def folded_html(clean: str, label: str, again: Callable[[str], str]) -> str:
    """HTML that nh3 made, with what is quoted in <details>.

    `again` cleans what another reader has taken apart: two readers may see different things in one text.
    """
    places = _outer_quotes(clean)
    if not places:
        return _folded_at_introduction(clean, label, again)
    out, at = [], 0
    for start, end in places:
        out += [clean[at:start], _details(clean[start:end], label)]
        at = end
    return "".join([*out, clean[at:]])


def _details(content: str, label: str) -> str:
    return f"<details><summary>{html.escape(label)}</summary>{content}</details>"


def _outer_quotes(clean: str) -> list[tuple[int, int]]:
    """The outermost blockquotes: nh3 closes everything that it lets through."""
    places, depth, begun = [], 0, 0
    for tag in _TAG.finditer(clean):
        if tag[1]:
            depth -= 1
            if depth == 0:
                places.append((begun, tag.end()))
        else:
            begun = tag.start() if depth == 0 else begun
            depth += 1
    return places


def _folded_at_introduction(clean: str, label: str, again: Callable[[str], str]) -> str:
    """Outlook marks no quotes: what follows its line of headers is one."""
    if len(clean) > _LARGEST:
        return clean
    try:
        parts = quotequail.quote_html(clean)
    except Exception:  # its tree is not made for everything that strangers write; unfolded is fine
        return clean
    if len(parts) != 2 or not parts[0][1].strip():
        return clean
    own, quote = (again(part) for _, part in parts)
    return f"{own}{_details(quote, label)}"


def folded_text(text: str, label: str) -> str:
    """Plain text as HTML, with what is quoted in <details>."""
    own, quote = split_quote(text)
    shown = f"<pre>{html.escape(own)}</pre>"
    return shown + _details(f"<pre>{html.escape(quote)}</pre>", label) if quote.strip() else shown


def split_quote(text: str) -> tuple[str, str]:
    """What is new in a text, and what it quotes: from "On ... wrote:" on, or lines with > at the end."""
    lines = text.split("\n")
    head = [line if len(line) <= _LONGEST and line.count("<") < 6 else "x" for line in lines[:_LINES]]
    count = len(head)
    parts = quotequail.quote("\n".join(head), limit=_LINES + 1)
    if len(parts) == 2:
        count = parts[0][1].count("\n") + 1
    elif (count := _trailing_quote(lines)) == len(lines):
        return text, ""
    return "\n".join(lines[:count]), "\n".join(lines[count:])


def _trailing_quote(lines: list[str]) -> int:
    """Where the quote at the end begins; the number of lines when there is none."""
    last = len(lines)
    while last and not lines[last - 1].strip():
        last -= 1
    first = last
    while first and (lines[first - 1].startswith(">") or not lines[first - 1].strip()):
        first -= 1
    return first if last - first >= 3 and first else len(lines)
