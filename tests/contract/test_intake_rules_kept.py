"""The rules of intake in the store, and who can get a request: on every database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from crm.errors import Invalid, NotThere
from crm.rules import keeping
from crm.rules.distribution import Candidate, choose
from storage import tables as t
from storage.database import Database
from storage.unit_of_work import SqlUnitOfWork

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def unit(store_url: str) -> Iterator[SqlUnitOfWork]:
    database = Database(store_url, clock=lambda: NOW)
    with database.begin() as unit:
        yield unit
    database.dispose()


def form(name: str, **then: Any) -> dict[str, Any]:
    return {
        "name": name,
        "when": [{"field": "subject", "operator": "contains", "value": "ž"}],
        "then": then or {"spam": True},
    }


def names(unit: SqlUnitOfWork) -> list[str]:
    return [rule.name for rule in keeping.all_rules(unit)]


def test_q06_rules_keep_their_order(unit: SqlUnitOfWork) -> None:
    a, b, c = (keeping.add(unit, form(name), "ada") for name in "abc")
    assert names(unit) == ["a", "b", "c"]
    keeping.move(unit, c.id, 0)
    assert names(unit) == ["c", "a", "b"]
    keeping.move(unit, c.id, 99)
    assert names(unit) == ["a", "b", "c"]
    keeping.move(unit, a.id, 1)
    assert names(unit) == ["b", "a", "c"]
    assert keeping.remove(unit, b.id).name == "b"
    keeping.move(unit, c.id, 0)
    keeping.add(unit, form("d"), "ada")
    assert names(unit) == ["c", "a", "d"]


def test_q06_a_rule_is_kept_as_it_was_written_and_can_be_edited(unit: SqlUnitOfWork) -> None:
    made = keeping.add(unit, form("a", type="support", tags=["x", "ü"], stop=True) | {"match": "any"}, "ada")
    assert keeping.all_rules(unit) == (made,) == (keeping.rule(unit, made.id),)
    before, after = keeping.edit(unit, made.id, form("b", priority=5) | {"enabled": False}, "bob")
    assert (before, after.name, after.enabled) == (made, "b", False)
    assert keeping.all_rules(unit) == (after,)


def test_what_cannot_be_kept_is_said(unit: SqlUnitOfWork) -> None:
    made = keeping.add(unit, form("a"), "ada")
    other = keeping.add(unit, form("b"), "ada")
    with pytest.raises(Invalid, match="already"):
        keeping.add(unit, form("a"), "ada")
    with pytest.raises(Invalid, match="already"):
        keeping.edit(unit, other.id, form("a"), "ada")
    keeping.edit(unit, made.id, form("a"), "ada")
    for action in (keeping.remove, keeping.rule):
        with pytest.raises(NotThere):
            action(unit, 999_999)
    with pytest.raises(NotThere):
        keeping.move(unit, 999_999, 0)
    with pytest.raises(NotThere):
        keeping.edit(unit, 999_999, form("x"), "ada")


def _user(unit: SqlUnitOfWork, name: str, *, blocked: bool = False) -> int:
    return _insert(unit, t.users, name=name, display_name=name, blocked=blocked, created_at=NOW)


def _insert(unit: SqlUnitOfWork, table: Any, **values: Any) -> int:
    key = unit.session.connection.execute(insert(table).values(**values)).inserted_primary_key
    assert key
    return int(key[0])


def test_q06_who_can_get_a_request_and_how_busy(unit: SqlUnitOfWork) -> None:
    ada, bob, eva = _user(unit, "ada"), _user(unit, "bob"), _user(unit, "eva")
    gone = _user(unit, "gone", blocked=True)
    sales = _insert(unit, t.groups, name="Sales")
    for user in (ada, bob, gone):
        unit.session.connection.execute(insert(t.group_members).values(group_id=sales, user_id=user))
    kind = _insert(unit, t.request_types, name="any")
    status = _insert(unit, t.statuses, name="any")

    def request(who: int, number: int, weight: int, **more: Any) -> None:
        at = NOW - timedelta(days=10 - number)
        given = {"type_id": kind, "status_id": status, "responsible_id": who, "weight": weight}
        _insert(unit, t.requests, number=f"R-{number}", created_at=at, changed_at=at, **given, **more)

    request(ada, 1, 5)
    request(ada, 2, 7, is_open=False)
    request(bob, 3, 3)
    request(bob, 4, 1)
    request(gone, 5, 1)
    request(bob, 6, 9, spam=True)
    found = list(keeping.people(unit, "Sales"))
    assert found == [Candidate(ada, 1, 5, NOW - timedelta(days=8)), Candidate(bob, 2, 4, NOW - timedelta(days=4))]
    assert (choose("least_busy", found), choose("round_robin", found)) == (bob, ada)
    assert list(keeping.people(unit)) == []  # none of them may answer anybody
    for role, action in (("operator", "answer.write"), ("client", "request.read")):
        number = _insert(unit, t.roles, name=f"my {role}", builtin=False)
        unit.session.connection.execute(insert(t.role_rights).values(role_id=number, action=action, scope="all"))
        who = {"operator": (eva, gone), "client": (bob,)}[role]
        for user in who:
            unit.session.connection.execute(insert(t.user_roles).values(user_id=user, role_id=number))
        if role == "operator":
            unit.session.connection.execute(insert(t.group_roles).values(group_id=sales, role_id=number))
    assert [one.user_id for one in keeping.people(unit)] == [ada, bob, eva]  # by group or by themselves
    assert list(keeping.people(unit, "No such group")) == []
