"""One cycle of one binding: settle what is in doubt, pull, decide about deletions, push."""

from __future__ import annotations

from sync_engine.context import Cycle
from sync_engine.ports import RunCounts
from sync_engine.pull import pull
from sync_engine.push import push
from sync_engine.removals import remove
from sync_engine.settle import settle


def run_cycle(cycle: Cycle) -> RunCounts:
    """Bring both sides in step. Safe to end anywhere: the next cycle goes on from what was committed.

    Returns the things done. Raises AccountError when the account cannot go on, Stopped on shutdown; what was done
    before is committed and counted in ``cycle.counts``.
    """
    answered = _answered(cycle)
    settle(cycle)
    pull(cycle)
    remove(cycle)
    push(cycle)
    if cycle.refused_once:  # a write met another version: what was decided instead goes out now
        push(cycle)  # what was gone waits for the next feed, which tells whether it only moved
    if answered:
        _use_up_approval(cycle)
    return cycle.counts


def _answered(cycle: Cycle) -> bool:
    """Whether an admin answered what is held. An answer that comes later is for the next cycle."""
    with cycle.store.read() as uow:
        return uow.binding(cycle.binding_id).approved


def _use_up_approval(cycle: Cycle) -> None:
    with cycle.transaction() as uow:
        uow.use_up_approval(cycle.binding_id)
