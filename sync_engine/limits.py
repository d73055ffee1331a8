"""How large an item may be. Looked at before any parser sees the text."""

from __future__ import annotations

from sync_engine.errors import Rejected

EVENT_OCTETS = 512 * 1024
CARD_OCTETS = 2 * 1024 * 1024
ATTENDEES = 500  # of one event
PROPERTIES = 2000  # of one component
DEPTH = 8  # of components in components
_MARKED_BEFORE = 1000  # characters in which BEGIN:VCARD must stand


def check(text: str) -> None:
    """Refuse what is too large for one item. Raises `Rejected` with the limit and what was found."""
    is_card = "BEGIN:VCARD" in text[:_MARKED_BEFORE].upper()
    most = CARD_OCTETS if is_card else EVENT_OCTETS
    octets = len(text) if text.isascii() or len(text) > most else len(text.encode("utf-8", "surrogatepass"))
    if octets > most:
        what = "A card" if is_card else "An event or task"
        raise Rejected(f"{what} may have {most // 1024} KiB; this one has {octets // 1024} KiB.")
    if text.count("\n") + text.count("\r") > min(PROPERTIES, ATTENDEES) or _begins(text) > DEPTH:
        _count(text)


def _begins(text: str) -> int:
    return text.count("BEGIN:") + text.count("begin:") + text.count("Begin:")


def _count(text: str) -> None:
    """Count for each component: its own properties, its attendees, its depth."""
    stack: list[list[int]] = [[0, 0]]
    for line in text.splitlines():
        if line[:1] in ("", " ", "\t"):
            continue
        start = line[:9].upper()
        if start.startswith("BEGIN:"):
            stack.append([0, 0])
        elif start.startswith("END:") and len(stack) > 1:
            stack.pop()
        counts = stack[-1]
        counts[0] += 1
        counts[1] += start in ("ATTENDEE:", "ATTENDEE;")
        _refuse(len(stack) - 1, *counts)


def _refuse(depth: int, properties: int, attendees: int) -> None:
    if depth > DEPTH:
        raise Rejected(f"Components may be nested {DEPTH} deep; these are nested deeper.")
    if attendees > ATTENDEES:
        raise Rejected(f"An event may have {ATTENDEES} attendees; this one has more.")
    if properties > PROPERTIES:
        raise Rejected(f"An item may have {PROPERTIES} properties; this one has more.")
