"""The contract on Google's tasks, as calendars are there: a list of them is a collection."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync_engine.item import Item
from sync_engine.model import Kind
from sync_engine.ports import Changed, Connector, RemoteRef
from tests.contract.connector_contract import Hub, task, title
from tests.contract.google_account import ADA, GoogleContract
from tests.servers.google_workspace.server import Google, google_workspace


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    """One server for all tests of this file; each has a list of its own."""
    with google_workspace() as google:
        yield google


class TestGoogleTasks(GoogleContract):
    """No UID can be hidden on a task: it is known by the id that Google gave it."""

    kind = Kind.TASK
    kept_fields = frozenset({"summary"})

    def make(self, title: str, uid: str = "") -> Item:
        return task(title, uid)

    @pytest.fixture
    def calendar(self, google: Google) -> str:
        return f"lists/{google.tasks.book(ADA).add_list('to do').id}"

    @pytest.fixture
    def address_book(self) -> str:
        return "contacts"

    @pytest.fixture(autouse=True)
    def _no_contacts(self, google: Google) -> None:
        for one in google.people.book(ADA).contacts.living():
            google.people.book(ADA).remove(one.name)

    def create_again(self, connector: Connector, collection: str, item: Item, key: str, made: RemoteRef) -> None:
        """The connector remembers what it made with a key."""
        assert connector.create(collection, item, key).id == made.id

    def missing_id(self, there: str) -> str:
        return there[:-1] + "x"

    def missing_collection(self, there: str) -> str:
        return there + "x"

    # ------------------------------------------------------------ what is otherwise, as no UID is kept

    def test_what_was_created_is_there(  # type: ignore[override]
        self, connector: Connector, somebody: Connector, calendar: str
    ) -> None:
        ref = connector.create(calendar, task("Zmrzlina & <čaj> 日本"), "k")
        (found,) = somebody.fetch(calendar, [ref.id])
        assert isinstance(found, Changed)
        assert (found.item.uid, title(found.item), found.item.kind) == (ref.uid, "Zmrzlina & <čaj> 日本", Kind.TASK)

    @pytest.mark.parametrize("uid", ["a b/ü%41", "{B-1}:?#", "x" * 300])
    def test_any_uid_can_be_created_and_found(self, connector: Connector, calendar: str, uid: str) -> None:
        ref = connector.create(calendar, task("e", uid), "k")
        found = connector.find(calendar, task("e", uid), "k")
        assert isinstance(found, Changed)
        assert found.as_written == ref
        assert list(Hub(connector, calendar).pull().items) == [ref.id]
