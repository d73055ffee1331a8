"""The contract on Google's contacts, as calendars are there: all contacts, and those with one label."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from sync_engine.item import Item
from sync_engine.model import Kind
from sync_engine.ports import Changed, Connector, RemoteRef
from tests.contract.connector_contract import ConnectorContract, card, title
from tests.integration.google_workspace.contacts_desk import PartsDesk, parts_desk


@pytest.fixture
def desk() -> Iterator[PartsDesk]:
    """A server for each test: a user has one list of contacts only."""
    with parts_desk() as made:
        yield made


class TestGoogleContacts(ConnectorContract):
    """A contact has no UID there: ours is hidden on it."""

    kind = Kind.CONTACT
    kept_fields = frozenset({"phones"})

    def make(self, title: str, uid: str = "") -> Item:
        return card(title, uid)

    @pytest.fixture
    def connector(self, desk: PartsDesk) -> Connector:
        return desk.contacts()

    @pytest.fixture
    def somebody(self, desk: PartsDesk) -> Connector:
        return desk.contacts()

    @pytest.fixture
    def calendar(self) -> str:
        return "contacts"

    @pytest.fixture
    def address_book(self, calendar: str) -> str:
        return calendar

    def uid_of(self, found: Changed) -> str:
        """Google makes its own."""
        assert found.item.uid != found.known_as
        return found.known_as

    def create_again(self, connector: Connector, collection: str, item: Item, key: str, made: RemoteRef) -> None:
        """The connector remembers what it made with a key."""
        assert connector.create(collection, item, key).id == made.id

    def missing_id(self, there: str) -> str:
        return there + "0"

    def missing_collection(self, there: str) -> str:
        return "contactGroups/never-was"

    def test_what_was_created_is_there(  # type: ignore[override]
        self, connector: Connector, somebody: Connector, calendar: str
    ) -> None:
        item = card("Zmrzlina & <čaj> 日本")
        ref = connector.create(calendar, item, "k")
        (found,) = somebody.fetch(calendar, [ref.id])
        assert isinstance(found, Changed)
        assert (self.uid_of(found), title(found.item), found.item.kind) == (item.uid, title(item), Kind.CONTACT)


class TestGoogleLabel(TestGoogleContacts):
    """The contacts with a label that is a collection of ours."""

    @pytest.fixture
    def calendar(self, desk: PartsDesk) -> str:
        return desk.book.label("Company", [{"key": "AgendaHubCollection", "value": "1"}]).name


class TestGoogleContactsUnkind(TestGoogleContacts):
    """All that the People API may do with its lists, at once."""

    @pytest.fixture(autouse=True)
    def _unkind(self, desk: PartsDesk) -> None:
        switches = replace(desk.google.switches, page_size=7, empty_pages=True, short_pages=True, backwards=True)
        vars(desk.google.switches).update(vars(switches))
        desk.google.people.switches.recoded_photos = True
