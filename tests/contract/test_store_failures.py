"""What happens when the database is full, gone, locked or damaged: a clear error, nothing lost, and it goes on."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from storage import engines
from storage.database import Database, run
from storage.errors import (
    CommitInDoubt,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreOutdated,
    StoreUnavailable,
)
from storage.unit_of_work import SqlUnitOfWork
from tests import samples
from tests.contract.store_items import PHONE
from tests.databases import Hub, Postgres, hub_in


@pytest.fixture
def hub(sqlite_url: str) -> Iterator[Hub]:
    with hub_in(sqlite_url) as hub:
        yield hub


@pytest.fixture
def pg_hub(postgres_url: str) -> Iterator[Hub]:
    with hub_in(postgres_url) as hub:
        yield hub


def _limit_pages(database: Database, extra: int | None) -> None:
    """SQLite answers with SQLITE_FULL when a file would grow past this, as it does on a full disk."""
    with database.engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    database.dispose()
    limit = 2**30 if extra is None else pages + extra

    def set_limit(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={limit}")

    event.listen(database.engine, "connect", set_limit)


def test_a_full_disk_loses_nothing_and_goes_on_when_there_is_space(hub: Hub) -> None:
    _limit_pages(hub.database, 40)
    stored = []
    with pytest.raises(StoreFull, match=r"disk is full.*goes on by itself"):  # noqa: PT012
        for number in range(1000):
            with hub.database.begin() as unit:
                many = [samples.card(f"{number}-{n}") for n in range(20)]
                made = [unit.create_item(hub.collection, card, PHONE) for card in many]
            stored += made
    assert stored  # some were acknowledged ...
    with hub.database.read() as unit:  # ... and are all there, and nothing else; reading works
        assert unit.changed_items(hub.collection, 0, 10_000) == stored
        assert unit.collection_seq(hub.collection) == len(stored)
    _limit_pages(hub.database, None)
    with hub.database.begin() as unit:
        more = unit.create_item(hub.collection, samples.card("more"), PHONE)
    assert more.seq == len(stored) + 1


@contextmanager
def _quota(octets: int) -> Iterator[None]:
    """No file may be written beyond this size, by this process: what a quota of the file system does, too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_quota_that_is_used_up_is_not_called_damage_and_it_goes_on(hub: Hub) -> None:
    with hub.database.begin() as unit:
        unit.create_item(hub.collection, samples.card("before"), PHONE)
    told = pytest.raises(StoreUnavailable, match=r"over a quota.*goes on by itself")
    with told as caught, _quota(4096), hub.database.begin() as unit:
        unit.create_item(hub.collection, samples.card("refused"), PHONE)
    assert not isinstance(caught.value, StoreDamaged)
    with hub.database.begin() as unit:
        unit.create_item(hub.collection, samples.card("after"), PHONE)
    with hub.database.read() as unit:
        assert len(unit.changed_items(hub.collection, 0, 10)) == 2


def test_a_locked_file_is_busy_and_nothing_is_written(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_SQLITE_SETTINGS", (*engines._SQLITE_SETTINGS, "PRAGMA busy_timeout=50"))
    impatient = Database(str(hub.database.url))
    with hub.database.begin(), pytest.raises(StoreBusy, match="locked by another"), impatient.begin() as unit:
        unit.set_cursor(1, "x")
    with impatient.begin() as unit:
        assert unit.binding(1).cursor is None
        unit.set_cursor(1, "y")
    impatient.dispose()


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "hub.db").write_bytes(b"this is not a database at all" * 100)
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    with pytest.raises(StoreDamaged, match="restore a backup"), database.begin():
        pass
    database.dispose()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'none' / 'hub.db'}")
    with pytest.raises(StoreUnavailable, match="cannot be reached"), database.read():
        pass


def test_a_database_without_tables_is_told(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    with pytest.raises(StoreOutdated, match="agendahub db upgrade"), database.read() as unit:
        unit.binding(1)
    database.dispose()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "not valid"),
        ("mysql://localhost/x", "not supported"),
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
    ],
)
def test_a_wrong_address_is_told(url: str, said: str) -> None:
    with pytest.raises(StoreUnavailable, match=said):
        Database(url)


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    database = Database("postgresql://ada:geheim@127.0.0.1:1/hub")
    with pytest.raises(StoreUnavailable, match="cannot be reached") as caught, database.read():
        pass
    assert "geheim" not in str(caught.value)


def test_a_deadlock_or_lock_is_run_again_and_other_errors_are_not(hub: Hub) -> None:
    tries: list[int] = []

    def work(unit: SqlUnitOfWork) -> str:
        tries.append(1)
        unit.set_cursor(1, f"try {len(tries)}")
        if len(tries) < 3:
            raise StoreBusy("met another")
        return "done"

    assert run(hub.database, work) == "done"
    with hub.database.read() as unit:
        assert unit.binding(1).cursor == "try 3"

    def broken(_unit: SqlUnitOfWork) -> None:
        tries.append(1)
        raise StoreError("other")

    tries.clear()
    with pytest.raises(StoreError, match="other"):
        run(hub.database, broken)
    assert len(tries) == 1


def test_a_transaction_that_never_gets_through_gives_up(hub: Hub) -> None:
    tries: list[int] = []

    def work(_unit: SqlUnitOfWork) -> None:
        tries.append(1)
        raise StoreBusy("met another")

    with pytest.raises(StoreBusy):
        run(hub.database, work, tries=3)
    assert len(tries) == 3


def _kill_others(hub: Hub) -> None:
    """As a restart of the server does to every connection but this one."""
    with hub.database.engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


def test_r05_a_connection_that_breaks_in_a_commit_leaves_it_in_doubt(pg_hub: Hub) -> None:
    with pytest.raises(CommitInDoubt, match="not known"), pg_hub.database.begin() as unit:  # noqa: PT012
        unit.set_cursor(1, "x")
        _kill_others(pg_hub)
    with pg_hub.database.begin() as unit:  # and the next one works
        assert unit.binding(1).cursor is None


def test_a_connection_that_breaks_before_is_not_in_doubt(pg_hub: Hub) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be reached") as caught, pg_hub.database.begin() as unit:  # noqa: PT012
        unit.set_cursor(1, "x")
        _kill_others(pg_hub)
        unit.set_cursor(1, "y")
    assert not isinstance(caught.value, CommitInDoubt)


def test_idle_connections_that_a_restart_closed_are_replaced(pg_hub: Hub) -> None:
    with pg_hub.database.begin(), pg_hub.database.read() as unit:
        unit.binding(1)
    _kill_others(pg_hub)
    with pg_hub.database.begin() as one, pg_hub.database.read() as two:
        one.set_cursor(1, "x")
        assert two.binding(1).cursor is None


def test_a_database_that_was_dropped_is_told(postgres: Postgres) -> None:
    url = postgres.create()
    postgres.drop(url)
    database = Database(url)
    with pytest.raises(StoreUnavailable, match="does not exist"), database.read():
        pass


def test_every_commit_is_flushed_to_the_disk(hub: Hub) -> None:
    with hub.database.engine.connect() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2  # FULL
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
