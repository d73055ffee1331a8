"""The steps of testing an account that every kind of connector shares: the way to the server, reading, one write."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, cast
from urllib.parse import urlsplit
from uuid import uuid4

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from connectors.capabilities import PartlyClosed
from connectors.settings import ConnectorSettings
from sync_engine.errors import Rejected, SuspectListing, SyncError
from sync_engine.ports import Changed, Connector, RemoteCollection, RemoteRef
from sync_engine.probe_item import probe_item

SOON = 14  # days before its end at which a certificate is worth a word

Advice = Iterable[tuple[type[SyncError], str]]
"""What to do about which error; the first that fits."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a test."""

    name: str
    ok: bool
    detail: str  # what was found, or what failed
    advice: str = ""  # what to do, when it failed or soon will


class StepFailed(Exception):
    """A step that failed; the rest cannot be done."""

    def __init__(self, step: Step) -> None:
        super().__init__(step.detail)
        self.step = step


class Place(Protocol):
    """Where a server is."""

    @property
    def scheme(self) -> str:
        """http or https."""

    @property
    def host(self) -> str:
        """A name or an address."""

    @property
    def port(self) -> int:
        """A number."""


@dataclass(frozen=True, slots=True)
class At:
    """A `Place`, by its address."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> At:
        """Of any address on it."""
        parts = urlsplit(url)
        return cls(parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))


# ---------------------------------------------------------------- the way there


def network(origin: Place, settings: ConnectorSettings) -> Iterator[Step]:
    """Name, connection, encryption. Raises StepFailed."""
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


def _lookup(origin: Place) -> Step:
    try:
        found = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    except OSError as err:
        advice = "Check the spelling of the host name, and that this machine can look names up."
        raise StepFailed(Step("name lookup", False, f"{origin.host} cannot be looked up ({err}).", advice)) from err
    addresses = ", ".join(dict.fromkeys(str(entry[4][0]) for entry in found))
    return Step("name lookup", True, f"{origin.host} is {addresses}.")


def _connected(origin: Place, timeout: float) -> socket.socket:
    try:
        return socket.create_connection((origin.host, origin.port), min(timeout, 10.0))
    except OSError as err:
        advice = "Check the port, that the server is running, and firewalls in between."
        detail = f"Port {origin.port} of {origin.host} cannot be reached ({err.strerror or err})."
        raise StepFailed(Step("connection", False, detail, advice)) from err


def _tls(plain: socket.socket, origin: Place, settings: ConnectorSettings) -> Step:
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or DEFAULT_CA_BUNDLE_PATH)
        with context.wrap_socket(plain, server_hostname=origin.host) as secure:
            return _certificate(secure)
    except ssl.SSLCertVerificationError as err:
        advice = "Renew the server's certificate, or name the authority that issued it in ca_file."
        raise StepFailed(
            Step("encryption", False, f"The certificate is refused: {err.verify_message}.", advice)
        ) from err
    except (OSError, ssl.SSLError) as err:
        advice = "Check that this port speaks TLS, and that ca_file is a readable PEM file."
        raise StepFailed(Step("encryption", False, f"No TLS connection can be made ({err}).", advice)) from err


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


def step(name: str, act: Callable[[], str], advice: Advice) -> Step:
    """Do one. Raises StepFailed with the advice for what went wrong."""
    try:
        return Step(name, True, act())
    except SyncError as err:
        raise StepFailed(refused(name, err, advice)) from err


def refused(name: str, error: SyncError, advice: Advice) -> Step:
    """One that failed."""
    said = f" The server says: {error.server_said}" if error.server_said else ""
    todo = next((text for kind, text in advice if isinstance(error, kind)), "Test again later.")
    return Step(name, False, f"{error}{said}", todo)


def tried(connector: Connector, collection: str, advice: Advice, *, write: bool) -> Iterator[Step]:
    """A mailbox: what is in it, one read, and one item written and deleted if it shall be. Raises StepFailed."""
    found: list[RemoteCollection] = []
    yield step("mailbox", lambda: discovered(connector, found), advice)
    if isinstance(connector, PartlyClosed):
        yield from (refused("mailbox", reason, advice) for reason in connector.closed)
    place = chosen(found, collection)
    yield step("read", lambda: read(connector, place), advice)
    if not write:
        yield Step("write and delete", True, "Not tried.", "Test with --write to make and delete one item.")
    elif place.read_only:
        yield Step("write and delete", True, f"Not tried: {place.name} is read-only.", "Name a collection that is not.")
    else:
        yield step("write and delete", lambda: written(connector, place)[0], advice)


def discovered(connector: Connector, found: list[RemoteCollection]) -> str:
    """Put the collections into `found`; the detail of the step."""
    found.extend(connector.collections())
    if not found:
        raise SuspectListing("The account has no calendar and no address book.")
    return f"{len(found)} collections: " + ", ".join(f"{c.name} ({', '.join(sorted(c.kinds))})" for c in found[:20])


def chosen(found: list[RemoteCollection], wanted: str) -> RemoteCollection:
    """The one that was asked for, by id or name; else the first that can be written. Raises StepFailed."""
    if wanted:
        named = next((c for c in found if wanted in {c.id, c.name}), None)
        if named is None:
            advice = "Choose one of: " + ", ".join(c.id for c in found)
            raise StepFailed(Step("read", False, f"The account has no collection {wanted}.", advice))
        return named
    return next((c for c in found if not c.read_only), found[0])


def read(connector: Connector, collection: RemoteCollection) -> str:
    """Read the first page; the detail of the step."""
    pages = connector.changes(collection.id, None, lambda _: {})
    first = next(pages, None)
    count = len(first.changes) if first else 0
    whole = first is not None and first.complete
    return f"{collection.name} holds {count} items." if whole else f"{collection.name} holds more than {count} items."


def written(connector: Connector, collection: RemoteCollection) -> tuple[str, Changed]:
    """Make one item that is marked as a test, read it, delete it: the detail of the step, and what was read."""
    item = probe_item(sorted(collection.kinds)[0], f"agendahub-test-{uuid4()}")
    ref = connector.create(collection.id, item, item.uid)
    found = next(iter(connector.fetch(collection.id, [ref.id])))
    if not isinstance(found, Changed):
        raise Rejected(f"A test item was written to {collection.name}, but cannot be read again.")
    connector.delete(collection.id, RemoteRef(ref.id, found.ref.version))
    kept = "as it was sent" if found.item.record == item.record else "with changes of the server's own"
    return f"A test item was written to {collection.name}, kept {kept}, and deleted.", found
