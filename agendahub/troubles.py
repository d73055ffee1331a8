"""The quarantine as an admin reads it: what is wrong, what to do, and when it is tried again (SYNC.md R09, R26)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agendahub.texts import _
from storage.admin_lists import QuarantineRow
from storage.retrying import next_try
from sync_engine.steps import ANOTHER_OF_ITS_UID


@dataclass(frozen=True, slots=True)
class Trouble:
    """One entry."""

    id: int
    account: str
    binding: str
    collection: str
    title: str
    starts: str
    item_id: int | None  # in the hub
    uid: str
    remote_id: str
    operation: str  # what was tried: read, create, update, delete
    message: str
    server_said: str
    what_to_do: str
    first_at: datetime
    last_at: datetime
    tries: int
    next_try_at: datetime | None  # None: not by itself
    raw: str


def troubles(rows: Sequence[QuarantineRow], *, raw: bool = False) -> list[Trouble]:
    """All that an admin needs for each; the text itself only if asked for."""
    return [_trouble(row, raw=raw) for row in rows]


def _trouble(row: QuarantineRow, *, raw: bool) -> Trouble:
    same = ("id", "account", "binding", "collection", "title", "starts", "item_id", "uid", "remote_id", "operation")
    more = ("message", "server_said", "first_at", "last_at", "tries")
    return Trouble(
        **{name: getattr(row, name) for name in (*same, *more)},
        what_to_do=what_to_do(row),
        next_try_at=None if row.frozen else next_try(row.last_at, row.tries),
        raw=row.raw if raw else "",
    )


def what_to_do(row: QuarantineRow) -> str:
    """One sentence."""
    again = f"agendahub quarantine retry {row.id}"
    if row.frozen:
        return _("Find out what keeps changing it and stop that; then run: {again}").format(again=again)
    if row.operation == "read" and row.message.startswith(ANOTHER_OF_ITS_UID):
        hint = _("Remove or copy one of the items with this UID at the account; it is read again then, or by: {again}")
    elif row.operation == "read":
        hint = _("Correct it at the account, where it was made; it is read again when it changes, or by: {again}")
    elif row.operation == "delete":
        hint = _("Delete it at the account, or bring it back (agendahub undo {item}); it is tried again by: {again}")
    else:
        hint = _("Change what the server objects to, on any device; it is sent again when it changes, or by: {again}")
    return hint.format(again=again, item=row.item_id)
