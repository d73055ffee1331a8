"""What all of Google's services know: the time, who has an account, and which token stands for whom."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from tests.servers.google_workspace.protocol import Switches, User

AUTH = "https://www.googleapis.com/auth/"
ALL_SCOPES = frozenset(
    AUTH + name
    for name in (
        "calendar",
        "contacts",
        "contacts.other.readonly",
        "tasks",
        "directory.readonly",
        "admin.directory.user.readonly",
        "admin.directory.group.member.readonly",
        "gmail.modify",
    )
)


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Grant:
    """What a token opens."""

    user: User
    scopes: frozenset[str]
    expires: datetime | None = None
    app: bool = False  # a service account acts for the user


@dataclass
class World:
    """One Google. `lock` is held while a call is answered."""

    clock: Callable[[], datetime] = now
    switches: Switches = field(default_factory=Switches)
    users: dict[str, User] = field(default_factory=dict)  # by address in small letters
    grants: dict[str, Grant] = field(default_factory=dict)  # by access token
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self._numbers = count(1)
        self._last = datetime.min.replace(tzinfo=UTC)
        self._newcomers: list[Callable[[User], None]] = []

    def number(self) -> int:
        """1, 2, 3 ... of everything that is made."""
        return next(self._numbers)

    def moment(self) -> datetime:
        """Now in whole milliseconds, and later than every moment that was given before."""
        at = self.clock()
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        self._last = at if at > self._last else self._last + timedelta(milliseconds=1)
        return self._last

    def etag(self) -> str:
        """A new one, with its quotation marks."""
        return f'"{3000000000000000 + self.number() * 2000}"'

    def on_new_user(self, welcome: Callable[[User], None]) -> None:
        """An area makes what a new user has from the start."""
        self._newcomers.append(welcome)
        for user in self.users.values():
            welcome(user)

    def user(self, address: str, name: str = "") -> User:
        """Who has this address; a new account if there was none."""
        address = address.lower()
        with self.lock:
            if address not in self.users:
                self.users[address] = User(address, name or address.partition("@")[0].title())
                for welcome in self._newcomers:
                    welcome(self.users[address])
            return self.users[address]

    def give(
        self,
        address: str,
        scopes: Iterable[str] = ALL_SCOPES,
        *,
        name: str = "",
        token: str = "",
        expires: datetime | None = None,
        app: bool = False,
    ) -> str:
        """An access token for somebody, who gets an account if need be."""
        token = token or f"ya29.token-{self.number()}"
        self.grants[token] = Grant(self.user(address, name), frozenset(scopes), expires, app)
        return token

    def revoke(self, token: str) -> None:
        """It opens nothing any more."""
        self.grants.pop(token, None)

    def grant(self, authorization: str) -> Grant | None:
        """What an Authorization header opens."""
        sort, _, token = authorization.partition(" ")
        found = self.grants.get(token.strip()) if sort.lower() == "bearer" else None
        if found and found.expires and found.expires <= self.clock():
            return None
        return found


def stamp(at: datetime) -> str:
    """2026-11-22T09:00:00.000Z."""
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
