"""Meetings under chance: what people do, in any order, among cycles that fail; and what must hold when all is quiet."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random

from sync_engine.formats import with_uid
from sync_engine.ports import LinkState, Role
from tests.simulation.meeting_world import (
    NAMES,
    PHONE,
    STRANGER,
    Meetings,
    alarm,
    changed,
    details,
    invited,
    new_event,
)

_ADA = "mailto:ada@example.org"
_ROUNDS = 10


def _guests(world: Meetings) -> list[str]:
    return [name for name in ("bob", "eve") if world.chance.random() < 0.6] or ["bob"]


def _appointment(world: Meetings) -> None:
    world.accounts["ada"].make("/work/", new_event(world.token("T"), world.token("a")))


def _invite(world: Meetings) -> None:
    """At once, or to an appointment of which others may have a plain copy already."""
    at = world.pick("ada")
    if at is not None and world.chance.random() < 0.5:
        _invite_to(world, at)
        return
    item = invited(new_event(world.token("T"), world.token("a")), _ADA, _guests(world))
    made = world.accounts["ada"].make("/work/", item)
    world.send(world.there("ada")[made])


def _invite_to(world: Meetings, at: str) -> None:
    item = world.there("ada")[at]
    if details(item).summary.startswith("T") and not details(item).attendees:
        world.accounts["ada"].put("/work/", at, invited(item, _ADA, _guests(world)))
        world.send(world.there("ada")[at])


def _organiser_changes(world: Meetings) -> None:
    at = world.pick("ada")
    if at is not None and not details(world.there("ada")[at]).summary.startswith("T"):
        return
    if at is not None and world.chance.random() < 0.8:
        item = changed(world.there("ada")[at], location=world.token("a"))
        world.accounts["ada"].put("/work/", at, item)
        world.send(item)
    elif at is not None:
        _cancel(world, at)


def _cancel(world: Meetings, at: str) -> None:
    """What the hub has not seen by then of it is new to it: a guest's copy is, until the cancellation arrives there."""
    item = world.there("ada")[at]
    unseen = any(k.uid == item.uid and world.new_at(n, i) for n in NAMES for i, k in world.there(n).items())
    if unseen or any(m.uid == item.uid for mail in world.mail.values() for m in mail):
        world.refused.add(details(item).summary)
    else:
        world.cancelled.add(details(item).summary)
    world.send(changed(item, status="CANCELLED"))
    world.accounts["ada"].remove("/work/", at)


def _stranger(world: Meetings) -> None:
    if world.strangers and world.chance.random() < 0.6:
        uid = world.chance.choice(sorted(world.strangers))
        status = "CANCELLED" if world.chance.random() < 0.2 else ""
        item = changed(world.strangers[uid], location=world.token("s"), status=status)
    else:
        item = invited(new_event(world.token("S"), world.token("s")), STRANGER, _guests(world))
        item = type(item).of(with_uid(item.record, world.token("x")))
    world.strangers[item.uid] = item
    world.send(item)


def _guest(world: Meetings) -> None:
    name = world.chance.choice(("bob", "eve"))
    at = world.pick(name)
    if at is None:
        return
    item, token = world.there(name)[at], world.token(name[0])
    what = world.chance.random()
    found = world.accounts[name].read("/work/", at)
    if found is None or found.role is not Role.GUEST:
        return
    if what < 0.2:
        world.left.add((name, details(item).summary))
        world.accounts[name].remove("/work/", at)
        world.mail[name] = type(world.mail[name])(m for m in world.mail[name] if m.uid != item.uid)
    elif what < 0.5:
        world.accounts[name].put("/work/", at, changed(item, alarms=alarm(token)))
    elif what < 0.8:
        world.accounts[name].put("/work/", at, changed(item, categories=(token,)))
    elif any(k.remote_uid == item.uid and k.role is Role.ORGANIZER for k in world.store.state.links.values()):
        world.accounts[name].put("/work/", at, changed(item, description=token))


def _phone(world: Meetings) -> None:
    hub = world.hub()
    if not hub:
        return
    item, text = world.chance.choice(hub)
    world.refused.add(details(text).summary)
    with world.store.begin() as unit:
        if world.chance.random() < 0.2:
            unit.delete_item(item.id, PHONE)
        else:
            unit.update_item(item.id, changed(text, url=world.token("p")), PHONE)


def _copy(world: Meetings) -> None:
    at = world.pick("ada")
    if at is not None and not details(world.there("ada")[at]).attendees:
        made = world.accounts["ada"].copy("/work/", at)
        world.accounts["ada"].put("/work/", made, changed(world.there("ada")[made], summary=world.token("T")))


def _deliver(world: Meetings) -> None:
    world.deliver(world.chance.choice(NAMES))


def _cycle(world: Meetings) -> None:
    world.cycle(world.chance.choice((*NAMES, "dav")))


def _forget(world: Meetings) -> None:
    world.accounts[world.chance.choice(NAMES)].expire_cursors("/work/")


_ACTIONS: tuple[tuple[Callable[[Meetings], None], int], ...] = (
    (_appointment, 6), (_invite, 8), (_organiser_changes, 6), (_stranger, 6), (_guest, 8), (_phone, 3), (_copy, 3),
    (_deliver, 20), (_cycle, 45), (_forget, 3),
)  # fmt: skip


def run(seed: int) -> list[str]:
    """What did not hold; nothing: all is well."""
    world = Meetings(Random(f"{seed} meetings"))
    doing, weights = zip(*_ACTIONS, strict=True)
    for action in world.chance.choices(doing, weights, k=world.chance.randint(20, 90)):
        action(world)
    while any(world.mail.values()):
        for name in NAMES:
            world.deliver(name)
    for _ in range(_ROUNDS):
        before = world.store.commits
        for name in (*NAMES, "dav"):
            world.now += timedelta(minutes=10)  # what we wrote ourselves is believed to be gone by now (R22)
            world.cycle(name, calm=True)
        if world.store.commits == before:
            return [*_once(world), *_once_there(world), *_organisers_word(world), *_own(world), *_guests_gone(world)]
    return [f"not quiet after {_ROUNDS} rounds"]


def _once(world: Meetings) -> Iterator[str]:
    titles = Counter(details(item).summary for _, item in world.hub())
    yield from (
        f"{title} was cancelled and is in the hub" for title in world.cancelled - world.refused if title in titles
    )
    yield from (f"the hub holds {title} {n} times" for title, n in titles.items() if n > 1)


def _once_there(world: Meetings) -> Iterator[str]:
    """Who had a copy of ours and is then invited sees the meeting once (SYNC.md R12)."""
    for name in NAMES:
        titles = Counter(details(item).summary for item in world.there(name).values())
        yield from (f"{name} sees {t} {n} times" for t, n in titles.items() if n > 1 and t not in world.refused)


def _organisers_word(world: Meetings) -> Iterator[str]:
    """What Ada's mailbox says, the hub says."""
    hub = {details(item).summary: details(item) for _, item in world.hub()}
    for item in world.there("ada").values():
        here = details(item)
        if here.summary in world.refused or not here.summary.startswith("T"):
            continue
        if here.summary not in hub:
            yield f"{here.summary} is only at Ada's"
        elif hub[here.summary].location != here.location:
            yield f"{here.summary} is at {here.location}, the hub says {hub[here.summary].location}"


def _own(world: Meetings) -> Iterator[str]:
    """What is Bob's or Eve's own in a meeting of Ada's is nowhere else."""
    made = [details(i) for i in world.there("ada").values()]
    meetings = {d.summary for d in made if d.attendees and d.summary.startswith("T")} - world.refused
    places = {"hub": [item for _, item in world.hub()]} | {n: [*world.there(n).values()] for n in (*NAMES, "dav")}
    for place, items in places.items():
        for item in items:
            if details(item).summary in meetings:
                found = set(re.findall(r"\b[be]\d+\b", item.text)) - set(re.findall(rf"\b{place[0]}\d+\b", item.text))
                if found and place not in ("bob", "eve"):
                    yield f"{sorted(found)} of {details(item).summary} at {place}"


def _guests_gone(world: Meetings) -> Iterator[str]:
    """Who took his copy of a meeting away does not have it, and nobody else lost his."""
    for name, title in sorted(world.left):
        mine = {details(item).summary for item in world.there(name).values() if details(item).attendees}
        if title in mine - world.refused:
            yield f"{title} came back to {name}"
    live = {i.id for i, _ in world.hub()}
    for link in world.store.state.links.values():
        if link.state is LinkState.MISSING and link.item_id in live:
            yield f"{link} stays missing"
