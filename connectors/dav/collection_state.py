"""One PROPFIND on a collection itself: is it there, and by which method can its changes be found?"""

from __future__ import annotations

from dataclasses import dataclass

from connectors.dav.cursor import Method
from connectors.dav.questions import Questions
from connectors.dav.xml_bodies import CALDAV, CARDDAV, CTAG, RESOURCE_TYPE, SYNC_TOKEN, propfind
from connectors.dav.xml_reader import Resource
from sync_engine.errors import CollectionGone, SuspectListing

_ASK = propfind("d:resourcetype", "d:sync-token", "d:supported-report-set", "s:getctag")
_ASK_CTAG = propfind("d:resourcetype", "s:getctag")
_REPORTS = "{DAV:}supported-report-set"
_OURS = frozenset({f"{{{CALDAV}}}calendar", f"{{{CARDDAV}}}addressbook"})


@dataclass(frozen=True, slots=True)
class CollectionState:
    """What the server says of a collection."""

    method: Method
    ctag: str
    address_book: bool


def collection_state(questions: Questions, collection: str) -> CollectionState:
    """Ask for everything that is needed to choose a method. Raises CollectionGone, SuspectListing and all of a read."""
    about = _about(questions, collection, _ASK)
    ctag = about.text(CTAG)
    reports = about.found.get(_REPORTS)
    syncs = bool(about.text(SYNC_TOKEN)) or (reports is not None and "{DAV:}sync-collection" in reports.names)
    method = Method.SYNC if syncs else Method.CTAG if ctag else Method.LIST
    kind = about.found.get(RESOURCE_TYPE)
    return CollectionState(method, ctag, kind is not None and f"{{{CARDDAV}}}addressbook" in kind.names)


def current_ctag(questions: Questions, collection: str) -> str:
    """The collection's tag now; "" when the server stopped giving one."""
    return _about(questions, collection, _ASK_CTAG).text(CTAG)


def _about(questions: Questions, collection: str, body: bytes) -> Resource:
    answer = questions.propfind(collection, body, depth=0)
    about = next((r for r in answer.resources if questions.member(collection, r.href) == ""), None)
    if about is None:
        raise SuspectListing(f"The server answered a question about {collection} without a word about it.")
    if about.status in {404, 410}:
        raise CollectionGone(f"The collection {collection} does not exist at the server any more; bind another one.")
    kind = about.found.get(RESOURCE_TYPE)
    if kind is not None and not kind.names & _OURS:
        raise CollectionGone(f"{collection} is neither a calendar nor an address book any more; bind another one.")
    return about
