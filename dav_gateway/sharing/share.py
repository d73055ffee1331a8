"""Sharing one's own collections with colleagues, to read or to change.

Two ways to ask for it: CS:share (caldav-sharing.txt, Apple's) and DAV:share-resource
(draft-pot-webdav-resource-sharing). A share needs no answer: it is in the other's home at once, and he gives it back by
deleting it there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dav_gateway.answers import Answer, Refused, not_allowed
from dav_gateway.elements import CALENDARSERVER, Element, children, dav, first, text_of
from dav_gateway.sharing.people import person_of
from dav_gateway.site import HOMES, Call
from storage.dav_sharing import READ, WRITE, set_share
from storage.dav_store import Shelf
from storage.unit_of_work import SqlUnitOfWork

MOST = 200  # people in one request


def apples(name: str) -> str:
    """A name in Calendar Server's namespace."""
    return f"{{{CALENDARSERVER}}}{name}"


class Wish(NamedTuple):
    """What somebody shall be given: "read", "write" or "" for nothing any more."""

    address: str
    access: str


def take(call: Call) -> Answer | None:
    """Answers a POST that shares a collection."""
    place = call.place
    if place.area not in HOMES or not place.slug or place.href or call.body.lstrip()[:1] != b"<":
        return None
    root = call.xml()
    if root is None or root.tag not in _READERS:
        return None
    wishes = list(_READERS[str(root.tag)](root))
    if len(wishes) > MOST:
        raise Refused(403, f"Share with at most {MOST} people at once.")
    call.write(lambda unit: _share(call, unit, wishes))
    return Answer(200, b"", {"cache-control": "no-cache"})


def _share(call: Call, unit: SqlUnitOfWork, wishes: list[Wish]) -> None:
    shelf = call.shelf(unit)
    if not can_be_shared(call, shelf):
        raise not_allowed("share", call.path_of(shelf))
    for wish in wishes:
        person = person_of(call, unit, wish.address)
        if person is None or person.user_id == shelf.owner_id:
            raise Refused(403, f"{wish.address} is nobody this can be shared with.")
        set_share(unit.session.connection, shelf.id, person.user_id, wish.access)


def can_be_shared(call: Call, shelf: Shelf) -> bool:
    """Only what is one's own, and not the inbox."""
    return shelf.owner_id == call.who.user_id and not shelf.role


# ---------------------------------------------------------------- reading the two kinds of requests


def _of_apple(root: Element) -> Iterator[Wish]:
    for wish in children(root):
        address = text_of(first(wish, dav("href")))
        if wish.tag == apples("remove"):
            yield Wish(address, "")
        elif wish.tag == apples("set"):
            writes = first(wish, apples("read-write")) is not None
            yield Wish(address, WRITE if writes else READ)


def _of_draft(root: Element) -> Iterator[Wish]:
    for sharee in root.iterchildren(dav("sharee")):
        access = first(sharee, dav("share-access"))
        named = {str(child.tag) for child in children(access)} if access is not None else set()
        if not named & _ACCESS.keys():
            raise Refused(403, "A sharee needs an access: read, read-write or no-access.")
        yield Wish(text_of(first(sharee, dav("href"))), next(_ACCESS[name] for name in _ACCESS if name in named))


_ACCESS = {dav("read-write"): WRITE, dav("read"): READ, dav("no-access"): ""}
_READERS = {apples("share"): _of_apple, dav("share-resource"): _of_draft}
