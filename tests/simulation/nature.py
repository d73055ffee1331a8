"""How unkind a remote is, and what it makes of a text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sync_engine.item import Item
from sync_engine.model import Contact, ContentLine, Details

LOSSY = ("description", "note", "categories", "extra")  # what one kind of remote has no place for
_CASES = "abcdefghij"


def cased(number: int) -> str:
    """A name that differs from others by case only (SYNC.md R29)."""
    return "".join(c.upper() if number >> n & 1 else c for n, c in enumerate(_CASES))


BLIND_FOR = 600.0
"""Seconds after which a search shows what was made."""


@dataclass(frozen=True)
class Nature:
    """How unkind a remote is.

    Of its versions: "strong" ones can be sent as a condition. "hash": the server gives weak tags or none, and the
    connector hashes what it reads (R35), so it looks before it writes and somebody may come between. "none": not even
    that. "stuck": a strong tag that often stays the same when somebody edits; nobody can see such an edit before the
    next one that changes the tag. What is promised there: nothing else suffers from it.
    """

    own_ids: bool = False  # a create makes a new item each time; ids differ by case only
    own_uids: bool = False  # ... under a UID of the server's
    hides: bool = False  # ... and the UID that it was sent is hidden on it, also on copies that people make (R37)
    lag: int = 0  # so many of the newest changes are not yet in the feed
    blind: bool = False  # ... and what is not in the feed is not found by the key of its creation either (R22)
    versions: str = "strong"  # strong, hash, none, stuck
    quiet: bool = False  # a write does not tell the version
    rewrites: str = ""  # "": nothing, drops: X- properties go, alters: one comes and one changes, plain: see LOSSY
    lossy: bool = False  # holds fewer fields, and its connector says so
    page: int = 100
    no_feed: bool = False  # lists everything each time
    cursors: str = "end"  # end: the last page has one, extra: a page of its own has, each: every page
    moves: bool = False  # an edit in its own web page gives the item another id
    batches: bool = False  # takes many writes in one request
    tells: bool = False  # its connector knows what it makes of what it is sent
    touches: bool = False  # ... and it gives an item another version by itself, soon after a write
    robot: bool = False  # a program there spells a field its own way, whenever it was written (R21)

    @property
    def has_less(self) -> bool:
        """Whether people there cannot see the fields of `LOSSY`."""
        return self.lossy or self.rewrites == "plain"


def without(text: str) -> str:
    """What is left where the fields of `LOSSY` have no place."""
    return _by_parts(text, "lossy")


def rewritten(text: str, how: str) -> str:
    """What a server that rewrites makes of a text."""
    return _by_parts(text, how) if how else text


@lru_cache(maxsize=8192)
def _by_parts(text: str, how: str) -> str:
    if how == "drops":
        text = re.sub(r"(?m)^X-[^\r]*\r\n", "", text)
    elif how == "alters":
        text = text.replace("X-KEEP:", "X-KEEP:changed ")
    return Item.of(changed_parts(Item.read(text).record, _CHANGES[how])).text


def changed_parts(record: Any, change: Callable[[Any], Any]) -> Any:
    """A record with every part of it changed: a card, or the master and the overrides."""
    if isinstance(record, Contact):
        return change(record)
    overrides = tuple(change(d) for d in record.overrides)
    return replace(record, master=record.master and change(record.master), overrides=overrides)


def _lossy(part: Any) -> Any:
    return replace(part, **{name: type(getattr(part, name))() for name in LOSSY if hasattr(part, name)})


def _marked(part: Any) -> Any:
    if isinstance(part, Details) and part.recurrence_id is not None:
        return part
    rest = tuple(line for line in part.extra if line.name != "X-SERVER")
    return replace(part, extra=(*rest, ContentLine("X-SERVER", "1")))


_CHANGES: dict[str, Callable[[Any], Any]] = {
    "lossy": _lossy,
    "drops": lambda part: part,
    "alters": _marked,
    "plain": _lossy,
}
