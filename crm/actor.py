"""Who does something: a user, a program of the admin, or the hub itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Actor:
    """Made by `crm.rights.actor_of`; every service takes one and asks `crm.rights.authorise` first."""

    name: str  # for the history: "ada", "program helpdesk", "intake", "agenda"
    user_id: int | None = None
    address: str = ""  # of the user's own mail, lower case
    groups: frozenset[int] = frozenset()
    rights: Mapping[str, str] = field(default_factory=dict)  # action -> scope: all, group, own, part (crm/rights.py)
    unlimited: bool = False  # the hub itself and an admin's program


INTAKE = Actor("intake", unlimited=True)
AGENDA = Actor("agenda", unlimited=True)
OUTBOX = Actor("outbox", unlimited=True)
ADMIN = Actor("admin", unlimited=True)  # commands: who can run them can do everything
