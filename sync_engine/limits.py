"""How large an item may be. Looked at before any parser sees the text."""

from __future__ import annotations

from sync_engine.errors import Rejected

EVENT_OCTETS = 512 * 1024
CARD_OCTETS = 2 * 1024 * 1024
ATTENDEES = 500  # of one event
PROPERTIES = 2000  # of one component
DEPTH = 8  # of components in components
FILE_OCTETS = 512 * 1024 * 1024  # of a file with many items, which is read as a whole
_MARKED_BEFORE = 1000  # characters in which the first BEGIN must stand
_SHORTER = "make it smaller where it comes from"
_FEW_LINES = DEPTH  # a text with no more is within all limits but that of its size


class TooManyAttendees(Rejected):
    """CalDAV has a precondition of its own for this (RFC 4791 5.3.2.1)."""


def check(text: str) -> None:
    """Refuse what is too large for one item. Raises `Rejected` with the limit, what was found and what to do."""
    most = most_octets(text)
    octets = len(text) if text.isascii() or len(text) > most else len(text.encode("utf-8", "surrogatepass"))
    if octets > most:
        what = "A card" if most == CARD_OCTETS else "An event or task"
        raise Rejected(f"{what} may have {most // 1024} KiB, this one has {octets // 1024} KiB: {_SHORTER}.")
    if text.count("\n") + text.count("\r") <= _FEW_LINES:
        return
    unfolded = _unfolded(text)
    if unfolded.count("\n") > min(PROPERTIES, ATTENDEES) or unfolded.upper().count("BEGIN") > DEPTH:
        _count(unfolded)


def most_octets(text: str) -> int:
    """The limit for this kind of text: a card, or anything else. What it begins with counts."""
    head = text[:_MARKED_BEFORE].upper()
    return CARD_OCTETS if head.startswith("BEGIN:VCARD", max(0, head.find("BEGIN:"))) else EVENT_OCTETS


def _unfolded(text: str) -> str:
    """With the lines that the parser will see: a name may be folded too."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\n ", "").replace("\n\t", "")


def _count(text: str) -> None:
    """Count for each component: its own properties, its attendees, its depth."""
    stack: list[list[int]] = [[0, 0]]
    for line in text.split("\n"):
        if not line:
            continue
        name = line[:50].partition(":")[0].partition(";")[0].strip().upper()
        if name == "BEGIN":
            stack.append([0, 0])
        elif name == "END" and len(stack) > 1:
            stack.pop()
        counts = stack[-1]
        counts[0] += 1
        counts[1] += name == "ATTENDEE"
        _refuse(len(stack) - 1, *counts)


def _refuse(depth: int, properties: int, attendees: int) -> None:
    if depth > DEPTH:
        raise Rejected(f"Components may be nested {DEPTH} deep, these are nested deeper: {_SHORTER}.")
    if attendees > ATTENDEES:
        raise TooManyAttendees(f"An event may have {ATTENDEES} attendees, this one has more: {_SHORTER}.")
    if properties > PROPERTIES:
        raise Rejected(f"An item may have {PROPERTIES} properties, this one has more: {_SHORTER}.")
