"""One cycle of one binding: settle what is in doubt, pull, decide about deletions, push."""

from __future__ import annotations

from typing import TypeAlias

from sync_engine.context import Cycle
from sync_engine.ports import RunCounts, UnitOfWork
from sync_engine.pull import pull
from sync_engine.push import push
from sync_engine.removals import remove
from sync_engine.settle import settle

_Answers: TypeAlias = tuple[frozenset[int], frozenset[int], frozenset[int]]


def run_cycle(cycle: Cycle) -> RunCounts:
    """Bring both sides in step. Safe to end anywhere: the next cycle goes on from what was committed.

    Returns the things done. Raises AccountError when the account cannot go on, Stopped on shutdown; what was done
    before is committed and counted in ``cycle.counts``.
    """
    answers = _answers(cycle)
    settle(cycle)
    pull(cycle)
    remove(cycle)
    push(cycle)
    if cycle.refused_once:  # a write met another version: what was decided instead goes out now
        push(cycle)  # what was gone waits for the next feed, which tells whether it only moved
    if answers is not None:
        _use_up(cycle, answers)
    return cycle.counts


def _answers(cycle: Cycle) -> _Answers | None:
    """What an admin said to what is held; None: nothing. An answer that comes later is for the next cycle."""
    with cycle.store.read() as uow:
        return _said(uow, cycle.binding_id) if uow.binding(cycle.binding_id).approved else None


def _said(uow: UnitOfWork, number: int) -> _Answers:
    return uow.approved_items(number, "hub"), uow.approved_items(number, "remote"), uow.refused_items(number)


def _use_up(cycle: Cycle, answers: _Answers) -> None:
    with cycle.transaction() as uow:
        if _said(uow, cycle.binding_id) == answers:  # else an admin said more meanwhile
            uow.use_up_approval(cycle.binding_id)
