"""The contract, kept by the Microsoft 365 connector with a real Graph server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.microsoft365.connector import Microsoft365Connector
from connectors.settings import ConnectorSettings
from sync_engine.item import Item
from sync_engine.ports import Changed, Connector, Cursor, RemoteRef
from tests.contract.connector_contract import ConnectorContract, Hub
from tests.servers.microsoft.graph import Graph
from tests.servers.microsoft.mailbox import CALENDAR, CONTACTS, TASKS, Exchange, Mailbox
from tests.servers.microsoft.serving import serving

ADA = "ada@example.com"
THEN = datetime(2026, 3, 10, tzinfo=UTC)
"""When the contract's appointments are; a calendar's feed sees a window around today."""


@pytest.fixture(scope="module")
def graph() -> Iterator[Graph]:
    """One server for all tests of this file; each has collections of its own."""
    exchange = Exchange()
    exchange.add_mailbox(ADA, "Ada")
    graph = Graph(exchange)
    with serving(graph.app()) as graph.url:
        yield graph


def opened(graph: Graph) -> Iterator[Connector]:
    settings = ConnectorSettings(f"{graph.url}/v1.0", secret=graph.sign_in.give(ADA), auth="bearer")
    connector = Microsoft365Connector(settings, lambda: THEN.timestamp())
    yield connector
    connector.close()


class TestMicrosoft365(ConnectorContract):
    """A calendar of Graph tells its changes in a window of time."""

    kept_fields = frozenset({"phones", "summary", "photo"})  # and no line that Outlook does not know
    unbounded = False

    @pytest.fixture(autouse=True)
    def _feed(self, graph: Graph) -> None:
        graph.switches.events_delta = self.unbounded

    @pytest.fixture
    def mailbox(self, graph: Graph) -> Mailbox:
        return graph.server.mailbox(ADA)

    @pytest.fixture
    def connector(self, graph: Graph) -> Iterator[Connector]:
        yield from opened(graph)

    @pytest.fixture
    def somebody(self, graph: Graph) -> Iterator[Connector]:
        yield from opened(graph)

    @pytest.fixture
    def calendar(self, mailbox: Mailbox) -> str:
        return f"calendars/{mailbox.add_collection(CALENDAR, 'work').id}"

    @pytest.fixture
    def address_book(self, mailbox: Mailbox) -> str:
        return f"contactFolders/{mailbox.add_collection(CONTACTS, 'people').id}"

    @pytest.fixture
    def task_list(self, mailbox: Mailbox) -> str:
        return f"lists/{mailbox.add_collection(TASKS, 'to do').id}"

    def uid_of(self, found: Changed) -> str:
        """Graph makes its own."""
        assert found.item.uid != found.known_as
        return found.known_as

    def create_again(self, connector: Connector, collection: str, item: Item, key: str, made: RemoteRef) -> None:
        """Graph knows the key, and tells the event that it made."""
        assert connector.create(collection, item, key) == made

    def missing_id(self, there: str) -> str:
        return there[:-2] + ("a=" if there[-2] != "a" else "b=")

    def bogus_cursor(self, connector: Connector, calendar: str) -> Cursor:
        cursor = Hub(connector, calendar).pull().cursor
        assert cursor is not None
        return cursor.replace("$deltatoken=", "$deltatoken=x").replace("deltatoken=", "deltatoken=x")


class TestMicrosoft365Unbounded(TestMicrosoft365):
    """Where the server offers the changes of a whole calendar."""

    unbounded = True


class TestMicrosoft365Unkind(TestMicrosoft365):
    """All that Graph may do, at once: a repeated creation is answered with 409 (G12), rounds are as in G1 to G5."""

    @pytest.fixture(autouse=True)
    def _feed(self, graph: Graph) -> Iterator[None]:
        kind = replace(graph.switches)
        graph.switches.events_delta = False
        graph.switches.transaction_conflict = graph.switches.sparse = graph.switches.quiet_series = True
        graph.switches.repeats = graph.switches.empty_pages = graph.switches.early_tombstones = True
        graph.switches.page_size, graph.switches.expired_status = 7, 400
        graph.server.bin = True
        yield
        graph.server.bin = False
        vars(graph.switches).update(vars(kind))
