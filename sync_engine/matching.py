"""Which hub item is the same thing as a remote item that has no link: by UID, then by content in a complete listing."""

from __future__ import annotations

import hashlib

from sync_engine.merge import merge
from sync_engine.merge_keys import phone_digits
from sync_engine.model import Contact, Details, Event, Record, Task, TaskDetails
from sync_engine.occurrence_ids import begin_of
from sync_engine.ports import Prefer
from sync_engine.zones import resolve


def fingerprint(record: Record) -> str:
    """Hash of what a person would recognise the item by; "" when that is too little to go by."""
    parts = _recognised_by(record)
    if not parts:
        return ""
    return hashlib.sha256("\x1f".join((type(record).__name__, *parts)).encode("utf-8", "surrogatepass")).hexdigest()[
        :32
    ]


def look_alike(hub: Record, remote: Record) -> bool:
    """Same fingerprint, and either that is strong evidence or nothing in the two speaks against it."""
    if fingerprint(hub) != fingerprint(remote) or type(hub) is not type(remote) or _apart(hub, remote):
        return False
    return _is_strong(hub) or not merge(None, hub, remote, Prefer.HUB).conflicts


def _apart(hub: Record, remote: Record) -> bool:
    """Nine o'clock in Zurich is not nine o'clock in New York; a time without zone may be either."""
    if isinstance(hub, Contact) or isinstance(remote, Contact):
        return False
    begins = [(series, begin_of(series.master)) for series in (hub, remote) if series.master]
    instants = {resolve(begin, series.zones) for series, begin in begins if begin and begin.zone}
    return len(instants) > 1


def _recognised_by(record: Record) -> tuple[str, ...]:
    if isinstance(record, Contact):
        return _contact_parts(record)
    details = record.master
    if details is None or not details.summary.strip():
        return ()
    when = _when(details)
    if isinstance(record, Event) and not when:
        return ()
    return (_folded(details.summary), when, *details.rules)


def _contact_parts(card: Contact) -> tuple[str, ...]:
    name = _folded(card.full_name or " ".join(card.organization))
    return (name, _contact_address(card)) if name else ()


def _contact_address(card: Contact) -> str:
    mails = [e.value.strip().lower() for e in card.emails]
    phones = [phone_digits(p.value) for p in card.phones]
    return min(mails or phones, default="")


def _when(details: Details) -> str:
    """Of a task the day alone: some systems know nothing of its hour, nor of when it is to be begun."""
    if isinstance(details, TaskDetails):
        return details.due.value[:8] if details.due else ""
    return details.start.value if details.start else ""


def _is_strong(record: Record) -> bool:
    if isinstance(record, Contact):
        return bool(_contact_address(record))
    return not isinstance(record, Task)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
