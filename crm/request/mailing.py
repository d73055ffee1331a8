"""What mails do to a request. No mail is written here: the intake and the outbox do that.

Call these after the message's row is written: its words are then found by the search.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from crm.actor import Actor
from crm.errors import NotThere, Refused
from crm.request import closing, gate, indexing
from crm.request.gate import Row
from crm.request.history import note
from crm.rights import NOTHING_THERE
from crm.settings import CrmSettings
from storage.crm import request_rows
from storage.unit_of_work import SqlUnitOfWork


def takes(unit: SqlUnitOfWork, settings: CrmSettings, request_id: int, at: datetime) -> int | None:
    """The request that a mail for this one goes into: where it was merged to; None when it was closed too long ago.

    Then open a new one with `NewRequest.continues`. Not for automatic mails: they go into a closed one, too.
    """
    row = request_rows.one(unit.session.connection, request_rows.where_is(unit.session.connection, request_id) or 0)
    if row is None:
        raise NotThere(NOTHING_THERE)
    return int(row["id"]) if _may_continue(settings, row, at) else None


def message_came(
    unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, request_id: int, *, at: datetime, automatic: bool
) -> None:
    """A message came into an open or closed request, or opened it.

    A person's mail reopens a closed one, and takes a waiting or completed one back to open; an automatic mail leaves
    the status alone (REQUESTS.md 3, 7), and so does a mail into spam.
    """
    row = gate.taken(unit, actor, "request.change", request_id)
    note(unit, row["id"], actor, "message", after="automatic" if automatic else "")
    values: dict[str, Any] = {"last_message_at": max(at, row["last_message_at"] or at)}
    if not automatic and not row["is_open"] and not row["spam"]:
        if not _may_continue(settings, row, at):
            raise Refused("This request was closed too long ago to be opened again by a mail.")
        closing.open_again(unit, actor, row, "a mail came")
    elif not automatic and row["is_open"]:
        values |= closing.back_to_open(unit, actor, row)
    request_rows.change(unit.session.connection, row["id"], {**values, "changed_at": unit.session.now()})
    indexing.add_messages(unit, row["id"])


def answered(unit: SqlUnitOfWork, actor: Actor, request_id: int, at: datetime) -> None:
    """A person's answer went out. Takes no version away from whoever looks at the request."""
    row = gate.taken(unit, actor, "answer.write", request_id)
    note(unit, row["id"], actor, "answered")
    values = {"first_answer_at": row["first_answer_at"] or at, "changed_at": unit.session.now()}
    values["last_message_at"] = max(at, row["last_message_at"] or at)
    request_rows.change(unit.session.connection, row["id"], values, new_version=False)
    indexing.add_messages(unit, row["id"])


def message_added(unit: SqlUnitOfWork, request_id: int) -> None:
    """For messages that are neither: the search shall find their words."""
    found = request_rows.lock(unit.session.connection, request_id)
    if found is not None:
        indexing.add_messages(unit, found)


def _may_continue(settings: CrmSettings, row: Row, at: datetime) -> bool:
    if row["is_open"] or row["closed_at"] is None or row["spam"]:
        return True
    return bool(at <= row["closed_at"] + timedelta(days=settings.reopen_days))
