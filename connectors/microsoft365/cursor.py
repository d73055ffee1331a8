"""Where a change feed goes on: Graph's delta link, and the window it was made for."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from sync_engine.errors import CursorExpired

KEPT = 6 * 3600.0  # seconds after which a link that told nothing new is renewed: links wear out when never followed
SLIDE = 7 * 86400.0  # seconds after which a calendar's window is moved on


@dataclass(frozen=True, slots=True)
class Cursor:
    """The stored form is JSON."""

    link: str  # below the version: /me/contacts/delta?$deltatoken=...
    at: int  # when the link was given, seconds since 1970
    window: int = 0  # when the calendar's window was fixed, seconds since 1970; 0: the feed knows no window

    @property
    def text(self) -> str:
        """For the store."""
        return json.dumps(asdict(self), separators=(",", ":"))

    def worn(self, now: float) -> bool:
        """Whether to keep the new link even though it told nothing new."""
        return now - self.at > KEPT

    def outlived(self, now: float) -> bool:
        """Whether the window is to be moved: then everything is listed once."""
        return bool(self.window) and now - self.window > SLIDE


def read(text: str) -> Cursor:
    """The cursor of its stored form. Raises CursorExpired."""
    try:
        told = json.loads(text)
        return Cursor(str(told["link"]), int(told["at"]), int(told["window"]))
    except (ValueError, KeyError, TypeError) as err:
        raise CursorExpired("The place in the change feed cannot be read; everything is listed once.") from err
