"""What must hold when all is quiet (SYNC.md, "How it is proven")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from sync_engine.decide import carried, own_rewriting
from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.model import title_of
from sync_engine.ports import Direction
from sync_engine.window import in_window
from tests.simulation import samples
from tests.simulation.chaos import Clock, Fault, Process
from tests.simulation.connectors import connector_for
from tests.simulation.ledger import TOKENS
from tests.simulation.phone import differs, synced
from tests.simulation.violation import Violation
from tests.simulation.world import World

DOUBTS = (
    Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.LOST_ANSWER, Fault.LOST_REQUEST, Fault.IN_DOUBT_DONE,
    Fault.IN_DOUBT_LOST, Fault.DISK_FULL, Fault.IN_PART, Fault.AWAY,
)  # fmt: skip


def check(world: World) -> None:
    """Raises `Violation` with all that does not hold."""
    found = [*_open_ends(world), *_convergence(world), *_writes(world), *_deaths(world), *_occurrences(world)]
    found += [*_unknown_lines(world), *_phones(world), *_revisions(world)]
    found += _silence(world)
    if found:
        raise Violation("; ".join(found))


def _open_ends(world: World) -> Iterator[str]:
    state = world.store.state
    mirrors = {b for b, p in zip(world.bindings, world.scenario.policies, strict=True) if p.direction is Direction.OUT}
    # an item that others put into a mirror and the hub's own one may share a UID there: that stays reported (R36)
    reported = [t for key, t in state.quarantine.items() if key[0] not in mirrors or t.operation != "read"]
    for name, rows in (("intents", state.intents), ("holds", state.holds), ("quarantine", reported)):
        if rows:
            yield f"{name}: {rows}"[:300]


def _in_doubt(world: World) -> bool:
    return any(world.trace.faults[fault] for fault in DOUBTS)


# ---------------------------------------------------------------- all sides hold the same, once


def _convergence(world: World) -> Iterator[str]:
    hub: dict[str, Item] = {}
    for _, item in world.hub_items():
        mark = title_of(item.record)
        if mark in hub and mark not in world.ledger.twins:
            yield f"the hub holds {mark} twice"
        hub[mark] = item
    for n in range(len(world.remotes)):
        yield from _same(world, n, hub)


def _same(world: World, n: int, hub: dict[str, Item]) -> Iterator[str]:
    remote, direction = world.remotes[n], world.scenario.policies[n].direction
    there: dict[str, list[Item]] = {}
    twins = world.ledger.twins
    for item, _ in remote.items.values():
        mark = title_of(item.record)
        if mark in there and mark not in twins and not (direction is Direction.OUT and mark in world.ledger.strangers):
            yield f"{remote.name} holds {mark} twice"
        there.setdefault(mark, []).append(item)
    for mark in sorted({*hub, *there} - twins):
        if mark not in there or mark not in hub:
            if not _may_be_alone(world, n, mark, hub.get(mark) or there[mark][0], in_hub=mark in hub):
                yield f"{mark} is only {'in the hub' if mark in hub else f'at {remote.name}'}"
        elif direction is not Direction.IN and not any(_equal(world, n, mark, hub[mark], i) for i in there[mark]):
            yield f"{mark} differs at {remote.name}: {_diff(hub[mark], there[mark][0])}"


def _may_be_alone(world: World, n: int, mark: str, item: Item, *, in_hub: bool) -> bool:
    """One-way bindings carry one way; what lay out of the window at some time need not have begun (SYNC.md R23)."""
    policy, ledger = world.scenario.policies[n], world.ledger
    if policy.direction is Direction.IN and (in_hub or mark in ledger.mortal):
        return True
    if policy.direction is Direction.OUT and not in_hub and mark in ledger.strangers | ledger.unbased:
        return True
    times = (Clock().now, world.clock.now)
    crossed = mark in ledger.shifted and bool(policy.window_days_past or policy.window_days_future)
    return crossed or not all(in_window(item.record, policy, now) for now in times)


def _equal(world: World, n: int, mark: str, hub: Item, there: Item) -> bool:
    remote = world.remotes[n]
    record = carried(with_uid(there.record, hub.uid), hub.record, connector_for(remote).carries)
    if record == hub.record or mark in {title_of(remote.items[i][0].record) for i in remote.hidden}:
        return True
    if remote.nature.tells and with_uid(there.record, hub.uid) == connector_for(remote).kept(hub.record):
        return True
    if remote.nature.rewrites and _for_people(record) == _for_people(hub.record):
        return True
    taken = n + 1 in world.ledger.cleared.get(mark, set())
    # somebody took a value away where a write of ours was in doubt: it looks as if the server had lost it
    return taken and _in_doubt(world) and own_rewriting(hub.record, with_uid(there.record, hub.uid))


def _for_people(record: Any) -> object:
    """Without what programs write: X- properties, also those of alarms."""
    master = getattr(record, "master", record)
    names = [f.name for f in fields(master) if f.compare and f.name not in ("extra", "uid", "alarms")]
    alarms = [[line for line in a.lines if not line.name.startswith("X-")] for a in getattr(master, "alarms", ())]
    overrides = [replace(d, extra=()) for d in getattr(record, "overrides", ())]
    return [getattr(master, name) for name in names], alarms, overrides


def _diff(hub: Item, there: Item) -> str:
    lines = sorted(set(hub.text.split("\r\n")) ^ set(there.text.split("\r\n")))
    return " ".join(line for line in lines if not line.startswith(("UID", "PRODID", "DTSTAMP")))


# ---------------------------------------------------------------- nothing is lost, nothing comes back


def _excused(world: World) -> set[str]:
    """Tokens that no engine could have seen: under an unchanged tag, or between a look and a write without a tag."""
    texts = [text for remote in world.remotes for text in (*remote.secrets, *remote.overwritten)]
    return set(TOKENS.findall("\n".join(texts)))


def _not_begun(world: World) -> Iterator[str]:
    """What lies out of a binding's window stays where it is, and nobody lost it (SYNC.md R23)."""
    hub = {title_of(item.record) for _, item in world.hub_items()}
    for n, remote in enumerate(world.remotes):
        if world.scenario.policies[n].window_days_past:
            for item, _ in remote.items.values():
                mark = title_of(item.record)
                if mark not in hub and _may_be_alone(world, n, mark, item, in_hub=False):
                    yield item.text


def _writes(world: World) -> Iterator[str]:
    state = world.store.state
    kept = [item.text for _, item in world.hub_items()] + list(_not_begun(world))
    here = set(TOKENS.findall("\n".join(kept)))
    for conflict in state.conflicts:
        kept += [f.hub + f.remote for f in conflict.fields]
        kept += [state.revisions[r].text for r in (conflict.hub_revision, conflict.remote_revision)]
    found = set(TOKENS.findall("\n".join(kept)))
    wanted = world.ledger.wanted - _excused(world)
    if wanted - found:
        yield f"lost: {sorted(wanted - found)}"
    beaten = {token for token in wanted & found - here if not world.ledger.had_rivals(token)}
    if beaten:
        yield f"lost without a rival: {sorted(beaten)}"


def _deaths(world: World) -> Iterator[str]:
    overwritten = {mark for remote in world.remotes for text in remote.overwritten for mark in _MARK.findall(text)}
    for _, item in world.hub_items():
        mark = title_of(item.record)
        if mark in world.ledger.dead - overwritten:
            yield f"{mark} was deleted and came back"


_MARK = re.compile(r"b\d+b")


def _occurrences(world: World) -> Iterator[str]:
    """What was cancelled with everybody's edits in view never returns (SYNC.md R14)."""
    ledger = world.ledger
    for _, item in world.hub_items():
        mark = title_of(item.record)
        if mark not in ledger.cancelled or mark in ledger.twins | ledger.unbased:
            continue
        back = ledger.cancelled[mark] - set(samples.part(item.record).exception_dates)
        if back:
            yield f"{mark}: cancelled occurrences came back: {sorted(m.value for m in back)}"


def _unknown_lines(world: World) -> Iterator[str]:
    """X- properties and alarms are where they were (SYNC.md R20); a server that drops them is not believed."""
    natures = [remote.nature for remote in world.remotes]
    drops = any(nature.rewrites == "drops" for nature in natures)
    alters = any(nature.rewrites == "alters" for nature in natures)
    for _, item in world.hub_items():
        mark = title_of(item.record)
        kept = [line.value for line in samples.part(item.record).extra if line.name == "X-KEEP"]
        if alters:
            kept = [value.replace("changed ", "") for value in kept]
        may_lack = drops or mark in world.ledger.plain | world.ledger.twins
        if kept != [mark] and (kept or not may_lack):
            yield f"{mark} lost X-KEEP: {kept}"
        if samples.is_series(item) and (len(samples.part(item.record).alarms) != 1):
            yield f"{mark} lost its alarm"


# ---------------------------------------------------------------- what others rely on


def _phones(world: World) -> Iterator[str]:
    """A token's changes are the difference of the states, however old the token is."""
    for snapshot in world.snapshots:
        wrong = differs(world.store, synced(world.store, world.collection, snapshot))
        if wrong:
            yield f"a phone that synced at {snapshot.seq} {wrong}"


def _revisions(world: World) -> Iterator[str]:
    """What a link needs is never pruned."""
    state = world.store.state
    for link in state.links.values():
        if not {link.base_revision, link.echo_revision or link.base_revision} <= set(state.revisions):
            yield f"a revision of {link} is gone"


def _silence(world: World) -> Iterator[str]:
    """One more cycle asks for changes and does nothing else.

    Where items come without a version, or are none of ours, that is seen only in a transaction that changes nothing.
    """
    for n, remote in enumerate(world.remotes):
        commits = world.store.commits
        _, session, _ = world.cycle(n, Process())
        linked = {k.remote_id for k in world.store.state.links.values() if k.binding_id == world.bindings[n]}
        unknown = remote.nature.versions == "none" or not linked.issuperset(remote.items)
        reported = any(key[0] == world.bindings[n] for key in world.store.state.quarantine)
        quiet = {"changes", "commit"} if unknown else {"changes"}
        if remote.nature.versions == "none" and reported:  # nothing else tells whether it is still as it was
            quiet.add("fetch")
        if not quiet.issuperset(session.calls) or world.store.commits != commits:
            yield f"r{n} is not quiet: {session.calls}, {world.store.commits - commits} commits"
