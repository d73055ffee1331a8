"""Brings a file of cards or a calendar into the hub; like any other change it then goes to every linked account."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from agendahub.texts import _
from storage.admin_config import ensure_collection
from storage.database import Database
from sync_engine import limits, recurrence
from sync_engine.errors import ItemError
from sync_engine.formats import decode, parts_of
from sync_engine.item import Item
from sync_engine.model import Contact
from sync_engine.ports import Clock, Origin

_PAGE = 200  # items in one transaction
_WHOLE = re.compile(r"^END:(?:VEVENT|VTODO|VJOURNAL|VFREEBUSY|VTIMEZONE)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


@dataclass(slots=True)
class Imported:
    """Things done."""

    new: int = 0
    changed: int = 0
    same: int = 0
    refused: list[str] = field(default_factory=list)  # why, one line for each item that could not be read


def read_items(raw: bytes) -> Iterator[Item | str]:
    """Items of a file, or why one could not be read."""
    content, cut_off = _without_half_a_component(decode(raw))
    number = 0
    for number, text in enumerate(parts_of(content), start=1):
        stable = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        try:
            limits.check(text)
            item = Item.read(text, uid_if_missing=stable)  # a second import of the file finds the same items
            if not isinstance(item.record, Contact):
                recurrence.check(item.record)
            yield item
        except ItemError as err:
            yield f"item {number}: {err}"
    if cut_off:
        yield _("what follows item {number}: the file ends before END:VCALENDAR, it was cut off").format(number=number)


def _without_half_a_component(text: str) -> tuple[str, bool]:
    """A calendar that was cut off, up to its last whole component: half an event would look like a whole one."""
    upper = text.upper()
    opened = upper.rfind("BEGIN:VCALENDAR")
    if opened <= upper.rfind("END:VCALENDAR"):
        return text, False
    whole = [found.end() for found in _WHOLE.finditer(text, opened)]
    return (f"{text[: whole[-1]]}\r\nEND:VCALENDAR\r\n", True) if whole else (text, False)


def import_items(
    database: Database,
    items: Sequence[Item],
    collection: str,
    owner: str,
    clock: Clock,
    progress: Callable[[int], None] = lambda _done: None,
) -> Imported:
    """Create or update by UID, in pages. What is there already stays untouched when it says the same."""
    done = Imported()
    kinds = sorted({str(item.kind) for item in items})
    with database.begin() as unit:
        collection_id = ensure_collection(unit.session.connection, collection, kinds, owner, clock())
    rest = iter(items)
    while page := list(islice(rest, _PAGE)):
        _import_page(database, page, collection_id, done)
        progress(len(page))
    return done


def _import_page(database: Database, page: list[Item], collection_id: int, done: Imported) -> None:
    origin = Origin("import")
    with database.begin() as unit:
        unit.lock_collection(collection_id)
        known = unit.items_by_uid(collection_id, [item.uid for item in page])
        for item in {item.uid: item for item in page}.values():
            there = known.get(item.uid)
            try:
                if there is None:
                    unit.create_item(collection_id, item, origin)
                    done.new += 1
                elif unit.update_item(there.id, item, origin).revision_id == there.revision_id:
                    done.same += 1
                else:
                    done.changed += 1
            except ItemError as err:
                done.refused.append(f"{item.uid}: {err}")
