"""Testing an account step by step, so that an admin sees how far it gets and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from connectors.dav.connector import DavConnector
from connectors.dav.hrefs import Origin
from connectors.probing import SOON, Step, StepFailed, chosen, discovered, network, read, step, written
from connectors.settings import ConnectorSettings
from sync_engine.errors import (
    CollectionGone,
    NotAuthorised,
    OutcomeUnknown,
    Rejected,
    SuspectListing,
    SyncError,
    Throttled,
)
from sync_engine.ports import RemoteCollection

__all__ = ["SOON", "Step", "probe"]

_ADVICE: tuple[tuple[type[SyncError], str], ...] = (
    (NotAuthorised, "Check user name, password (or token) and the path in the address; may the account use DAV?"),
    (CollectionGone, "Check the address; look up in the server's manual where its CalDAV or CardDAV address begins."),
    (SuspectListing, "Check the address: something answers there, but not as a DAV server does."),
    (Throttled, "Wait as long as the server asks for, then test again."),
    (Rejected, "See the server's words; the collection may be read-only, full or for other kinds of items."),
    (OutcomeUnknown, "Look into the server's log; then test again."),
)


def probe(settings: ConnectorSettings, collection: str = "", *, write: bool = True) -> Iterator[Step]:
    """Test an account; ends with the first step that fails, and raises nothing.

    Writes and deletes one item in `collection` (an id or a name), or in the first collection that can be written.
    """
    try:
        yield from network(_origin(settings), settings)
        connector = DavConnector(replace(settings, max_wait=0.0))
        try:
            yield from _account(connector, collection, write=write)
        finally:
            connector.close()
    except StepFailed as failed:
        yield failed.step


def _origin(settings: ConnectorSettings) -> Origin:
    try:
        return Origin.of(settings.url)
    except ValueError as err:
        raise StepFailed(Step("address", False, f"{err}.", "Write it as https://dav.example.org/.")) from err


def _account(connector: DavConnector, collection: str, *, write: bool) -> Iterator[Step]:
    yield step("sign-in", lambda: f"Signed in; the user is at {connector.principal()}.", _ADVICE)
    found: list[RemoteCollection] = []
    yield step("discovery", lambda: discovered(connector, found), _ADVICE)
    place = chosen(found, collection)
    yield step("read", lambda: read(connector, place), _ADVICE)
    if not write:
        yield Step("write and delete", True, "Not tried.")
    elif place.read_only:
        yield Step("write and delete", True, f"Not tried: {place.name} is read-only.", "Name a collection that is not.")
    else:
        yield step("write and delete", lambda: _written(connector, place), _ADVICE)


def _written(connector: DavConnector, collection: RemoteCollection) -> str:
    detail, found = written(connector, collection)
    if found.ref.version.startswith('"'):
        return detail
    return f"{detail} It gives no strong entity tags, so writes are checked by a read."
