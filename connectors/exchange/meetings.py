"""Meetings: what a mailbox is in one, and what may be written of it. Nobody gets a mail by a sync (SYNC.md R10, R13).

Every request says SendToNone (`services`); beyond that nothing is written into a guest's copy that only the organiser
may say, and no meeting is made in the calendar of somebody who is invited to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.exchange.services import FindAddresses
from connectors.exchange.transport import Transport
from sync_engine.errors import Rejected
from sync_engine.model import Kind
from sync_engine.ports import Role

SILENT = frozenset(
    {
        "categories",
        "reminder_is_set",
        "reminder_minutes_before_start",
        "legacy_free_busy_status",
        "sensitivity",
        "hub_uid",
        "hub_key",
        "hub_unfinished",
    }
)
"""Properties of the own copy, which concern nobody else."""


def role_of(kind: Kind, item: Any) -> Role:
    """What the mailbox is in an item that was read."""
    if kind is not Kind.EVENT or not item.is_meeting:
        return Role.NONE
    if item.my_response_type == "Organizer":
        return Role.ORGANIZER
    return Role.GUEST


def refuse_foreign(role: Role, master: Mapping[str, Any], occurrences: bool) -> None:
    """Before a change of an event. Raises `Rejected` for what only its organiser may change."""
    if role is Role.GUEST and (occurrences or set(master) - SILENT):
        raise Rejected("Only the organiser can change this meeting; ask for it, or answer the invitation in Outlook.")


def invitation_missing() -> Rejected:
    """A meeting of somebody else that this mailbox is invited to, and does not have."""
    return Rejected(
        "The mailbox is invited to this meeting and does not have it yet: the invitation has to arrive by itself; the "
        "sync makes no copy of it."
    )


def own_addresses(transport: Transport) -> list[str]:
    """By which addresses the mailbox is invited. Raises the errors of a read."""
    return [transport.mailbox] if transport.mailbox else _looked_up(transport)


def _looked_up(transport: Transport) -> list[str]:
    """Who signs in by a bare name has an address, and the directory knows it."""
    name = transport.username.rpartition("\\")[2]
    found = transport.read(lambda: FindAddresses(protocol=transport.connection).of(name))
    exactly = [address for address in found if address.lower().partition("@")[0] == name.lower()]
    return exactly or (found if len(found) == 1 else [])
