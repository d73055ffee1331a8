"""The rules of intake in their order, and who may get a request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, false, func, insert, or_, select, true, update

from storage.tables import (
    group_members,
    group_roles,
    groups,
    intake_rules,
    receipts,
    requests,
    role_rights,
    user_roles,
    users,
)

_c = intake_rules.c


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as it is kept: `conditions` and `actions` are JSON of `crm.rules.json_form`."""

    id: int
    position: int
    name: str
    enabled: bool
    conditions: str
    actions: str
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """A user who is not blocked, and how busy."""

    user_id: int
    open_requests: int
    open_weight: int
    last_at: datetime | None


def rules(connection: Connection) -> Sequence[RuleRow]:
    """All of them in their order."""
    return [_row(row) for row in connection.execute(select(intake_rules).order_by(_c.position, _c.id))]


def rule(connection: Connection, rule_id: int) -> RuleRow | None:
    """One of them."""
    row = connection.execute(select(intake_rules).where(_c.id == rule_id)).first()
    return _row(row) if row else None


def _row(row: Row[Any]) -> RuleRow:
    return RuleRow(**{name: getattr(row, name) for name in RuleRow.__slots__})


def add(connection: Connection, name: str, enabled: bool, conditions: str, actions: str, at: datetime, by: str) -> int:
    """At the end; gives its id."""
    last = connection.execute(select(func.max(_c.position))).scalar()
    values = {"name": name, "enabled": enabled, "conditions": conditions, "actions": actions}
    place = {"position": 0 if last is None else last + 1, "changed_at": at, "changed_by": by}
    key = connection.execute(insert(intake_rules).values(**values, **place)).inserted_primary_key
    return int(key[0]) if key else 0


def edit(
    connection: Connection, rule_id: int, name: str, enabled: bool, conditions: str, actions: str, at: datetime, by: str
) -> bool:
    """Whether it is there."""
    values = {"name": name, "enabled": enabled, "conditions": conditions, "actions": actions}
    done = connection.execute(
        update(intake_rules).where(_c.id == rule_id).values(**values, changed_at=at, changed_by=by)
    )
    return done.rowcount == 1


def move(connection: Connection, rule_id: int, position: int) -> bool:
    """To a place counted from 0; the others close up. Whether it is there."""
    order = list(connection.execute(select(_c.id).order_by(_c.position, _c.id)).scalars())
    if rule_id not in order:
        return False
    order.remove(rule_id)
    order.insert(max(0, position), rule_id)
    _number(connection, order)
    return True


def remove(connection: Connection, rule_id: int) -> bool:
    """Whether it was there."""
    gone = connection.execute(delete(intake_rules).where(_c.id == rule_id)).rowcount == 1
    _number(connection, list(connection.execute(select(_c.id).order_by(_c.position, _c.id)).scalars()))
    return gone


def _number(connection: Connection, order: Sequence[int]) -> None:
    for position, one in enumerate(order):  # an admin has tens of them
        moved = update(intake_rules).where(_c.id == one, _c.position != position).values(position=position)
        connection.execute(moved)


def mailbox_of(connection: Connection, message_id: int) -> str:
    """The mailbox that a mail came to first; "" for one that came to none."""
    r = receipts.c
    first = select(r.mailbox).where(r.message_id == message_id).order_by(r.id).limit(1)
    return str(connection.execute(first).scalar() or "")


def candidates(connection: Connection, group: str = "", action: str = "") -> Sequence[CandidateRow]:
    """The members of a group; who may do an action; else everybody. Nobody who is blocked; the lowest id first."""
    theirs = requests.c.responsible_id == users.c.id
    newest = select(requests.c.created_at).where(theirs).order_by(requests.c.id.desc()).limit(1)
    statement = (
        select(
            users.c.id,
            func.count(requests.c.id).label("open_requests"),
            func.sum(requests.c.weight).label("open_weight"),
            newest.correlate(users).scalar_subquery().label("last_at"),
        )
        .select_from(users.outerjoin(requests, and_(theirs, requests.c.is_open == true(), requests.c.spam == false())))
        .where(users.c.blocked == false())
        .group_by(users.c.id)
        .order_by(users.c.id)
    )
    if group:
        members = select(group_members.c.user_id).join(groups, groups.c.id == group_members.c.group_id)
        statement = statement.where(users.c.id.in_(members.where(groups.c.name == group)))
    if action:
        own = select(user_roles.c.user_id).join(role_rights, role_rights.c.role_id == user_roles.c.role_id)
        shared = (
            select(group_members.c.user_id)
            .join(group_roles, group_roles.c.group_id == group_members.c.group_id)
            .join(role_rights, role_rights.c.role_id == group_roles.c.role_id)
        )
        able = (users.c.id.in_(one.where(role_rights.c.action == action)) for one in (own, shared))
        statement = statement.where(or_(*able))
    rows = connection.execute(statement)
    return [CandidateRow(row.id, row.open_requests, int(row.open_weight or 0), row.last_at) for row in rows]
