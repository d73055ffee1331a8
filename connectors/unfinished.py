"""Writes that can break off between their requests: a series and its exceptions, a contact and its picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sync_engine.errors import AccountError, ItemError, OutcomeUnknown, PartlyWritten
from sync_engine.item import Item
from sync_engine.model import Contact, Event
from sync_engine.ports import RemoteRef


def may_have_steps(item: Item, *, new: bool) -> bool:
    """Whether the write of an item can be more than one request; if not, nobody needs to look for its rest."""
    record = item.record
    if isinstance(record, Event):
        return bool(record.master and record.master.rules)
    return isinstance(record, Contact) and bool(record.photo or not new)


@contextmanager
def later_steps() -> Iterator[None]:
    """Around all but the first request. Raises OutcomeUnknown when one cannot be made now: it is gone on with later."""
    try:
        yield
    except OutcomeUnknown:
        raise
    except AccountError as err:
        message = f"A write of several steps broke off and is gone on with later: {err}"
        raise OutcomeUnknown(message, server_said=err.server_said) from err


def tell_refused(ref: RemoteRef, refused: Sequence[ItemError]) -> None:
    """After the last step. Raises PartlyWritten when some were refused."""
    if refused:
        message = f"It was written without {len(refused)} of its parts: {refused[0]}"
        raise PartlyWritten(message, remote_id=ref.id, version=ref.version, server_said=refused[0].server_said)
