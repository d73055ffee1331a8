"""Lines that break, transactions that meet, files that cannot be used (docs/decisions/transactions.md)."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event, select, text, update

from storage import schema, tables
from storage.database import Database, run
from storage.errors import CommitInDoubt, StoreBusy, StoreDamaged, StoreUnavailable
from storage.unit_of_work import SqlUnitOfWork
from tests import samples
from tests.contract.store_items import PHONE
from tests.databases import Hub, hub_in
from tests.servers.cutting_proxy import CuttingProxy, Loses, cutting_proxy
from tests.world import Clock, World

pytestmark = pytest.mark.slow

# ---------------------------------------------------------------- a line that breaks at a commit


@pytest.fixture
def proxy(postgres_url: str) -> Iterator[CuttingProxy]:
    with cutting_proxy(postgres_url) as proxy:
        yield proxy


@pytest.mark.parametrize("loses", list(Loses))
def test_r05_a_commit_whose_answer_is_lost_is_in_doubt_and_a_read_tells(proxy: CuttingProxy, loses: Loses) -> None:
    with hub_in(proxy.url) as hub:
        tries: list[int] = []

        def work(unit: SqlUnitOfWork) -> None:
            tries.append(1)
            unit.set_cursor(1, "there")

        proxy.cut(loses)
        with pytest.raises(CommitInDoubt, match="not known"):
            run(hub.database, work)
        assert (len(tries), proxy.cuts) == (1, 1), "only the caller can tell whether to do it again"
        with hub.database.read() as unit:
            assert unit.binding(1).cursor == ("there" if loses is Loses.ANSWER else None)
        run(hub.database, work)
        with hub.database.read() as unit:
            assert unit.binding(1).cursor == "there"


@pytest.mark.parametrize("loses", list(Loses))
def test_r05_whichever_commit_of_the_cycles_is_in_doubt_there_is_one_copy_everywhere(
    proxy: CuttingProxy, loses: Loses
) -> None:
    """At each commit in turn, while a create, an edit and a deletion go from one account to the other."""
    clock = Clock()
    database = Database(proxy.url, clock=clock)
    world = World._with_collection(database, clock)
    a, b = world.bind("a"), world.bind("b")
    cut = 0
    for number in range(1, 30):
        a.put(samples.task(f"t{number}", "new"))
        if number > 2:
            a.edit(f"t{number - 1}", lambda text: text.replace("SUMMARY:new", "SUMMARY:edited"))
            a.remove(f"t{number - 2}")
        proxy.cut(loses, at_commit=number)
        for name in ("a", "b", "a", "b"):
            try:
                world.cycle(name)
            except StoreUnavailable:  # that of a transaction which only read is not in doubt
                cut += 1
        world.settle()
        here, there, hub = a.items(), b.items(), world.hub()
        assert {uid: item.text for uid, item in here.items()} == {uid: item.text for uid, item in hub.items()}
        assert here.keys() == there.keys() == {f"t{n}" for n in (number - 1, number) if n}
        if proxy.commits < number:
            break  # there was no such commit any more
    assert cut == proxy.cuts >= 5
    assert not world.rows(tables.conflicts)
    assert not world.rows(tables.quarantine)
    database.dispose()


# ---------------------------------------------------------------- transactions that meet


@pytest.fixture
def pg_hub(postgres_url: str) -> Iterator[Hub]:
    with hub_in(postgres_url) as hub:
        yield hub


def test_a_serialization_failure_is_run_again(pg_hub: Hub) -> None:
    """We ask for no such level, but an administrator may set it as the default of the database."""
    database = pg_hub.database
    database.engine = database.engine.execution_options(isolation_level="SERIALIZABLE")
    both_read, tries = threading.Barrier(2), []

    def work(unit: SqlUnitOfWork) -> None:
        tries.append(1)
        connection = unit.session.connection
        seen = connection.execute(select(tables.accounts.c.detail).where(tables.accounts.c.id == 1)).scalar_one()
        if len(tries) <= 2:
            both_read.wait(30)
        connection.execute(update(tables.accounts).where(tables.accounts.c.id == 1).values(detail=seen + "x"))

    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(run, database, work) for _ in range(2)]:
            one.result(60)
    assert len(tries) == 3
    with database.read() as unit:
        detail = select(tables.accounts.c.detail).where(tables.accounts.c.id == 1)
        assert unit.session.connection.execute(detail).scalar_one() == "xx"


def test_who_waits_too_long_for_a_lock_is_told_and_can_try_again(pg_hub: Hub) -> None:
    impatient = Database(pg_hub.database.url.render_as_string(hide_password=False))
    event.listen(impatient.engine, "connect", lambda c, _: (c.execute("SET lock_timeout = '50ms'"), c.commit()))
    with pg_hub.database.begin() as unit:
        unit.lock_collection(1)
        with pytest.raises(StoreBusy, match="locked by another"), impatient.begin() as second:
            second.lock_collection(1)
    with impatient.begin() as second:
        second.lock_collection(1)
    impatient.dispose()


def test_nobody_waits_for_ever_for_a_lock(pg_hub: Hub) -> None:
    with pg_hub.database.read() as unit:
        assert unit.session.connection.execute(text("SHOW lock_timeout")).scalar_one() == "30s"


def test_a_server_that_only_reads_is_told(pg_hub: Hub) -> None:
    """A standby, or a database that its administrator closed."""
    with pg_hub.database.engine.connect() as connection:
        connection.execute(text("SET default_transaction_read_only = on"))
        connection.commit()
        with pytest.raises(StoreUnavailable, match="cannot be written"), connection.begin():
            connection.execute(update(tables.accounts).values(detail="x"))
    pg_hub.database.dispose()


# ---------------------------------------------------------------- SQLite files

_HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""


@pytest.fixture
def hub(sqlite_url: str) -> Iterator[Hub]:
    with hub_in(sqlite_url) as hub:
        yield hub


def _file(hub: Hub) -> Path:
    return Path(str(hub.database.url.database))


def test_a_writer_waits_for_another_process(hub: Hub) -> None:
    command = [sys.executable, "-c", _HOLDER, str(_file(hub))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        with hub.database.read() as unit:  # readers do not wait
            assert unit.binding(1).cursor is None
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(run, hub.database, lambda unit: unit.set_cursor(1, "mine"))
            threading.Event().wait(0.3)
            assert not waiting.done()
            other.stdin.close()
            waiting.result(30)
    with hub.database.read() as unit:
        assert unit.binding(1).cursor == "mine"


def test_a_file_that_may_only_be_read_is_told(hub: Hub) -> None:
    hub.database.dispose()
    closed = Database(f"sqlite:///file:{_file(hub)}?mode=ro&uri=true")
    with pytest.raises(StoreUnavailable, match="check the permissions"), closed.begin() as unit:
        unit.set_cursor(1, "x")
    closed.dispose()


def test_a_file_that_is_damaged_inside_is_told(hub: Hub) -> None:
    with hub.database.begin() as unit:
        for number in range(50):
            unit.create_item(hub.collection, samples.card(f"c{number}"), PHONE)
    with hub.database.engine.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    hub.database.dispose()
    content = bytearray(_file(hub).read_bytes())
    content[8192:] = b"\xa5" * (len(content) - 8192)
    _file(hub).write_bytes(content)
    with pytest.raises(StoreDamaged, match="restore a backup"), hub.database.read() as unit:
        unit.texts(range(1, 60))
    with pytest.raises(StoreDamaged, match="restore a backup"):
        schema.problems(str(hub.database.url))
