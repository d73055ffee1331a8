"""What operators say to held deletions, as `agendahub held approve` and `discard` do (SYNC.md R01, R02)."""

from __future__ import annotations

from dataclasses import replace

from sync_engine.ports import HubItem, Origin
from tests.simulation.memory_state import State
from tests.simulation.world import World, read

ADMIN = Origin("admin")


def holds(world: World, n: int) -> dict[str, frozenset[int]]:
    """Side -> the hub items whose deletion is held."""
    return {key[1]: hold.item_ids for key, hold in world.store.state.holds.items() if key[0] == world.bindings[n]}


def approve(world: World, n: int) -> None:
    """Let pass what is held now, and nothing else."""
    world.trace.note("operator approves", n)
    found = holds(world, n)
    with world.store.begin() as unit:
        for side, ids in found.items():
            _answer(unit.state, world.bindings[n], side, "approve", ids)
    world.approvals += 1


def discard(world: World, n: int) -> None:
    """The side that lost the items gets them back: the hub at once, a remote in the next cycle."""
    for side, ids in holds(world, n).items():
        world.trace.note("operator discards", n, side)
        if side == "hub":
            _refuse(world, n, ids)
        else:
            _bring_all_back(world, n, ids)


def _answer(state: State, number: int, side: str, verdict: str, ids: frozenset[int]) -> None:
    state.answers[number, side] = (verdict, ids)
    state.bindings[number] = replace(state.bindings[number], approved=True)


def _refuse(world: World, n: int, ids: frozenset[int]) -> None:
    with world.store.begin() as unit:
        _answer(unit.state, world.bindings[n], "hub", "discard", ids)
    for item in [world.store.state.items[i] for i in ids]:
        world.ledger.touched(read(world.store.state.revisions[item.revision_id].text))


def _bring_all_back(world: World, n: int, ids: frozenset[int]) -> None:
    for item in [world.store.state.items[i] for i in sorted(ids)]:
        if item.deleted and not any(hub.uid == item.uid for hub, _ in world.hub_items()):
            bring_back(world, item)
    with world.store.begin() as unit:
        unit.state.holds.pop((world.bindings[n], "remote"), None)
        unit.state.answers.pop((world.bindings[n], "remote"), None)


def bring_back(world: World, item: HubItem) -> None:
    """A deleted item lives again, as it was last (SYNC.md R03)."""
    state = world.store.state
    world.trace.note("operator restores", item.id, item.uid)
    text = state.revisions[item.revision_id].text
    if world.write_hub(lambda unit: unit.update_item(item.id, read(text), ADMIN)):
        world.ledger.touched(read(text))
        links = [k for k in state.links.values() if k.item_id == item.id]
        remotes = dict(zip(world.bindings, world.remotes, strict=True))
        if all(k.remote_id in remotes[k.binding_id].items for k in links):
            world.ledger.restores(text)
