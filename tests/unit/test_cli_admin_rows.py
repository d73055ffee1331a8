"""The rows that commands make and list. Every statement is also compiled for SQL Server, which no test here can run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, select

from storage import (
    admin_actions,
    admin_config,
    admin_history,
    admin_holds,
    admin_lists,
    admin_people,
    admin_texts,
    api_tokens,
    tables,
)
from storage.dav_sharing import set_share
from storage.errors import StoreRefused
from tests.statements import DIALECTS

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{tmp_path}/hub.db")
    tables.metadata.create_all(engine)
    event.listen(engine, "before_execute", _compile_for_sql_server)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def _compile_for_sql_server(_connection: Any, statement: Any, *_more: Any) -> None:
    text = str(statement.compile(dialect=DIALECTS["mssql"]))
    assert " IS 0" not in text, text
    assert " IS 1" not in text, text


def bound(connection: Connection, name: str = "b", collection: str = "Agenda", remote: str = "/r/") -> int:
    account = admin_config.ensure_account(connection, "work", NOW)
    shelf = admin_config.ensure_collection(connection, collection, ["event"], "", NOW)
    return admin_config.ensure_binding(connection, name, account, shelf, remote)


def test_rows_are_made_once(connection: Connection) -> None:
    assert bound(connection) == bound(connection)
    assert bound(connection) != bound(connection, "c", remote="/s/")
    assert [row.name for row in admin_lists.bindings(connection)] == ["b", "c"]
    assert len(admin_lists.collections(connection)) == 1


def test_slugs_are_plain_and_free(connection: Connection) -> None:
    for name in ("Größe & Co.", "Grosse - Co", "грa", "日本"):
        admin_config.ensure_collection(connection, name, ["event"], "", NOW)
    slugs = [row.slug for row in admin_lists.collections(connection)]
    assert len(set(slugs)) == 4
    assert all(slug.isascii() and slug.replace("-", "").isalnum() for slug in slugs)


def test_events_and_tasks_may_come_to_share_a_collection_and_contacts_not(connection: Connection) -> None:
    first = admin_config.ensure_collection(connection, "Agenda", ["event"], "", NOW)
    assert admin_config.ensure_collection(connection, "Agenda", ["task"], "", NOW) == first
    assert admin_lists.collections(connection)[0].kinds == ("event", "task")
    with pytest.raises(StoreRefused, match="cannot hold contact"):
        admin_config.ensure_collection(connection, "Agenda", ["contact"], "", NOW)


def test_a_personal_collection_needs_its_user_and_is_apart_from_the_companys(connection: Connection) -> None:
    with pytest.raises(StoreRefused, match="agendahub user add ada"):
        admin_config.ensure_collection(connection, "Agenda", ["event"], "ada", NOW)
    admin_people.add_user(connection, "ada", "Ada", NOW)
    own = admin_config.ensure_collection(connection, "Agenda", ["event"], "ada", NOW)
    assert own != admin_config.ensure_collection(connection, "Agenda", ["event"], "", NOW)
    assert own == admin_config.ensure_collection(connection, "Agenda", ["event"], "ada", NOW)
    assert {row.owner for row in admin_lists.collections(connection)} == {"", "ada"}
    set_share(connection, own, 1, "read")
    set_share(connection, own, 1, "write")
    assert connection.execute(select(tables.grants.c.access)).scalars().all() == ["write"]


def test_a_binding_that_ties_other_ends_starts_anew_and_keeps_its_items(connection: Connection) -> None:
    number = bound(connection)
    item = _item(connection)
    _link(connection, number, item)
    admin_config.note_times(connection, {number: {"hub_cursor": 5, "cursor": "x"}})
    assert bound(connection, remote="/other/") == number
    assert connection.execute(select(tables.links)).all() == []
    row = connection.execute(select(tables.bindings.c.cursor, tables.bindings.c.hub_cursor)).one()
    assert tuple(row) == (None, 0)
    assert admin_lists.collections(connection)[0].items == 1


def test_r34_forgetting_an_account_forgets_links_and_keeps_items_and_history(connection: Connection) -> None:
    number = bound(connection)
    item = _item(connection)
    _link(connection, number, item)
    admin_history.add_run(connection, binding_id=number, started_at=NOW, finished_at=NOW, outcome="ok", counts={"x": 1})
    admin_config.forget_account(connection, "work")
    admin_config.forget_account(connection, "work")
    assert not admin_config.forget_binding(connection, "b")
    assert admin_lists.bindings(connection) == []
    assert admin_lists.collections(connection)[0].items == 1
    assert [(run.binding, run.counts) for run in admin_history.runs(connection)] == [("", {"x": 1})]


def test_waiting_bindings_are_those_behind_and_those_approved(connection: Connection) -> None:
    first, second = bound(connection), bound(connection, "c", "Other", "/s/")
    assert admin_config.bindings_waiting(connection) == (set(), set())
    connection.execute(tables.collections.update().where(tables.collections.c.name == "Other").values(seq=3))
    hold = {"binding_id": first, "side": "hub", "reason": "r", "samples": '["x"]', "item_ids": "[1, 2]", "count": 2}
    connection.execute(tables.holds.insert().values(**hold, at=NOW))
    (before,) = admin_holds.holds(connection)
    assert (before.samples, before.answer, before.answered) == (("x",), "", 0)
    assert admin_holds.lock_holds(connection, first) == {"hub": before.mark}
    assert admin_holds.answer(connection, first, "hub", "approve", "admin", NOW) == 2
    assert admin_config.bindings_waiting(connection) == ({second}, {first})
    (after,) = admin_holds.holds(connection, "b")
    assert (after.answer, after.answered, after.mark) == ("approve", 2, before.mark)
    connection.execute(tables.holds.update().values(item_ids="[1, 2, 3]"))
    (later,) = admin_holds.holds(connection, "b")
    assert later.answered == 2
    assert later.mark != before.mark
    assert admin_holds.held_items(connection, first, "hub") == []
    assert admin_holds.held_counts(connection) == {("b", "hub"): 2}
    admin_holds.drop_hold(connection, first, "hub")
    assert admin_holds.holds(connection) == []


def test_retrying_a_quarantined_item_makes_its_write_ready_and_its_read_due(connection: Connection) -> None:
    number, item = bound(connection), None
    item = _item(connection)
    entry = {
        "binding_id": number,
        "subject": "remote:/r/x",
        "remote_id": "/r/x",
        "remote_version": "v1",
        "item_id": item,
    }
    entry |= {"operation": "update", "message": "no", "first_at": NOW, "last_at": NOW}
    connection.execute(tables.quarantine.insert().values(**entry))
    intent = {"binding_id": number, "item_id": item, "operation": "update", "key": "k", "revision_id": 1}
    connection.execute(tables.intents.insert().values(**intent, state="failed"))
    (listed,) = admin_lists.quarantine(connection)
    assert (listed.binding, listed.account, listed.collection) == ("b", "work", "Agenda")
    assert admin_actions.retry_quarantined(connection, listed.id) == "b"
    assert admin_actions.retry_quarantined(connection, 99) is None
    assert connection.execute(select(tables.intents.c.state)).scalar_one() == "ready"
    assert connection.execute(select(tables.quarantine.c.remote_version)).scalar_one() == ""


def test_tokens_are_found_by_their_hash_until_they_are_revoked(connection: Connection) -> None:
    number = api_tokens.add_token(connection, "desk", "write", "h" * 64, NOW)
    with pytest.raises(StoreRefused, match="already"):
        api_tokens.add_token(connection, "desk", "read", "i" * 64, NOW)
    found = api_tokens.token_with(connection, "h" * 64)
    assert found is not None
    assert (found.id, found.access, found.last_used_at) == (number, "write", None)
    api_tokens.touch_token(connection, number, NOW)
    assert [token.last_used_at for token in api_tokens.tokens(connection)] == [NOW]
    api_tokens.revoke_token(connection, "desk", NOW)
    assert api_tokens.token_with(connection, "h" * 64) is None
    with pytest.raises(StoreRefused, match="token list"):
        api_tokens.revoke_token(connection, "desk", NOW)


def test_items_are_found_by_title_uid_and_id_and_wildcards_are_letters(connection: Connection) -> None:
    bound(connection)
    item = _item(connection)
    for words in ("100% BOARD", "u1", str(item)):
        assert [row.id for row in admin_history.find_items(connection, words)] == [item]
    assert admin_history.find_items(connection, "100_") == []
    assert list(admin_texts.texts_of(connection, 1)) == ["text"]
    assert [row.text for row in admin_history.revisions(connection, item)] == ["text"]
    scope = admin_history.Scope((item,), run_id=1, since=NOW, until=NOW, actor="nobody")
    assert admin_history.changes(connection, scope) == []
    assert [row.item_id for row in admin_history.changes(connection, admin_history.Scope(actor="a"))] == [item]
    assert [row.id for row in admin_history.timelines(connection, [item])[item]] == [1]
    assert admin_history.created_at(connection, [item]) == {item: NOW}
    assert admin_history.deleted_items(connection) == []


def _item(connection: Connection) -> int:
    row = {"collection_id": 1, "kind": "event", "uid": "u1", "href": "u1.ics", "etag": "e", "size": 1, "revision_id": 1}
    row |= {"seq": 1, "created_at": NOW, "changed_at": NOW}
    key = connection.execute(tables.items.insert().values(**row)).inserted_primary_key
    assert key is not None
    revision = {"item_id": key[0], "text": "text", "digest": "d", "role": "current", "actor": "a", "at": NOW}
    connection.execute(tables.revisions.insert().values(**revision))
    texts = dict.fromkeys(("location", "zone", "status", "classification", "organizer"), "")
    about = {"item_id": key[0], "summary": "100% board meeting", "all_day": False, "recurring": False, **texts}
    connection.execute(tables.events.insert().values(**about))
    return int(key[0])


def _link(connection: Connection, binding: int, item: int) -> None:
    row = {"binding_id": binding, "item_id": item, "remote_id": "/r/x", "remote_version": "v", "remote_uid": "u1"}
    connection.execute(tables.links.insert().values(**row, base_revision=1, state="live"))
