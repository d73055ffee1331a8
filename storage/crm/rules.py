"""The rules of intake in their order, and who may get a request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection


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
    raise NotImplementedError


def add(connection: Connection, name: str, enabled: bool, conditions: str, actions: str, at: datetime, by: str) -> int:
    """At the end; gives its id."""
    raise NotImplementedError


def edit(
    connection: Connection, rule_id: int, name: str, enabled: bool, conditions: str, actions: str, at: datetime, by: str
) -> bool:
    """Whether it is there."""
    raise NotImplementedError


def move(connection: Connection, rule_id: int, position: int) -> bool:
    """To a place counted from 0; the others close up. Whether it is there."""
    raise NotImplementedError


def remove(connection: Connection, rule_id: int) -> bool:
    """Whether it was there."""
    raise NotImplementedError


def candidates(connection: Connection, group: str = "") -> Sequence[CandidateRow]:
    """The members of a group; without one, everybody who can be responsible."""
    raise NotImplementedError
