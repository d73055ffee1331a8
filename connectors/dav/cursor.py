"""Cursors: where a collection was last read, and by which method."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum

from sync_engine.errors import CursorExpired
from sync_engine.ports import Cursor

_NUMBERED = re.compile(r"(\D*)(\d{1,18})")


class Method(StrEnum):
    """How changes are found, best first."""

    SYNC = "sync"  # sync-collection (RFC 6578)
    CTAG = "ctag"  # one tag for the whole collection, then the entity tags
    LIST = "list"  # the entity tags, or the hashes of all texts


@dataclass(frozen=True, slots=True)
class Place:
    """A cursor, read."""

    method: Method
    token: str = ""

    def written(self) -> Cursor:
        """As the engine keeps it."""
        return json.dumps({"m": self.method, "t": self.token}, separators=(",", ":"))

    @classmethod
    def read(cls, cursor: Cursor) -> Place:
        """Raises CursorExpired for anything this version did not write."""
        try:
            data = json.loads(cursor)
            return cls(Method(data["m"]), str(data["t"]))
        except (ValueError, KeyError, TypeError) as err:
            raise CursorExpired("The place where this collection was last read is not known any more.") from err


def runs_backwards(before: str, after: str) -> bool:
    """Did the server take a token it cannot have given, or go back in time?

    Servers that number their changes (SOGo, DAViCal) accept any token at all, also one from before they were restored
    from a backup, and are silent about what was deleted since (SYNC.md R04). Their numbers only grow.
    """
    now = _NUMBERED.fullmatch(after)
    if now is None:
        return False
    then = _NUMBERED.fullmatch(before)
    return then is None or then[1] != now[1] or int(then[2]) > int(now[2])
