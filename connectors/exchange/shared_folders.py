"""Calendars of other people, opened by rights that they gave, and public folders (E15): those that are configured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from exchangelib.properties import FolderId

from connectors.exchange.failures import failure
from connectors.exchange.folders import FIELDS, WellKnown, kind_of_class, well_known
from connectors.exchange.places import Place
from connectors.exchange.services import FindFolders, FolderSeen, GetFolders
from connectors.exchange.transport import Transport
from sync_engine.errors import CollectionGone, NoAccess
from sync_engine.model import Kind
from sync_engine.ports import RemoteCollection

PUBLIC = "public:"
_ROOT = "publicfoldersroot"


def collections(transport: Transport, shared: Sequence[str]) -> Iterator[RemoteCollection]:
    """What is open of it now; what is not is left out. Raises AccountErrors that are about the account itself."""
    for entry in shared:
        found = _public(transport, entry.removeprefix(PUBLIC)) if entry.startswith(PUBLIC) else _of(transport, entry)
        if found is not None:
            yield found


def _of(transport: Transport, address: str) -> RemoteCollection | None:
    """Somebody's calendar: one request."""
    account, key = transport.account(address), well_known(transport, "calendar", address)
    try:
        [seen] = transport.read(lambda: GetFolders(account=account).read([key], FIELDS), address)
        if isinstance(seen, Exception):
            raise failure(seen, address, writing=False) from seen
    except (NoAccess, CollectionGone):
        return None
    place = Place(Kind.EVENT, seen.id, address)
    return RemoteCollection(place.collection, f"Calendar of {address}", frozenset({Kind.EVENT}), not seen.writable)


def _public(transport: Transport, path: str) -> RemoteCollection | None:
    """A folder by its path: one request for each level."""
    account = transport.account()
    above: FolderId | WellKnown = WellKnown(id=_ROOT)
    seen: FolderSeen | None = None
    for name in (part for part in path.split("/") if part):
        try:
            inside = transport.read(lambda above=above: _inside(account, above))  # type: ignore[misc]
        except (NoAccess, CollectionGone):
            return None
        seen = next((one for one in inside if one.name.lower() == name.lower()), None)
        if seen is None:
            return None
        above = FolderId(id=seen.id)
    kind = kind_of_class(seen.folder_class) if seen is not None else None
    if seen is None or kind is None:
        return None
    place = Place(kind, seen.id, public=True)
    return RemoteCollection(place.collection, f"Public: {path}", frozenset({kind}), not seen.writable)


def _inside(account: Any, folder: FolderId | WellKnown) -> list[FolderSeen]:
    """One level; a deep search is not offered for public folders."""
    return FindFolders(account=account).below([folder], FIELDS, depth="Shallow")
