"""The unkind server with three events in it, and a connector that is in a hurry."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.dav.connector import DavConnector
from connectors.settings import ConnectorSettings
from tests.contract.connector_contract import Hub, event
from tests.servers.unkind_dav import CALENDAR, UnkindDav


def with_three_events(server: UnkindDav) -> UnkindDav:
    """Events e0, e1, e2 with the UIDs u0, u1, u2."""
    for n in range(3):
        server.put(CALENDAR, f"e{n}.ics", event(f"e{n}", f"u{n}").text)
    return server


def opened(server: UnkindDav, timeout: float = 2.0) -> Iterator[DavConnector]:
    """A connector, closed after the test."""
    connector = DavConnector(ConnectorSettings(server.url, "ada", "sécret", timeout=timeout, max_wait=1.0))
    yield connector
    connector.close()


def pulled(dav: DavConnector) -> Hub:
    """A hub in step with the server."""
    return Hub(dav, CALENDAR).pull()
