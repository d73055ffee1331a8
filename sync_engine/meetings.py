"""One meeting, seen from several mailboxes: whose word counts, and what is each mailbox's own (SYNC.md R12, R13).

docs/decisions/meetings.md says why. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from typing import Any, cast

from sync_engine.model import CalendarUser, Contact, ContentLine, Record
from sync_engine.ports import Link, LinkState, Role

_OWN = ("alarms", "categories", "transparency", "classification")
_OWN_LINES = frozenset({"X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-CDO-INTENDEDSTATUS"})
_CANCELLED = "CANCELLED"


class Standing(StrEnum):
    """What a mailbox's copy of an item is to the hub."""

    SOURCE = "source"  # its changes are the item's, as everywhere
    FOLLOWS = "follows"  # a guest's: the organiser's own mailbox says what the meeting is
    SHARES = "shares"  # a guest's, beside other guests' of an organiser whom we do not know


def standing(role: Role, elsewhere: Iterable[Link]) -> Standing:
    """Of a copy with this role; `elsewhere` are the links with a role that other bindings have to the same item."""
    if role is not Role.GUEST:
        return Standing.SOURCE
    roles = {link.role for link in elsewhere}
    if Role.ORGANIZER in roles:
        return Standing.FOLLOWS
    return Standing.SHARES if Role.GUEST in roles else Standing.SOURCE


def kept_role(old: Role, told: Role) -> Role:
    """Who has organised a meeting is its organiser still when the last guest is off the list: their copies follow."""
    return old if old is Role.ORGANIZER and told is Role.NONE else told


def is_gone(link: Link) -> bool:
    """A guest's copy that he took away."""
    return link.state is LinkState.LEFT and link.missing_since is not None


def is_let_go(link: Link) -> bool:
    """A guest's copy that is still there, though what it was a copy of has left."""
    return link.state is LinkState.LEFT and link.missing_since is None


def with_own_fields(read: Record, known: Record) -> Record:
    """What was read, with the fields that are each mailbox's own as they are in `known`.

    These are reminders, categories, show-as, sensitivity, and who has answered what (only the organiser knows all).
    """
    if isinstance(read, Contact) or type(read) is not type(known):
        return read
    ours, theirs = cast(Any, read), cast(Any, known)
    before = {d.recurrence_id: d for d in theirs.overrides}
    master = _mixed(ours.master, theirs.master)
    overrides = tuple(_mixed(d, before.get(d.recurrence_id, theirs.master)) for d in ours.overrides)
    return cast(Record, replace(ours, master=master, overrides=overrides))


def _mixed(read: Any, known: Any) -> Any:
    if read is None or known is None:
        return read
    own = {name: getattr(known, name) for name in _OWN if hasattr(read, name)}
    if _CANCELLED not in (read.status, known.status):
        own["status"] = known.status
    return replace(
        read,
        **own,
        attendees=_answers(read.attendees, known.attendees),
        extra=(*_lines(read.extra, own=False), *_lines(known.extra, own=True)),
    )


def _answers(read: tuple[CalendarUser, ...], known: tuple[CalendarUser, ...]) -> tuple[CalendarUser, ...]:
    """The people of one list, with what the other says of them."""
    said = {user.address.strip().lower(): user for user in known}
    if {user.address.strip().lower() for user in read} == set(said) and len(read) == len(known):
        return known
    return tuple(said.get(user.address.strip().lower(), user) for user in read)


def _lines(extra: tuple[ContentLine, ...], *, own: bool) -> list[ContentLine]:
    return [line for line in extra if (line.name in _OWN_LINES) is own]
