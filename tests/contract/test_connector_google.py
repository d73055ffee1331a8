"""The contract, kept by the Google connector's calendars with a real server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from connectors.google_workspace.connector import GoogleWorkspaceConnector
from sync_engine.item import Item
from sync_engine.model import Kind
from sync_engine.ports import Changed, Connector, RemoteRef
from tests.contract.connector_contract import event, title
from tests.contract.google_account import GoogleContract
from tests.servers.google_workspace.server import Google, google_workspace


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    """One server for all tests of this file; each has a calendar of its own."""
    with google_workspace() as google:
        yield google


class TestGoogle(GoogleContract):
    """A calendar of the user's own."""

    kept_fields = frozenset({"phones", "summary", "extra"})

    @pytest.fixture
    def calendar(self, google: Google, connector: Connector) -> str:
        assert isinstance(connector, GoogleWorkspaceConnector)
        calendars = connector.transport.calendar.calendars()
        return f"calendars/{connector.transport.ask(calendars.insert(body={'summary': 'work'}))['id']}"

    @pytest.fixture
    def address_book(self) -> str:
        return "contacts"

    def create_again(self, connector: Connector, collection: str, item: Item, key: str, made: RemoteRef) -> None:
        """The key is hidden on what it made."""
        assert connector.create(collection, item, key) == made

    def test_what_was_created_is_there(  # type: ignore[override]  # tasks: test_connector_google_tasks
        self, connector: Connector, somebody: Connector, calendar: str
    ) -> None:
        item = event("Zmrzlina & <čaj> 日本")
        ref = connector.create(calendar, item, "k")
        (found,) = somebody.fetch(calendar, [ref.id])
        assert isinstance(found, Changed)
        assert (self.uid_of(found), title(found.item), found.item.kind) == (item.uid, title(item), Kind.EVENT)
        assert found.ref == ref

    def missing_id(self, there: str) -> str:
        return there[:-2] + "00"

    def missing_collection(self, there: str) -> str:
        return there + "x"


class TestGoogleUnkind(TestGoogle):
    """All that Google may do, at once: empty and short pages, bare tombstones, another order (C1, C4)."""

    @pytest.fixture(autouse=True)
    def _unkind(self, google: Google) -> Iterator[None]:
        kind = replace(google.switches)
        switches = google.switches
        switches.empty_pages = switches.short_pages = switches.bare_tombstones = switches.backwards = True
        switches.page_size = 7
        yield
        vars(google.switches).update(vars(kind))
