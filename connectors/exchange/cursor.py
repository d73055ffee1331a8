"""Cursors: the state that SyncFolderItems gave with the last page."""

from __future__ import annotations

import json

from sync_engine.errors import CursorExpired
from sync_engine.ports import Cursor


def written(state: str) -> Cursor:
    """As the engine keeps it."""
    return json.dumps({"t": state}, separators=(",", ":"))


def state_of(cursor: Cursor) -> str:
    """Raises CursorExpired for anything this version did not write."""
    try:
        state = json.loads(cursor)["t"]
    except (ValueError, KeyError, TypeError) as err:
        raise CursorExpired("The place where this folder was last read is not known any more.") from err
    if not isinstance(state, str) or not state:
        raise CursorExpired("The place where this folder was last read is not known any more.")
    return state
