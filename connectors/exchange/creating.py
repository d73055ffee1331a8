"""Making items. Exchange makes one for each request, so a request is never repeated; the key on the item tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.exchange.failures import item_failure
from connectors.exchange.finding import Finding
from connectors.exchange.kinds import SORTS, own_uid
from connectors.exchange.meetings import invitation_missing
from connectors.exchange.places import Place
from connectors.exchange.plans import Plan, check_kind, to_create
from connectors.exchange.sending import Answers, send
from connectors.exchange.services import CreateItems
from connectors.exchange.steps import Steps
from connectors.exchange.transport import Transport
from connectors.owner import Owner
from connectors.people import guests_in, organizer_in
from sync_engine.errors import OutcomeUnknown, Rejected, VersionConflict
from sync_engine.item import Item
from sync_engine.model import Kind
from sync_engine.ports import RemoteRef, Role, Write


@dataclass(frozen=True, slots=True)
class _New:
    number: int
    item: Item
    plan: Plan
    role: Role
    made: Any  # exchangelib's item


class Creating:
    """Makes items of one account."""

    def __init__(self, transport: Transport, finding: Finding, steps: Steps, owner: Owner, home_zone: str) -> None:
        self._transport = transport
        self._finding = finding
        self._steps = steps
        self._owner = owner
        self._home_zone = home_zone

    def create(self, place: Place, writes: Sequence[tuple[int, Write]], answers: Answers) -> None:
        """Those writes of a batch that make something. Raises AccountErrors of what was not sent."""
        group = [
            one
            for number, write in writes
            for one in answers.prepare(number, lambda n=number, w=write: self._prepared(place, n, w))  # type: ignore[misc]
        ]
        service = CreateItems(account=self._transport.account(place.owner))

        def ask(these: Sequence[_New]) -> list[Any]:
            items = [one.made for one in these]
            return self._transport.write(lambda: service.create(place.folder, items), place.owner, repeat=False)

        send(answers, group, ask, lambda one, answer: self._made(place, one, answer))

    def _prepared(self, place: Place, number: int, write: Write) -> _New:
        """Raises Rejected, VersionConflict."""
        assert write.item is not None
        check_kind(place.kind, write.item)
        role = self._role(place, write.item)
        plan = to_create(write.item, write.key, self._home_zone, organizes=role is Role.ORGANIZER)
        try:
            made = SORTS[place.kind].model(**plan.first(write.item))
        except (TypeError, ValueError) as err:
            raise Rejected("This item cannot be written for Exchange.", server_said=str(err)[:300]) from err
        return _New(number, write.item, plan, role, made)

    def _role(self, place: Place, item: Item) -> Role:
        """What the mailbox will be in it. A meeting is not made in the calendar of somebody who is invited to it."""
        guests = guests_in(item.record)
        if place.kind is not Kind.EVENT or not guests:
            return Role.NONE
        organizes = self._owner.is_in(frozenset({organizer_in(item.record)}), place.owner)
        if not organizes and not self._owner.is_in(guests, place.owner):
            return Role.NONE
        if self._finding.has_meeting(place, item.uid):
            raise VersionConflict("This meeting is in the mailbox already.")
        if not organizes:
            raise invitation_missing()
        return Role.ORGANIZER

    def _made(self, place: Place, new: _New, answer: Any) -> RemoteRef:
        if isinstance(answer, OutcomeUnknown):
            raise answer
        if isinstance(answer, Exception):
            failed = item_failure(answer)  # of a folder that went away, too: the next read tells
            raise failed from answer
        uid = new.item.uid if place.kind is Kind.EVENT else own_uid(answer.id)
        version = answer.changekey
        if new.plan.several:
            version = self._steps.carry_out(place, answer.id, new.plan, new.item, new=True).version
        return RemoteRef(answer.id, version, uid=uid, role=new.role)
