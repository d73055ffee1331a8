"""From what a remote says and what the hub knows to steps. Pure: a dry run prints the steps that a pull carries out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sync_engine.canary import is_canary
from sync_engine.decide import Decision, Outcome, carried, decide, own_rewriting, remote_as_meant
from sync_engine.errors import ItemError, Unreadable
from sync_engine.formats import parse, render, with_uid
from sync_engine.item import Item
from sync_engine.matching import fingerprint, look_alike
from sync_engine.model import Record, starts_of, title_of
from sync_engine.ports import (
    Broken,
    Change,
    Changed,
    Direction,
    FieldConflict,
    HubItem,
    Link,
    LinkState,
    Listed,
    Policy,
    RemoteRef,
    Removed,
    Trouble,
)
from sync_engine.window import in_window

_NOT_COPED = (ItemError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


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


@dataclass(slots=True)
class Planner:
    """Plans one page after another of one feed."""

    policy: Policy
    carries: frozenset[str]
    view: View
    now: datetime  # for the binding's window
    claimed: dict[str, str] = field(default_factory=dict)  # UID -> remote id, for items that this page creates
    taken: set[int] = field(default_factory=set)  # hub items that this page links
    later: list[Changed] | None = None  # takes what only its content can match, until all UIDs have been seen

    def steps(self, changes: Sequence[Change]) -> list[Step]:
        """One step for each change that asks for one; of several about one item, the last counts.

        Removals first: an item that only moved is found again.
        """
        newest = {c.id if isinstance(c, Removed) else c.ref.id: c for c in changes}
        ordered = sorted(newest.values(), key=lambda c: not isinstance(c, Removed))
        return [step for change in ordered if (step := self.step(change)) is not None]

    def step(self, change: Change) -> Step | None:
        """What to do about one change; None for nothing.

        One item that we cannot cope with must not hold up the others for ever (SYNC.md R09).
        """
        try:
            return self._step(change)
        except _NOT_COPED as err:
            if not isinstance(change, Changed):
                raise
            return _broken(_not_compared(change, err), self.view.links.get(change.ref.id))

    def _step(self, change: Change) -> Step | None:
        if isinstance(change, Removed):
            return self._removed(change)
        if isinstance(change, Broken):
            return _broken(change, self.view.links.get(change.ref.id))
        if isinstance(change, Listed):
            return None
        link = self.view.links.get(change.ref.id)
        return self._linked(change, link) if link else self._unlinked(change)

    def _removed(self, change: Removed) -> Step | None:
        link = self.view.links.get(change.id)
        if link is None:
            return None
        missing = Step(
            What.MISSING, RemoteRef(change.id), "the server says it is gone", link, self.view.items[link.item_id]
        )
        self.view.links_of_items[link.item_id] = replace(link, remote_id="")
        return missing

    # ------------------------------------------------------------ an item with a link

    def _linked(self, change: Changed, link: Link) -> Step:
        hub = self.view.items[link.item_id]
        if (heir := self._heir(hub, change)) is not None:
            fresh = replace(link, item_id=heir.id, base_revision=heir.revision_id, echo_revision=None, pushed_at=None)
            return self._matched(change, heir, replace(fresh, state=LinkState.MISSING))
        self.taken.add(hub.id)
        base = self._record(hub, link.base_revision)
        read = with_uid(change.item.record, hub.uid)
        if _is_echo(link, base, read):
            return Step(What.ECHO, change.ref, "the server keeps less than we sent", link, hub, change.item, base)
        if link.echo_revision is not None:
            read = _as_read(remote_as_meant(read, base, self._record(hub, link.echo_revision)))
        meant = carried(read, base, self.carries)
        held = None if hub.deleted else self._record(hub, hub.revision_id)
        return _step(decide(base, held, meant, self.policy), change, link, hub, meant, held)

    def _heir(self, hub: HubItem, change: Changed) -> HubItem | None:
        """The living item that has the UID of a deleted one: that cannot come back, and the two are one."""
        heir = self.view.by_uid.get(hub.uid) if hub.deleted else None
        if heir is None or heir.deleted or heir.kind is not change.item.kind:
            return None
        return None if heir.id in self.taken or heir.id in self.view.links_of_items else heir

    def _record(self, hub: HubItem, revision: int) -> Record:
        return with_uid(Item.stored(hub.kind, hub.uid, self.view.texts[revision]).record, hub.uid)

    # ------------------------------------------------------------ an item without

    def _unlinked(self, change: Changed) -> Step | None:
        uid = change.item.uid
        if is_canary(uid):
            return None
        if uid in self.claimed:
            return _duplicate(change, self.claimed[uid])
        hub = self.view.by_uid.get(uid)
        if hub is None and (hub := self._look_alike(change.item)) and self.later is not None:
            self.later.append(change)
            return None
        if hub is None:
            return self._new(change)
        link = self.view.links_of_items.get(hub.id)
        if hub.kind is not change.item.kind or hub.id in self.taken or (link and not _moved_away(link)):
            return _duplicate(change, link.remote_id if link else "")
        if link:
            moved = replace(link, remote_id=change.ref.id, remote_uid=uid, state=LinkState.MISSING)
            return self._linked(change, moved)
        return self._matched(change, hub)

    def _new(self, change: Changed) -> Step | None:
        """Where the remote only mirrors the hub, what others put there is none of our business."""
        if self.policy.direction is Direction.OUT:
            return None
        if not in_window(change.item.record, self.policy, self.now):
            return None
        self.claimed[change.item.uid] = change.ref.id
        return Step(What.NEW, change.ref, "new at the remote", remote=change.item, record=change.item.record)

    def _matched(self, change: Changed, hub: HubItem, link: Link | None = None) -> Step:
        self.taken.add(hub.id)
        read = with_uid(change.item.record, hub.uid)
        last = self._record(hub, hub.revision_id)  # of a deleted item, too: what the remote has no place for
        held = None if hub.deleted else last
        meant = carried(read, last, self.carries)
        return _step(decide(None, held, meant, self.policy), change, link, hub, meant, held)

    def _look_alike(self, item: Item) -> HubItem | None:
        if not self.view.look_alikes:
            return None
        alike = [
            hub
            for hub in self.view.look_alikes.get(fingerprint(item.record), [])
            if hub.id not in self.taken and look_alike(self._record(hub, hub.revision_id), item.record)
        ]
        return alike[0] if alike else None


def _step(
    decision: Decision, change: Changed, link: Link | None, hub: HubItem, meant: Record, held: Record | None
) -> Step:
    what, record = _WHAT[decision.outcome], decision.record
    if decision.outcome is Outcome.MERGE and record is not None:
        record = _as_read(record)
        what = What.PUSH if record == held else what
    return Step(what, change.ref, decision.reason, link, hub, change.item, meant, record, decision.conflicts)


def _as_read(merged: Record) -> Record:
    """With its lists in the order that a reader gives them: only then is it equal to what says the same."""
    try:
        return with_uid(parse(render(merged), uid_if_missing=merged.uid), merged.uid)
    except ItemError:  # too large, now that it has all of both: who stores it says so
        return merged


_WHAT = {
    Outcome.AGREED: What.KEEP,
    Outcome.TAKE_REMOTE: What.WRITE,
    Outcome.MERGE: What.WRITE,
    Outcome.PUSH: What.PUSH,
    Outcome.REVIVE: What.REVIVE,
    Outcome.DELETE_AT_REMOTE: What.DELETE_AT_REMOTE,
}


def _is_echo(link: Link, base: Record, read: Record) -> bool:
    """Nobody gave us a version for our last write, and what is missing from it is all that differs."""
    return link.pushed_at is not None and not link.remote_version and read != base and own_rewriting(base, read)


def _moved_away(link: Link) -> bool:
    """The remote item of this link is gone: the same UID elsewhere is the same item, moved."""
    return not link.remote_id or link.state is LinkState.MISSING


def _broken(change: Broken, link: Link | None) -> Step:
    trouble = Trouble(
        "read", str(change.error), title=change.ref.id, server_said=change.error.server_said, raw=change.raw,
        remote_id=change.ref.id, remote_version=change.ref.version,
    )  # fmt: skip
    return Step(What.QUARANTINE, change.ref, str(change.error), link, trouble=trouble)


def _not_compared(change: Changed, err: Exception) -> Broken:
    what = f"{type(err).__name__}: {err}"[:300]
    message = f"AgendaHub could not compare this item with its own copy, so both stay as they are ({what})."
    return Broken(change.ref, change.item.text, Unreadable(message))


def _duplicate(change: Changed, other: str) -> Step:
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
