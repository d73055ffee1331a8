"""The contract, kept by the reference connector."""

from __future__ import annotations

import pytest

from connectors.memory import Account, MemoryConnector
from sync_engine.errors import CursorExpired, Rejected
from sync_engine.model import Kind
from sync_engine.ports import Connector
from tests.contract.connector_contract import ConnectorContract, Hub, event


class TestMemory(ConnectorContract):
    @pytest.fixture
    def account(self) -> Account:
        return Account()

    @pytest.fixture
    def connector(self, account: Account) -> Connector:
        return MemoryConnector(account)

    somebody = connector

    @pytest.fixture
    def calendar(self, account: Account) -> str:
        return account.add_collection("calendar", Kind.EVENT, Kind.TASK)

    @pytest.fixture
    def address_book(self, account: Account) -> str:
        return account.add_collection("people", Kind.CONTACT)

    def test_expired_cursors_are_refused(self, connector: Connector, account: Account, calendar: str) -> None:
        hub = Hub(connector, calendar).pull()
        account.expire_cursors(calendar)
        with pytest.raises(CursorExpired):
            hub.poll()
        assert hub.pull(afresh=True).completed

    def test_a_read_only_collection_takes_nothing(self, connector: Connector, account: Account) -> None:
        collection = account.add_collection("holidays", Kind.EVENT, read_only=True)
        with pytest.raises(Rejected):
            connector.create(collection, event("e"), "k")

    def test_a_lagging_feed_shows_a_new_item_later(self, connector: Connector, account: Account, calendar: str) -> None:
        hub = Hub(connector, calendar).pull()
        account.unkind.lag = 1
        connector.create(calendar, event("e"), "k")
        assert hub.pull().titles == []
        account.unkind.lag = 0
        assert hub.pull().titles == ["e"]


class TestMemoryWithoutVersions(TestMemory):
    @pytest.fixture
    def account(self) -> Account:
        account = Account()
        account.unkind.no_versions = True
        return account
