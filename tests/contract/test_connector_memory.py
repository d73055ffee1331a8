"""The contract, kept by the reference connector."""

from __future__ import annotations

import pytest

from connectors.memory import Account, MemoryConnector
from sync_engine.errors import CursorExpired, Rejected
from sync_engine.item import Item
from sync_engine.model import Kind
from sync_engine.ports import Changed, Connector, RemoteRef
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


class TestMemoryWithOwnUids(TestMemory):
    """As Exchange: it gives ids and UIDs of its own, and hides those that it was sent."""

    @pytest.fixture
    def account(self) -> Account:
        account = Account()
        account.unkind.own_uids = True
        return account

    def uid_of(self, found: Changed) -> str:
        return found.known_as

    def create_again(self, connector: Connector, collection: str, item: Item, key: str, made: RemoteRef) -> None:
        assert connector.create(collection, item, key).id == made.id

    def test_r37_a_copy_carries_what_is_hidden_under_a_uid_of_its_own(
        self, connector: Connector, account: Account, calendar: str
    ) -> None:
        made = connector.create(calendar, event("e", "U"), "k")
        copied = account.copy(calendar, made.id)
        first, second = (answer for answer in connector.fetch(calendar, [made.id, copied]))
        assert isinstance(first, Changed)
        assert isinstance(second, Changed)
        assert (first.known_as, second.known_as) == ("U", "U")
        assert made.uid == first.item.uid != second.item.uid
