"""GET and HEAD of a file: whole, in part, or not at all when the client has it. OPTIONS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from dav_gateway.answers import Answer, plain
from dav_gateway.files.tree import there
from dav_gateway.leaves import http_date
from dav_gateway.ranges import is_unchanged, part_of
from dav_gateway.site import Call
from storage.blobs import PART, read_part
from storage.database import Database

METHODS = "OPTIONS, GET, HEAD, PUT, DELETE, COPY, MOVE, MKCOL, PROPFIND, PROPPATCH, LOCK, UNLOCK"

CLASSES = "1, 2, 3"

SAFE = {  # nothing that a browser shows may act in our name: it is saved, and what looks into it finds a sandbox
    "content-disposition": "attachment",
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-cache",
}


class BrokenOffError(Exception):
    """A file was deleted while it was sent: the connection ends, so that the client knows it has not all of it."""


def options(call: Call) -> Answer:
    """The answer to OPTIONS."""
    call.must_be_ours()
    return Answer(200, b"", {"dav": CLASSES, "allow": METHODS})


def answer(call: Call) -> Answer:
    """The answer to GET and HEAD."""
    call.must_be_ours()
    with call.read() as unit:
        entry = there(call, unit)
    if entry.folder:
        return plain(200, "This folder is for programs that speak WebDAV: enter its address there.")
    return serve(call, entry.etag, entry.changed_at, entry.media_type, entry.size, entry.blob_id)


def serve(call: Call, etag: str, changed_at: datetime, media_type: str, size: int, blob_id: int | None) -> Answer:
    """Octets as the answer to GET or HEAD."""
    validators = {"etag": f'"{etag}"', "last-modified": http_date(changed_at.replace(microsecond=0))}
    if is_unchanged(call.headers, etag, changed_at):
        return Answer(304, b"", validators)
    part = part_of(call.headers, size, etag=etag, changed_at=changed_at) if _is_get(call) else None
    first, end = (part.first, part.end) if part else (0, size)
    headers = {**validators, **SAFE, "content-type": media_type, "accept-ranges": "bytes"}
    headers |= {"content-length": str(end - first)} | (part.headers if part else {})
    body = octets(call.site.database, blob_id, first, end) if _is_get(call) else iter(())
    return Answer(206 if part else 200, body, headers)


def _is_get(call: Call) -> bool:
    return call.method == "GET"


def octets(database: Database, blob_id: int | None, first: int, end: int) -> Iterator[bytes]:
    """A blob from `first` up to, without, `end`. Each part has its own transaction: a client may be slow."""
    at = first
    while blob_id is not None and at < end:
        number, skipped = divmod(at, PART)
        with database.read() as unit:
            part = read_part(unit.session.connection, blob_id, number)
        if part is None or len(part) <= skipped:
            raise BrokenOffError
        yield part[skipped : skipped + end - at]
        at += len(part) - skipped
