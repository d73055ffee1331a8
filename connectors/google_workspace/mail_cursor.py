"""Where a label was last read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from sync_engine.errors import CursorExpired


@dataclass(frozen=True, slots=True)
class MailCursor:
    """The stored form is JSON."""

    label: str  # id; a cursor of another label is worthless
    h: str  # id in the history of the mailbox: what came after it was not told
    told: str = ""  # while all that lies there is told: id of the last mail; "" when it is done

    @property
    def text(self) -> str:
        """For the store."""
        return json.dumps(asdict(self), separators=(",", ":"))


def cursor_of(text: str, label: str) -> MailCursor:
    """Raises CursorExpired for what we never gave."""
    try:
        told = json.loads(text)
        cursor = MailCursor(str(told["label"]), str(told["h"]), str(told.get("told", "")))
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise CursorExpired("The place in the list of mails cannot be read; everything is listed once.") from err
    if cursor.label != label or not cursor.h.isdecimal():
        raise CursorExpired("The place in the list of mails is of another label; everything is listed once.")
    return cursor
