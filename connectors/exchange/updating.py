"""Changing items: what differs and nothing else, if the item is still in its version (E5, SYNC.md R20)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.exchange.failures import item_failure
from connectors.exchange.kinds import SORTS
from connectors.exchange.mapping_updates import changed_item
from connectors.exchange.meetings import refuse_foreign
from connectors.exchange.places import Place
from connectors.exchange.plans import Plan, check_kind, to_update
from connectors.exchange.reading import Answered, Reading
from connectors.exchange.sending import Answers, send
from connectors.exchange.services import UpdateItems
from connectors.exchange.steps import Steps
from connectors.exchange.transport import Transport
from connectors.owner import Owner
from connectors.people import guests_in, organizer_in
from sync_engine.errors import OutcomeUnknown, Rejected, VersionConflict
from sync_engine.item import Item
from sync_engine.ports import Changed, RemoteRef, Role, Write


@dataclass(frozen=True, slots=True)
class _Update:
    number: int
    item: Item
    plan: Plan
    ref: RemoteRef
    changed: tuple[Any, list[str]]  # exchangelib's item, and which of its fields count


class Updating:
    """Changes items of one account."""

    def __init__(self, transport: Transport, reading: Reading, steps: Steps, owner: Owner, home_zone: str) -> None:
        self._transport = transport
        self._reading = reading
        self._steps = steps
        self._owner = owner
        self._home_zone = home_zone

    def update(self, place: Place, writes: Sequence[tuple[int, Write]], answers: Answers) -> None:
        """Those writes of a batch that change something. Raises AccountErrors of what was not sent."""
        ids = [write.ref.id for _, write in writes if write.ref is not None and _look_first(write)]
        looked = dict(zip(ids, self._reading.fetch(place, ids), strict=True))
        group = [
            one
            for number, write in writes
            for one in answers.prepare(number, lambda n=number, w=write: self._prepared(place, n, w, looked, answers))  # type: ignore[misc]
        ]
        service = UpdateItems(account=self._transport.account(place.owner))

        def ask(these: Sequence[_Update]) -> list[Any]:
            items = [one.changed for one in these]
            return self._transport.write(lambda: service.update(items), place.owner)

        send(answers, group, ask, lambda one, answer: self._done(place, one, answer))

    def _prepared(
        self, place: Place, number: int, write: Write, looked: Mapping[str, Answered], answers: Answers
    ) -> _Update | None:
        """None when there is nothing to send. Raises Rejected, VersionConflict."""
        assert write.ref is not None
        assert write.item is not None
        check_kind(place.kind, write.item)
        base, ref, role = write.base, write.ref, Role.NONE
        if write.ref.id in looked:
            found = self._compared(write, looked[write.ref.id])
            base, ref, role = base or found.item, found.ref, found.role
        assert base is not None
        plan = to_update(base, write.item, self._home_zone, organizes=self._organizes(place, role, write.item))
        refuse_foreign(role, plan.master, bool(plan.occurrences or plan.cancelled))
        if not plan:
            answers.found[number] = ref
            return None
        return _Update(number, write.item, plan, ref, self._changed(place, ref, plan.first(write.item)))

    def _changed(self, place: Place, ref: RemoteRef, values: Mapping[str, Any]) -> tuple[Any, list[str]]:
        account, model = self._transport.account(place.owner), SORTS[place.kind].model
        try:
            return changed_item(model, values, id=ref.id, changekey=ref.version, account=account)
        except (TypeError, ValueError) as err:
            raise Rejected("This item cannot be written for Exchange.", server_said=str(err)[:300]) from err

    def _compared(self, write: Write, found: Answered) -> Changed:
        """What is there, if it is what the write was made from. Raises VersionConflict."""
        assert write.ref is not None
        if not isinstance(found, Changed):
            raise VersionConflict("The item is not in the mailbox any more, or cannot be read.")
        if write.ref.version:
            same = found.ref.version == write.ref.version
        else:
            same = write.base is not None and not to_update(write.base, found.item, self._home_zone)
        if not same:
            raise VersionConflict("The item was changed in Exchange.")
        return found

    def _organizes(self, place: Place, role: Role, item: Item) -> bool:
        """Whether the attendees are the mailbox's to write."""
        if role is not Role.NONE or not guests_in(item.record):
            return role is Role.ORGANIZER
        return self._owner.is_in(frozenset({organizer_in(item.record)}), place.owner)

    def _done(self, place: Place, update: _Update, answer: Any) -> RemoteRef:
        if isinstance(answer, OutcomeUnknown):
            raise answer
        if isinstance(answer, Exception):
            raise item_failure(answer) from answer
        item_id, version = answer
        if update.plan.several:
            return self._steps.carry_out(place, item_id, update.plan, update.item)
        return RemoteRef(item_id, version)


def _look_first(write: Write) -> bool:
    """Without a version nothing else can tell a conflict, and of a meeting it has to be known whose it is."""
    return write.base is None or not (write.ref and write.ref.version) or bool(guests_in(write.base.record))
