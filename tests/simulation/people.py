"""What people do with items: at the hub with a phone, at the remotes with their own programs."""

from __future__ import annotations

from collections.abc import Callable

from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.model import title_of
from tests.simulation import samples
from tests.simulation.ledger import TOKENS
from tests.simulation.looking import (
    Place,
    ambiguous,
    behind,
    is_lossy,
    is_mirror,
    is_refused,
    is_split,
    may_move,
    picked,
    remote_of,
    seen,
    short,
    under_way,
    unlinked,
    where_of,
)
from tests.simulation.nature import cased, without
from tests.simulation.phone import PHONE
from tests.simulation.scenario import Action
from tests.simulation.world import HUB, World

_DAYS = (-400, -29, 1, 30, 58, 300)  # to and fro over the edges of a window


def populate(world: World) -> None:
    """What is there before anything is synced: the same thing in several places, under one UID or several."""
    for number, places in enumerate(world.scenario.beginning):
        mark = world.ledger.birth()
        for where in places:
            _make(world, where, mark, number)
    for remote in world.remotes:
        remote.log.clear()
        remote.born = dict.fromkeys(remote.items, -1)
        if remote.nature.own_uids:
            world.ledger.loosen([item for item, _ in remote.items.values()])


# ---------------------------------------------------------------- writing


def _put(world: World, place: Place, item: Item) -> bool:
    """Store an edited item where it was."""
    world.trace.note("people put", place.where, place.at, short(item))
    if place.where == HUB:
        return world.write_phone(int(place.at), world.phone.update(int(place.at), item))
    remote = remote_of(world, place)
    if remote.nature.moves and may_move(world, place):
        remote.move(str(place.at), item)
    else:
        remote.edit(str(place.at), item)
    return True


def written(world: World, place: Place, item: Item, token: str, old: str) -> bool:
    """Store it, and remember what must become of it. Whether anybody has to heed it."""
    ledger, unsure = world.ledger, under_way(world, place)
    if not _put(world, place, item) or is_mirror(world, place.where):
        ledger.forget(token)
        return False
    ledger.over |= set(TOKENS.findall(old))
    ledger.touched(item)
    if unsure:  # nobody can know whether it was written over what the hub has sent, or beside it
        ledger.unsure.add(place.mark)
    if not token:
        ledger.clears(item, place.where)
    return True


def _make(world: World, where: int, mark: str, number: int) -> None:
    item = samples.made(number, cased(world.ledger.count_of(mark)), mark, "?")
    token = world.ledger.token(mark, samples.SMALL[type(item.record)])
    world.trace.note("people make", where, mark, token)
    item = samples.made(number, item.uid, mark, token)
    if where == HUB:
        taken = any(hub.uid == item.uid for hub, _ in world.hub_items())
        if taken or not world.write_hub(lambda unit: unit.create_item(world.collection, item, PHONE)):
            world.ledger.forget(token)
        return
    if is_mirror(world, where):
        world.ledger.forget(token)
        world.ledger.strangers.add(mark)
    _make_there(world, where, item)


def _make_there(world: World, where: int, item: Item, sent_as: str = "") -> None:
    remote = world.remotes[where - 1]
    if remote.nature.has_less:
        item = Item.read(without(item.text))
        world.ledger.plain.add(title_of(item.record))
    remote_id = remote.new_id(item.uid)
    if remote.nature.own_uids:
        item = Item.of(with_uid(item.record, f"{remote_id}@{remote.name}"))
    remote.put(remote_id, item)
    if sent_as:
        remote.sent_as[remote_id] = sent_as


def _copy(world: World, action: Action) -> None:
    """Somebody makes another item of one, by copying it: what is hidden on it goes along (SYNC.md R37)."""
    hiding = [n for n, remote in enumerate(world.remotes, 1) if remote.nature.hides]
    there = seen(world, hiding[action.who % len(hiding)]) if hiding else []
    place = there[action.which % len(there)] if there else None
    if place is None or samples.is_series(place.item):
        return
    if not any(k.binding_id == world.bindings[place.where - 1] for k in world.store.state.links.values()):
        return  # while a binding is linked anew, one alone is taken for what it is a copy of
    number, mark = samples.number_of(place.item), world.ledger.birth()
    token = world.ledger.token(mark, samples.SMALL[type(place.item.record)])
    item = samples.made(number, "copy", mark, token)
    if not samples.is_card(item):
        item = samples.moved(item, 3)
    world.trace.note("people copy", place.where, place.at, mark, token)
    if is_mirror(world, place.where):
        world.ledger.forget(token)
        world.ledger.strangers.add(mark)
    _make_there(world, place.where, item, remote_of(world, place).sent_as.get(str(place.at), ""))


def _create(world: World, action: Action) -> None:
    _make(world, where_of(world, action.who), world.ledger.birth(), action.what)


def _invite(world: World, action: Action) -> None:
    """The same meeting comes to two places (SYNC.md R12)."""
    places = {where_of(world, action.who), where_of(world, action.which)}
    fit = [w for w in sorted(places) if w == HUB or not world.remotes[w - 1].nature.own_ids]
    mark = world.ledger.birth()
    world.ledger.unbased.add(mark)
    for where in fit:
        _make(world, where, mark, action.what)


# ---------------------------------------------------------------- editing


def _edit(world: World, action: Action) -> None:
    place = picked(world, action)
    if place is None:
        return
    names = samples.TEXTS[type(place.item.record)]
    name = names[0] if is_lossy(world, place.where) else names[action.what // 4 % 2]
    old = getattr(samples.part(place.item.record), name)
    clears = old and action.what % 10 == 9 and not ambiguous(world, place)
    token = "" if clears else world.ledger.token(place.mark, name, place.item.text)
    written(world, place, samples.changed(place.item, **{name: token}), token, old)


def _add(world: World, action: Action) -> None:
    place = picked(world, action)
    if place is None or is_lossy(world, place.where):
        return
    token = world.ledger.token(place.mark, "categories", place.item.text)
    now = samples.part(place.item.record).categories
    written(world, place, samples.changed(place.item, categories=(*now, token)), token, "")


def _take_away(world: World, action: Action) -> None:
    place = picked(world, action)
    now = samples.part(place.item.record).categories if place else ()
    if place is None or not now or ambiguous(world, place):
        return
    gone = now[action.what % len(now)]
    written(world, place, samples.changed(place.item, categories=tuple(c for c in now if c != gone)), "", gone)


def _shift(world: World, action: Action) -> None:
    """Another day, maybe over the edge of a window. A copy under another UID is known by its day: there not."""
    place = picked(world, action)
    several_uids = any(remote.nature.own_uids for remote in world.remotes)
    if place is None or several_uids or samples.is_card(place.item) or samples.is_series(place.item):
        return
    world.ledger.shifted.add(place.mark)
    written(world, place, samples.moved(place.item, _DAYS[action.what % len(_DAYS)]), "", "")


def _occurrence(world: World, action: Action) -> None:
    """One occurrence is elsewhere (SYNC.md R15)."""
    place, when = picked(world, action), samples.occurrence(action.what // 4)
    if place is None or not samples.is_series(place.item) or when in samples.part(place.item.record).exception_dates:
        return
    special = samples.override(place.item, when)
    token = world.ledger.token(place.mark, f"occurrence {when.value}", place.item.text)
    world.ledger.changes_occurrence(place.mark, when)
    written(world, place, samples.overridden(place.item, when, token), token, special.location if special else "")


def _cancel(world: World, action: Action) -> None:
    """One occurrence does not take place (SYNC.md R14)."""
    place, when = picked(world, action), samples.occurrence(action.what // 4)
    if place is None or not samples.is_series(place.item) or when in samples.part(place.item.record).exception_dates:
        return
    special = samples.override(place.item, when)
    others = [text for where, text in world.copies(place.mark).items() if where != place.where]
    sure = not (ambiguous(world, place) or behind(world, place))
    old = special.location if special else ""
    if not written(world, place, samples.cancelled(place.item, when), "", old):
        return
    hidden = place.where != HUB and place.at in remote_of(world, place).hidden
    if sure and not hidden:
        world.ledger.cancels(place.item, when, place.where, others)


# ---------------------------------------------------------------- deleting


def _delete(world: World, action: Action) -> None:
    place = picked(world, action)
    if place is not None:
        _drop(world, place)


def _delete_many(world: World, action: Action) -> None:
    for place in seen(world, where_of(world, action.who))[: 2 + action.what % 3]:
        _drop(world, place)


def _drop(world: World, place: Place) -> None:
    copies = world.copies(place.mark)
    alone = unlinked(world, place.mark) or is_split(world, place.mark)
    alone = alone or under_way(world, place) or behind(world, place) or is_refused(world, place)
    world.trace.note("people delete", place.where, place.at, short(place.item))
    if place.where == HUB:
        still = world.phone.texts.get(int(place.at)) == place.item.text
        if not still or not world.write_phone(int(place.at), world.phone.delete(int(place.at))):
            return
    else:
        remote_of(world, place).drop(str(place.at))
    if is_mirror(world, place.where):
        return
    world.ledger.deletes(place.item, place.where, [text for where, text in copies.items() if where != place.where])
    if alone:
        world.ledger.touched(place.item)
    if is_lossy(world, place.where):  # what they cannot see goes with it
        world.ledger.deleted |= set(TOKENS.findall("".join(copies.values())))


def _move(world: World, action: Action) -> None:
    """The server gives an item another id."""
    place = picked(world, action)
    if place is not None and place.where != HUB:
        remote = remote_of(world, place)
        if remote.nature.own_ids and may_move(world, place) and not remote.lag:
            world.trace.note("server moves", place.where, place.at)
            world.ledger.touched(place.item)
            remote.move(str(place.at), place.item)


def robots_work(world: World, n: int) -> None:
    """A program at the account spells what the hub wrote in its own way (SYNC.md R21)."""
    remote = world.remotes[n]
    if not remote.nature.robot:
        return
    for remote_id, (item, _) in list(remote.items.items()):
        name = samples.SMALL[type(item.record)]
        value = getattr(samples.part(item.record), name)
        own = f"{value.split(' /')[0]} /{remote.name}"
        if value and value != own:
            world.trace.note("robot", remote.name, remote_id, own)
            world.ledger.unsure.add(title_of(item.record))
            world.ledger.touched(item)
            remote.put(remote_id, samples.changed(item, **{name: own}))


ACTIONS: dict[str, Callable[[World, Action], None]] = {
    "create": _create,
    "copy": _copy,
    "invite": _invite,
    "edit": _edit,
    "add": _add,
    "take away": _take_away,
    "shift": _shift,
    "occurrence": _occurrence,
    "cancel": _cancel,
    "delete": _delete,
    "delete many": _delete_many,
    "move": _move,
}
