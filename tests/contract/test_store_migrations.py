"""Migrations with data in every table: from each version to each other, in a race, and killed in the middle.

They find the versions and the tables by themselves; a new migration is tested without a change here.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, String, text

from storage import schema
from storage.engines import make_engine, parse_url
from storage.errors import StoreOutdated, StoreRefused
from tests.full_tables import BIG, ROWS, Contents, contents, fill

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
VERSIONS = [
    script.revision for script in ScriptDirectory(str(Path(schema.__file__).parent / "migrations")).walk_revisions()
][::-1]
OLDER = VERSIONS[:-1]

Forgotten: TypeAlias = frozenset[str]
"""Tables, or columns of tables."""

FORGOTTEN: dict[str, Forgotten] = {  # what a migration forgets on purpose, in both directions
    "0005": frozenset({"holds", "bindings.approved"}),  # the next cycle finds out anew; an approval is asked for again
    "0007": frozenset({"quarantine.remote_id"}),  # where it is too long; the next listing tells it again
}


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = make_engine(parse_url(url), pooled=False)
    with engine.begin() as connection:
        yield connection


def _contents(url: str) -> Contents:
    with _connected(url) as connection:
        return contents(connection)


def _made(url: str, version: str) -> Contents:
    """A database of this version with something in every table."""
    schema.upgrade(url, version)
    with _connected(url) as connection:
        fill(connection)
        return contents(connection)


def _common(one: Contents, other: Contents, forgotten: Forgotten = frozenset()) -> Contents:
    """Of the first, what the schema of the second can hold, and what no migration between them forgets."""
    held = {}
    for table in one.keys() & other.keys():
        columns = {name for row in one[table] for name in row}
        columns &= {name for row in other[table] or one[table] for name in row}
        columns -= {name for name in columns if {table, f"{table}.{name}"} & forgotten}
        held[table] = [{name: row[name] for name in columns} for row in one[table]] if columns else []
    return held


def _forgotten(older: str) -> Forgotten:
    """On the way between this version and the newest."""
    return frozenset().union(*(what for version, what in FORGOTTEN.items() if version > older))


def test_versions_are_one_chain_that_ends_at_the_one_the_program_needs() -> None:
    assert sorted(VERSIONS) == VERSIONS
    assert VERSIONS[0] == "0001"
    assert VERSIONS[-1] == schema.HEAD


def test_every_kind_of_value_is_in_the_test_data(empty_url: str) -> None:
    made = _made(empty_url, "head")
    assert {len(rows) for rows in made.values()} == {ROWS}
    texts = [row["text"] for row in made["revisions"]]
    assert len(texts[-1].encode()) > BIG
    assert "👋🏽" in texts[1]
    assert [row["at"].microsecond for row in made["revisions"]] == [1, 123456, 999999]
    assert schema.problems(empty_url)  # the rows contradict each other: they are none that the program writes


@pytest.mark.parametrize("version", OLDER)
def test_down_to_a_version_and_up_again_keeps_what_it_can_hold(empty_url: str, version: str) -> None:
    before = _made(empty_url, "head")
    schema.downgrade(empty_url, version)
    assert schema.current(empty_url) == version
    with pytest.raises(StoreOutdated, match="older version"):
        schema.check(empty_url)
    older, forgotten = _contents(empty_url), _forgotten(version)
    assert _common(older, older, forgotten) == _common(before, older, forgotten)
    schema.upgrade(empty_url)
    after = _contents(empty_url)
    assert _common(after, older, forgotten) == _common(older, older, forgotten)
    assert after.keys() == before.keys()
    assert all(not after[table] for table in after.keys() - older.keys())
    assert _differences(empty_url) == []


@pytest.mark.parametrize("version", OLDER)
def test_a_store_of_an_older_version_is_brought_up_with_its_data(empty_url: str, version: str) -> None:
    older, forgotten = _made(empty_url, version), _forgotten(version)
    schema.upgrade(empty_url)
    assert _common(_contents(empty_url), older, forgotten) == _common(older, older, forgotten)


def _differences(url: str) -> list[str]:
    return [problem for problem in schema.problems(url) if problem.startswith("The schema differs")]


def test_a_table_that_others_point_at_can_be_changed(empty_url: str) -> None:
    """Which SQLite does by making another one in its place and dropping the old one."""
    before = _made(empty_url, "head")
    with schema._connection(parse_url(empty_url), writing=True) as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("items", recreate="auto") as batch:
            batch.alter_column("kind", type_=String(11), existing_type=String(10), existing_nullable=False)
    assert _contents(empty_url) == before


def test_down_to_nothing_leaves_nothing(empty_url: str) -> None:
    _made(empty_url, "head")
    schema.downgrade(empty_url, "base")
    assert _contents(empty_url) == {}
    schema.upgrade(empty_url)
    assert set(map(len, _contents(empty_url).values())) == {0}


# ---------------------------------------------------------------- real processes

_PROGRAM = """
import os, signal, sys
from sqlalchemy import Engine, event
from storage import schema

url, processes, die_at = sys.argv[1], int(sys.argv[2]), sys.argv[3]
schema._config()  # imports Alembic once, for all
seen = 0

def count(connection, cursor, statement, *_rest):
    global seen
    seen += 1
    if die_at in (str(seen), statement):
        os.kill(os.getpid(), signal.SIGKILL)

def upgrade():
    event.listen(Engine, "after_cursor_execute", count)
    event.listen(Engine, "commit", lambda c: count(c, None, "COMMIT"))  # just before it
    schema.upgrade(url)

children = []
for _ in range(processes):
    child = os.fork()
    if not child:
        try:
            upgrade()
        except BaseException as err:
            print(err, file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    children.append(child)
print(*(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""


def _upgraders(url: str, processes: int, die_at: str = "") -> set[int]:
    """Exit codes of processes that upgrade at the same time; each kills itself after so many statements."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, url, str(processes), die_at],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return set(map(int, done.stdout.split()))


def test_of_several_that_upgrade_at_once_one_does_it_and_the_others_are_content(empty_url: str) -> None:
    older = _made(empty_url, VERSIONS[0])
    assert _upgraders(empty_url, 4) == {0}
    assert _common(_contents(empty_url), older) == older
    assert _differences(empty_url) == []


@pytest.mark.parametrize("statements", ["8", "20", "COMMIT"])
def test_r05_an_upgrade_that_is_killed_has_done_nothing(empty_url: str, statements: str) -> None:
    older = _made(empty_url, VERSIONS[0])
    codes = _upgraders(empty_url, 1, die_at=statements)
    assert codes == {-9}
    assert schema.current(empty_url) == VERSIONS[0]
    assert _contents(empty_url) == older
    schema.upgrade(empty_url)
    assert _common(_contents(empty_url), older) == older


def test_a_store_of_a_newer_version_is_left_alone(empty_url: str) -> None:
    before = _made(empty_url, "head")
    with _connected(empty_url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for action in (schema.check, schema.upgrade, lambda url: schema.downgrade(url, "base")):
        with pytest.raises(StoreOutdated, match=r"newer version of AgendaHub \(schema 9999\); update AgendaHub"):
            action(empty_url)
    assert _contents(empty_url) == before


def test_collections_of_the_company_that_shared_an_address_are_parted(empty_url: str) -> None:
    schema.upgrade(empty_url, "0005")
    with _connected(empty_url) as connection:
        for number, slug in enumerate(("work", "work", "work", "work-2", "home"), 1):
            connection.execute(text(_COLLECTION), {"id": number, "slug": slug, "at": datetime(2026, 3, 1)})
    schema.upgrade(empty_url)
    assert [row["slug"] for row in _contents(empty_url)["collections"]] == [
        "work",
        "work-3",
        "work-4",
        "work-2",
        "home",
    ]
    with pytest.raises(StoreRefused), _connected(empty_url) as connection:
        connection.execute(text(_COLLECTION), {"id": 9, "slug": "home", "at": datetime(2026, 3, 1)})


_COLLECTION = (
    "INSERT INTO collections (id, slug, name, kinds, description, color, sort_order, timezone, epoch, seq,"
    " floor, created_at) VALUES (:id, :slug, 'x', 'event', '', '', 0, '', 'e', 0, 0, :at)"
)


def test_private_events_of_an_older_store_are_known_and_so_is_who_made_them(empty_url: str) -> None:
    schema.upgrade(empty_url, "0016")
    at = datetime(2026, 3, 1)
    with _connected(empty_url) as connection:
        connection.execute(text(_COLLECTION), {"id": 1, "slug": "agenda", "at": at})
        connection.execute(text(_USER), [{"id": 7, "name": "ada", "at": at}, {"id": 8, "name": "ad", "at": at}])
        for number, (kind, actor) in enumerate(_MADE, 1):
            row = {"id": number, "item": number, "uid": f"u{number}", "class": kind, "actor": actor, "at": at}
            for statement in (_ITEM, _EVENT, _REVISION):
                connection.execute(text(statement), row)
        connection.execute(text(_REVISION), {"id": 99, "item": 1, "actor": "user ad, device x", "at": at})
    schema.upgrade(empty_url)
    found = [(bool(row["secret"]), row["maker_id"]) for row in _contents(empty_url)["items"]]
    assert found == [(True, 7), (False, None), (True, None)]


_MADE = (("Private", "user ada, device Phone"), ("", "user ada, device Phone"), ("CONFIDENTIAL", "account work"))
_USER = "INSERT INTO users (id, name, display_name, address, blocked, created_at) VALUES (:id, :name, '', '', '0', :at)"
_ITEM = (
    "INSERT INTO items (id, collection_id, kind, uid, href, etag, size, revision_id, seq, deleted, fingerprint,"
    " created_at, changed_at) VALUES (:id, 1, 'event', :uid, :uid, 'e', 1, :id, :id, '0', '', :at, :at)"
)
_EVENT = (
    "INSERT INTO events (item_id, summary, location, all_day, zone, recurring, status, classification, organizer)"
    " VALUES (:id, '', '', '0', '', '0', '', :class, '')"
)
_REVISION = (
    "INSERT INTO revisions (id, item_id, text, digest, role, actor, at)"
    " VALUES (:id, :item, '', 'e', 'current', :actor, :at)"
)
