"""Rights on real databases: what `authorise` says of one request, lists say of all; and who has which right."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import insert, select

from crm import audit, people, roles
from crm.actions import ACTIONS, BUILTIN, OF_REQUESTS
from crm.actor import ADMIN, Actor
from crm.errors import Forbidden, Invalid, NotThere, Refused
from crm.rights import Subject, actor_of, may, scope_of
from storage import tables as t
from storage.crm.scope import within
from storage.database import Database
from storage.unit_of_work import SqlUnitOfWork
from tests.databases import TestClock

ADDRESSES = ("", "ada@example.org", "bob@example.org", "cy@example.org", "x@customer.example")


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    found = Database(store_url, clock=TestClock())
    yield found
    found.dispose()


def _user(unit: SqlUnitOfWork, name: str, address: str = "") -> int:
    row = {"name": name, "address": address, "created_at": unit.session.now()}
    key = unit.session.connection.execute(insert(t.users).values(**row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def _requests(unit: SqlUnitOfWork, users: list[int], count: int) -> dict[int, Subject]:
    """Random ones, each with its subject."""
    connection, now, draw = unit.session.connection, unit.session.now(), random.Random(6)
    type_id = connection.execute(insert(t.request_types).values(name="other")).inserted_primary_key
    status_id = connection.execute(insert(t.statuses).values(name="new")).inserted_primary_key
    assert type_id is not None
    assert status_id is not None
    groups: dict[int, set[int]] = {}
    for member in connection.execute(select(t.group_members)):
        groups.setdefault(member.user_id, set()).add(member.group_id)
    found = {}
    for number in range(count):
        responsible, customer = draw.choice([None, *users]), draw.choice(ADDRESSES)
        row: dict[str, Any] = {"number": f"R-{number}", "type_id": type_id[0], "status_id": status_id[0]}
        row |= {"responsible_id": responsible, "customer_address": customer, "created_at": now, "changed_at": now}
        key = connection.execute(insert(t.requests).values(**row)).inserted_primary_key
        assert key is not None
        taking_part = set(draw.sample(ADDRESSES[1:], draw.randrange(3)))
        for address in taking_part:
            connection.execute(insert(t.request_people).values(request_id=key[0], address=address))
        of_responsible = frozenset(groups.get(responsible or 0, ()))
        found[int(key[0])] = Subject(responsible, frozenset(taking_part), customer, of_responsible)
    return found


def test_lists_show_exactly_what_one_request_would_let_be_seen(database: Database) -> None:
    with database.begin() as unit:
        users = [_user(unit, name, address) for name, address in zip("abc", ADDRESSES[1:], strict=False)]
        users.append(_user(unit, "d"))
        for group, members in (("one", "ab"), ("two", "bd"), ("empty", "")):
            people.create_group(unit, ADMIN, group)
            for member in members:
                people.add_member(unit, ADMIN, group, member)
        subjects = _requests(unit, users, 80)
        for scope in ("all", "group", "own", "part"):
            roles.create_role(unit, ADMIN, f"sees {scope}", {"request.read": scope})
        seen: dict[tuple[str, str], set[int]] = {}
        for name in "abcd":
            for scope in ("", "part", "own", "group", "all"):
                if scope:
                    roles.give(unit, ADMIN, f"sees {scope}", user=name)
                actor = actor_of(unit, name)
                assert scope_of(actor, "request.read") == scope
                listed = _listed(unit, actor)
                assert listed == {number for number, about in subjects.items() if may(actor, "request.read", about)}
                seen[name, scope] = listed
    for name in "abcd":
        assert seen[name, ""] == set()
        steps = [seen[name, scope] for scope in ("part", "own", "group", "all")]
        assert all(less <= more for less, more in pairwise(steps))
        assert len(seen[name, "all"]) == 80
    assert seen["a", "part"] < seen["a", "own"] < seen["a", "group"]
    assert seen["d", "part"] == set()  # no address: an empty one is nobody's


def _listed(unit: SqlUnitOfWork, actor: Actor) -> set[int]:
    scope = scope_of(actor, "request.read")
    where = within(scope, user_id=actor.user_id, address=actor.address, groups=actor.groups)
    return set(unit.session.connection.execute(select(t.requests.c.id).where(where)).scalars())


def test_the_widest_of_all_roles_counts_also_those_of_groups(database: Database) -> None:
    with database.begin() as unit:
        roles.seed(unit)
        roles.seed(unit)
        _user(unit, "ada", "ada@example.org")
        assert actor_of(unit, "ada").rights == {}
        roles.give(unit, ADMIN, "client", user="ada")
        assert actor_of(unit, "ada").rights == {"request.read": "part"}
        people.create_group(unit, ADMIN, "desk")
        roles.give(unit, ADMIN, "operator", group="desk")
        people.add_member(unit, ADMIN, "desk", "ada")
        assert actor_of(unit, "ada").rights == BUILTIN["operator"]
        people.remove_member(unit, ADMIN, "desk", "ada")
        assert actor_of(unit, "ada").rights == {"request.read": "part"}
        assert [role.name for role in roles.roles(unit, ADMIN)] == sorted(BUILTIN)


def test_a_blocked_user_is_nobody_at_once(database: Database) -> None:
    with database.begin() as unit:
        number = _user(unit, "ada")
        roles.give(unit, ADMIN, "administrator", user="ada")
        ada = actor_of(unit, number)
        with pytest.raises(Refused, match="yourself"):
            people.set_blocked(unit, ada, "ada", blocked=True)
        people.set_blocked(unit, ADMIN, "ada", blocked=True)
        with pytest.raises(Forbidden, match="ada is blocked"):
            actor_of(unit, number)
        with pytest.raises(NotThere):
            actor_of(unit, "nobody")


def test_roles_are_checked_audited_and_those_of_the_program_stay(database: Database) -> None:
    with database.begin() as unit:
        roles.seed(unit)
        for rights, told in (
            ({"request.fly": "all"}, "no right request.fly"),
            ({"request.read": "some"}, "not for 'some'"),
            ({"rule.edit": "own"}, "given for all"),
        ):
            with pytest.raises(Invalid, match=told):
                roles.create_role(unit, ADMIN, "desk", rights)
        roles.create_role(unit, ADMIN, "desk", {"request.read": "own"})
        with pytest.raises(Refused, match="already"):
            roles.create_role(unit, ADMIN, "desk", {})
        roles.change_role(unit, ADMIN, "desk", {"request.read": "all"})
        with pytest.raises(Refused, match="program's"):
            roles.change_role(unit, ADMIN, "client", {"request.close": "all"})
        _user(unit, "ada")
        roles.give(unit, ADMIN, "desk", user="ada")
        with pytest.raises(Refused, match="take it from them"):
            roles.remove_role(unit, ADMIN, "desk")
        roles.take(unit, ADMIN, "desk", user="ada")
        roles.remove_role(unit, ADMIN, "desk")
        people.set_address(unit, ADMIN, "ada", "Ada@Example.org")
        assert actor_of(unit, "ada").address == "ada@example.org"
        _user(unit, "bob")
        with pytest.raises(Refused, match="address of ada"):
            people.set_address(unit, ADMIN, "bob", "ada@example.org")
        with pytest.raises(Invalid):
            people.set_address(unit, ADMIN, "bob", "bob\r\nBcc: x@y")
        lines = [(entry.actor, entry.object, entry.detail) for entry in audit.entries(unit, ADMIN)]
        assert lines[0] == ("admin", "user ada", "address: ada@example.org")
        assert lines[-1] == ("admin", "role desk", "made: request.read (own)")
        assert len(audit.entries(unit, ADMIN, limit=2)) == 2
        last = audit.entries(unit, ADMIN, limit=2)[-1].id
        assert audit.entries(unit, ADMIN, before=last)[0].id < last


@pytest.mark.parametrize("role", ["operator", "supervisor", "client"])
def test_only_administrators_touch_users_roles_and_the_audit(database: Database, role: str) -> None:
    actor = Actor("eve", 7, "eve@example.org", frozenset(), BUILTIN[role])
    with database.begin() as unit:
        roles.seed(unit)
        _user(unit, "bob")
        for act in (
            lambda: roles.give(unit, actor, "administrator", user="bob"),
            lambda: roles.take(unit, actor, "operator", user="bob"),
            lambda: roles.create_role(unit, actor, "all", dict.fromkeys(OF_REQUESTS, "all")),
            lambda: roles.change_role(unit, actor, "all", {}),
            lambda: roles.remove_role(unit, actor, "all"),
            lambda: people.set_address(unit, actor, "bob", "eve2@example.org"),
            lambda: people.set_blocked(unit, actor, "bob", blocked=True),
            lambda: people.create_group(unit, actor, "g"),
            lambda: people.remove_group(unit, actor, "g"),
            lambda: people.add_member(unit, actor, "g", "bob"),
            lambda: people.remove_member(unit, actor, "g", "bob"),
            lambda: audit.entries(unit, actor),
        ):
            with pytest.raises(Forbidden):
                act()
        assert audit.entries(unit, ADMIN) == []
    assert set(ACTIONS) == set(BUILTIN["administrator"])
