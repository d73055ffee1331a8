"""Testing an account step by step, so that an admin sees how far it gets and what to do."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast
from urllib.parse import urlsplit
from uuid import uuid4

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from connectors.dav.connector import DavConnector
from connectors.dav.hrefs import Origin
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
from sync_engine.ports import Changed, RemoteCollection, RemoteRef
from sync_engine.probe_item import probe_item

SOON = 14  # days before its end at which a certificate is worth a word
_ADVICE: tuple[tuple[type[SyncError], str], ...] = (
    (NotAuthorised, "Check user name, password (or token) and the path in the address; may the account use DAV?"),
    (CollectionGone, "Check the address; look up in the server's manual where its CalDAV or CardDAV address begins."),
    (SuspectListing, "Check the address: something answers there, but not as a DAV server does."),
    (Throttled, "Wait as long as the server asks for, then test again."),
    (Rejected, "See the server's words; the collection may be read-only, full or for other kinds of items."),
    (OutcomeUnknown, "Look into the server's log; then test again."),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a test."""

    name: str
    ok: bool
    detail: str  # what was found, or what failed
    advice: str = ""  # what to do, when it failed or soon will


class _Failed(Exception):
    """A step that failed; the rest cannot be done."""

    def __init__(self, step: Step) -> None:
        super().__init__(step.detail)
        self.step = step


def probe(settings: ConnectorSettings, collection: str = "") -> Iterator[Step]:
    """Test an account; ends with the first step that fails, and raises nothing.

    Writes and deletes one item in `collection` (an id or a name), or in the first collection that can be written.
    """
    try:
        yield from _network(settings)
        connector = DavConnector(replace(settings, max_wait=0.0))
        try:
            yield from _account(connector, collection)
        finally:
            connector.close()
    except _Failed as failed:
        yield failed.step


# ---------------------------------------------------------------- the way there


def _network(settings: ConnectorSettings) -> Iterator[Step]:
    try:
        origin = Origin.of(settings.url)
    except ValueError as err:
        raise _Failed(Step("address", False, f"{err}.", "Write it as https://dav.example.org/.")) from err
    if settings.proxy:
        yield Step(
            "proxy", True, f"All requests go through {urlsplit(settings.proxy).hostname}; the way is not tested."
        )
        return
    yield _lookup(origin)
    with _connected(origin, settings.timeout) as plain:
        peer = plain.getpeername()
        yield Step("connection", True, f"{peer[0]} port {peer[1]} answers.")
        if origin.scheme == "https":
            yield _tls(plain, origin, settings)
    if origin.scheme == "http":
        yield Step("encryption", True, "None: http.", "Use https wherever the server is not on this machine.")


def _lookup(origin: Origin) -> Step:
    try:
        found = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    except OSError as err:
        advice = "Check the spelling of the host name, and that this machine can look names up."
        raise _Failed(Step("name lookup", False, f"{origin.host} cannot be looked up ({err}).", advice)) from err
    addresses = ", ".join(dict.fromkeys(str(entry[4][0]) for entry in found))
    return Step("name lookup", True, f"{origin.host} is {addresses}.")


def _connected(origin: Origin, timeout: float) -> socket.socket:
    try:
        return socket.create_connection((origin.host, origin.port), min(timeout, 10.0))
    except OSError as err:
        advice = "Check the port, that the server is running, and firewalls in between."
        detail = f"Port {origin.port} of {origin.host} cannot be reached ({err.strerror or err})."
        raise _Failed(Step("connection", False, detail, advice)) from err


def _tls(plain: socket.socket, origin: Origin, settings: ConnectorSettings) -> Step:
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or DEFAULT_CA_BUNDLE_PATH)
        with context.wrap_socket(plain, server_hostname=origin.host) as secure:
            return _certificate(secure)
    except ssl.SSLCertVerificationError as err:
        advice = "Renew the server's certificate, or name the authority that issued it in ca_file."
        raise _Failed(Step("encryption", False, f"The certificate is refused: {err.verify_message}.", advice)) from err
    except (OSError, ssl.SSLError) as err:
        advice = "Check that this port speaks TLS, and that ca_file is a readable PEM file."
        raise _Failed(Step("encryption", False, f"No TLS connection can be made ({err}).", advice)) from err


def _certificate(secure: ssl.SSLSocket) -> Step:
    found = secure.getpeercert() or {}
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), UTC)
    days = (ends - datetime.now(UTC)).days
    advice = f"Renew the certificate: it ends in {days} days." if days < SOON else ""
    detail = f"{secure.version()}; certificate by {_issuer(found)}, valid until {ends:%Y-%m-%d}."
    return Step("encryption", True, detail, advice)


def _issuer(certificate: Mapping[str, object]) -> str:
    parts = cast("Iterable[Iterable[tuple[str, str]]]", certificate.get("issuer", ()))
    names = dict(pair for part in parts for pair in part)
    return names.get("organizationName") or names.get("commonName") or "an unnamed authority"


# ---------------------------------------------------------------- the account


def _account(connector: DavConnector, collection: str) -> Iterator[Step]:
    yield _step("sign-in", lambda: f"Signed in; the user is at {connector.principal()}.")
    found: list[RemoteCollection] = []
    yield _step("discovery", lambda: _discovered(connector, found))
    chosen = _chosen(found, collection)
    yield _step("read", lambda: _read(connector, chosen))
    if chosen.read_only:
        yield Step(
            "write and delete", True, f"Not tried: {chosen.name} is read-only.", "Name a collection that is not."
        )
    else:
        yield _step("write and delete", lambda: _written(connector, chosen))


def _step(name: str, act: Callable[[], str]) -> Step:
    try:
        return Step(name, True, act())
    except SyncError as err:
        said = f" The server says: {err.server_said}" if err.server_said else ""
        advice = next((text for kind, text in _ADVICE if isinstance(err, kind)), "Test again later.")
        raise _Failed(Step(name, False, f"{err}{said}", advice)) from err


def _discovered(connector: DavConnector, found: list[RemoteCollection]) -> str:
    found.extend(connector.collections())
    if not found:
        raise SuspectListing("The account has no calendar and no address book.")
    return f"{len(found)} collections: " + ", ".join(f"{c.name} ({', '.join(sorted(c.kinds))})" for c in found[:20])


def _chosen(found: list[RemoteCollection], wanted: str) -> RemoteCollection:
    """The one that was asked for, by id or name; else the first that can be written."""
    if wanted:
        named = next((c for c in found if wanted in {c.id, c.name}), None)
        if named is None:
            advice = "Choose one of: " + ", ".join(c.id for c in found)
            raise _Failed(Step("read", False, f"The account has no collection {wanted}.", advice))
        return named
    return next((c for c in found if not c.read_only), found[0])


def _read(connector: DavConnector, collection: RemoteCollection) -> str:
    pages = connector.changes(collection.id, None, lambda _: {})
    first = next(pages, None)
    count = len(first.changes) if first else 0
    whole = first is not None and first.complete
    return f"{collection.name} holds {count} items." if whole else f"{collection.name} holds more than {count} items."


def _written(connector: DavConnector, collection: RemoteCollection) -> str:
    """Make one item that is marked as a test, read it, delete it."""
    item = probe_item(sorted(collection.kinds)[0], f"agendahub-test-{uuid4()}")
    ref = connector.create(collection.id, item, item.uid)
    read = next(iter(connector.fetch(collection.id, [ref.id])))
    if not isinstance(read, Changed):
        raise Rejected(f"A test item was written to {collection.name}, but cannot be read again.")
    connector.delete(collection.id, RemoteRef(ref.id, read.ref.version))
    kept = "as it was sent" if read.item.record == item.record else "with changes of the server's own"
    tags = (
        "" if read.ref.version.startswith('"') else " It gives no strong entity tags, so writes are checked by a read."
    )
    return f"A test item was written to {collection.name}, kept {kept}, and deleted.{tags}"
