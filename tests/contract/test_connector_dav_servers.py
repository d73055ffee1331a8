"""The contract, kept by the DAV connector with real servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.registry import connect
from connectors.settings import ConnectorSettings
from sync_engine.ports import Connector
from tests.contract.connector_contract import ConnectorContract
from tests.servers.dav_setup import make_collection
from tests.servers.processes import Server

pytestmark = pytest.mark.slow


def opened(server: Server) -> Iterator[Connector]:
    """A connector to a server, closed after the test."""
    connector = connect("dav", ConnectorSettings(server.url, server.username, server.password))
    yield connector
    connector.close()


class DavContract(ConnectorContract):
    home = ""

    @pytest.fixture
    def connector(self, server: Server) -> Iterator[Connector]:
        yield from opened(server)

    @pytest.fixture
    def somebody(self, server: Server) -> Iterator[Connector]:
        yield from opened(server)

    @pytest.fixture
    def calendar(self, server: Server) -> str:
        return make_collection(server, self.home or f"/{server.username}/", "calendar")

    @pytest.fixture
    def address_book(self, server: Server) -> str:
        return make_collection(server, self.home or f"/{server.username}/", "addressbook")


class TestRadicale(DavContract):
    @pytest.fixture
    def server(self, radicale_server: Server) -> Server:
        return radicale_server


class TestXandikos(DavContract):
    @pytest.fixture
    def server(self, xandikos_server: Server) -> Server:
        return xandikos_server

    @pytest.fixture
    def calendar(self, server: Server) -> str:
        return make_collection(server, "/ada/calendars/", "calendar")

    @pytest.fixture
    def address_book(self, server: Server) -> str:
        return make_collection(server, "/ada/contacts/", "addressbook")
