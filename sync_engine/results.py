"""What came of a batch of writes, committed in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sync_engine.context import Cycle
from sync_engine.deliver import Delivery
from sync_engine.errors import ItemError, NotStored, OutcomeUnknown, PartlyWritten, Rejected, SyncError, VersionConflict
from sync_engine.intents import further_intents
from sync_engine.meetings import kept_role
from sync_engine.model import starts_of, title_of
from sync_engine.ping_pong import PingPong, counted
from sync_engine.ports import (
    Binding,
    Broken,
    Changed,
    IntentState,
    Link,
    LinkState,
    Operation,
    RemoteRef,
    Removed,
    Role,
    Trouble,
    UnitOfWork,
)
from sync_engine.pull import take


@dataclass(slots=True)
class Results:
    """Collects outcomes while a batch is written; `commit` stores them."""

    cycle: Cycle
    binding: Binding
    written: list[tuple[Delivery, RemoteRef]] = field(default_factory=list)
    deleted: list[Delivery] = field(default_factory=list)
    conflicts: list[Delivery] = field(default_factory=list)
    refused: list[tuple[Delivery, ItemError]] = field(default_factory=list)
    in_doubt: list[tuple[Delivery, OutcomeUnknown]] = field(default_factory=list)
    not_sent: list[Delivery] = field(default_factory=list)
    idle: list[Delivery] = field(default_factory=list)  # the remote holds it already
    partly: dict[int, PartlyWritten] = field(default_factory=dict)  # by hub item: written, but for a part
    echoes: dict[int, str] = field(default_factory=dict)  # by hub item: the text that the remote keeps instead

    def done(self, delivery: Delivery, ref: RemoteRef | None) -> None:
        """The remote did it."""
        if ref is None:
            self.deleted.append(delivery)
        else:
            self.written.append((delivery, ref))
        self.cycle.progress("writing", 1)

    def done_otherwise(self, delivery: Delivery, kept: Changed) -> None:
        """The remote did it, and keeps the item in its own way."""
        self.echoes[delivery.hub.id] = kept.item.text
        self.done(delivery, kept.as_written)

    def to_send(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Those that change something at the remote; the others are done."""
        self.idle.extend(d for d in deliveries if d.idle)
        return [d for d in deliveries if not d.idle]

    def failed(self, delivery: Delivery, err: ItemError) -> None:
        """The remote refused, all or a part; a version conflict is decided again, once in a cycle."""
        if isinstance(err, PartlyWritten):
            self.partly[delivery.hub.id] = err
            self.done(delivery, RemoteRef(err.remote_id, err.version))
        elif isinstance(err, VersionConflict) and delivery.hub.id not in self.cycle.refused_once:
            self.cycle.refused_once.add(delivery.hub.id)
            self.conflicts.append(delivery)
        else:
            self.refused.append((delivery, err))

    def unknown(self, delivery: Delivery, err: OutcomeUnknown) -> None:
        """No answer: the intent stays SENT, and the next cycle settles it by a read."""
        self.in_doubt.append((delivery, err))

    def untouched(self, deliveries: Sequence[Delivery]) -> None:
        """Never sent."""
        self.not_sent.extend(deliveries)

    def commit(self) -> None:
        """Store all outcomes; items that changed meanwhile get a new intent."""
        try:
            self._store(self.written)
        except NotStored:
            self._store(())
            self.written = [(d, ref) for d, ref in self.written if self._stored_alone(d, ref)]
        self._count()

    def _store(self, written: Sequence[tuple[Delivery, RemoteRef]]) -> None:
        with self.cycle.transaction() as uow:
            not_done = (*self.not_sent, *self.conflicts)  # a refused write did not happen, whatever happens to us now
            uow.set_intent_state([d.intent.id for d in not_done], IntentState.READY)
            for delivery, err in (*self.refused, *self.in_doubt):
                uow.quarantine(self.binding.id, trouble(delivery, err))
            self._commit_refused(uow)
            self._commit_idle(uow)
            self._commit_done(uow, self.deleted, written)

    def _stored_alone(self, delivery: Delivery, ref: RemoteRef) -> bool:
        """Whether the hub can hold on to what was written: a server may give an id that is too long, or in use."""
        try:
            with self.cycle.transaction() as uow:
                self._commit_done(uow, (), [(delivery, ref)])
        except NotStored as err:
            refusal = Rejected(f"It was written, and then the hub could not keep its link: {err}")
            with self.cycle.transaction() as uow:
                uow.set_intent_state([delivery.intent.id], IntentState.FAILED)
                uow.quarantine(self.binding.id, trouble(delivery, refusal))
            self.refused.append((delivery, refusal))
            return False
        return True

    def _commit_done(
        self, uow: UnitOfWork, deleted: Sequence[Delivery], written: Sequence[tuple[Delivery, RemoteRef]]
    ) -> None:
        for delivery in deleted:  # first: what was made may stand in the place of what was deleted
            if delivery.link:
                uow.delete_link(delivery.link.id)
                if delivery.link.role is Role.ORGANIZER:
                    uow.let_go([delivery.hub.id])
        for delivery, ref in written:
            text = self.echoes.get(delivery.hub.id, delivery.payload.text if delivery.apart else None)
            echo = None if text is None else uow.keep_revision(delivery.hub.id, text, self.cycle.origin)
            uow.save_link(self._link(delivery, ref, echo))
        finished = [*(d for d, _ in written), *deleted]
        if not finished:
            return
        uow.delete_intents([d.intent.id for d in finished])
        uow.release(self.binding.id, item_ids=[d.hub.id for d in finished])
        for delivery in finished:
            if (err := self.partly.get(delivery.hub.id)) is not None:
                uow.quarantine(self.binding.id, replace(trouble(delivery, err), remote_id=err.remote_id))
        self._follow_up(uow, finished)

    def _commit_idle(self, uow: UnitOfWork) -> None:
        for delivery in self.idle:
            assert delivery.link is not None
            uow.save_link(replace(delivery.link, base_revision=delivery.intent.revision_id))
        uow.delete_intents([d.intent.id for d in self.idle])
        uow.release(self.binding.id, item_ids=[d.hub.id for d in self.idle])
        self._follow_up(uow, self.idle)

    def _follow_up(self, uow: UnitOfWork, finished: Sequence[Delivery]) -> None:
        items = uow.items([d.hub.id for d in finished])
        if items:
            uow.add_intents(further_intents(self.cycle, uow, self.binding, [*items.values()]))

    def _commit_refused(self, uow: UnitOfWork) -> None:
        uow.set_intent_state([d.intent.id for d, _ in self.refused], IntentState.FAILED)
        for delivery, err in self.refused:
            if isinstance(err, PingPong) and delivery.link:
                uow.save_link(replace(delivery.link, state=LinkState.FROZEN))

    def _link(self, delivery: Delivery, ref: RemoteRef, echo: int | None) -> Link:
        old = delivery.link or Link(
            0, self.binding.id, delivery.hub.id, ref.id, "", delivery.payload.uid, delivery.intent.revision_id
        )
        now = self.cycle.clock()
        start, writes = counted(old, delivery.weight, now, self.cycle.policy)
        return replace(
            old,
            remote_id=ref.id,
            remote_version=ref.version,
            remote_uid=ref.uid or old.remote_uid,
            role=old.role if ref.role is None else kept_role(old.role, ref.role),
            base_revision=delivery.intent.revision_id,
            echo_revision=echo,
            state=LinkState.LIVE,
            pushed_at=now,
            window_start=start,
            window_writes=writes,
        )

    def _count(self) -> None:
        counts = self.cycle.counts
        created = sum(1 for d, _ in self.written if d.operation is Operation.CREATE)
        counts.pushed_new += created
        counts.pushed_changed += len(self.written) - created
        counts.pushed_deleted += len(self.deleted)
        counts.quarantined += len(self.refused) + len(self.partly)


def settle_conflicts(cycle: Cycle, binding: Binding, conflicts: Sequence[Delivery]) -> None:
    """Read what stands at the remote instead, and decide again."""
    linked = [d.link.remote_id for d in conflicts if d.link]
    found: list[Changed | Broken | Removed] = []
    if linked:
        found.extend(cycle.connector.fetch(binding.remote_id, linked))
    hidden: list[Delivery] = []
    for delivery in conflicts:
        if delivery.link is None:
            there = cycle.connector.find(binding.remote_id, delivery.payload, delivery.intent.key)
            if there is None or is_anothers(cycle, delivery, there):
                hidden.append(delivery)
                _refused_without_reason(cycle, binding, delivery)
            else:
                found.append(there)
    shown = [d.intent for d in conflicts if d not in hidden]
    if found:
        take(cycle, found, shown)


def is_anothers(cycle: Cycle, delivery: Delivery, found: Changed | Broken) -> bool:
    """Whether what stands at the remote is tied to another item of the hub."""
    with cycle.store.read() as uow:
        link = uow.links(cycle.binding_id, [found.ref.id]).get(found.ref.id)
    return link is not None and link.item_id != delivery.hub.id


def place_taken() -> VersionConflict:
    """Why an item cannot be made."""
    return VersionConflict("Something else stands in this item's place at the server, and cannot be made one with it.")


def _refused_without_reason(cycle: Cycle, binding: Binding, delivery: Delivery) -> None:
    err = place_taken()
    with cycle.transaction() as uow:
        uow.set_intent_state([delivery.intent.id], IntentState.FAILED)
        uow.quarantine(binding.id, trouble(delivery, err))
    cycle.counts.quarantined += 1


def trouble(delivery: Delivery, err: SyncError) -> Trouble:
    """Who, what, where and why, for the quarantine (SYNC.md R26)."""
    record = delivery.payload.record
    return Trouble(
        operation=delivery.operation,
        message=str(err),
        title=title_of(record),
        starts=starts_of(record),
        server_said=err.server_said,
        raw=delivery.payload.text,
        remote_id=delivery.link.remote_id if delivery.link else "",
        item_id=delivery.hub.id,
        uid=record.uid,
    )
