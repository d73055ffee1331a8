"""What is to be sent for one write: the item itself, and the steps that Exchange wants as requests of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, cast

from connectors.exchange.mapping_contacts import contact_patch, new_contact
from connectors.exchange.mapping_events import SCHEDULE
from connectors.exchange.mapping_recurrence import another_recurrence
from connectors.exchange.mapping_series import SeriesWrite, event_patch, new_event
from connectors.exchange.mapping_tasks import new_task, task_patch
from connectors.photos import PictureWrite, picture_change, picture_of
from sync_engine.errors import Rejected
from sync_engine.item import Item
from sync_engine.model import Contact, Event, Kind, Task


@dataclass(frozen=True, slots=True)
class Plan:
    """One write, by exchangelib's names."""

    master: Mapping[str, Any]  # of the item, a series' master
    occurrences: Mapping[date, Mapping[str, Any]] = field(default_factory=dict)  # changed properties, by day
    cancelled: tuple[date, ...] = ()  # occurrences to delete
    picture: PictureWrite | None = None
    afresh: Any = None  # the recurrence of a series whose exceptions have to go before they are said anew

    @property
    def several(self) -> bool:
        """Whether steps follow the first request."""
        return bool(self.occurrences or self.cancelled or self.picture or self.afresh)

    def __bool__(self) -> bool:
        return bool(self.master) or self.several

    def first(self, item: Item) -> dict[str, Any]:
        """The first request: it says what is to follow, if anything is."""
        return {**self.master, "hub_unfinished": item.digest} if self.several else dict(self.master)


def to_create(item: Item, key: str, home_zone: str, *, organizes: bool = False) -> Plan:
    """A new item, with our own properties. Raises `Rejected` for what cannot be expressed."""
    record = item.record
    own = {"hub_uid": record.uid, "hub_key": key}
    if isinstance(record, Task):
        return Plan(new_task(record) | own)
    if isinstance(record, Contact):
        data = picture_of(record)
        return Plan(new_contact(record) | own, picture=PictureWrite(data) if data else None)
    plan = _series(new_event(record, home_zone, organizes=organizes))
    return replace(plan, master={**plan.master, **own})


def to_update(base: Item, item: Item, home_zone: str, *, organizes: bool = False) -> Plan:
    """What differs, and nothing else (SYNC.md R20). Raises as `to_create`."""
    before, after = base.record, item.record
    if type(before) is not type(after):
        raise Rejected("Exchange cannot make an item of one kind into one of another; make a new one.")
    if isinstance(after, Task):
        return Plan(task_patch(cast(Task, before), after))
    if isinstance(after, Contact):
        old = cast(Contact, before)
        return Plan(contact_patch(old, after), picture=picture_change(old, after))
    plan = _series(event_patch(cast(Event, before), after, home_zone, organizes=organizes))
    return replace(plan, afresh=plan.master.get("recurrence")) if _has_exceptions(cast(Event, before)) else plan


def _series(write: SeriesWrite) -> Plan:
    return Plan(write.master, write.occurrences, write.cancelled)


def _has_exceptions(event: Event) -> bool:
    return bool(event.overrides or (event.master is not None and event.master.exception_dates))


def same_schedule(one: Item, other: Item, home_zone: str) -> bool:
    """Whether two events take place at the same times, but for exceptions. Raises as `to_create`."""
    return _schedule(one, home_zone) == _schedule(other, home_zone)


def half_said_anew(found: Item, item: Item, home_zone: str) -> Any:
    """The recurrence of `item`, where `found` has the one that is said just before it; else None. Raises the same."""
    meant = _schedule(item, home_zone)
    if "recurrence" not in meant:
        return None
    half = {**meant, "recurrence": another_recurrence(meant["recurrence"])}
    return meant["recurrence"] if _schedule(found, home_zone) == half else None


def _schedule(item: Item, home_zone: str) -> dict[str, Any]:
    return {name: value for name, value in to_create(item, "", home_zone).master.items() if name in SCHEDULE}


def check_kind(kind: Kind, item: Item) -> None:
    """A folder holds one kind. Raises `Rejected`."""
    if item.kind is not kind:
        raise Rejected(f"This folder of Exchange takes no {item.kind}; bind one that does.")
