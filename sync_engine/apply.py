"""Carry out planned steps in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sync_engine.context import Cycle
from sync_engine.errors import ItemError
from sync_engine.formats import with_uid
from sync_engine.intents import needed
from sync_engine.item import Item
from sync_engine.meetings import kept_role
from sync_engine.model import Record, starts_of, title_of
from sync_engine.plain_copies import uid_of_replaced
from sync_engine.ports import (
    Binding,
    Direction,
    HubItem,
    Intent,
    IntentState,
    Link,
    LinkState,
    Operation,
    Trouble,
    UnitOfWork,
)
from sync_engine.steps import Step
from sync_engine.zone_flags import unknown_zone

_ALL = 1_000_000


class Applier:
    """Writes steps to the hub; what must then be written at the remote becomes an intent."""

    def __init__(self, cycle: Cycle, uow: UnitOfWork, binding: Binding) -> None:
        self._cycle = cycle
        self._uow = uow
        self._binding = binding
        self._counts = cycle.counts
        self.refused: set[str] = set()  # remote ids of items that the store would not take

    def apply(self, steps: Sequence[Step]) -> None:
        """Carry out the steps, in order."""
        for step in steps:
            try:
                gone = self._replaced(step) if step.instead_of else None
                getattr(self, f"_{step.what.name.lower()}")(step)
                if gone is not None:
                    self._uow.save_link(gone)
            except ItemError as err:  # the store will not take it: this item waits, the others go on (SYNC.md R09)
                self._quarantine(replace(step, trouble=_refused(step, err)))
                self.refused.add(step.ref.id)

    def intend(self, operation: Operation, item_id: int, revision_id: int, *, news: bool = True) -> None:
        """Queue a write at the remote, unless the binding carries nothing there.

        Without news from the remote, what failed or is held stays so: it is not tried in every cycle (SYNC.md R09).
        """
        if self._cycle.policy.direction is Direction.IN or (not news and self._waits(operation, item_id, revision_id)):
            return
        key = self._cycle.new_key()
        self._uow.add_intents([Intent(0, self._binding.id, item_id, operation, key, revision_id)])

    def _waits(self, operation: Operation, item_id: int, revision_id: int) -> bool:
        stuck = self._uow.intents(self._binding.id, [IntentState.FAILED, IntentState.HELD], _ALL)
        return any((i.operation, i.item_id, i.revision_id) == (operation, item_id, revision_id) for i in stuck)

    # ------------------------------------------------------------ steps that write to the hub

    def _new(self, step: Step) -> None:
        assert step.remote is not None
        assert step.record is not None
        hub = self._uow.create_item(self._binding.collection_id, self._as_item(step, step.record), self._cycle.origin)
        self._link(step, hub, base=hub.revision_id, echo=None)
        self._counts.pulled_new += 1
        self._flag_zone(step.remote.record)

    def _write(self, step: Step) -> None:
        assert step.hub is not None
        assert step.record is not None
        before = step.hub.revision_id
        item = self._as_item(step, step.record)
        hub = self._uow.update_item(step.hub.id, item, self._cycle.origin)
        base, echo = self._agreed(step, hub, item.record)
        link = self._link(step, hub, base=base, echo=echo)
        self._counts.pulled_changed += hub.revision_id != before
        self._note_conflicts(step, before)
        if item.record != step.meant and not step.quiet:
            self.intend(Operation.UPDATE, hub.id, hub.revision_id)
        self._counts.linked += step.link is None and link.id != 0
        self._flag_zone(item.record)

    _revive = _write

    def _flag_zone(self, record: Record) -> None:
        """Tell people of a zone that nobody knows, once in a cycle for each zone (SYNC.md R19)."""
        zone = unknown_zone(record)
        if zone is None:
            return
        about = f"the time zone {zone[:60]!r} is not known here, so the hub guesses when it takes place; "
        if not any(about in note for note in self._counts.notes):
            what = f"{title_of(record)[:80]!r} ({starts_of(record)})"
            self._counts.notes.append(f"{what}: {about}all such events: agendahub doctor")

    # ------------------------------------------------------------ steps that leave the hub's items alone

    def _keep(self, step: Step) -> None:
        assert step.hub is not None
        self._link(step, step.hub, *self._agreed(step, step.hub, step.record))
        self._counts.linked += step.link is None

    def _push(self, step: Step) -> None:
        assert step.hub is not None
        base, echo = self._agreed(step, step.hub, step.record)
        link = self._link(step, step.hub, base, echo)
        self._note_conflicts(step, step.hub.revision_id)
        self._counts.linked += step.link is None
        if not step.quiet:
            self.intend(Operation.UPDATE, step.hub.id, step.hub.revision_id, news=link is not step.link)

    def _delete_at_remote(self, step: Step) -> None:
        assert step.hub is not None
        base, echo = self._agreed(step, step.hub, None)
        link = self._link(step, step.hub, base, echo)
        self.intend(Operation.DELETE, step.hub.id, base, news=link is not step.link)

    def _echo(self, step: Step) -> None:
        assert step.link is not None
        assert step.hub is not None
        link = self._link(step, step.hub, base=step.link.base_revision, echo=self._echo_of(step, step.hub))
        if (operation := needed(step.hub, link)) is not None:  # what the hub has new still goes out
            revision = link.base_revision if step.hub.deleted else step.hub.revision_id
            self.intend(operation, step.hub.id, revision, news=link is not step.link)

    def _missing(self, step: Step) -> None:
        assert step.link is not None
        if step.link.state is LinkState.LEFT:
            self._uow.save_link(replace(step.link, missing_since=self._cycle.clock(), remote_version=""))
        elif step.link.state is not LinkState.MISSING:
            self._uow.save_link(replace(step.link, state=LinkState.MISSING, missing_since=None))

    def _quarantine(self, step: Step) -> None:
        assert step.trouble is not None
        self._uow.quarantine(self._binding.id, step.trouble)
        self._counts.quarantined += 1
        if step.left and step.link is not None:
            self._uow.save_link(step.link)
        elif step.link is not None and step.link.state is LinkState.MISSING:  # it is there, only not to be read
            self._uow.save_link(replace(step.link, state=LinkState.LIVE, missing_since=None))

    def _replaced(self, step: Step) -> Link:
        """Our plain copy becomes an item of its own, deleted at once; gives the link that brings this to the remote."""
        assert step.instead_of is not None
        assert step.remote is not None
        old, kind, origin = step.instead_of, step.remote.kind, self._cycle.origin
        uid = uid_of_replaced(old)
        texts = self._uow.texts([r for r in (old.base_revision, old.echo_revision) if r is not None])
        known = Item.stored(kind, uid, texts[old.base_revision]).record
        copy = self._uow.create_item(self._binding.collection_id, Item.read(Item.of(with_uid(known, uid)).text), origin)
        echo = old.echo_revision and self._uow.keep_revision(copy.id, texts[old.echo_revision], origin)
        self._uow.delete_item(copy.id, origin)
        self._counts.notes.append(f"{title_of(known)[:80]!r}: an invitation took the place of the copy made here")
        return replace(old, id=0, item_id=copy.id, base_revision=copy.revision_id, echo_revision=echo)

    def _note_conflicts(self, step: Step, hub_revision: int) -> None:
        if not step.conflicts:
            return
        assert step.hub is not None
        lost = self._uow.keep_revision(step.hub.id, self._remote_text(step), self._cycle.origin)
        base = step.link.base_revision if step.link else None
        self._uow.add_conflict(self._binding.id, step.hub.id, step.conflicts, hub_revision, lost, base)
        self._counts.conflicts += 1

    # ------------------------------------------------------------ links and texts

    def _link(self, step: Step, hub: HubItem, base: int, echo: int | None) -> Link:
        assert step.remote is not None
        old = step.link or Link(0, self._binding.id, hub.id, step.ref.id, "", step.remote.uid, base)
        state = LinkState.LIVE if old.state in (LinkState.MISSING, LinkState.LEFT) else old.state
        link = replace(
            old,
            remote_id=step.ref.id,
            remote_version=step.ref.version,
            remote_uid=step.remote.uid,
            base_revision=base,
            echo_revision=echo,
            state=LinkState.LEFT if step.left else state,
            missing_since=None,
            role=kept_role(old.role, step.role),
        )
        return step.link if link == step.link and step.link else self._uow.save_link(link)

    def _agreed(self, step: Step, hub: HubItem, held: Record | None) -> tuple[int, int | None]:
        """The revision that says what the remote holds now, and how it keeps that when it keeps it otherwise."""
        echoed = step.apart or (step.link is not None and step.link.echo_revision is not None)
        if held is not None and held == step.meant:
            base = hub.revision_id
        elif step.link is not None and self._still(step):
            base = step.link.base_revision
        else:
            base = self._uow.keep_revision(hub.id, self._meant_text(step), self._cycle.origin)
        if not echoed:
            return base, None
        return base, self._echo_of(step, hub)

    def _echo_of(self, step: Step, hub: HubItem) -> int:
        """The revision that says how the remote keeps it: the one we have, if that says the same."""
        known = step.link.echo_revision if step.link else None
        text = self._remote_text(step)
        if known is not None and self._uow.texts([known])[known] == text:
            return known
        return self._uow.keep_revision(hub.id, text, self._cycle.origin)

    def _still(self, step: Step) -> bool:
        """Whether the remote still holds what was agreed on last."""
        assert step.link is not None
        assert step.hub is not None
        text = self._uow.texts([step.link.base_revision])[step.link.base_revision]
        agreed = Item.stored(step.hub.kind, step.hub.uid, text).record
        return bool(with_uid(agreed, step.hub.uid) == step.meant)

    def _as_item(self, step: Step, record: Record) -> Item:
        """The remote's own text where the hub takes it as it is, else a rendered one in its canonical form."""
        assert step.remote is not None
        if step.remote.record == record:
            return step.remote
        return Item.read(Item.of(record).text)

    def _meant_text(self, step: Step) -> str:
        assert step.remote is not None
        assert step.meant is not None
        return step.remote.text if step.remote.record == step.meant else Item.of(step.meant).text

    def _remote_text(self, step: Step) -> str:
        assert step.remote is not None
        return step.remote.text


def _refused(step: Step, err: ItemError) -> Trouble:
    return Trouble(
        "read",
        str(err),
        title=step.title,
        server_said=err.server_said,
        raw=step.remote.text if step.remote else "",
        remote_id=step.ref.id,
        remote_version=step.ref.version,
        uid=step.remote.uid if step.remote else "",
    )
