"""The steps that a plan is made of, and what a plan is made from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum

from sync_engine.errors import Unreadable
from sync_engine.item import Item
from sync_engine.model import Record, starts_of, title_of
from sync_engine.ports import Broken, Changed, FieldConflict, HubItem, Link, RemoteRef, Role, Trouble

_FOLD = re.compile(r"\r?\n[ \t]")
_UID = re.compile(r"^UID(?:;[^:\r\n]*)?:(.*)", re.MULTILINE | re.IGNORECASE)
ANOTHER_OF_ITS_UID = "The collection holds another item with the UID"  # how such an entry begins (SYNC.md R36)


class What(StrEnum):
    """What a step does."""

    NEW = "create in hub"
    WRITE = "change in hub"
    KEEP = "nothing"  # the link learns the new version
    PUSH = "change at remote"
    ECHO = "note how the remote keeps what we sent"
    REVIVE = "bring back in hub"
    DELETE_AT_REMOTE = "delete at remote"
    MISSING = "check a deletion"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do about one remote item."""

    what: What
    ref: RemoteRef
    reason: str
    link: Link | None = None  # None: to be made
    hub: HubItem | None = None  # None: to be made
    remote: Item | None = None  # as read
    meant: Record | None = None  # as read, without the server's own rewriting
    record: Record | None = None  # what the hub is to hold
    conflicts: tuple[FieldConflict, ...] = ()
    trouble: Trouble | None = None
    role: Role = Role.NONE
    apart: bool = False  # the remote holds it otherwise than it is meant, and keeps on doing so: noted as an echo
    quiet: bool = False  # no change goes back to the remote
    left: bool = False  # the link goes on to be left alone
    instead_of: Link | None = None  # as it was to the plain copy that we had made, which now has to go

    @property
    def title(self) -> str:
        """What a person calls the item."""
        shown = self.record or self.meant or (self.remote.record if self.remote else None)
        return title_of(shown) if shown else (self.trouble.title if self.trouble else self.ref.id)


@dataclass(frozen=True, slots=True)
class View:
    """What the hub knows about the items that a page mentions."""

    links: dict[str, Link]  # by remote id
    links_of_items: dict[int, Link]
    items: dict[int, HubItem]
    by_uid: dict[str, HubItem]
    look_alikes: dict[str, list[HubItem]]  # by fingerprint; empty unless content may decide
    texts: dict[int, str]  # by revision id
    meetings: dict[int, list[Link]] = field(default_factory=dict)  # by item: other bindings' links with a role


def broken(change: Broken, link: Link | None) -> Step:
    """It cannot be read. Where its text tells a UID it may be what is gone from another place (`removals`)."""
    trouble = Trouble(
        "read", str(change.error), title=change.ref.id, server_said=change.error.server_said, raw=change.raw,
        remote_id=change.ref.id, remote_version=change.ref.version, uid="" if link else _uid_in(change.raw),
    )  # fmt: skip
    return Step(What.QUARANTINE, change.ref, str(change.error), link, trouble=trouble)


def _uid_in(raw: str) -> str:
    """The first UID in the text of an event, a task or a contact."""
    found = _UID.search(_FOLD.sub("", raw))
    return found[1].strip() if found else ""


def not_compared(change: Changed, err: Exception) -> Broken:
    """We cannot cope with it."""
    what = f"{type(err).__name__}: {err}"[:300]
    message = f"AgendaHub could not compare this item with its own copy, so both stay as they are ({what})."
    return Broken(change.ref, change.item.text, Unreadable(message))


def duplicate(change: Changed, other: str) -> Step:
    """Another item has its UID; `other` is that one's remote id, if it has one."""
    record = change.item.record
    where = f" as {other}" if other else ""
    message = (
        f"{ANOTHER_OF_ITS_UID} {record.uid}{where}. Neither is deleted; "
        "remove or copy one of them there, then run: agendahub quarantine retry"
    )
    trouble = Trouble(
        "read", message, title=title_of(record), starts=starts_of(record), raw=change.item.text,
        remote_id=change.ref.id, remote_version=change.ref.version, uid=record.uid,
    )  # fmt: skip
    return Step(What.QUARANTINE, change.ref, message, remote=change.item, trouble=trouble)


def read_again(step: Step) -> Step:
    """The same trouble, which the next cycle looks at once more."""
    assert step.trouble is not None
    return replace(step, trouble=replace(step.trouble, remote_version=""))
