"""Who is in a fan-out, as every database remembers it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from storage import fanouts as store
from storage.database import Database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    made = Database(store_url)
    yield made
    made.dispose()


def test_members_come_and_go_and_come_back(database: Database) -> None:
    with database.begin() as unit:
        store.set_members(unit.session.connection, "book", ["bob@example.org", "ada@example.org"], NOW)
        store.set_folder_made(unit.session.connection, "book", "ada@example.org", NOW)
    with database.begin() as unit:
        store.set_members(unit.session.connection, "book", ["bob@example.org"], LATER)
        store.set_members(unit.session.connection, "other", ["ada@example.org"], LATER)
    with database.read() as unit:
        ada, bob = store.members(unit.session.connection, "book")
        assert (ada.state, ada.last_seen, ada.folder_made_at) == (store.LEFT, NOW, NOW)
        assert (bob.state, bob.first_seen, bob.last_seen) == (store.ACTIVE, NOW, LATER)
        assert len(store.members(unit.session.connection)) == 3
    with database.begin() as unit:
        store.set_members(unit.session.connection, "book", ["ada@example.org"], LATER)
        [ada, _] = store.members(unit.session.connection, "book")
        assert (ada.state, ada.first_seen, ada.last_seen) == (store.ACTIVE, NOW, LATER)
        store.forget_fanout(unit.session.connection, "book")
        assert [member.fanout for member in store.members(unit.session.connection)] == ["other"]


def test_a_problem_leaves_the_time_of_the_last_good_look(database: Database) -> None:
    with database.begin() as unit:
        connection = unit.session.connection
        store.note_refreshed(connection, "book", NOW)
        store.note_refreshed(connection, "book", LATER, "The directory is down.")
        store.note_refreshed(connection, "new", LATER, "Never asked.")
        found = store.refreshed(connection)
        assert (found["book"].refreshed_at, found["book"].problem) == (NOW, "The directory is down.")
        assert (found["new"].refreshed_at, found["new"].problem) == (None, "Never asked.")
        store.note_refreshed(connection, "book", LATER)
        assert store.refreshed(connection)["book"] == store.Refreshed("book", LATER, "")


def test_folders_are_remembered_one_by_one(database: Database) -> None:
    with database.begin() as unit:
        connection = unit.session.connection
        store.set_members(connection, "book", ["ada@example.org", "bob@example.org"], NOW)
        assert store.folder_made_at(connection, "book", "ada@example.org") is None
        store.set_folder_made(connection, "book", "ada@example.org", LATER)
        assert store.folder_made_at(connection, "book", "ada@example.org") == LATER
        assert store.folder_made_at(connection, "book", "bob@example.org") is None
        assert store.remote_id_of(connection, "book/ada@example.org") == ""
        assert store.linked(connection, "book/ada@example.org") == []
