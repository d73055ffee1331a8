"""Escapes and lists inside property values (RFC 5545 3.3.11, RFC 6350 3.4)."""

from __future__ import annotations


def unescape(value: str) -> str:
    r"""The text of a TEXT value: ``\n`` is a line break; ``\,`` ``\;`` ``\:`` ``\\`` lose their backslash."""
    if "\\" not in value:
        return value
    return "\\".join(_unescape_part(part) for part in value.split("\\\\"))


def _unescape_part(part: str) -> str:
    part = part.replace("\\n", "\n").replace("\\N", "\n")
    return part.replace("\\,", ",").replace("\\;", ";").replace("\\:", ":")


def escape(text: str) -> str:
    """A text as TEXT value."""
    if "\\" in text or "\n" in text or "\r" in text:
        text = text.replace("\\", "\\\\").replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")
    if "," in text or ";" in text:
        text = text.replace(",", "\\,").replace(";", "\\;")
    return text


def escape_uri(text: str) -> str:
    """A URI as value: commas and semicolons mean themselves; only what could break the line is escaped."""
    if "\\" in text or "\n" in text or "\r" in text:
        text = text.replace("\\", "\\\\").replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")
    return text


def split_on(value: str, separator: str) -> list[str]:
    """Cut at every separator that no backslash protects; the parts stay escaped."""
    parts = value.split(separator)
    if "\\" not in value or len(parts) == 1:
        return parts
    whole: list[str] = []
    pending: list[str] = []
    for part in parts:
        pending.append(part)
        if (len(part) - len(part.rstrip("\\"))) % 2 == 0:
            whole.append(separator.join(pending))
            pending = []
    if pending:
        whole.append(separator.join(pending))
    return whole


def text_list(value: str) -> tuple[str, ...]:
    """A comma-separated list of texts; empty for an empty value."""
    if "," not in value:
        return (unescape(value),) if value else ()
    return tuple([unescape(part) for part in split_on(value, ",")])


def structure(value: str) -> list[tuple[str, ...]]:
    """A semicolon-separated structure of lists, such as N and ADR."""
    if "\\" not in value and "," not in value:
        return [(part,) if part else () for part in value.split(";")]
    return [text_list(part) for part in split_on(value, ";")]


def join_list(texts: tuple[str, ...]) -> str:
    """The opposite of `text_list`."""
    if len(texts) == 1:
        return escape(texts[0])
    joined = "".join(texts)
    if "," in joined or ";" in joined or "\\" in joined or "\n" in joined or "\r" in joined:
        texts = tuple([escape(text) for text in texts])
    return ",".join(texts)
