"""The contract on Google's contacts, as calendars are there: all contacts, and those with one label."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync_engine.item import Item
from sync_engine.model import Kind
from sync_engine.ports import Changed, Connector, RemoteRef
from tests.contract.connector_contract import card, title
from tests.contract.google_account import ADA, GoogleContract
from tests.servers.google_workspace.server import Google, google_workspace

pytestmark = pytest.mark.slow


@pytest.fixture
def google() -> Iterator[Google]:
    """A server for each test: a user has one list of contacts only."""
    with google_workspace() as google:
        yield google


class TestGoogleContacts(GoogleContract):
    """A contact has no UID there: ours is hidden on it."""

    kind = Kind.CONTACT
    kept_fields = frozenset({"phones"})

    def make(self, title: str, uid: str = "") -> Item:
        return card(title, uid)

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
    def calendar(self, google: Google) -> str:
        return google.people.book(ADA).label("Company", [{"key": "AgendaHubCollection", "value": "1"}]).name


class TestGoogleContactsUnkind(TestGoogleContacts):
    """All that the People API may do with its lists, at once."""

    @pytest.fixture(autouse=True)
    def _unkind(self, google: Google) -> None:
        switches = google.switches
        switches.empty_pages = switches.short_pages = switches.backwards = True
        switches.page_size = 7
