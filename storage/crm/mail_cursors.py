"""How far each folder of a mailbox was read. A failure never moves it on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from storage.limits import cut
from storage.tables import mail_cursors


@dataclass(frozen=True, slots=True)
class FolderCursor:
    """One folder."""

    mailbox: str
    folder: str
    cursor: str | None  # None: everything that lies there is to be listed
    started_at: datetime  # older mails are backlog: never answered by themselves
    looked_at: datetime | None  # when it was last read to its end without a failure
    problem: str


_COLUMNS = (
    mail_cursors.c.mailbox,
    mail_cursors.c.folder,
    mail_cursors.c.cursor,
    mail_cursors.c.started_at,
    mail_cursors.c.looked_at,
    mail_cursors.c.problem,
)


def folder_cursor(connection: Connection, mailbox: str, folder: str) -> FolderCursor | None:
    """None for a folder that was never read."""
    row = connection.execute(select(*_COLUMNS).where(*_at(mailbox, folder))).mappings().first()
    return None if row is None else FolderCursor(**row)


def folder_cursors(connection: Connection) -> list[FolderCursor]:
    """All of them, by mailbox and folder."""
    statement = select(*_COLUMNS).order_by(mail_cursors.c.mailbox, mail_cursors.c.folder)
    return [FolderCursor(**row) for row in connection.execute(statement).mappings()]


def begin_folder(connection: Connection, mailbox: str, folder: str, now: datetime) -> FolderCursor:
    """The folder's row, made when it is read for the first time."""
    found = folder_cursor(connection, mailbox, folder)
    if found is None:
        connection.execute(insert(mail_cursors), {"mailbox": mailbox, "folder": folder, "started_at": now})
        found = FolderCursor(mailbox, folder, None, now, None, "")
    return found


def advance(connection: Connection, mailbox: str, folder: str, cursor: str | None) -> None:
    """All mails up to this cursor are safe; None: list everything at the next look."""
    connection.execute(update(mail_cursors).where(*_at(mailbox, folder)).values(cursor=cursor))


def note_look(connection: Connection, mailbox: str, folder: str, now: datetime, problem: str = "") -> None:
    """It was read to its end, or not."""
    values = {"problem": cut(problem, 2000)} | ({} if problem else {"looked_at": now})
    connection.execute(update(mail_cursors).where(*_at(mailbox, folder)).values(**values))


def note_problem(connection: Connection, mailbox: str, folder: str, now: datetime, problem: str) -> None:
    """The mailbox could not even be opened; its folders may never have been read."""
    if begin_folder(connection, mailbox, folder, now).problem != cut(problem, 2000):
        note_look(connection, mailbox, folder, now, problem)


def _at(mailbox: str, folder: str) -> tuple[Any, ...]:
    return mail_cursors.c.mailbox == mailbox, mail_cursors.c.folder == folder
