"""FindItem: masters page by page, or occurrences in a window; with restrictions (E8, E9)."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from exchangelib.properties import UID

from tests.servers.microsoft import ews_mapi
from tests.servers.microsoft import ews_series as series
from tests.servers.microsoft.ews_call import Call, Target
from tests.servers.microsoft.ews_items import batch
from tests.servers.microsoft.ews_properties import _INDEXED, extended_key, extended_value
from tests.servers.microsoft.ews_view import everything, shown
from tests.servers.microsoft.ews_xml import Element, Refused, find, instant, local, m, moment, success, t, text
from tests.servers.microsoft.mailbox import Collection, Item, Mailbox


def find_item(call: Call, request: Element) -> Element:
    """One page."""
    shape, folders = find(request, "m:ItemShape"), find(request, "m:ParentFolderIds")
    assert shape is not None
    assert folders is not None

    def search(key: Element) -> Element:
        mailbox, folder = call.folder(key)
        hits = _hits(mailbox, folder, request)
        paging = find(request, "m:IndexedPageItemView")
        offset = int(paging.get("Offset", "0")) if paging is not None else 0
        size = int(paging.get("MaxEntriesReturned", "1000")) if paging is not None else 1000
        page, last = hits[offset : offset + size], offset + size >= len(hits)
        where = {"IncludesLastItemInRange": "true" if last else "false", "TotalItemsInView": str(len(hits))}
        if paging is not None:
            where["IndexedPagingOffset"] = str(min(offset + size, len(hits)))
        return success(
            "FindItem", m("RootFolder", t("Items", *[shown(call, h, shape, summary=True) for h in page]), **where)
        )

    return batch("FindItem", folders, search)


def _hits(mailbox: Mailbox, folder: Collection, request: Element) -> list[Target]:
    items = list(mailbox.in_collection(folder.id)) if folder.kind else []
    view, restriction = find(request, "m:CalendarView"), find(request, "m:Restriction")
    if view is not None:
        start, end = moment(view.get("StartDate", "")), moment(view.get("EndDate", ""))
        found = [hit for item in items for hit in _expanded(mailbox, item, instant(start), instant(end))]
        return sorted(found, key=lambda hit: everything(hit)["Start"].text or "")
    found = [Target(mailbox, item) for item in items]
    return found if restriction is None else [hit for hit in found if holds(hit, restriction[0])]


def _expanded(mailbox: Mailbox, item: Item, start: str, end: str) -> Iterable[Target]:
    if series.is_master(item):
        return [Target(mailbox, item, hit) for hit in series.between(item, moment(start), moment(end))]
    inside = series.when(item) < moment(end) and series.when(item, "End") > moment(start)
    return [Target(mailbox, item)] if inside else []


def holds(hit: Target, condition: Element) -> bool:
    """Does a restriction hold?"""
    match local(condition):
        case "And":
            return all(holds(hit, part) for part in condition)
        case "Or":
            return any(holds(hit, part) for part in condition)
        case "Not":
            return not holds(hit, condition[0])
        case "Exists":
            return _value(hit, condition[0]) is not None
    value = _value(hit, condition[0])
    constant = find(condition, "t:FieldURIOrConstant/t:Constant")
    other = find(condition, "t:Constant") if constant is None else constant
    return other is not None and _compared(local(condition), value, other.get("Value", ""))


def _compared(how: str, value: str | None, other: str) -> bool:
    held = (value or "").lower()
    match how:
        case "IsEqualTo":
            return value is not None and held == other.lower()
        case "IsNotEqualTo":
            return held != other.lower()
        case "Contains":
            return other.lower() in held
        case "IsGreaterThan":
            return value is not None and held > other.lower()
        case "IsGreaterThanOrEqualTo":
            return value is not None and held >= other.lower()
        case "IsLessThan":
            return value is not None and held < other.lower()
        case "IsLessThanOrEqualTo":
            return value is not None and held <= other.lower()
    raise Refused("ErrorUnsupportedPathForQuery", f"{how} is not understood here.")


def _value(hit: Target, path: Element) -> str | None:
    if local(path) == "ExtendedFieldURI":
        key = extended_key(path)
        if key == _OBJECT_ID:
            return _global_object_id(hit.item)
        return extended_value(hit.item, everything(hit) if ews_mapi.known(key) else {}, path)
    name, known = path.get("FieldURI", "").split(":")[1], everything(hit)
    if local(path) == "IndexedFieldURI":
        holder = known.get(_INDEXED[name])
        entries = [] if holder is None else [e for e in holder if e.get("Key") == path.get("FieldIndex")]
        return entries[0].text if entries else None
    return text(t("x", known[name]), f"t:{name}") if name in known else None


_OBJECT_ID = "Binary Meeting Id 3"


def _global_object_id(item: Item) -> str | None:
    """The UID as MAPI has it, by which alone appointments can be sought (MS-OXOCAL 2.2.1.27)."""
    if not item.uid.isascii():
        return None
    ours = item.uid.lower().startswith("040000008200e00074c5b7101a82e008")
    return base64.b64encode(bytes.fromhex(item.uid) if ours else UID(item.uid)).decode()
