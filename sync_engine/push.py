"""Bring the hub's changes to a remote.

Commit the intent with its key and its exact payload -> write under a condition -> commit the result. What both sides
then agree on is the payload that was sent, never what was read back. An answer that got lost is settled by a read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from sync_engine.batches import deliver_batches
from sync_engine.brake import Brake, Deletion
from sync_engine.context import Cycle, Stopped
from sync_engine.deliver import Delivery, deliver, load_deliveries
from sync_engine.errors import AccountError, ItemError, OutcomeUnknown
from sync_engine.intents import outdated, plan_intents
from sync_engine.item import Item
from sync_engine.model import title_of
from sync_engine.ports import (
    BatchWrites,
    Binding,
    Direction,
    Intent,
    IntentState,
    Operation,
    UnitOfWork,
)
from sync_engine.read_back import read_back, unverified
from sync_engine.results import Results, settle_conflicts
from sync_engine.telling import tell_delivery

_PAGE = 500  # hub changes that become intents in one transaction
_ALL = 1_000_000
_BATCH = 100  # writes between two commits: what a crash leaves to settle
_TROUBLES_IN_A_ROW = 3  # failures that look like the server's, after which the cycle ends


def push(cycle: Cycle) -> None:
    """Make intents of the hub's new changes, then carry out all that are ready."""
    if cycle.policy.direction is Direction.IN:
        _forget(cycle)
        return
    _renew(cycle)
    collect(cycle)
    passed = _brake(cycle)
    while batch := _claim(cycle, passed):
        _write(cycle, batch)
        cycle.pause_point()


def _forget(cycle: Cycle) -> None:
    """What waited when the binding was made one-way goes nowhere; should it go both ways again, all is looked at."""
    with cycle.store.read() as uow:
        if not uow.intents(cycle.binding_id, list(IntentState), 1):
            return
    with cycle.transaction() as uow:
        waiting = uow.intents(cycle.binding_id, list(IntentState), _ALL)
        uow.delete_intents([i.id for i in waiting])
        uow.release(cycle.binding_id, item_ids=[i.item_id for i in waiting])
        uow.release_hold(cycle.binding_id, "remote")
        uow.set_hub_cursor(cycle.binding_id, 0)


def _renew(cycle: Cycle) -> None:
    """Bring up to date what still waits, before anything is sent."""
    with cycle.store.read() as uow:
        binding = uow.binding(cycle.binding_id)
        if not any(outdated(cycle, uow, binding)):
            return
    with cycle.transaction() as uow:
        uow.lock_collection(binding.collection_id)
        over, renewed = outdated(cycle, uow, binding)
        uow.delete_intents([i.id for i in over])
        uow.release(binding.id, item_ids=[i.item_id for i in over])
        uow.add_intents(renewed)


def collect(cycle: Cycle) -> None:
    """Turn changes of the hub collection since the last cycle into intents."""
    while True:
        with cycle.store.read() as uow:
            binding = uow.binding(cycle.binding_id)
            if uow.collection_seq(binding.collection_id) == binding.hub_cursor:
                return
        with cycle.transaction() as uow:
            uow.lock_collection(binding.collection_id)
            changed = uow.changed_items(binding.collection_id, binding.hub_cursor, _PAGE)
            uow.add_intents(plan_intents(cycle, uow, binding, changed))
            top = changed[-1].seq if len(changed) == _PAGE else uow.collection_seq(binding.collection_id)
            uow.set_hub_cursor(binding.id, top)


def _brake(cycle: Cycle) -> set[int]:
    """Hold waiting deletions, or let them pass: gives the intents that may go out."""
    with cycle.store.read() as uow:
        waiting = _deletions(uow, cycle.binding_id)
        if not waiting and not uow.held(cycle.binding_id, "remote"):
            return set()
    with cycle.transaction() as uow:
        binding = uow.binding(cycle.binding_id)
        waiting = _deletions(uow, binding.id)
        in_doubt = [
            i for i in uow.intents(binding.id, [IntentState.SENT], 1_000_000) if i.operation is Operation.DELETE
        ]
        done = cycle.counts.pushed_deleted + len(in_doubt)
        held = Brake(cycle.policy, uow, binding, "remote", done).holds(_as_deletions(uow, waiting))
        _tell_held(cycle, uow, binding, [i for i in waiting if i.item_id in held])
        for state in (IntentState.HELD, IntentState.READY):
            due = [i for i in waiting if (i.item_id in held) is (state is IntentState.HELD)]
            uow.set_intent_state([i.id for i in due if i.state is not state], state)
    ids = {i.id for i in waiting if i.item_id in held}
    cycle.counts.held += len(held - cycle.held_once)
    cycle.held_once |= held
    return {i.id for i in waiting} - ids


def _tell_held(cycle: Cycle, uow: UnitOfWork, binding: Binding, held: Sequence[Intent]) -> None:
    if cycle.watch.notes:
        for delivery in load_deliveries(cycle, uow, binding, held):
            cycle.watch.held(partial(tell_delivery, delivery))


def _deletions(uow: UnitOfWork, binding_id: int) -> list[Intent]:
    open_ones = uow.intents(binding_id, [IntentState.READY, IntentState.HELD], 1_000_000)
    return [i for i in open_ones if i.operation is Operation.DELETE]


def _as_deletions(uow: UnitOfWork, intents: Sequence[Intent]) -> list[Deletion]:
    texts = uow.texts([i.revision_id for i in intents])
    items = uow.items([i.item_id for i in intents])
    payloads = [Item.stored(items[i.item_id].kind, items[i.item_id].uid, texts[i.revision_id]) for i in intents]
    return [Deletion(i.item_id, title_of(p.record)) for i, p in zip(intents, payloads, strict=True)]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A batch of intents, marked SENT in the store before the first of them is."""

    binding: Binding
    deliveries: list[Delivery]


def _claim(cycle: Cycle, passed: set[int]) -> Claimed | None:
    """The next batch. A write that was refused may have become a deletion since: the brake looks at it first."""
    with cycle.store.read() as uow:
        ready = _ready(cycle, uow)
    if any(i.operation is Operation.DELETE and i.id not in passed for i in ready):
        passed |= _brake(cycle)
        return _claim(cycle, passed)
    if not ready:
        return None
    with cycle.transaction() as uow:
        binding = uow.binding(cycle.binding_id)
        intents = _ready(cycle, uow)
        uow.set_intent_state([i.id for i in intents], IntentState.SENT, cycle.clock())
        return Claimed(binding, load_deliveries(cycle, uow, binding, intents))


def _ready(cycle: Cycle, uow: UnitOfWork) -> list[Intent]:
    """The oldest intents that may go out now; those that the watch refuses stay READY for an ordinary cycle."""
    if not cycle.watch.exact:
        return uow.intents(cycle.binding_id, [IntentState.READY], _BATCH)
    waiting = [i for i in uow.intents(cycle.binding_id, [IntentState.READY], _ALL) if not cycle.watch.left(i.item_id)]
    deliveries = load_deliveries(cycle, uow, uow.binding(cycle.binding_id), waiting)
    refused = {d.hub.id for d in deliveries if not cycle.watch.allows(partial(tell_delivery, d))}
    for item_id in refused:
        cycle.watch.leave(item_id)
    return [i for i in waiting if i.item_id not in refused][:_BATCH]


def _write(cycle: Cycle, claimed: Claimed) -> None:
    """Deliver a batch, then commit what came of it; an error that stops the cycle leaves the rest READY again."""
    results = Results(cycle, claimed.binding)
    try:
        deliveries = results.to_send(claimed.deliveries)
        if isinstance(cycle.connector, BatchWrites):
            deliver_batches(results, cycle.connector, deliveries)
        else:
            _deliver_all(cycle, replace(claimed, deliveries=deliveries), results)
        read_back(results)
    except BaseException:
        unverified(results)
        raise
    finally:
        results.commit()
    if cycle.watch.exact:  # what stands there now was not planned upon: an ordinary cycle decides about it
        for delivery in results.conflicts:
            cycle.watch.leave(delivery.hub.id)
        return
    settle_conflicts(cycle, claimed.binding, results.conflicts)


def _deliver_all(cycle: Cycle, claimed: Claimed, results: Results) -> None:
    """An unforeseen exception leaves its intent SENT: the next cycle settles it by a read."""
    in_a_row = 0
    for n, delivery in enumerate(claimed.deliveries):
        try:
            cycle.pause_point()
            results.done(delivery, deliver(cycle, claimed.binding, delivery))
            cycle.watch.done(partial(tell_delivery, delivery))
            in_a_row = 0
        except ItemError as err:
            results.failed(delivery, err)
        except OutcomeUnknown as err:
            in_a_row += 1
            results.unknown(delivery, err)
            if in_a_row >= _TROUBLES_IN_A_ROW:
                results.untouched(claimed.deliveries[n + 1 :])
                raise
        except (AccountError, Stopped):
            results.untouched(claimed.deliveries[n:])
            raise
