"""Conditional writes of single items. None is ever repeated blindly (SYNC.md R06)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.microsoft365.answers import Answer
from connectors.microsoft365.failures import is_from_another, is_gone, read_failure, write_failure
from connectors.microsoft365.feed import version_of
from connectors.microsoft365.finding import Finding
from connectors.microsoft365.meetings import invitation_missing, own_addresses, refuse_cancellation, refuse_mail
from connectors.microsoft365.places import Place
from connectors.microsoft365.plans import Plan, check_kind, to_create, to_update
from connectors.microsoft365.queries import LOOK
from connectors.microsoft365.reading import Reading, written
from connectors.microsoft365.steps import Steps
from connectors.microsoft365.transport import Transport
from connectors.owner import Owner
from connectors.people import people_in
from sync_engine.errors import CollectionGone, OutcomeUnknown, VersionConflict
from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.model import Kind
from sync_engine.ports import Changed, RemoteRef, Removed


class Writing:
    """Writes items of one account."""

    def __init__(self, transport: Transport, reading: Reading, finding: Finding, steps: Steps, home_zone: str) -> None:
        self._transport = transport
        self._reading = reading
        self._finding = finding
        self._steps = steps
        self.owner = Owner(lambda: own_addresses(transport))
        self.home_zone = home_zone  # IANA: where floating times are

    # ------------------------------------------------------------ create

    def create(self, place: Place, item: Item, key: str) -> RemoteRef:
        """Make an item, and what follows it. Raises VersionConflict for a meeting that is in the mailbox already."""
        plan = self.plan_new(place, item, key)
        path = self._transport.path(place.items, place.owner)
        answer = self._transport.ask("post", path, plan.marked(item), owner=place.owner)
        ref = self.created(place, answer, key)
        return self._steps.carry_out(place, ref.id, plan) if plan.several else ref

    def plan_new(self, place: Place, item: Item, key: str) -> Plan:
        """What makes the item. Raises Rejected, VersionConflict."""
        check_kind(place.kind, item)
        plan = to_create(item, key, self.home_zone)
        people = people_in(item.record)
        if self.owner.is_in(people, place.owner):
            if self._finding.by_uid(place, item.uid):
                raise VersionConflict("This meeting is in the mailbox already.")
            raise invitation_missing()
        return plan

    def created(self, place: Place, answer: Answer, key: str) -> RemoteRef:
        """What the answer to a creation says. An event that this key made before is that event (G12)."""
        if answer.status == 409 and place.kind is Kind.EVENT:
            there = self._finding.by_key(place, key)
            one = self._reading.one(place, there) if there else None  # else it was made and deleted
            if isinstance(one, Changed):
                return one.ref
        if is_gone(answer):
            message = "The collection is not in Microsoft 365 any more; bind another one."
            raise CollectionGone(message, server_said=answer.words)
        ref = self.changed(place, answer, "")
        if not ref.id:
            raise OutcomeUnknown("Microsoft 365 did not say what it made; it is looked for.")
        return ref

    @staticmethod
    def changed(place: Place, answer: Answer, item_id: str) -> RemoteRef:
        """The reference of what was written. Raises as `write_failure` says."""
        if not answer.ok or is_from_another(answer):
            raise write_failure(answer, f"a write to {place.items}")
        if not answer.document.get("id"):
            raise OutcomeUnknown("Microsoft 365 did not say what it wrote; it is checked by a read.")
        return written(place, item_id, answer.document)

    # ------------------------------------------------------------ update

    def update(self, place: Place, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        """Write what differs if it is still the same; nothing where nothing differs. Raises VersionConflict."""
        check_kind(place.kind, item)
        if base is None or not ref.version:
            base, ref = self._looked_at(place, ref, base)
        plan = to_update(base, item, self.home_zone)
        if not plan:
            return ref
        if may_be_meeting(place, item, base):
            refuse_mail(self.look(place, ref), plan)
        body = plan.marked(item)
        headers = {"If-Match": ref.version}
        path = self._reading.path(place, ref.id)
        answer = self._transport.ask("patch", path, body, headers, owner=place.owner)
        done = self.changed(place, answer, ref.id)
        return self._steps.carry_out(place, ref.id, plan) if plan.several else done

    def _looked_at(self, place: Place, ref: RemoteRef, base: Item | None) -> tuple[Item, RemoteRef]:
        """What stands there, where only a look can tell: it must be what the hub knows."""
        found = self._reading.one(place, ref.id)
        if isinstance(found, Removed):
            raise VersionConflict("The item is not in Microsoft 365 any more.")
        if not isinstance(found, Changed):
            raise VersionConflict("What stands in Microsoft 365 cannot be read.")
        same_text = base is not None and with_uid(found.item.record, base.uid) == base.record
        if found.ref.version != ref.version if ref.version else not same_text:
            raise VersionConflict("The item was changed in Microsoft 365.")
        return found.item, found.ref

    def look(self, place: Place, ref: RemoteRef) -> Mapping[str, Any]:
        """Who is invited. Raises VersionConflict when it is another version, or gone."""
        answer = self._transport.ask("get", self._reading.path(place, ref.id) + LOOK, owner=place.owner)
        return self.seen(place, answer, ref)

    def seen(self, place: Place, answer: Answer, ref: RemoteRef) -> Mapping[str, Any]:
        """What a look showed. Raises VersionConflict when it is another version, Gone, and the errors of a read."""
        if is_gone(answer):
            raise Gone("The item is not in Microsoft 365 any more.")
        if not answer.ok:
            raise read_failure(answer, "a look before a write")
        if ref.version and version_of(answer.document) == ref.version:
            return answer.document
        if isinstance(self._reading.one(place, ref.id), Removed):  # it lies in Deleted Items
            raise Gone("The item is not in this collection of Microsoft 365 any more.")
        raise VersionConflict("The item was changed in Microsoft 365.")

    # ------------------------------------------------------------ delete

    def delete(self, place: Place, ref: RemoteRef) -> None:
        """Delete if it is still the same; already gone is fine. Raises VersionConflict."""
        try:
            if place.kind is Kind.EVENT or not ref.version:
                refuse_cancellation(self.look(place, ref))
        except Gone:
            return
        path = self._reading.path(place, ref.id)
        answer = self._transport.ask("delete", path, headers={"If-Match": ref.version}, owner=place.owner)
        deleted(answer, place)


class Gone(VersionConflict):
    """Not there any more: a conflict for an update, fine for a deletion."""


def deleted(answer: Answer, place: Place) -> None:
    """The answer to a deletion. Raises as `write_failure` says."""
    if is_from_another(answer) or not (answer.ok or is_gone(answer)):
        raise write_failure(answer, f"DELETE {place.items}")


def may_be_meeting(place: Place, item: Item, base: Item) -> bool:
    """Whether others could be in the event, as far as the hub knows."""
    return place.kind is Kind.EVENT and bool(people_in(item.record) | people_in(base.record))
