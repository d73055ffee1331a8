"""PUT, MKCOL and DELETE of files and folders (RFC 4918 9.3, 9.6, 9.7)."""

from __future__ import annotations

import mimetypes
import os
import re
from io import BytesIO
from typing import BinaryIO

from dav_gateway.answers import Answer, Refused
from dav_gateway.files.locked import must_be_unlocked, must_hold, of_tree
from dav_gateway.files.reading import METHODS
from dav_gateway.files.tree import Spot, may_write, must_have_folder, must_not_be_root, spot_of, tree_of
from dav_gateway.preconditions import check
from dav_gateway.site import Call, refuse_method
from storage.blobs import write_blob
from storage.dav_file_locks import remove_locks
from storage.dav_files import Content, Entry, add_file, add_folder, change_file, delete_entries, lock_files, usage_of
from storage.unit_of_work import SqlUnitOfWork

_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:\s*;[\x20-\x7e]*)?\Z", re.ASCII)
_LONGEST_TYPE = 200
EMPTY = "e3b0c44298fc1c149afbf4c8996fb924"  # of a file without octets


def put(call: Call) -> Answer:
    """The answer to a PUT: 201 for a new file, 204 for one with new octets."""
    call.must_be_ours()
    if not call.place.steps or call.path.endswith("/"):
        raise refuse_method("OPTIONS, GET, HEAD, PROPFIND, PROPPATCH, MKCOL")
    if "content-range" in call.headers:
        raise Refused(400, "Send it whole.")
    if call.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Refused(415, "Send it without compression.")
    created, etag = call.write(lambda unit: _store(call, unit))
    return Answer(201 if created else 204, b"", {"etag": f'"{etag}"'})


def _store(call: Call, unit: SqlUnitOfWork) -> tuple[bool, str]:
    connection, user = unit.session.connection, call.who.user_id
    lock_files(connection, user)
    spot = spot_of(call, unit)
    folder = must_have_folder(spot)
    may_write(call, spot)
    must_be_unlocked(call, must_hold(call, unit), member=spot.entry is None)
    if spot.entry is not None and spot.entry.folder:
        raise refuse_method("OPTIONS, GET, HEAD, DELETE, COPY, MOVE, PROPFIND, PROPPATCH")
    file = call.upload or BytesIO(call.body)
    size = size_of(file)
    must_fit(call, unit, octets=size, files=1, instead_of=spot)
    content = _content(call, unit, file, size)
    if spot.entry is not None:
        change_file(connection, spot.entry, content, call.now)
    else:
        add_file(connection, user, folder.id, call.place.steps[-1], content, call.now)
    return spot.entry is None, content.etag


def make_empty(call: Call, unit: SqlUnitOfWork, folder: Entry) -> None:
    """A file without octets, for a lock."""
    must_fit(call, unit, octets=0, files=1)
    name = call.place.steps[-1]
    content = Content(media_type_of("", name), EMPTY, 0, None)
    add_file(unit.session.connection, call.who.user_id, folder.id, name, content, call.now)


def size_of(file: BinaryIO) -> int:
    """Octets of an upload, which is at its beginning then."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)  # the transaction may be a second try
    return size


def _content(call: Call, unit: SqlUnitOfWork, file: BinaryIO, size: int) -> Content:
    media_type = media_type_of(call.headers.get("content-type", ""), call.place.steps[-1])
    if not size:
        return Content(media_type, EMPTY, 0, None)
    written = write_blob(unit.session.connection, file, size, call.now)
    return Content(media_type, written.digest, size, written.id)


def media_type_of(sent: str, name: str) -> str:
    """The media type that a client sent, if it is one; else what the name tells."""
    if len(sent) <= _LONGEST_TYPE and _MEDIA_TYPE.match(sent.strip()):
        return sent.strip()
    return mimetypes.guess_type(name, strict=False)[0] or "application/octet-stream"


def must_fit(call: Call, unit: SqlUnitOfWork, *, octets: int, files: int, instead_of: Spot | None = None) -> None:
    """Refuses (507) what would be more than a user may keep."""
    limits = call.site.limits.files
    used = usage_of(unit.session.connection, call.who.user_id)
    old = instead_of.entry if instead_of is not None else None
    if old is not None:
        used = used._replace(files=used.files - 1, octets=used.octets - old.size)
    if used.octets + octets > limits.total:
        sentence = f"You keep {used.octets:,} octets here and may keep {limits.total:,}: delete files first."
        raise Refused(507, sentence, condition="<D:quota-not-exceeded/>")
    if used.files + files > limits.count:
        sentence = f"You keep {used.files:,} files here and may keep {limits.count:,}: delete some first."
        raise Refused(507, sentence, condition="<D:quota-not-exceeded/>")


def mkcol(call: Call) -> Answer:
    """The answer to a MKCOL: 201."""
    call.must_be_ours()
    if call.body:
        raise Refused(415, "A folder is made without a body.")
    call.write(lambda unit: _make_folder(call, unit))
    return Answer(201)


def _make_folder(call: Call, unit: SqlUnitOfWork) -> None:
    lock_files(unit.session.connection, call.who.user_id)
    spot = spot_of(call, unit)
    if spot.entry is not None:
        raise refuse_method(METHODS.replace(" MKCOL,", ""))
    folder = must_have_folder(spot)
    may_write(call, spot)
    must_be_unlocked(call, must_hold(call, unit), member=True)
    must_fit(call, unit, octets=0, files=1)
    add_folder(unit.session.connection, call.who.user_id, folder.id, call.place.steps[-1], call.now)


def delete(call: Call) -> Answer:
    """The answer to a DELETE: a folder goes with all that is in it."""
    call.must_be_ours()
    must_not_be_root(call)
    if call.depth not in ("", "infinity"):
        raise Refused(400, "A folder is deleted with all that is in it (Depth: infinity).")
    call.write(lambda unit: _delete(call, unit))
    return Answer(204)


def _delete(call: Call, unit: SqlUnitOfWork) -> None:
    lock_files(unit.session.connection, call.who.user_id)
    spot = spot_of(call, unit)
    if spot.entry is None:
        raise Refused(404, "There is nothing at this address.")
    check(call.headers, spot.etag)
    locks = must_hold(call, unit)
    must_be_unlocked(call, locks, tree=True, member=True)
    delete_entries(unit.session.connection, tree_of(call, unit, spot.entry))
    remove_locks(unit.session.connection, of_tree(call, locks))
