"""How a mailbox is, told from what the store and the configuration know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from agendahub.texts import _
from config.settings import MailboxSettings, Settings
from storage.crm.mail_cursors import FolderCursor, folder_cursors
from storage.crm.quarantined import count_kept_aside
from storage.crm.receipts import count_unsettled

_GRACE = 600.0  # seconds: looks that find nothing are written down every five minutes


@dataclass(frozen=True, slots=True)
class MailboxHealth:
    """One line of the status."""

    mailbox: str
    account: str
    address: str
    state: str  # ok, paused, new, failed, needs_sign_in, late
    detail: str
    last_ok_at: datetime | None  # when all of its folders had been read
    kept_aside: int  # mails that could not be taken in
    to_settle: int  # mails that are in the hub and not flagged or moved at their server yet

    @property
    def is_well(self) -> bool:
        """Nothing needs an admin."""
        return self.state in {"ok", "paused", "new"} and not self.kept_aside


@dataclass(frozen=True, slots=True)
class Live:
    """What a running daemon knows better than the store."""

    state: str
    detail: str
    last_ok_at: datetime | None


def mailbox_health(
    connection: Connection, settings: Settings, now: datetime, live: Mapping[str, Live] | None = None
) -> list[MailboxHealth]:
    """One line for every mailbox of the configuration, in its order."""
    if not settings.mailboxes:
        return []
    cursors = folder_cursors(connection)
    aside, waiting = count_kept_aside(connection), count_unsettled(connection)
    return [
        _health(
            box, [one for one in cursors if one.mailbox == box.name], aside, waiting, now, (live or {}).get(box.name)
        )
        for box in settings.mailboxes
    ]


def _health(
    box: MailboxSettings,
    cursors: Iterable[FolderCursor],
    aside: Mapping[str, int],
    waiting: Mapping[str, int],
    now: datetime,
    live: Live | None,
) -> MailboxHealth:
    mine = [cursor for cursor in cursors if cursor.folder in box.folders]
    looks = [cursor.looked_at for cursor in mine]
    last_ok = min((at for at in looks if at), default=None) if len(mine) == len(box.folders) and all(looks) else None
    state, detail = _state(box, mine, last_ok, now)
    if live is not None and not box.paused and live.state in {"ok", "failed", "needs_sign_in"}:
        state, detail, last_ok = live.state, live.detail, live.last_ok_at or last_ok
    count = aside.get(box.name, 0)
    hint = _("{count} mails could not be taken in: agendahub mail quarantine").format(count=count) if count else ""
    words = detail or hint
    return MailboxHealth(box.name, box.account, box.address, state, words, last_ok, count, waiting.get(box.name, 0))


def _state(box: MailboxSettings, mine: list[FolderCursor], last_ok: datetime | None, now: datetime) -> tuple[str, str]:
    if box.paused:
        return "paused", ""
    if problem := next((cursor.problem for cursor in mine if cursor.problem), ""):
        return "failed", problem
    if last_ok is None:
        return "new", ""
    if (now - last_ok).total_seconds() > 2 * box.interval + _GRACE:
        return "late", _("it was not read lately; does `agendahub serve` run?")
    return "ok", ""
