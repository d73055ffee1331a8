"""Where a calendar's feed goes on: Google's sync token."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sync_engine.errors import CursorExpired

KEPT = 6 * 3600.0  # seconds after which a token that told nothing new is renewed: tokens wear out


@dataclass(frozen=True, slots=True)
class Cursor:
    """The stored form is JSON."""

    token: str
    at: int  # when it was given, seconds since 1970

    @property
    def text(self) -> str:
        """For the store."""
        return json.dumps({"t": self.token, "at": self.at}, separators=(",", ":"))

    def worn(self, now: float) -> bool:
        """Whether to keep the new token even though it told nothing new."""
        return now - self.at > KEPT


def read(text: str) -> Cursor:
    """The cursor of its stored form. Raises CursorExpired."""
    try:
        told = json.loads(text)
        return Cursor(str(told["t"]), int(told["at"]))
    except (ValueError, KeyError, TypeError) as err:
        raise CursorExpired("The place in the change feed cannot be read; everything is listed once.") from err
