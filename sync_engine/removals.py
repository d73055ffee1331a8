"""What is gone at the remote, and whether to believe it (SYNC.md R01, R02, R08, R22)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sync_engine.actions import Action
from sync_engine.apply import Applier
from sync_engine.brake import Brake, Deletion, approved_items, refused_items
from sync_engine.context import Cycle
from sync_engine.decide import Decision, Outcome, decide
from sync_engine.errors import NotStored
from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.lag import lag_of
from sync_engine.meetings import Standing, standing
from sync_engine.model import Record, title_of
from sync_engine.ports import Binding, Broken, Changed, HubItem, Link, LinkState, Operation, Removed, Role, UnitOfWork
from sync_engine.pull import take
from sync_engine.telling import tell_removal


@dataclass(frozen=True, slots=True)
class Removal:
    """One item that is gone at the remote, and what follows."""

    link: Link
    hub: HubItem
    decision: Decision
    title: str
    texts: Mapping[int, str]  # of revisions

    def tell(self) -> Action:
        """The deletion in the hub that follows."""
        return tell_removal(self.link, self.hub, self.texts, self.title, self.decision.reason)


def remove(cycle: Cycle) -> None:
    """Act on the links that the feed left MISSING: each is asked for once more before anything is deleted."""
    with cycle.store.read() as uow:
        binding = uow.binding(cycle.binding_id)
        missing = uow.missing_links(binding.id)
        items = uow.items([link.item_id for link in missing])
        told = approved_items(uow, binding, "hub") | refused_items(uow, binding)  # an answer is good for this cycle
        waiting = [
            k for k in missing if k.item_id in told or items[k.item_id].deleted or not _settling(cycle, binding, k)
        ]
        held = uow.held(binding.id, "hub")
    if not waiting:
        if held:
            with cycle.transaction() as uow:
                uow.release_hold(binding.id, "hub")
        return
    gone = _verify(cycle, binding, waiting)
    with cycle.transaction() as uow:
        uow.lock_collection(binding.collection_id)
        _act(cycle, uow, binding, plan_removals(cycle, uow, gone))
    cycle.progress("removing", len(gone))


def plan_removals(cycle: Cycle, uow: UnitOfWork, gone: Sequence[str]) -> list[Removal]:
    """What to do about each remote id that is really gone."""
    links = uow.links(cycle.binding_id, gone)
    items = uow.items([link.item_id for link in links.values()])
    revisions = {r for link in links.values() for r in (link.base_revision, items[link.item_id].revision_id)}
    texts = uow.texts(sorted(revisions))
    guests = [link.item_id for link in links.values() if link.role is Role.GUEST]
    meetings = uow.meeting_links(cycle.binding_id, guests) if guests else {}
    planned = [_plan(cycle, link, items[link.item_id], texts) for link in links.values()]
    return [_left_alone(r, meetings.get(r.hub.id, ())) for r in planned]


def _left_alone(removal: Removal, elsewhere: Sequence[Link]) -> Removal:
    """What a guest takes away from his own calendar is there still for the organiser and other guests (SYNC.md R13)."""
    if removal.hub.deleted or standing(removal.link.role, elsewhere) is Standing.SOURCE:
        return removal
    return replace(removal, decision=Decision(Outcome.LEAVE, "a guest took his copy away"))


def _plan(cycle: Cycle, link: Link, hub: HubItem, texts: dict[int, str]) -> Removal:
    def record(revision: int) -> Record:
        return with_uid(Item.stored(hub.kind, hub.uid, texts[revision]).record, hub.uid)

    base = record(link.base_revision)
    held = None if hub.deleted else record(hub.revision_id)
    return Removal(link, hub, decide(base, held, None, cycle.policy), title_of(held or base), texts)


def _settling(cycle: Cycle, binding: Binding, link: Link) -> bool:
    """Absent from a listing so soon after our own write: the listing may lag behind. A clock may have been set back."""
    if link.missing_since is None or link.pushed_at is None:
        return False
    settled = max(cycle.policy.settle_seconds, lag_of(cycle.connector, binding.remote_id))
    return abs((cycle.clock() - link.pushed_at).total_seconds()) < settled


def _verify(cycle: Cycle, binding: Binding, links: Sequence[Link]) -> list[str]:
    """Ask for each item directly. Only the server's clear word counts; what is still there is taken in."""
    gone: list[str] = []
    present: list[Changed | Broken] = []
    for answer in cycle.connector.fetch(binding.remote_id, [link.remote_id for link in links]):
        if isinstance(answer, Removed):
            gone.append(answer.id)
        else:
            present.append(answer)
    if present:
        take(cycle, present)
    return gone


def _act(cycle: Cycle, uow: UnitOfWork, binding: Binding, removals: Sequence[Removal]) -> None:
    refused = refused_items(uow, binding)
    removals = [_answered(r, refused) for r in removals if not _moved(uow, binding, r)]
    deleting = [r for r in removals if r.decision.outcome is Outcome.DELETE_IN_HUB]
    brake = Brake(cycle.policy, uow, binding, "hub", cycle.counts.pulled_deleted)
    held = brake.holds([Deletion(r.hub.id, r.title) for r in deleting])
    cycle.counts.held += len(held)
    for removal in deleting:
        if removal.hub.id in held:
            cycle.watch.held(removal.tell)
    removals = [r for r in removals if r.decision.outcome is not Outcome.DELETE_IN_HUB or r.hub.id not in held]
    applier = Applier(cycle, uow, binding)
    for removal in removals:
        _carry_out(cycle, uow, applier, removal)


def _answered(removal: Removal, refused: frozenset[int]) -> Removal:
    """An admin said that this item is not to be deleted: it is made again where it was lost."""
    if removal.hub.id not in refused or removal.decision.outcome is not Outcome.DELETE_IN_HUB:
        return removal
    return replace(removal, decision=replace(removal.decision, outcome=Outcome.RECREATE))


def _moved(uow: UnitOfWork, binding: Binding, removal: Removal) -> bool:
    """The same UID waits in quarantine as a duplicate: the item only moved, and its other place takes over the link."""
    others = uow.meeting_links(binding.id, [removal.hub.id]).get(removal.hub.id, ())
    uids = [removal.link.remote_uid, *(k.remote_uid for k in others)]  # its invitation came while a copy was there
    twin = next(iter(uow.quarantined_uids(binding.id, uids).values()), None)
    if twin is None or twin.operation != "read" or twin.remote_id in ("", removal.link.remote_id):
        return False
    old = removal.link
    pushed_at = None if old.remote_version else old.pushed_at  # we knew what it kept: what is new there is an edit
    moved = replace(old, remote_id=twin.remote_id, remote_version="", state=LinkState.LIVE, pushed_at=pushed_at)
    try:
        uow.save_link(moved)
    except NotStored:
        return True  # no link can follow it there; the quarantine tells, and the link waits until it moves again
    uow.quarantine(binding.id, replace(twin, remote_version=""))
    return True


def _carry_out(cycle: Cycle, uow: UnitOfWork, applier: Applier, removal: Removal) -> None:
    hub = removal.hub
    if removal.decision.outcome is Outcome.DELETE_IN_HUB and not cycle.watch.allows(removal.tell):
        return  # the link stays MISSING: an ordinary cycle decides about it
    if removal.decision.outcome is Outcome.LEAVE:
        gone = replace(removal.link, state=LinkState.LEFT, missing_since=cycle.clock(), remote_version="")
        uow.save_link(gone)
        return
    uow.delete_link(removal.link.id)
    if removal.link.role is Role.ORGANIZER:
        uow.let_go([hub.id])
    if removal.decision.outcome is Outcome.DELETE_IN_HUB:
        uow.delete_item(hub.id, cycle.origin)
        cycle.counts.pulled_deleted += 1
    elif removal.decision.outcome is Outcome.RECREATE:
        applier.intend(Operation.CREATE, hub.id, hub.revision_id)
