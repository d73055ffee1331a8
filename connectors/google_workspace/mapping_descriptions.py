"""Descriptions: Google shows them as simple HTML, whoever wrote them, and does not say which ones are."""

from __future__ import annotations

import re
from html import escape

from connectors.bodies import text_of
from connectors.described import one_line_ends

_TAGS = "a|b|blockquote|br|center|code|div|em|font|h[1-6]|hr|html-blob|html|body|i|img|li|ol|p|pre|s|span|strike"
_MARKUP = re.compile(
    rf"</?(?:{_TAGS}|strong|sub|sup|table|tbody|td|th|tr|u|ul)\b[^<>]*>|&(?:#\d+|#x[0-9a-f]+|\w+);", re.I
)
_SPACES = re.compile(r"(?m)^ | (?= |$)")
_AFTER_BLOCK = re.compile(r"(<br\s*/?>|</(?:blockquote|div|h[1-6]|li|ol|p|pre|table|tr|ul)>)\n", re.I)


def put_description(text: str) -> str:
    """A text so that Google shows it as it is written."""
    text = one_line_ends(text).rstrip("\n")
    return _SPACES.sub("&nbsp;", escape(text, quote=False)) if _MARKUP.search(text) else text


def get_description(description: str) -> str:
    """What a person reads there. Line ends count beside the tags."""
    description = one_line_ends(description).rstrip("\n")
    if not _MARKUP.search(description):
        return description
    joined = _AFTER_BLOCK.sub(r"\1", description)
    return text_of(_SPACES.sub("&nbsp;", joined).replace("\n", "<br>"))
