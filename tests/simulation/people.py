"""What people do: at the hub with a phone, at the remotes with their own programs, and as operators."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.model import title_of
from sync_engine.ports import IntentState, LinkState
from tests.simulation import samples
from tests.simulation.ledger import TOKENS
from tests.simulation.remotes import Remote, cased, without
from tests.simulation.scenario import Action
from tests.simulation.world import HUB, PHONE, World, read


@dataclass(frozen=True)
class Place:
    """An item as somebody sees it."""

    where: int
    at: int | str  # hub item or remote id
    item: Item


def act(world: World, action: Action) -> None:
    """Do it, if it can be done."""
    _ACTIONS[action.kind](world, action)


def populate(world: World) -> None:
    """What is there before anything is synced: the same thing in several places, under one UID or several."""
    for number, places in enumerate(world.scenario.beginning):
        mark = world.ledger.birth("beginning")
        for where in places:
            _make(world, where, mark, number)
    for remote in world.remotes:
        remote.log.clear()
        remote.born = dict.fromkeys(remote.items, -1)
        if remote.nature.own_uids:
            world.ledger.loose |= {title_of(item.record) for item, _ in remote.items.values()}


# ---------------------------------------------------------------- looking


def _where(world: World, number: int) -> int:
    return number % (len(world.remotes) + 1)


def _seen(world: World, where: int) -> list[Place]:
    if where == HUB:
        return [Place(HUB, hub.id, item) for hub, item in world.hub_items()]
    return [Place(where, i, item) for i, (item, _) in world.remotes[where - 1].items.items()]


def _picked(world: World, action: Action) -> Place | None:
    seen = _seen(world, _where(world, action.who))
    return seen[action.which % len(seen)] if seen else None


def _lossy(world: World, where: int) -> bool:
    return where != HUB and world.remotes[where - 1].nature.lossy


def _short(item: Item) -> str:
    return " ".join((title_of(item.record), *TOKENS.findall(item.text)))


def _ambiguous(world: World, place: Place) -> bool:
    """Where nobody can tell whether the server lost a value that it was sent, or a person removed it."""
    if place.where == HUB:
        return False
    number = world.bindings[place.where - 1]
    marked = [hub.id for hub, item in world.hub_items() if title_of(item.record) == title_of(place.item.record)]
    links = [k for k in world.store.state.links.values() if k.binding_id == number and k.item_id in marked]
    return _under_way(world, place) or any(not k.remote_version for k in links)


def _under_way(world: World, place: Place) -> bool:
    """Whether a write to this remote may have happened, and the hub does not know."""
    number = world.bindings[place.where - 1] if place.where != HUB else 0
    return any(i.binding_id == number and i.state is IntentState.SENT for i in world.store.state.intents.values())


# ---------------------------------------------------------------- writing


def _put(world: World, place: Place, item: Item) -> bool:
    """Store an edited item where it was."""
    world.trace.note("people put", place.where, place.at, _short(item))
    if place.where == HUB:
        return world.write_hub(lambda unit: unit.update_item(int(place.at), item, PHONE))
    remote = world.remotes[place.where - 1]
    if remote.nature.moves and _may_move(world, place):
        remote.put(remote.new_id(item.uid), item)
        remote.drop(str(place.at))
    else:
        remote.put(str(place.at), item)
    return True


def _may_move(world: World, place: Place) -> bool:
    """Not twice while a cycle runs: that looks like a deletion, and the copy is reported (SYNC.md R36)."""
    n = place.where - 1
    linked = any(
        k.remote_id == place.at and k.binding_id == world.bindings[n] for k in world.store.state.links.values()
    )
    several_uids = any(remote.nature.own_uids for remote in world.remotes)  # a moved item is known by the hub's UID
    return not several_uids and (n not in world.running or (linked and world.sessions[n].has_read))


def _make(world: World, where: int, mark: str, number: int) -> None:
    card = number % 3 == 0
    token = world.ledger.token(mark, "title" if card else "location")
    world.trace.note("people make", where, mark, token)
    item = (samples.card if card else samples.event)(cased(world.ledger.count_of(mark)), mark, token)
    if where == HUB:
        taken = any(hub.uid == item.uid for hub, _ in world.hub_items())
        if taken or not world.write_hub(lambda unit: unit.create_item(world.collection, item, PHONE)):
            world.ledger.written.discard(token)
        return
    remote = world.remotes[where - 1]
    _make_there(remote, item)


def _make_there(remote: Remote, item: Item) -> None:
    if remote.nature.lossy:
        item = Item.read(without(item.text))
    remote_id = remote.new_id(item.uid)
    if remote.nature.own_uids:
        item = Item.of(with_uid(item.record, f"{remote_id}@{remote.name}"))
    remote.put(remote_id, item)


def _create(world: World, action: Action) -> None:
    _make(world, _where(world, action.who), world.ledger.birth("one"), action.what)


def _invite(world: World, action: Action) -> None:
    """The same meeting comes to two places (SYNC.md R12)."""
    places = {_where(world, action.who), _where(world, action.which)}
    fit = [w for w in sorted(places) if w == HUB or not world.remotes[w - 1].nature.own_ids]
    mark = world.ledger.birth("several")
    world.ledger.unbased.add(mark)
    for where in fit:
        _make(world, where, mark, action.what)


def _edit(world: World, action: Action) -> None:
    place = _picked(world, action)
    if place is None:
        return
    names = samples.TEXTS[type(place.item.record)]
    name = names[0] if _lossy(world, place.where) else names[action.what % 2]
    old = getattr(samples.part(place.item.record), name)
    clears = old and action.what % 10 == 9 and not _ambiguous(world, place)
    token = "" if clears else world.ledger.token(title_of(place.item.record), name, place.item.text)
    _written(world, place, samples.changed(place.item, **{name: token}), token, old)


def _written(world: World, place: Place, item: Item, token: str, old: str) -> None:
    if _put(world, place, item):
        world.ledger.over |= set(TOKENS.findall(old))
        world.ledger.touched(item)
        if not token:
            world.ledger.clears(item, place.where)
    elif token:
        world.ledger.written.discard(token)


def _add(world: World, action: Action) -> None:
    place = _picked(world, action)
    if place is None or _lossy(world, place.where):
        return
    token = world.ledger.token(title_of(place.item.record), "categories", place.item.text)
    now = samples.part(place.item.record).categories
    _written(world, place, samples.changed(place.item, categories=(*now, token)), token, "")


def _take_away(world: World, action: Action) -> None:
    place = _picked(world, action)
    now = samples.part(place.item.record).categories if place else ()
    if place is None or not now or _ambiguous(world, place):
        return
    gone = now[action.what % len(now)]
    _written(world, place, samples.changed(place.item, categories=tuple(c for c in now if c != gone)), "", gone)


def _delete(world: World, action: Action) -> None:
    place = _picked(world, action)
    if place is not None:
        _drop(world, place)


def _delete_many(world: World, action: Action) -> None:
    for place in _seen(world, _where(world, action.who))[: 2 + action.what % 3]:
        _drop(world, place)


def _drop(world: World, place: Place) -> None:
    mark = title_of(place.item.record)
    copies = world.copies(mark)
    alone = _unlinked(world, mark) or _under_way(world, place) or _behind(world, place)
    world.trace.note("people delete", place.where, place.at, _short(place.item))
    if place.where == HUB:
        if not world.write_hub(lambda unit: unit.delete_item(int(place.at), PHONE)):
            return
    else:
        world.remotes[place.where - 1].drop(str(place.at))
    world.ledger.deletes(place.item, place.where, [text for where, text in copies.items() if where != place.where])
    if alone:
        world.ledger.touched(place.item)
    if _lossy(world, place.where):  # what they cannot see goes with it
        world.ledger.deleted |= set(TOKENS.findall("".join(copies.values())))


def _behind(world: World, place: Place) -> bool:
    """The hub has something newer, be it only an X- property that nobody sees: it wins over a deletion."""
    if place.where == HUB:
        return False
    number, state = world.bindings[place.where - 1], world.store.state
    links = [k for k in state.links.values() if k.binding_id == number and k.remote_id == place.at]
    return any(state.items[k.item_id].revision_id != k.base_revision for k in links)


def _unlinked(world: World, mark: str) -> bool:
    """A copy that the hub does not know (yet): it is new when it comes, and its deletion says nothing."""
    linked = {(k.binding_id, k.remote_id) for k in world.store.state.links.values()}
    return any(
        title_of(item.record) == mark and (world.bindings[n], remote_id) not in linked
        for n, remote in enumerate(world.remotes)
        for remote_id, (item, _) in remote.items.items()
    )


def _move(world: World, action: Action) -> None:
    """The server gives an item another id."""
    place = _picked(world, action)
    if place is not None and place.where != HUB:
        remote = world.remotes[place.where - 1]
        if remote.nature.own_ids and _may_move(world, place) and not remote.lag:
            world.trace.note("server moves", place.where, place.at)
            world.ledger.touched(place.item)
            remote.put(remote.new_id(""), place.item)
            remote.drop(str(place.at))


# ---------------------------------------------------------------- operating


def _restore(world: World, action: Action) -> None:
    """Undo of a deletion (SYNC.md R03)."""
    state = world.store.state
    live = {hub.uid for hub, _ in world.hub_items()}
    dead = [item for item in state.items.values() if item.deleted and item.uid not in live]
    if not dead:
        return
    item = dead[action.which % len(dead)]
    world.trace.note("operator restores", item.id, item.uid)
    text = state.revisions[item.revision_id].text
    if world.write_hub(lambda unit: unit.update_item(item.id, read(text), PHONE)):
        world.ledger.touched(read(text))
        links = [k for k in state.links.values() if k.item_id == item.id]
        remotes = dict(zip(world.bindings, world.remotes, strict=True))
        if all(k.remote_id in remotes[k.binding_id].items for k in links):
            world.ledger.restores(text)


def _resolve(world: World, action: Action) -> None:
    """An operator gives the loser of a conflict its due."""
    conflicts = world.store.state.conflicts
    if not conflicts:
        return
    conflict = conflicts[action.which % len(conflicts)]
    state = world.store.state
    hub = state.items[conflict.item_id]
    if hub.deleted:
        return
    item = read(state.revisions[hub.revision_id].text)
    name = samples.SMALL[type(item.record)]
    other = read(state.revisions[conflict.remote_revision].text)
    value, old = (getattr(samples.part(i.record), name) for i in (other, item))
    if value != old and type(other.record) is type(item.record):
        _written(world, Place(HUB, hub.id, item), samples.changed(item, **{name: value}), "", old)


def _binding(world: World, action: Action) -> int:
    return action.who % len(world.remotes)


def approve(world: World, n: int) -> None:
    """Let pass what is held now."""
    world.trace.note("operator approves", n)
    with world.store.begin() as unit:
        binding, state = unit.binding(world.bindings[n]), unit.state
        state.bindings[binding.id] = replace(binding, approved=True)
        held = {key: hold.item_ids for key, hold in state.holds.items() if key[0] == binding.id}
        state.answers |= {key: ("approve", ids) for key, ids in held.items()}
    world.approvals += 1


def _approve(world: World, action: Action) -> None:
    n = _binding(world, action)
    if any(key[0] == world.bindings[n] for key in world.store.state.holds):
        approve(world, n)


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


def _pause(world: World, action: Action) -> None:
    world.paused ^= {_binding(world, action)}


def _relink(world: World, action: Action) -> None:
    """Unbind and bind again: all links are forgotten (SYNC.md R11)."""
    n = _binding(world, action)
    if n in world.running:
        return
    remote = world.remotes[n]
    world.trace.note("operator relinks", n)
    remote.shown = len(remote.log)
    world.store.unbind(world.bindings[n])
    world.bindings[n] = world.store.bind(f"r{n}", world.collection, "/work/")
    there = {title_of(item.record) for item, _ in remote.items.values()}
    world.ledger.dead -= there
    world.ledger.unbased |= there
    if remote.nature.own_uids:
        world.ledger.loose |= there
    world.ledger.dead -= {title_of(item.record) for _, item in world.hub_items()}


def _expire(world: World, action: Action) -> None:
    world.trace.note("cursors expire", _binding(world, action))
    world.remotes[_binding(world, action)].expire()


def _wait(world: World, action: Action) -> None:
    world.clock.pass_time(minutes=action.what)


def _phone_syncs(world: World, action: Action) -> None:
    world.sync_phone()


_ACTIONS = {
    "create": _create,
    "edit": _edit,
    "add": _add,
    "take away": _take_away,
    "delete": _delete,
    "delete many": _delete_many,
    "invite": _invite,
    "restore": _restore,
    "approve": _approve,
    "retry": _retry,
    "pause": _pause,
    "relink": _relink,
    "expire": _expire,
    "move": _move,
    "wait": _wait,
    "phone syncs": _phone_syncs,
    "resolve": _resolve,
}
