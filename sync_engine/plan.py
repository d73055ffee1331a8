"""From what a remote says and what the hub knows to steps. Pure: a dry run prints the steps that a pull carries out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sync_engine.canary import is_canary
from sync_engine.decide import Decision, Outcome, carried, decide, own_rewriting, remote_as_meant
from sync_engine.errors import ItemError
from sync_engine.formats import parse, render, with_uid
from sync_engine.hidden_uids import choose, hidden_uid
from sync_engine.item import Item
from sync_engine.kept import Kept, unknown
from sync_engine.matching import fingerprint, look_alike
from sync_engine.meetings import Standing, is_gone, is_let_go, standing, with_own_fields
from sync_engine.model import Record
from sync_engine.plain_copies import beside, gives_way, is_beside, is_replaced
from sync_engine.ports import (
    Broken,
    Change,
    Changed,
    Direction,
    HubItem,
    Link,
    LinkState,
    Listed,
    Policy,
    Prefer,
    RemoteRef,
    Removed,
    Role,
)
from sync_engine.steps import Step, View, What, broken, duplicate, not_compared, read_again
from sync_engine.window import in_window

_NOT_COPED = (ItemError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


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
    waiting: list[Changed] = field(default_factory=list)  # known by a UID that is not its own, or by a hidden one
    chosen: dict[str, str] | None = None  # hidden UID -> remote id of the original, once all have been seen
    kept: Kept = unknown  # what the remote holds of a record
    anew: bool = False  # nothing was pushed yet: the binding is new, or linked anew

    def steps(self, changes: Sequence[Change]) -> list[Step]:
        """One step for each change that asks for one; of several about one item, the last counts.

        Removals first: an item that only moved is found again.
        """
        newest = {c.id if isinstance(c, Removed) else c.ref.id: c for c in changes}
        ordered = sorted(newest.values(), key=lambda c: not isinstance(c, Removed))
        return [*self._each(ordered), *self._undecided()]

    def _each(self, changes: Sequence[Change]) -> list[Step]:
        return [step for change in changes if (step := self.step(change)) is not None]

    def _undecided(self) -> list[Step]:
        """All that carry a hidden UID have been seen: now it can be told which one is the original (SYNC.md R37)."""
        waiting, self.waiting = self.waiting, []
        if self.later is not None:
            self.later.extend(waiting)
            return []
        named = {uid: self._record(hub, hub.revision_id) for uid, hub in self.view.by_uid.items() if not hub.deleted}
        self.chosen = choose(waiting, named, anew=self.anew)
        return self._each(waiting)

    def step(self, change: Change) -> Step | None:
        """What to do about one change; None for nothing.

        One item that we cannot cope with must not hold up the others for ever (SYNC.md R09).
        """
        try:
            return self._step(change)
        except _NOT_COPED as err:
            if not isinstance(change, Changed):
                raise
            return broken(not_compared(change, err), self.view.links.get(change.ref.id))

    def _step(self, change: Change) -> Step | None:
        if isinstance(change, Removed):
            return self._removed(change)
        if isinstance(change, Broken):
            return broken(change, self.view.links.get(change.ref.id))
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
        place = self._standing(change, hub)
        if is_beside(hub, link):
            return beside(change, link)
        if place is Standing.FOLLOWS or is_let_go(link):
            return self._aside(change, hub, link)
        if is_gone(link):
            return self._matched(change, hub, link)
        if (heir := self._heir(hub, change)) is not None:
            anew = replace(link, item_id=heir.id, base_revision=heir.revision_id, echo_revision=None, pushed_at=None)
            return self._matched(change, heir, replace(anew, state=LinkState.MISSING))
        self.taken.add(hub.id)
        base = self._record(hub, link.base_revision)
        read = with_uid(change.item.record, hub.uid)
        expected = self._expected(hub, link, base)
        fresh = link.echo_revision is None
        if (fresh and read == expected) or (expected is None and _is_echo(link, base, read)):
            reason = "the server keeps less than we sent"
            return Step(What.ECHO, change.ref, reason, link, hub, change.item, base, role=change.role)
        if expected is not None:
            read = _as_read(remote_as_meant(read, base, expected))
        if place is Standing.SHARES:
            read = _as_read(with_own_fields(read, base))
        meant = carried(read, base, self.carries)
        held = None if hub.deleted else self._record(hub, hub.revision_id)
        step = _step(decide(base, held, meant, self.policy), change, link, hub, meant, held, apart=expected is not None)
        if step.what is What.REVIVE and is_replaced(hub):
            return beside(change, link)
        return self._noted(step, change, meant) if place is Standing.SHARES else step

    def _expected(self, hub: HubItem, link: Link, base: Record) -> Record | None:
        """What the remote holds if nobody touched it, where that differs from what was sent: seen, or worked out."""
        if link.echo_revision is not None:
            return self._record(hub, link.echo_revision)
        kept = None if link.remote_version else self.kept(base)  # a version is of exactly the base
        return None if kept is None or kept == base else kept

    def _heir(self, hub: HubItem, change: Changed) -> HubItem | None:
        """The living item that has the UID of a deleted one: that cannot come back, and the two are one."""
        heir = self.view.by_uid.get(hub.uid) if hub.deleted else None
        if heir is None or heir.deleted or heir.uid != hub.uid or heir.kind is not change.item.kind:
            return None
        return None if heir.id in self.taken or heir.id in self.view.links_of_items else heir

    def _record(self, hub: HubItem, revision: int) -> Record:
        return with_uid(Item.stored(hub.kind, hub.uid, self.view.texts[revision]).record, hub.uid)

    # ------------------------------------------------------------ a copy of a meeting (SYNC.md R12, R13)

    def _standing(self, change: Changed, hub: HubItem) -> Standing:
        return standing(change.role, self.view.meetings.get(hub.id, ()))

    def _aside(self, change: Changed, hub: HubItem, link: Link | None) -> Step:
        """A copy that is linked as it is: nothing is taken from it, and nothing written to it."""
        self.taken.add(hub.id)
        last = self._record(hub, hub.revision_id)
        reason = "a guest's copy of a meeting that the hub has"
        left = link is not None and is_let_go(link) and self._standing(change, hub) is not Standing.FOLLOWS
        step = Step(What.KEEP, change.ref, reason, link, hub, change.item, last, last, role=change.role, left=left)
        return self._noted(step, change, last)

    def _invited(self, change: Changed, hub: HubItem, held: Record, link: Link | None) -> Step:
        """A guest's copy meets what the hub has: nobody but the organiser says what the meeting is, so it says more."""
        read = _as_read(with_own_fields(with_uid(change.item.record, hub.uid), held))
        meant = carried(read, held, self.carries)
        step = _step(
            decide(None, held, meant, replace(self.policy, prefer=Prefer.REMOTE)), change, link, hub, meant, held
        )
        assert step.record is not None
        what = What.KEEP if step.record == held else What.WRITE
        return self._noted(replace(step, what=what, meant=step.record), change, step.record)

    def _noted(self, step: Step, change: Changed, meant: Record) -> Step:
        """The remote keeps what is its own, and the link knows that; the hub sends nothing back."""
        there = carried(with_uid(change.item.record, meant.uid), meant, self.carries)
        return replace(step, apart=there != meant, quiet=True)

    def _agreed_with_guests(self, change: Changed, hub: HubItem) -> Record | None:
        """What the hub has from guests of a meeting, when its organiser's own copy is first seen."""
        guests = [k for k in self.view.meetings.get(hub.id, ()) if k.role is Role.GUEST]
        if change.role is not Role.ORGANIZER or hub.deleted or not guests:
            return None
        return self._record(hub, guests[0].base_revision)

    # ------------------------------------------------------------ an item without

    def _unlinked(self, change: Changed) -> Step | None:
        uid = change.item.uid
        if is_canary(uid):
            return None
        if uid in self.claimed:
            return duplicate(change, self.claimed[uid])
        hub = self.view.by_uid.get(uid)
        if hub is None or hub.uid != uid:
            if self.chosen is None and (hub is not None or self._waits(change)):
                self.waiting.append(change)
                return None
            hub = self._original(change) or self._known_there(change, hub)
        if hub is None and (hub := self._look_alike(change.item)) and self.later is not None:
            self.later.append(change)
            return None
        if hub is None:
            return self._new(change)
        link = self.view.links_of_items.get(hub.id)
        if link and self.policy.direction is not Direction.IN and gives_way(link, hub, change):
            return self._instead(change, hub, link)
        if hub.kind is not change.item.kind or hub.id in self.taken or (link and not _moved_away(link)):
            return duplicate(change, link.remote_id if link else "")
        if link:
            moved = replace(link, remote_id=change.ref.id, remote_uid=uid, state=LinkState.MISSING)
            return self._matched(change, hub, moved) if link.state is LinkState.LEFT else self._linked(change, moved)
        return self._matched(change, hub)

    def _instead(self, change: Changed, hub: HubItem, link: Link) -> Step | None:
        """The invitation takes the place of the plain copy that we made, after all that is told of the copy itself."""
        if self.chosen is None:
            self.waiting.append(change)
            return None
        if hub.id in self.taken:
            return read_again(duplicate(change, link.remote_id))
        moved = replace(link, remote_id=change.ref.id, remote_uid=change.item.uid)
        return replace(self._matched(change, hub, moved), instead_of=link)

    def _waits(self, change: Changed) -> bool:
        """Whether others that carry its hidden UID may be the original rather than this one."""
        named = hidden_uid(change)
        if not named:
            return False
        if named not in self.view.by_uid:
            return True
        hub = self._original(change)
        return (
            hub is not None and hub.id not in self.view.links_of_items and not self._is_as(change, hub.revision_id, hub)
        )

    def _original(self, change: Changed) -> HubItem | None:
        """The hub item that it was made from, unless it is a person's copy of that (SYNC.md R37)."""
        named = hidden_uid(change)
        hub = self.view.by_uid.get(named) if named else None
        if hub is None or hub.deleted or hub.kind is not change.item.kind or hub.id in self.taken:
            return None
        link = self.view.links_of_items.get(hub.id)
        if link is not None:  # gone from its place, it may have moved here; a copy has another UID
            same = link.remote_uid == change.item.uid or self._is_as(change, link.base_revision, hub)
            return hub if _moved_away(link) and same else None
        if self.chosen is None or self.chosen.get(named) == change.ref.id:
            return hub
        return hub if self._is_as(change, hub.revision_id, hub) else None

    def _is_as(self, change: Changed, revision: int, hub: HubItem) -> bool:
        known = self._record(hub, revision)
        read = with_uid(change.item.record, hub.uid)
        return carried(read, known, self.carries) == known or read == self.kept(known)

    def _known_there(self, change: Changed, hub: HubItem | None) -> HubItem | None:
        """The item that another remote knows by this UID (SYNC.md R12)."""
        if hub is None or (hub.deleted and self._standing(change, hub) is not Standing.FOLLOWS):
            return None
        link = self.view.links_of_items.get(hub.id)
        free = hub.id not in self.taken and (link is None or _moved_away(link))
        its_own = link is not None and link.remote_uid == change.item.uid
        return hub if free or its_own or change.role is not Role.NONE else None

    def _new(self, change: Changed) -> Step | None:
        """Where the remote only mirrors the hub, what others put there is none of our business."""
        if self.policy.direction is Direction.OUT:
            return None
        if change.item.kind not in self.policy.kinds or not in_window(change.item.record, self.policy, self.now):
            return None
        uid, named = change.item.uid, hidden_uid(change)
        if named and named not in self.view.by_uid and named not in self.claimed and self.chosen:
            uid = named if self.chosen.get(named) == change.ref.id else uid
        self.claimed |= {uid: change.ref.id, change.item.uid: change.ref.id}
        record = with_uid(change.item.record, uid)
        return Step(What.NEW, change.ref, "new at the remote", remote=change.item, record=record, role=change.role)

    def _matched(self, change: Changed, hub: HubItem, link: Link | None = None) -> Step:
        self.taken.add(hub.id)
        read = with_uid(change.item.record, hub.uid)
        last = self._record(hub, hub.revision_id)  # of a deleted item, too: what the remote has no place for
        held = None if hub.deleted else last
        place = self._standing(change, hub)
        if place is Standing.FOLLOWS or (place is Standing.SHARES and held is not None):
            return self._aside(change, hub, link)
        if change.role is Role.GUEST and held is not None:
            return self._invited(change, hub, held, link)
        expected = self.kept(last)
        if expected is not None:
            read = _as_read(remote_as_meant(read, last, expected))
        meant = carried(read, last, self.carries)
        base, apart = self._agreed_with_guests(change, hub), expected is not None and expected != last
        return _step(decide(base, held, meant, self.policy), change, link, hub, meant, held, apart=apart)

    def _look_alike(self, item: Item) -> HubItem | None:
        if not self.view.look_alikes:
            return None
        alike = [
            hub
            for hub in self.view.look_alikes.get(fingerprint(item.record), [])
            if hub.id not in self.taken and self._is_alike(self._record(hub, hub.revision_id), item.record)
        ]
        return alike[0] if alike else None

    def _is_alike(self, known: Record, read: Record) -> bool:
        """The remote may have no place for all that the hub has."""
        return look_alike(known, read) or ((kept := self.kept(known)) is not None and look_alike(kept, read))


def _step(
    decision: Decision,
    change: Changed,
    link: Link | None,
    hub: HubItem,
    meant: Record,
    held: Record | None,
    *,
    apart: bool = False,
) -> Step:
    what, record = _WHAT[decision.outcome], decision.record
    if decision.outcome is Outcome.MERGE and record is not None:
        record = _as_read(record)
        what = What.PUSH if record == held else what
    conflicts, role = decision.conflicts, change.role
    read = change.item
    return Step(what, change.ref, decision.reason, link, hub, read, meant, record, conflicts, role=role, apart=apart)


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
    return not link.remote_id or link.state in (LinkState.MISSING, LinkState.LEFT)
