"""The servers that are compared: our gateway, Radicale and Xandikos, each new and empty on a port of 127.0.0.1."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import update

from storage.tables import users
from tests.servers.gateway import running_hub
from tests.servers.processes import radicale, xandikos


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in."""

    name: str
    password: str


@dataclass(frozen=True, slots=True)
class Tested:
    """A server, where its suites begin, and what its makers say it does not do."""

    name: str
    url: str  # for CalDAV
    plain_url: str  # for plain files
    accounts: list[Account]
    features: str | Mapping[str, Any] = field(default_factory=dict)  # as python-caldav names them


OURS = "agendahub"
_NAMES = ("user1@example.org", "user2@example.org", "user3@example.org")
# What we do not do on purpose (docs/conformance.md); python-caldav expects all the rest.
_OURS = {"save-load.journal": {"support": "unsupported"}}


@contextmanager
def gateway(folder: Path) -> Iterator[Tested]:
    """Our gateway with three users and a calendar of the company."""
    with running_hub(folder) as hub:
        accounts = [_account(hub, name) for name in _NAMES]
        hub.collection("company", "event,task")
        files = f"{hub.url}/dav/files/{_NAMES[0]}/"
        yield Tested(OURS, f"{hub.url}/dav/", files, accounts, _OURS)


def _account(hub: Any, name: str) -> Account:
    hub.user(name)
    hub.execute(update(users).where(users.c.name == name).values(address=name))
    return Account(name, hub.phone(name).password)


@contextmanager
def of_radicale(folder: Path) -> Iterator[Tested]:
    """Radicale with one user."""
    with radicale(folder) as server:
        account = Account(server.username, server.password)
        requests.request("PROPFIND", server.url, auth=(account.name, account.password), timeout=30)  # makes his folder
        yield Tested("radicale", server.url, f"{server.url}{account.name}/", [account], "radicale")


@contextmanager
def of_xandikos(folder: Path) -> Iterator[Tested]:
    """Xandikos, which asks nobody for a password."""
    with xandikos(folder) as server:
        account = Account(server.username, server.password)
        yield Tested("xandikos", server.url, server.url, [account], "xandikos")


SERVERS: Mapping[str, Callable[[Path], AbstractContextManager[Tested]]] = {
    OURS: gateway,
    "radicale": of_radicale,
    "xandikos": of_xandikos,
}
