"""Addresses that did not take a mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select, true, update

from storage.crm.insert_once import insert_once
from storage.limits import cut
from storage.session import chunks
from storage.tables import bounced_addresses as b
from storage.tables import messages


def mark(
    connection: Connection, address: str, at: datetime, *, permanent: bool, reason: str, report_id: int | None
) -> None:
    """The newest report counts. `report_id`: of `messages`; None where the server refused it at once."""
    address = cut(address.lower(), 320)
    values = {"at": at, "permanent": permanent, "reason": cut(reason, 1000), "message_id": report_id}
    if not connection.execute(update(b).where(b.c.address == address).values(**values)).rowcount:
        insert_once(connection, b, {"address": address, **values}, ["address"])


def unmark(connection: Connection, address: str) -> None:
    """It takes mail after all: somebody wrote from it."""
    connection.execute(delete(b).where(b.c.address == address.lower()))


def dead(connection: Connection, addresses: Sequence[str]) -> Mapping[str, str]:
    """Of these addresses those that take no mail for good, and what was said."""
    found: dict[str, str] = {}
    for part in chunks(address.lower() for address in addresses):
        wanted = select(b.c.address, b.c.reason).where(b.c.address.in_(part), b.c.permanent == true())
        found |= {str(address): str(reason) for address, reason in connection.execute(wanted)}
    return found


def tie(connection: Connection, report_id: int, message_id: int, request_id: int | None) -> None:
    """A report is about a mail of ours."""
    wanted = update(messages).where(messages.c.id == report_id)
    connection.execute(wanted.values(bounce_of_id=message_id, request_id=request_id))


def set_state(connection: Connection, message_id: int, state: str) -> None:
    """What became of a mail of ours."""
    connection.execute(update(messages).where(messages.c.id == message_id).values(state=state))
