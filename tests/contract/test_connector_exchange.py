"""The contract, kept by the Exchange connector through exchangelib and the EWS test server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.exchange.connector import ExchangeConnector
from connectors.exchange.places import Place
from connectors.settings import ConnectorSettings
from sync_engine.model import Kind
from sync_engine.ports import Changed, Connector
from tests.contract.connector_contract import ConnectorContract
from tests.servers.microsoft.ews_client import Desk, desk


class TestExchange(ConnectorContract):
    kept_fields = frozenset({"phones", "summary"})

    @pytest.fixture
    def ews(self) -> Iterator[Desk]:
        with desk() as made:
            yield made

    @pytest.fixture
    def connector(self, ews: Desk) -> Iterator[Connector]:
        made = ExchangeConnector(ConnectorSettings(ews.site.url, "ada", "secret"), page=50)
        yield made
        made.close()

    @pytest.fixture
    def somebody(self, ews: Desk) -> Iterator[Connector]:
        made = ExchangeConnector(ConnectorSettings(ews.site.url, "ada", "secret"))
        yield made
        made.close()

    @pytest.fixture
    def calendar(self, ews: Desk) -> str:
        return self._folder(ews, Kind.EVENT, "calendar")

    @pytest.fixture
    def address_book(self, ews: Desk) -> str:
        return self._folder(ews, Kind.CONTACT, "contacts")

    @pytest.fixture
    def task_list(self, ews: Desk) -> str:
        return self._folder(ews, Kind.TASK, "tasks")

    @staticmethod
    def _folder(ews: Desk, kind: Kind, name: str) -> str:
        return Place(kind, ews.site.exchange.mailbox("ada@example.com").well_known(name).id).collection

    def uid_of(self, found: Changed) -> str:
        return found.known_as

    @pytest.fixture(autouse=True)
    def nobody_gets_a_mail(self, ews: Desk) -> Iterator[None]:
        """SYNC.md R10, in every test of the contract."""
        yield
        assert not ews.site.exchange.outbox
        assert {how for _, how in ews.site.dispositions} <= {"SendToNone", "SaveOnly"}
