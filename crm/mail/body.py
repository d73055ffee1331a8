"""Which parts are the text, which are attachments, and which are invitations."""

from __future__ import annotations

import html
import mimetypes
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from crm.mail import limits
from crm.mail.charsets import one_line
from crm.mail.html_text import text_from_html
from crm.mail.model import Attachment, CalendarPart
from crm.mail.parts import Part

_UNSEEN = {"text/x-amp-html", "text/watch-html"}  # other forms of the same text that only some programs show
_METHOD = re.compile(r"^METHOD[ \t]*:[ \t]*([A-Za-z-]{1,20})[ \t]*$", re.IGNORECASE | re.MULTILINE)
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\u202a-\u202e\u2066-\u2069\u200b-\u200f]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)


@dataclass(slots=True)
class Body:
    """What a mail's leaves are."""

    text: str = ""
    html: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    calendars: list[CalendarPart] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Block:
    """The forms of one piece of the text."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)


def read_body(raw: bytes, leaves: Sequence[Part]) -> Body:
    """Sort the leaves of a `normalised` mail."""
    body, blocks = Body(), dict[tuple[int, int], _Block]()
    for part in leaves:
        if part.media_type in _UNSEEN:
            continue
        if _is_text(part):
            place = (part.alternative, 0 if part.alternative else part.number)
            block = blocks.setdefault(place, _Block())
            (block.html if part.media_type == "text/html" else block.plain).append(_words(raw, part))
            continue
        body.attachments.append(_attachment(raw, part))
    _put_calendars(body, raw, leaves)
    _put_text(body, list(blocks.values()))
    return body


def _is_text(part: Part) -> bool:
    if part.disposition == "attachment" or (part.file_name and part.disposition != ""):
        return False
    if part.media_type == "text/html":
        return not part.file_name
    return part.media_type in {"text/plain", "text/enriched", "text"} and not part.file_name


def _words(raw: bytes, part: Part) -> str:
    text = part.text(raw)
    if part.media_type == "text/plain" and part.parameters.get("format", "").lower() == "flowed":
        return _unflowed(text, part.parameters.get("delsp", "").lower() == "yes")
    return text


def _unflowed(text: str, drop_space: bool) -> str:
    """Lines that were broken only to be sent are one again (RFC 3676)."""
    out: list[str] = []
    open_depth = -1  # of the quote whose last line goes on
    for line in text.split("\n"):
        words = line.lstrip(">")
        depth = len(line) - len(words)
        words = words.removeprefix(" ")
        goes_on = words.endswith(" ") and words != "-- "
        words = words[:-1] if goes_on and drop_space else words
        if depth == open_depth:
            out[-1] = f"{out[-1]}{words}" if len(out[-1]) < 100_000 else words
        else:
            out.append(f"{'>' * depth} {words}" if depth else words)
        open_depth = depth if goes_on else -1
    return "\n".join(out)


def _put_text(body: Body, blocks: Sequence[_Block]) -> None:
    words, markup = [], []
    for block in blocks:
        plain = "\n\n".join(piece for piece in block.plain if piece.strip())
        rich = "\n".join(piece for piece in block.html if piece.strip())
        rich, cut = rich[: limits.HTML], len(rich) > limits.HTML
        if cut:
            body.problems.append("The HTML is longer than can be shown: its end was left out.")
        words.append(plain or text_from_html(rich))
        markup.append(rich or (f'<pre style="white-space: pre-wrap">{html.escape(plain)}</pre>' if plain else ""))
    text = "\n\n".join(piece.strip("\n") for piece in words if piece.strip())
    if len(text) > limits.TEXT:
        body.problems.append("The text is longer than can be kept: its end is in the mail only.")
    body.text = text[: limits.TEXT]
    if any(block.html for block in blocks):
        body.html = "\n".join(filter(None, markup))[: limits.HTML]


# ---------------------------------------------------------------- attachments


def _attachment(raw: bytes, part: Part) -> Attachment:
    content_id = one_line(part.headers.first("content-id")).strip("<> ")[: limits.ID]
    inline = part.disposition == "inline" or (part.disposition == "" and bool(content_id))
    size = len(part.octets(raw))
    return Attachment(
        part.number, safe_name(part.file_name, part.media_type), part.media_type, size, content_id, inline
    )


def safe_name(name: str, media_type: str = "") -> str:
    """A file name without folders, control characters and marks that turn the reading direction."""
    name = one_line(unicodedata.normalize("NFC", name)).replace("\\", "/").rpartition("/")[2]
    name = _UNSAFE.sub("_", name).strip(". ")
    if not name:
        return _made_name(media_type)
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    if len(name) > limits.FILE_NAME:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[: limits.FILE_NAME - 20]}.{ending}" if dot and len(ending) < 12 else name[: limits.FILE_NAME]
    return name


def _made_name(media_type: str) -> str:
    if media_type == "message/rfc822":
        return "mail.eml"
    ending = _ENDINGS.get(media_type) or mimetypes.guess_extension(media_type, strict=True) or ".bin"
    return f"{'invitation' if media_type == 'text/calendar' else 'attachment'}{ending}"


_ENDINGS = {"text/calendar": ".ics", "image/jpeg": ".jpg", "text/plain": ".txt", "application/ics": ".ics"}


# ---------------------------------------------------------------- invitations


def _put_calendars(body: Body, raw: bytes, leaves: Sequence[Part]) -> None:
    """The text/calendar parts with a method; an application/ics only where there is none: many send the same twice."""
    for kind in ("text/calendar", "application/ics"):
        for part in leaves:
            if part.media_type != kind or len(body.calendars) >= limits.CALENDARS:
                continue
            if part.end - part.start > limits.CALENDAR:
                body.problems.append("An invitation is too large to be read.")
                continue
            calendar = _calendar(part.text(raw), part.parameters.get("method", ""))
            if calendar and calendar not in body.calendars:
                body.calendars.append(calendar)
        if body.calendars:
            return


def _calendar(text: str, told: str) -> CalendarPart | None:
    found = _METHOD.search(text[:20_000])
    method = (told.strip() or (found[1] if found else "")).upper()
    return CalendarPart(method[:20], text) if method and "BEGIN:VCALENDAR" in text.upper() else None
