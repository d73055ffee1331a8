"""Deliver writes many at a time, to systems that take them so."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sync_engine import ping_pong
from sync_engine.context import Stopped
from sync_engine.deliver import Delivery
from sync_engine.errors import AccountError, ItemError, OutcomeUnknown
from sync_engine.ports import BatchWrites, Operation, RemoteRef, Write, Written
from sync_engine.results import Results
from sync_engine.telling import tell_delivery

_TROUBLES_IN_A_ROW = 3  # answers that were lost, after which the cycle ends


def deliver_batches(results: Results, connector: BatchWrites, deliveries: Sequence[Delivery]) -> None:
    """Write all; an error of the account leaves what was not sent READY and is raised."""
    size = connector.most_writes
    for start in range(0, len(deliveries), size):
        try:
            results.cycle.pause_point()
            _write(results, connector, deliveries[start : start + size])
        except (AccountError, Stopped):
            results.untouched(deliveries[start + size :])
            raise


def _write(results: Results, connector: BatchWrites, batch: Sequence[Delivery]) -> None:
    cycle = results.cycle
    sending = [d for d in batch if _may_go(results, d)]
    answers = connector.write(results.binding.remote_id, [_as_write(d) for d in sending])
    lost: list[OutcomeUnknown] = []
    for n, delivery in enumerate(sending):
        try:
            answer = next(answers)
        except AccountError as err:
            _broken_off(results, sending[n:], err)
            raise
        note(results, delivery, answer)
        lost = [*lost, answer] if isinstance(answer, OutcomeUnknown) else []
        if answer is None or isinstance(answer, RemoteRef):
            cycle.watch.done(partial(tell_delivery, delivery))
    if len(lost) >= _TROUBLES_IN_A_ROW:
        raise lost[-1]


def _broken_off(results: Results, rest: Sequence[Delivery], err: AccountError) -> None:
    """Writes without an answer were not sent, unless the connector says that it does not know."""
    if isinstance(err, OutcomeUnknown):
        for delivery in rest:
            results.unknown(delivery, err)
    else:
        results.untouched(rest)


def _may_go(results: Results, delivery: Delivery) -> bool:
    if delivery.link is None:
        if delivery.operation is Operation.CREATE:
            return True
        results.done(delivery, None)
        return False
    if delivery.operation is Operation.UPDATE:
        try:
            ping_pong.check(delivery.link, delivery.weight, results.cycle.clock(), results.cycle.policy)
        except ItemError as err:
            results.failed(delivery, err)
            return False
    return True


def _as_write(delivery: Delivery) -> Write:
    link = delivery.link
    if link is None:
        return Write(None, delivery.payload, key=delivery.intent.key)
    ref = RemoteRef(link.remote_id, link.remote_version)
    deleting = delivery.operation is Operation.DELETE
    return Write(ref, None) if deleting else Write(ref, delivery.payload, delivery.base)


def note(results: Results, delivery: Delivery, answer: Written) -> None:
    """Take down what came of one write."""
    if isinstance(answer, OutcomeUnknown):
        results.unknown(delivery, answer)
    elif isinstance(answer, ItemError):
        results.failed(delivery, answer)
    else:
        results.done(delivery, answer)
