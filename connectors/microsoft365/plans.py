"""What is to be sent for one write: the item itself, and the steps that Graph wants as requests of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import cast

from connectors.described import Json
from connectors.microsoft365.extended import EXTENDED, KEY, UID, UNFINISHED, flattened
from connectors.microsoft365.mapping_contacts import contact_patch, new_contact
from connectors.microsoft365.mapping_series import SeriesWrite, event_patch, new_event
from connectors.microsoft365.mapping_tasks import new_task, task_patch
from connectors.microsoft365.queries import EXTENSION
from connectors.photos import picture_change
from sync_engine.errors import Rejected
from sync_engine.item import Item
from sync_engine.model import Contact, Event, Kind, Task

DONE = "-"
"""The value of the mark on an item that was written to its end."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One write."""

    body: dict[str, Json]  # of the item, a series' master
    occurrences: Mapping[date, dict[str, Json]] = field(default_factory=dict)  # changed properties, by day
    cancelled: tuple[date, ...] = ()  # occurrences to delete
    photo: bytes | None = None  # None: as it is; empty: to be removed

    @property
    def several(self) -> bool:
        """Whether steps follow the first request."""
        return bool(self.occurrences or self.cancelled or self.photo is not None)

    def __bool__(self) -> bool:
        return bool(self.body) or self.several

    def marked(self, item: Item) -> dict[str, Json]:
        """The body of the first request: it says what is to follow, if anything is."""
        return with_properties(self.body, {UNFINISHED: item.digest}) if self.several else self.body


def to_create(item: Item, key: str, home_zone: str) -> Plan:
    """A new item, with our own properties. Raises `Rejected` for what cannot be expressed."""
    record = item.record
    if isinstance(record, Task):
        body = {name: value for name, value in new_task(record).items() if name != EXTENDED}
        own = {"@odata.type": "microsoft.graph.openTypeExtension", "extensionName": EXTENSION}
        return Plan(body | {"extensions": [own | {"uid": record.uid, "key": key}]})
    if isinstance(record, Contact):
        plan = Plan(with_properties(new_contact(record), {UID: record.uid, KEY: key}))
        return _with_photo(plan, Contact(record.uid), record)
    plan = _series(new_event(record, home_zone))
    return replace(plan, body=with_properties(plan.body, {UID: record.uid, KEY: key}) | {"transactionId": key})


def to_update(base: Item, item: Item, home_zone: str) -> Plan:
    """What differs, and nothing else (SYNC.md R20). Raises as `to_create`."""
    before, after = base.record, item.record
    if type(before) is not type(after):
        raise Rejected("Microsoft 365 cannot make an item of one kind into one of another; make a new one.")
    if isinstance(after, Task):
        return Plan(task_patch(cast(Task, before), after))
    if isinstance(after, Contact):
        old = cast(Contact, before)
        return _with_photo(Plan(contact_patch(old, after)), old, after)
    return _series(event_patch(cast(Event, before), after, home_zone))


def _series(write: SeriesWrite) -> Plan:
    return Plan(flattened(write.master), write.occurrences, write.cancelled)


def _with_photo(plan: Plan, before: Contact, after: Contact) -> Plan:
    """A picture that is only an address has no place in Outlook, and takes nothing away there."""
    change = picture_change(before, after)
    if change is None or (change.data is None and after.photo is not None):
        return plan
    return replace(plan, photo=change.data or b"")


def with_properties(body: Mapping[str, Json], properties: Mapping[str, str]) -> dict[str, Json]:
    """A body with more extended properties, in place of those it has."""
    kept = [one for one in body.get(EXTENDED) or () if one["id"] not in properties]
    return {**body, EXTENDED: [*kept, *({"id": name, "value": value} for name, value in properties.items())]}


def check_kind(kind: Kind, item: Item) -> None:
    """A collection of Graph holds one kind. Raises `Rejected`."""
    if item.kind is not kind:
        raise Rejected(f"This collection of Microsoft 365 takes no {item.kind}; bind one that does.")
