"""What must hold when all is quiet (SYNC.md, "How it is proven")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from sync_engine.decide import carried, own_rewriting
from sync_engine.errors import SuspectListing
from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.model import title_of
from tests.simulation.chaos import Fault, Process
from tests.simulation.ledger import TOKENS
from tests.simulation.people import approve, retry
from tests.simulation.remotes import Remote, connector_for
from tests.simulation.world import World

DOUBTS = (
    Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.LOST_ANSWER, Fault.LOST_REQUEST, Fault.IN_DOUBT_DONE,
    Fault.IN_DOUBT_LOST, Fault.DISK_FULL,
)  # fmt: skip
_ROUNDS = 14
_REQUESTS = 40  # for each item and binding, until all is quiet


class Violation(AssertionError):
    """Something that must hold does not."""


def quiesce(world: World) -> None:
    """No more faults: cycle until a round does nothing. An operator approves and retries."""
    world.phone_fails = None
    world.paused.clear()
    world.clock.pass_time(days=3)
    for remote in world.remotes:
        remote.lag = 0
    before = world.trace.requests
    for rounds in range(_ROUNDS):
        world.clock.pass_time(minutes=10)
        if not _round(world, rounds) and rounds > 1:
            break
    else:
        raise Violation(f"not quiet after {_ROUNDS} rounds")
    marks = len(world.ledger.births) + 1
    asked = world.trace.requests - before
    if asked > _REQUESTS * marks * len(world.remotes):
        raise Violation(f"{asked} requests until all was quiet")


def _round(world: World, rounds: int) -> bool:
    """Whether anything was done."""
    done = False
    for n in range(len(world.remotes)):
        if rounds < 3:
            retry(world, n)
        commits = world.store.commits
        _, _, error = world.cycle(n, Process())
        held = any(key[0] == world.bindings[n] for key in world.store.state.holds)
        emptied = isinstance(error, SuspectListing) and not world.remotes[n].items
        if error is not None and not emptied:
            raise Violation(f"a cycle without faults failed: {error!r}")
        if held or emptied:
            approve(world, n)
        done = done or held or emptied or world.store.commits != commits
    return done


def check(world: World) -> None:
    """Raises `Violation` with all that does not hold."""
    found = [*_open_ends(world), *_convergence(world), *_writes(world), *_deaths(world), *_phones(world)]
    found += _silence(world)
    if found:
        raise Violation("; ".join(found))


def _open_ends(world: World) -> Iterator[str]:
    state = world.store.state
    for name in ("intents", "quarantine", "holds"):
        rows = getattr(state, name)
        if rows:
            yield f"{name}: {list(rows.values())[:2]}"


# ---------------------------------------------------------------- all sides hold the same, once


def _convergence(world: World) -> Iterator[str]:
    hub: dict[str, Item] = {}
    for _, item in world.hub_items():
        mark = title_of(item.record)
        if mark in hub and mark not in world.ledger.twins:
            yield f"the hub holds {mark} twice"
        hub[mark] = item
    for remote in world.remotes:
        yield from _same(world, remote, hub)


def _same(world: World, remote: Remote, hub: dict[str, Item]) -> Iterator[str]:
    there: dict[str, Item] = {}
    twins = world.ledger.twins
    for item, _ in remote.items.values():
        mark = title_of(item.record)
        if mark in there and mark not in twins:
            yield f"{remote.name} holds {mark} twice"
        there[mark] = item
    for mark in sorted({*hub, *there} - twins):
        if mark not in there or mark not in hub:
            yield f"{mark} is only {'in the hub' if mark in hub else f'at {remote.name}'}"
        elif not _equal(remote, hub[mark], there[mark]) and not _torn(world, remote, mark, hub[mark], there[mark]):
            yield f"{mark} differs at {remote.name}: {_diff(hub[mark], there[mark])}"


def _torn(world: World, remote: Remote, mark: str, hub: Item, there: Item) -> bool:
    """Somebody took a value away where a write of ours was in doubt: it looks as if the server had lost it."""
    where = int(remote.name[1:]) + 1
    doubts = sum(world.trace.faults[fault] for fault in DOUBTS)
    taken = where in world.ledger.cleared.get(mark, set())
    return bool(doubts) and taken and own_rewriting(hub.record, with_uid(there.record, hub.uid))


def _equal(remote: Remote, hub: Item, there: Item) -> bool:
    record = carried(with_uid(there.record, hub.uid), hub.record, connector_for(remote).carries)
    if record == hub.record:
        return True
    if not remote.nature.rewrites:
        return False
    return _for_people(record) == _for_people(hub.record)


def _for_people(record: object) -> object:
    master = getattr(record, "master", record)
    return [getattr(master, f.name) for f in fields(master) if f.compare and f.name not in ("extra", "uid")]


def _diff(hub: Item, there: Item) -> str:
    lines = sorted(set(hub.text.split("\r\n")) ^ set(there.text.split("\r\n")))
    return " ".join(line for line in lines if not line.startswith(("UID", "PRODID", "DTSTAMP")))


# ---------------------------------------------------------------- nothing is lost, nothing comes back


def _writes(world: World) -> Iterator[str]:
    state = world.store.state
    kept = [item.text for _, item in world.hub_items()]
    for conflict in state.conflicts:
        kept += [f.hub + f.remote for f in conflict.fields]
        kept += [state.revisions[r].text for r in (conflict.hub_revision, conflict.remote_revision)]
    found = set(TOKENS.findall("\n".join(kept)))
    lost = world.ledger.wanted - found
    if lost:
        yield f"lost: {sorted(lost)}"
    here = set(TOKENS.findall("\n".join(item.text for _, item in world.hub_items())))
    beaten = {token for token in world.ledger.wanted & found - here if not world.ledger.had_rivals(token)}
    if beaten:
        yield f"lost without a rival: {sorted(beaten)}"


def _deaths(world: World) -> Iterator[str]:
    for _, item in world.hub_items():
        if title_of(item.record) in world.ledger.dead:
            yield f"{title_of(item.record)} was deleted and came back"


def _phones(world: World) -> Iterator[str]:
    """A token's changes are the difference of the states."""
    now = {item.id: item.revision_id for item, _ in world.hub_items()}
    with world.store.read() as unit:
        for snapshot in world.snapshots:
            seen = dict(snapshot.items)
            for item in unit.changed_items(world.collection, snapshot.seq, 10**6):
                seen.pop(item.id, None)
                if not item.deleted:
                    seen[item.id] = item.revision_id
            if seen != now:
                yield f"a phone that synced at {snapshot.seq} sees {seen}, not {now}"


def _silence(world: World) -> Iterator[str]:
    """One more cycle asks for changes and does nothing else."""
    for n in range(len(world.remotes)):
        commits = world.store.commits
        _, session, _ = world.cycle(n, Process())
        asked = [call for call in session.calls if call != "changes"]
        if asked or world.store.commits != commits:
            yield f"r{n} is not quiet: {session.calls}, {world.store.commits - commits} commits"
