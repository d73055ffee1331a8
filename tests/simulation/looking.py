"""What people see, and what the model knows of how things stand there."""

from __future__ import annotations

from dataclasses import dataclass

from sync_engine.item import Item
from sync_engine.model import title_of
from sync_engine.ports import Direction, IntentState
from tests.simulation.ledger import TOKENS
from tests.simulation.remotes import Remote
from tests.simulation.scenario import Action
from tests.simulation.world import HUB, World, read


@dataclass(frozen=True)
class Place:
    """An item as somebody sees it."""

    where: int
    at: int | str  # hub item or remote id
    item: Item

    @property
    def mark(self) -> str:
        """Its birth mark."""
        return title_of(self.item.record)


def where_of(world: World, number: int) -> int:
    """A place where people are."""
    return number % (len(world.remotes) + 1)


def remote_of(world: World, place: Place) -> Remote:
    """The account of a place that is not the hub."""
    return world.remotes[place.where - 1]


def seen(world: World, where: int) -> list[Place]:
    """What somebody there sees: at the hub what the phone saw last."""
    if where == HUB:
        return [Place(HUB, number, read(text)) for number, text in world.phone.texts.items()]
    return [Place(where, i, item) for i, (item, _) in world.remotes[where - 1].items.items()]


def picked(world: World, action: Action) -> Place | None:
    """The item that somebody does something about. A phone has mostly just synced."""
    where = where_of(world, action.who)
    if where == HUB and action.what % 4:
        world.sync_phone()
    places = seen(world, where)
    return places[action.which % len(places)] if places else None


def is_lossy(world: World, where: int) -> bool:
    """Whether people there see less than there is."""
    return where != HUB and world.remotes[where - 1].nature.has_less


def is_mirror(world: World, where: int) -> bool:
    """Whether the hub only writes there: what people do there is undone, and no business of ours."""
    return where != HUB and world.scenario.policies[where - 1].direction is Direction.OUT


def short(item: Item) -> str:
    """For the trace."""
    return " ".join((title_of(item.record), *TOKENS.findall(item.text)))


def ambiguous(world: World, place: Place) -> bool:
    """Where nobody can tell whether the server lost a value that it was sent, or a person removed it."""
    if place.where == HUB:
        return False
    number = world.bindings[place.where - 1]
    marked = [hub.id for hub, item in world.hub_items() if title_of(item.record) == place.mark]
    links = [k for k in world.store.state.links.values() if k.binding_id == number and k.item_id in marked]
    return under_way(world, place) or any(not k.remote_version for k in links)


def under_way(world: World, place: Place) -> bool:
    """Whether a write to this remote may have happened, and the hub does not know."""
    number = world.bindings[place.where - 1] if place.where != HUB else 0
    return any(i.binding_id == number and i.state is IntentState.SENT for i in world.store.state.intents.values())


def behind(world: World, place: Place) -> bool:
    """The hub has something newer, be it only an X- property that nobody sees: it wins over a deletion."""
    if place.where == HUB:
        return False
    number, state = world.bindings[place.where - 1], world.store.state
    links = [k for k in state.links.values() if k.binding_id == number and k.remote_id == place.at]
    return any(state.items[k.item_id].revision_id != k.base_revision for k in links)


def is_refused(world: World, place: Place) -> bool:
    """An admin has said that it is to be made again when it is gone there: nobody can know which deletion he meant."""
    if place.where == HUB:
        return False
    number, state = world.bindings[place.where - 1], world.store.state
    said, items = state.answers.get((number, "hub"), ("", frozenset()))
    links = [k for k in state.links.values() if k.binding_id == number and k.remote_id == place.at]
    return state.bindings[number].approved and said == "discard" and any(k.item_id in items for k in links)


def unlinked(world: World, mark: str) -> bool:
    """A copy that the hub does not know (yet): it is new when it comes, and its deletion says nothing."""
    linked = {(k.binding_id, k.remote_id) for k in world.store.state.links.values()}
    return any(
        title_of(item.record) == mark and (world.bindings[n], remote_id) not in linked
        for n, remote in enumerate(world.remotes)
        for remote_id, (item, _) in remote.items.items()
        if not is_mirror(world, n + 1)
    )


def is_split(world: World, mark: str) -> bool:
    """One thing is two items of the hub, alive or dead: a copy may be tied to the other one."""
    items = world.store.state.items.values()
    texts = (world.store.state.revisions[item.revision_id].text for item in items)
    return sum(title_of(read(text).record) == mark for text in texts) > 1


def may_move(world: World, place: Place) -> bool:
    """Not twice while a cycle runs: that looks like a deletion, and the copy is reported (SYNC.md R36).

    Nor between a look and a write without a tag: the write would make it again at its old place.
    """
    n = place.where - 1
    if world.remotes[n].in_gap:
        return False
    linked = any(
        k.remote_id == place.at and k.binding_id == world.bindings[n] for k in world.store.state.links.values()
    )
    several_uids = any(remote.nature.own_uids for remote in world.remotes)  # a moved item is known by the hub's UID
    return not several_uids and (n not in world.running or (linked and world.sessions[n].has_read))
