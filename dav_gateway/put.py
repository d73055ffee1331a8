"""PUT (RFC 4791 5.3.2, RFC 6352 6.3.2): an item is made or changed.

The client's bytes are kept as they are; what we index stands beside them. Only where they were no UTF-8 the stored text
differs, and then the answer has no entity tag, so that the client reads it again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from dav_gateway import effects
from dav_gateway.answers import Answer, Refused
from dav_gateway.elements import href
from dav_gateway.options import allowed
from dav_gateway.preconditions import check
from dav_gateway.properties import COMPONENTS
from dav_gateway.sharing.masked import must_see
from dav_gateway.site import Call, Limits, refuse_method
from storage.dav_items import leaf_at, leaf_of_uid
from storage.dav_store import Shelf
from storage.unit_of_work import SqlUnitOfWork
from sync_engine import recurrence
from sync_engine.errors import ItemError, Rejected
from sync_engine.formats import decode
from sync_engine.item import Item
from sync_engine.limits import TooManyAttendees
from sync_engine.limits import check as check_bounds
from sync_engine.model import Contact

_OTHER_TYPES = ("text/html", "application/json", "application/xml", "text/xml", "image/", "multipart/")


@dataclass(frozen=True, slots=True)
class Upload:
    """What a client sent."""

    item: Item
    verbatim: bool  # the stored text is what was sent, octet for octet


def answer(call: Call) -> Answer:
    """The answer to a PUT: 201 for a new item, 204 for a changed one."""
    call.must_be_ours()
    if not call.place.href:
        raise refuse_method(allowed(call.place))
    with call.read() as unit:
        call.shelf(unit, write="write-content")
    upload = read(call)
    created, item, more = call.write(lambda unit: _store(call, unit, upload))
    headers = {"etag": f'"{item.digest}"'} if upload.verbatim and item is upload.item else {}
    return Answer(201 if created else 204, b"", headers | more)


def read(call: Call) -> Upload:
    """The item in a request. Refuses what is too large or cannot be read, with the standard's precondition."""
    contacts = call.place.contacts
    too_large(len(call.body), contacts=contacts, limits=call.site.limits)
    _check_headers(call)
    text, verbatim = _decoded(call)
    try:
        check_bounds(text)
        item = Item.read(text, uid_if_missing=_own_uid(call.place.href))
        _check_recurrence(item)
    except TooManyAttendees as err:
        raise Refused(403, str(err), condition="<C:max-attendees-per-instance/>") from err
    except ItemError as err:
        raise _unreadable(str(err), contacts=contacts) from err
    return Upload(item, verbatim)


def too_large(octets: int, *, contacts: bool, limits: Limits) -> None:
    """Refuses with 403: phones take 412 for a change on the server and drop their edit."""
    limit = limits.of(contacts=contacts)
    if octets > limit:
        name = "A:max-resource-size" if contacts else "C:max-resource-size"
        raise Refused(403, f"It is larger than {limit:,} octets.", condition=f"<{name}/>")


def _check_recurrence(item: Item) -> None:
    """Raises `Rejected` for rules that could run away."""
    if not isinstance(item.record, Contact):
        recurrence.check(item.record)


def _own_uid(name: str) -> str:
    """The UID of an item that has none: always the same for the same address."""
    return f"without-uid-{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def _check_headers(call: Call) -> None:
    if call.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Refused(415, "Send it without compression.")
    if "content-range" in call.headers:
        raise Refused(400, "Send it whole.")
    sent = call.headers.get("content-type", "").strip().lower()
    if sent.startswith(_OTHER_TYPES):
        raise _unsupported(contacts=call.place.contacts)


def _decoded(call: Call) -> tuple[str, bool]:
    if b"\0" in call.body and not call.body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unreadable("It contains a NUL character.", contacts=call.place.contacts)
    try:
        return call.body.decode("utf-8"), True
    except UnicodeDecodeError:
        return decode(call.body, _charset(call.headers.get("content-type", ""))), False


def _charset(content_type: str) -> str:
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"')
    return ""


def _unreadable(message: str, *, contacts: bool) -> Refused:
    condition = "<A:valid-address-data/>" if contacts else "<C:valid-calendar-data/>"
    return Refused(403, message, condition=condition)


def _unsupported(*, contacts: bool) -> Refused:
    wanted = "vCards (text/vcard)" if contacts else "iCalendar (text/calendar)"
    condition = "<A:supported-address-data/>" if contacts else "<C:supported-calendar-data/>"
    return Refused(415, f"This address takes {wanted} only.", condition=condition)


# ---------------------------------------------------------------- in the transaction


def _store(call: Call, unit: SqlUnitOfWork, upload: Upload) -> tuple[bool, Item, dict[str, str]]:
    """Write it; tells whether it is new, what was written, and headers of the answer."""
    shelf = call.shelf(unit, write="write-content")
    effects.lock(call, unit, shelf, upload.item)
    leaf = leaf_at(unit.session.connection, shelf.id, call.place.href)
    here = leaf if leaf is not None and not leaf.deleted else None
    if here:
        must_see(call, unit, shelf, here)
    check(call.headers, here.etag if here else None)
    check_kind(shelf, str(upload.item.kind))
    if here and here.uid != upload.item.uid:
        raise uid_conflict(call, shelf, here.href)
    other = None if here else leaf_of_uid(unit.session.connection, shelf.id, upload.item.uid)
    if other:
        raise uid_conflict(call, shelf, other.href)
    item = effects.writing(call, unit, shelf, here, upload.item)
    item_id = write(call, unit, shelf, here.id if here else None, item)
    return here is None, item, effects.written(call, unit, shelf, item_id, item)


def write(call: Call, unit: SqlUnitOfWork, shelf: Shelf, item_id: int | None, item: Item) -> int:
    """Write an item over the one with this id (None: a new one at the call's address); gives its id."""
    try:
        if item_id is not None:
            return unit.update_item(item_id, item, call.origin).id
        return unit.create_item(shelf.id, item, call.origin, href=call.place.href).id
    except Rejected as err:
        raise _unreadable(str(err), contacts=shelf.holds_contacts) from err


def check_kind(shelf: Shelf, kind: str) -> None:
    """Refuses what the collection does not hold."""
    if kind in shelf.kinds:
        return
    if kind in COMPONENTS and not shelf.holds_contacts:
        sentence = f"{shelf.name} does not take {COMPONENTS[kind]}."
        raise Refused(403, sentence, condition="<C:supported-calendar-component/>")
    raise _unsupported(contacts=shelf.holds_contacts)


def uid_conflict(call: Call, shelf: Shelf, other: str) -> Refused:
    """The UID is that of the item named `other` in this collection."""
    name = "A:no-uid-conflict" if shelf.holds_contacts else "C:no-uid-conflict"
    found = href(call.path_of(shelf, other))
    return Refused(409, "Its UID is that of another item.", condition=f"<{name}>{found}</{name}>")
