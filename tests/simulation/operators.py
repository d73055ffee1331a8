"""What operators do to the hub: restore, resolve, approve, discard, retry, pause, relink, prune; and what happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sync_engine.model import title_of
from sync_engine.ports import IntentState, LinkState
from tests.simulation import people, samples
from tests.simulation.held import ADMIN, approve, bring_back, discard, holds
from tests.simulation.ledger import TOKENS
from tests.simulation.memory_pruning import prune
from tests.simulation.memory_state import Conflict
from tests.simulation.memory_unit import MemoryUnit
from tests.simulation.scenario import Action
from tests.simulation.world import HUB, World, read


def act(world: World, action: Action) -> None:
    """Do it, if it can be done."""
    (people.ACTIONS | _ACTIONS)[action.kind](world, action)


# ---------------------------------------------------------------- versions


def _restore(world: World, action: Action) -> None:
    """Undo of a deletion (SYNC.md R03)."""
    state = world.store.state
    live = {hub.uid for hub, _ in world.hub_items()}
    dead = [item for item in state.items.values() if item.deleted and item.uid not in live]
    if dead:
        bring_back(world, dead[action.which % len(dead)])


def _put_back(world: World, action: Action) -> None:
    """Undo of an edit: an older version is the current one again."""
    live = world.hub_items()
    if not live:
        return
    hub, now = live[action.which % len(live)]
    revisions = world.store.state.revisions
    older = [r for i, r in revisions.items() if r.item_id == hub.id and i < hub.revision_id and r.role == "current"]
    if not older:
        return
    then = read(older[action.what % len(older)].text)
    world.trace.note("operator puts back", hub.id, then.digest)
    if world.write_hub(lambda unit: unit.update_item(hub.id, then, ADMIN)):
        world.ledger.over |= set(TOKENS.findall(now.text)) - set(TOKENS.findall(then.text))
        world.ledger.touched(then)
        world.ledger.clears(then, HUB)
        world.ledger.cancelled.pop(title_of(then.record), None)


def _resolve(world: World, action: Action) -> None:
    """An operator sees both sides of a conflict and takes one of them for a field."""
    state = world.store.state
    waiting = [c for c in state.conflicts if c.resolved_at is None and not state.items[c.item_id].deleted]
    if not waiting:
        return
    conflict = waiting[action.which % len(waiting)]
    hub = state.items[conflict.item_id]
    now = read(state.revisions[hub.revision_id].text)
    sides = [read(state.revisions[r].text) for r in (conflict.hub_revision, conflict.remote_revision)]
    side = sides[action.what % 2]
    if type(side.record) is not type(now.record):
        return
    name = samples.SMALL[type(now.record)]
    then = samples.changed(now, **{name: getattr(samples.part(side.record), name)})
    world.trace.note("operator resolves", hub.id, then.digest)
    if world.write_hub(lambda unit: _settle(unit, conflict, then.text if then.record != now.record else "")):
        known = "".join([now.text, *(s.text for s in sides), *(f.hub + f.remote for f in conflict.fields)])
        world.ledger.over |= set(TOKENS.findall(known)) - set(TOKENS.findall(then.text))
        world.ledger.touched(then)
        world.ledger.clears(then, HUB)


def _settle(unit: MemoryUnit, conflict: Conflict, text: str) -> None:
    if text:
        unit.update_item(conflict.item_id, read(text), ADMIN)
    done = replace(conflict, resolved_at=unit.now)
    unit.state.conflicts = tuple(done if c is conflict else c for c in unit.state.conflicts)


# ---------------------------------------------------------------- what is held or fails


def _binding(world: World, action: Action) -> int:
    return action.who % len(world.remotes)


def _approve(world: World, action: Action) -> None:
    n = _binding(world, action)
    if holds(world, n):
        approve(world, n)


def _discard(world: World, action: Action) -> None:
    n = _binding(world, action)
    if n not in world.running:
        discard(world, n)


def retry(world: World, n: int) -> None:
    """Try again what is in quarantine."""
    world.trace.note("operator retries", n)
    number = world.bindings[n]
    with world.store.begin() as unit:
        state = unit.state
        for key, entry in list(state.quarantine.items()):
            if key[0] == number and entry.remote_id:
                state.quarantine[key] = replace(entry, remote_version="")
        failed = [i.id for i in unit.intents(number, [IntentState.FAILED], 10**6)]
        unit.set_intent_state(failed, IntentState.READY)
        for link in list(state.links.values()):
            if link.binding_id == number and link.state is LinkState.FROZEN:
                unit.save_link(replace(link, state=LinkState.LIVE, window_start=None, window_writes=0))


def _retry(world: World, action: Action) -> None:
    retry(world, _binding(world, action))


# ---------------------------------------------------------------- bindings, time, space


def _pause(world: World, action: Action) -> None:
    world.paused ^= {_binding(world, action)}


def _relink(world: World, action: Action) -> None:
    """Unbind and bind again: all links are forgotten (SYNC.md R11), and nothing is touched by it (R34)."""
    n = _binding(world, action)
    if n in world.running:
        return
    remote = world.remotes[n]
    world.trace.note("operator relinks", n)
    remote.shown = len(remote.log)
    before = (dict(remote.items), world.hub_items())
    world.store.unbind(world.bindings[n])
    assert before == (remote.items, world.hub_items()), "unlinking changed an item"
    world.bindings[n] = world.store.bind(f"r{n}", world.collection, "/work/")
    there = {title_of(item.record) for item, _ in remote.items.values()}
    world.ledger.dead -= there
    world.ledger.unbased |= there
    if remote.nature.hides:  # a copy whose original has gone since: nobody can know
        world.ledger.unbased |= {title_of(item.record) for _, item in world.hub_items()}
    if remote.nature.own_uids:
        world.ledger.loosen([item for item, _ in remote.items.values()])
    world.ledger.dead -= {title_of(item.record) for _, item in world.hub_items()}


def _expire(world: World, action: Action) -> None:
    world.trace.note("cursors expire", _binding(world, action))
    world.remotes[_binding(world, action)].expire()


def _wait(world: World, action: Action) -> None:
    world.clock.pass_time(minutes=action.what)


def _phone_syncs(world: World, _action: Action) -> None:
    world.sync_phone()


def _prune(world: World, action: Action) -> None:
    """The housekeeping forgets what is old."""
    days = (0, 1, 2, 30)[action.what % 4]
    world.trace.note("operator prunes", days)
    before = world.clock.now - timedelta(days=days)
    with world.store.begin() as unit:
        prune(unit.state, before)


_ACTIONS: dict[str, Callable[[World, Action], None]] = {
    "restore": _restore,
    "put back": _put_back,
    "resolve": _resolve,
    "approve": _approve,
    "discard": _discard,
    "retry": _retry,
    "pause": _pause,
    "relink": _relink,
    "expire": _expire,
    "wait": _wait,
    "phone syncs": _phone_syncs,
    "prune": _prune,
}
