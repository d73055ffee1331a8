"""POST ?action=attachment-add, -update and -remove on an event or task (RFC 8607 3.3 to 3.6)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from io import BytesIO
from urllib.parse import parse_qs

from dav_gateway import effects, put
from dav_gateway.answers import Answer, Refused, not_found
from dav_gateway.attachments.access import address_of
from dav_gateway.attachments.instances import bad_rid, blocks_for
from dav_gateway.attachments.keeping import too_many
from dav_gateway.attachments.sheet import Sheet, attach_line, holds, managed_ids
from dav_gateway.files.writing import media_type_of, must_fit, size_of
from dav_gateway.leaves import content_type
from dav_gateway.occurrence import zone_of_calendar
from dav_gateway.paths import Area
from dav_gateway.preconditions import check
from dav_gateway.sharing.masked import must_see
from dav_gateway.site import Call
from storage.blobs import write_blob
from storage.dav_attachments import Attachment, add_attachment
from storage.dav_files import lock_files
from storage.dav_items import Leaf, text_at
from storage.dav_store import Shelf
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.errors import ItemError
from sync_engine.item import Item
from sync_engine.limits import check as check_bounds
from sync_engine.model import Kind

_LONGEST_NAME = 200
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f\"]")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a request asks for."""

    action: str
    managed_id: str
    rids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of it."""

    item: Item
    attachment: Attachment | None
    headers: dict[str, str]


def take(call: Call) -> Answer | None:
    """The answer to such a POST; None for any other."""
    if call.place.area is not Area.CALENDARS or not call.place.href:
        return None
    query = parse_qs(call.query, keep_blank_values=True)
    if "action" not in query:
        return None
    asked = _asked(query)
    done = call.write(lambda unit: _work(call, unit, asked))
    return _answer(call, asked, done)


def _asked(query: dict[str, list[str]]) -> _Asked:
    """Refuses (403) what does not go together, by the preconditions of RFC 8607 3.11."""
    action, managed_id = query["action"][0], query.get("managed-id", [""])[0]
    rids = tuple(rid.strip() for rid in query.get("rid", [""])[0].split(",") if rid.strip())
    if action not in _ACTIONS:
        raise Refused(403, "Attachments are added, updated or removed.", condition="<C:valid-action/>")
    if ("managed-id" in query) == (action == "attachment-add") or ("managed-id" in query and not managed_id):
        raise _bad_managed_id()
    if "rid" in query and (action == "attachment-update" or not rids):
        raise bad_rid()
    return _Asked(action, managed_id, rids)


def _bad_managed_id() -> Refused:
    return Refused(403, "There is no such attachment.", condition="<C:valid-managed-id/>")


# ---------------------------------------------------------------- in the transaction


def _work(call: Call, unit: SqlUnitOfWork, asked: _Asked) -> _Done:
    shelf = call.shelf(unit, write="write-content")
    connection = unit.session.connection
    lock_files(connection, call.who.user_id)
    leaf, old = _locked(call, unit, shelf)
    sheet = Sheet(old.text)
    attachment = _ACTIONS[asked.action](call, unit, asked, (shelf, leaf, old, sheet))
    item = _read(call, sheet.text, old.uid)
    if attachment is not None:
        add_attachment(connection, attachment)
    changed = effects.writing(call, unit, shelf, leaf, item)
    put.write(call, unit, shelf, leaf.id, changed)
    return _Done(changed, attachment, effects.written(call, unit, shelf, leaf.id, changed))


def _locked(call: Call, unit: SqlUnitOfWork, shelf: Shelf) -> tuple[Leaf, Item]:
    """The item, which nobody else can change any more."""
    found = text_at(unit.session.connection, shelf.id, call.place.href)
    if found is None:
        raise not_found()
    effects.lock(call, unit, shelf, Item.stored(Kind(found[0].kind), found[0].uid, found[1]))
    found = text_at(unit.session.connection, shelf.id, call.place.href)
    if found is None:
        raise not_found()
    leaf, text = found
    must_see(call, unit, shelf, leaf)
    check(call.headers, leaf.etag)
    return leaf, Item.stored(Kind(leaf.kind), leaf.uid, text)


_Here = tuple[Shelf, Leaf, Item, Sheet]


def _add(call: Call, unit: SqlUnitOfWork, asked: _Asked, here: _Here) -> Attachment:
    shelf, leaf, old, sheet = here
    if len(managed_ids(old.text)) >= call.site.limits.files.attachments:
        raise too_many(call)
    blocks = blocks_for(sheet, old.record, asked.rids, zone_of_calendar(shelf.timezone))
    attachment = _store(call, unit, leaf.id)
    for block in blocks:
        block.add(_line(call, attachment))
    return attachment


def _update(call: Call, unit: SqlUnitOfWork, asked: _Asked, here: _Here) -> Attachment:
    """Everywhere the old one is, the new one comes in its place, with an id of its own."""
    _, leaf, old, sheet = here
    if asked.managed_id not in managed_ids(old.text):
        raise _bad_managed_id()
    attachment = _store(call, unit, leaf.id)
    for block in sheet.blocks:
        if block.remove(holds(asked.managed_id)):
            block.add(_line(call, attachment))
    return attachment


def _remove(call: Call, unit: SqlUnitOfWork, asked: _Asked, here: _Here) -> None:  # noqa: ARG001 - as the others
    shelf, _, old, sheet = here
    if asked.managed_id not in managed_ids(old.text):
        raise _bad_managed_id()
    blocks = blocks_for(sheet, old.record, asked.rids, zone_of_calendar(shelf.timezone))
    if not [block for block in blocks if block.remove(holds(asked.managed_id))]:
        raise _bad_managed_id()


_ACTIONS: dict[str, Callable[[Call, SqlUnitOfWork, _Asked, _Here], Attachment | None]] = {
    "attachment-add": _add,
    "attachment-update": _update,
    "attachment-remove": _remove,
}


def _store(call: Call, unit: SqlUnitOfWork, item_id: int) -> Attachment:
    file = call.upload or BytesIO(call.body)
    size = size_of(file)
    must_fit(call, unit, octets=size, files=0)
    name = file_name(call.headers.get("content-disposition", ""))
    media_type = media_type_of(call.headers.get("content-type", ""), name)
    blob = write_blob(unit.session.connection, file, size, call.now)
    managed_id = secrets.token_hex(16)
    return Attachment(managed_id, item_id, call.who.user_id, name, media_type, size, blob.id, call.now)


def file_name(disposition: str) -> str:
    """The file's name in a Content-Disposition (RFC 6266), without a path."""
    message = Message()
    try:
        message["Content-Disposition"] = disposition.encode("latin-1").decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError):
        message["Content-Disposition"] = disposition
    name = (message.get_filename() or "").replace("\\", "/").rpartition("/")[2]
    name = _NOT_IN_NAMES.sub("_", name).strip()[-_LONGEST_NAME:]
    return name if name.strip(".") else "attachment"


def _line(call: Call, attachment: Attachment) -> str:
    about = (attachment.managed_id, attachment.media_type, attachment.name, attachment.size)
    return attach_line(*about, address_of(call, attachment))


def _read(call: Call, text: str, uid: str) -> Item:
    put.too_large(len(text.encode()), contacts=False, limits=call.site.limits)
    try:
        check_bounds(text)
        item = Item.read(text, uid_if_missing=uid)
        _ = item.record
    except ItemError as err:
        raise Refused(403, str(err), condition="<C:valid-calendar-data/>") from err
    return item


# ---------------------------------------------------------------- the answer


def _answer(call: Call, asked: _Asked, done: _Done) -> Answer:
    headers = dict(done.headers)
    if done.attachment is not None:
        headers["cal-managed-id"] = done.attachment.managed_id
    if asked.action == "attachment-add" and done.attachment is not None:
        headers["location"] = address_of(call, done.attachment)
    if "return=representation" in call.headers.get("prefer", "").lower().replace(" ", ""):
        headers |= {
            "content-type": content_type(str(done.item.kind)),
            "content-location": call.address(call.place),
            "etag": f'"{done.item.digest}"',
            "preference-applied": "return=representation",
        }
        status = 201 if asked.action == "attachment-add" else 200
        return Answer(status, done.item.text.encode(), headers)
    return Answer(201 if asked.action == "attachment-add" else 204, b"", headers)
