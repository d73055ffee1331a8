"""The people that everyone who signs in may know of: by name and address only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, false, select

from storage.tables import users


@dataclass(frozen=True, slots=True)
class Principal:
    """A user, as colleagues see him."""

    user_id: int
    name: str
    display_name: str
    address: str = ""  # of mail, lower case

    @property
    def shown(self) -> str:
        """What people call him."""
        return self.display_name or self.name

    @property
    def mail(self) -> str:
        """His address of mail; "" when none is known."""
        return self.address or (self.name if "@" in self.name else "")


_COLUMNS: list[Any] = [users.c.id, users.c.name, users.c.display_name, users.c.address]
_PRINCIPALS = select(*_COLUMNS).where(users.c.blocked == false()).order_by(users.c.id)
_NAMED = _PRINCIPALS.where(users.c.name == bindparam("name"))


def principal_named(connection: Connection, name: str) -> Principal | None:
    """The user of this name; None when there is none or he is blocked."""
    row = connection.execute(_NAMED, {"name": name}).one_or_none()
    return Principal(*row) if row else None


def principals(connection: Connection, limit: int) -> list[Principal]:
    """Users that are not blocked, the first ones first; at most `limit`."""
    return [Principal(*row) for row in connection.execute(_PRINCIPALS.limit(limit))]
