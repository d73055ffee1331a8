"""Connectors that are kept between cycles, with their open connections. Each is used by one thread at a time.

The mailboxes of a fan-out share the limit of their service account, for the connectors that are lent and again for
those that are kept: a thousand mailboxes are not a thousand open connections.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from agendahub.fanout import service_of
from config.settings import AccountSettings
from sync_engine.ports import Connector


@dataclass(slots=True)
class _Shelf:
    """The connectors of one sign-in."""

    idle: list[tuple[AccountSettings, Connector]] = field(default_factory=list)  # the longest unused first
    lent: int = 0
    newest: dict[str, AccountSettings] = field(default_factory=dict)  # as they were last asked for, by name


class Connections:
    """Lends connectors; not more at a time than the account's `connections`."""

    def __init__(self, make: Callable[[AccountSettings], Connector]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._shelves: dict[str, _Shelf] = {}

    def free(self, account: AccountSettings) -> bool:
        """Whether one more may be lent now."""
        with self._lock:
            shelf = self._shelves.get(service_of(account))
            return shelf is None or shelf.lent < account.connections

    def lend(self, account: AccountSettings) -> Connector:
        """A connector for one cycle; give it back with `take_back`."""
        with self._lock:
            shelf = self._shelves.setdefault(service_of(account), _Shelf())
            shelf.lent += 1
            shelf.newest[account.name] = account
            old = _taken(shelf, lambda settings: settings.name == account.name and settings != account)
            found = [connector for settings, connector in shelf.idle if settings == account][-1:]
            shelf.idle = [entry for entry in shelf.idle if entry[1] not in found]
        for connector in old:
            connector.close()
        try:
            return found[0] if found else self._make(account)
        except BaseException:
            with self._lock:
                shelf.lent -= 1
            raise

    def take_back(self, account: AccountSettings, connector: Connector, *, keep: bool) -> None:
        """`keep` it for the next cycle, unless the account was changed meanwhile."""
        dropped = [connector]
        with self._lock:
            shelf = self._shelves[service_of(account)]
            shelf.lent -= 1
            if keep and shelf.newest[account.name] == account:
                shelf.idle.append((account, connector))
                dropped = [old for _settings, old in shelf.idle[: -account.connections]]
                del shelf.idle[: -account.connections]
        for one in dropped:
            one.close()

    def drop_idle(self, name: str | None = None) -> None:
        """Close what is not in use, of one account or of all."""
        with self._lock:
            shelves = self._shelves.values()
            idle = [one for shelf in shelves for one in _taken(shelf, lambda settings: name in (None, settings.name))]
        for connector in idle:
            connector.close()


def _taken(shelf: _Shelf, which: Callable[[AccountSettings], bool]) -> list[Connector]:
    taken = [connector for settings, connector in shelf.idle if which(settings)]
    shelf.idle = [entry for entry in shelf.idle if not which(entry[0])]
    return taken
