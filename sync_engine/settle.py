"""Find out what became of writes whose outcome is unknown: by a read, never by repeating them (SYNC.md R05, R06)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sync_engine.context import Cycle
from sync_engine.decide import own_rewriting
from sync_engine.deliver import Delivery, load_deliveries
from sync_engine.errors import ItemError, PartlyWritten
from sync_engine.formats import with_uid
from sync_engine.kept import kept_by
from sync_engine.lag import may_be_unseen
from sync_engine.merge import merge
from sync_engine.ports import (
    Binding,
    Broken,
    Change,
    Changed,
    IntentState,
    Knowing,
    ManySteps,
    Operation,
    Prefer,
    RemoteRef,
    Removed,
)
from sync_engine.pull import known_versions, take
from sync_engine.results import Results, is_anothers, place_taken

_ALL = 1_000_000


def settle(cycle: Cycle) -> None:
    """Settle all intents that were sent in an earlier cycle."""
    with cycle.store.read() as uow:
        sent = uow.intents(cycle.binding_id, [IntentState.SENT], _ALL)
        if not sent:
            return
        binding = uow.binding(cycle.binding_id)
        deliveries = load_deliveries(cycle, uow, binding, sent)
    outcome = _Outcome(Results(cycle, binding))
    ended = _finish(outcome.results, deliveries)
    for delivery, found in _look(cycle, binding, [d for d in deliveries if d.hub.id not in ended]):
        outcome.judge(delivery, found)
    _keep_overwritten(cycle, binding, outcome.overwritten)
    outcome.results.commit()
    if outcome.take:
        take(cycle, outcome.take, [d.intent for d in outcome.results.conflicts])


def _finish(results: Results, deliveries: Sequence[Delivery]) -> set[int]:
    """Go on with series whose write broke off between its steps; gives the items that need no look any more."""
    connector = results.cycle.connector
    if not isinstance(connector, ManySteps):
        return set()
    for d in deliveries:
        if d.operation is not Operation.DELETE:
            ref = RemoteRef(d.link.remote_id, d.link.remote_version) if d.link else None
            try:
                connector.finish(results.binding.remote_id, ref, d.payload, d.intent.key)
            except PartlyWritten as err:
                results.failed(d, err)
            except ItemError:
                continue  # what stands there now tells what to do
    return set(results.partly)


def _look(
    cycle: Cycle, binding: Binding, deliveries: Sequence[Delivery]
) -> list[tuple[Delivery, Changed | Broken | Removed | None]]:
    linked = {d.link.remote_id: d for d in deliveries if d.link}
    found: list[tuple[Delivery, Changed | Broken | Removed | None]] = []
    if linked:
        for answer in cycle.connector.fetch(binding.remote_id, list(linked)):
            found.append((linked[answer.id if isinstance(answer, Removed) else answer.ref.id], answer))
    if isinstance(cycle.connector, Knowing):
        cycle.connector.knows(binding.remote_id, known_versions(cycle))
    for d in deliveries:
        if d.link is None:
            creating = d.operation is Operation.CREATE
            there = cycle.connector.find(binding.remote_id, d.payload, d.intent.key) if creating else Removed("")
            if there is None and may_be_unseen(cycle, binding, d.intent):
                continue  # it stays in doubt: made again, it might be there twice
            found.append((d, there))
    return found


def _keep_overwritten(cycle: Cycle, binding: Binding, found: Sequence[tuple[Delivery, Changed]]) -> None:
    """What stands where we wanted to create may be somebody else's: it wins, and what it overwrites is restorable."""
    for delivery, there in found:
        payload = delivery.payload.record
        lost = merge(None, payload, with_uid(there.item.record, payload.uid), Prefer.REMOTE).conflicts
        if lost:
            with cycle.transaction() as uow:
                kept = uow.keep_revision(delivery.hub.id, there.item.text, cycle.origin)
                uow.add_conflict(binding.id, delivery.hub.id, lost, delivery.intent.revision_id, kept)
            cycle.counts.conflicts += 1


@dataclass(slots=True)
class _Outcome:
    """What the reads tell: done, not done, or somebody was there since."""

    results: Results
    take: list[Change] = field(default_factory=list)
    overwritten: list[tuple[Delivery, Changed]] = field(default_factory=list)

    def judge(self, delivery: Delivery, found: Changed | Broken | Removed | None) -> None:
        if delivery.operation is Operation.CREATE:
            self._created(delivery, found)
        elif isinstance(found, Removed):
            self._gone(delivery, found)
        elif isinstance(found, Changed) and self._as_sent(delivery, found) and delivery.operation is Operation.UPDATE:
            self.results.done(delivery, found.as_written)
        elif isinstance(found, Changed) and self._as_kept(delivery, found) and delivery.operation is Operation.UPDATE:
            self.results.done_otherwise(delivery, found)
        elif isinstance(found, Changed) and self._as_before(delivery, found):
            self.results.untouched([delivery])
        elif isinstance(found, Changed) and self._only_rewritten(delivery, found):
            self.results.done_otherwise(delivery, found)
        elif found is not None:
            self.results.conflicts.append(delivery)
            self.take.append(found)

    def _created(self, delivery: Delivery, found: Changed | Broken | Removed | None) -> None:
        if not isinstance(found, Changed | Broken):
            self.results.untouched([delivery])
        elif is_anothers(self.results.cycle, delivery, found):
            self.results.refused.append((delivery, place_taken()))
        elif isinstance(found, Changed) and self._as_sent(delivery, found):
            self.results.done(delivery, found.as_written)
        elif isinstance(found, Changed) and (
            self._as_kept(delivery, found) or self._rewritten_by_server(delivery, found)
        ):
            self.results.done_otherwise(delivery, found)
        else:
            if isinstance(found, Changed):
                self.overwritten.append((delivery, found))
            self.results.done(delivery, RemoteRef(found.ref.id, ""))  # ours, edited since: the pull looks at it
            self.take.append(found)

    def _gone(self, delivery: Delivery, found: Removed) -> None:
        if delivery.operation is Operation.DELETE:
            self.results.done(delivery, None)
        else:
            self.results.conflicts.append(delivery)
            self.take.append(found)

    @staticmethod
    def _as_sent(delivery: Delivery, found: Changed) -> bool:
        return bool(with_uid(found.item.record, delivery.payload.uid) == delivery.payload.record)

    def _as_kept(self, delivery: Delivery, found: Changed) -> bool:
        """As the system is known to hold what we sent, unless it would hold the last version in the same way."""
        kept = kept_by(self.results.cycle.connector)
        there = with_uid(found.item.record, delivery.payload.uid)
        if there != kept(delivery.payload.record):
            return False
        return delivery.base is None or there != kept(with_uid(delivery.base.record, delivery.payload.uid))

    @staticmethod
    def _rewritten_by_server(delivery: Delivery, found: Changed) -> bool:
        if delivery.operation is Operation.DELETE:
            return False
        return own_rewriting(delivery.payload.record, with_uid(found.item.record, delivery.payload.uid))

    def _only_rewritten(self, delivery: Delivery, found: Changed) -> bool:
        """Ours, as the server keeps it. What may as well be the last version, rewritten, is decided again."""
        link, base = delivery.link, delivery.base
        unknown = link is not None and not link.remote_version and base is not None
        if unknown and base is not None and own_rewriting(base.record, with_uid(found.item.record, base.uid)):
            return False
        return self._rewritten_by_server(delivery, found)

    @staticmethod
    def _as_before(delivery: Delivery, found: Changed) -> bool:
        link = delivery.link
        if link is not None and link.remote_version and link.remote_version == found.ref.version:
            return True
        return delivery.base is not None and bool(
            with_uid(found.item.record, delivery.hub.uid) == with_uid(delivery.base.record, delivery.hub.uid)
        )
