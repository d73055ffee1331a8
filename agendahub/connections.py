"""Connectors that are kept between cycles, with their open connections. Each is used by one thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from config.settings import AccountSettings
from sync_engine.ports import Connector


@dataclass(slots=True)
class _Shelf:
    """The connectors of one account."""

    settings: AccountSettings
    idle: list[Connector] = field(default_factory=list)
    lent: int = 0


class Connections:
    """Lends connectors; not more at a time than the account's `connections`."""

    def __init__(self, make: Callable[[AccountSettings], Connector]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._shelves: dict[str, _Shelf] = {}

    def free(self, account: AccountSettings) -> bool:
        """Whether one more may be lent now."""
        with self._lock:
            shelf = self._shelves.get(account.name)
            return shelf is None or shelf.lent < account.connections

    def lend(self, account: AccountSettings) -> Connector:
        """A connector for one cycle; give it back with `take_back`."""
        with self._lock:
            shelf = self._current(account)
            shelf.lent += 1
            if shelf.idle:
                return shelf.idle.pop()
        try:
            return self._make(account)
        except BaseException:
            with self._lock:
                shelf.lent -= 1
            raise

    def take_back(self, account: AccountSettings, connector: Connector, *, keep: bool) -> None:
        """`keep` it for the next cycle, unless the account was changed meanwhile."""
        with self._lock:
            shelf = self._shelves.get(account.name)
            if shelf is not None:
                shelf.lent -= 1
                if keep and shelf.settings == account:
                    shelf.idle.append(connector)
                    return
        connector.close()

    def drop_idle(self, name: str | None = None) -> None:
        """Close what is not in use, of one account or of all."""
        with self._lock:
            shelves = [shelf for key, shelf in self._shelves.items() if name in (None, key)]
            idle = [connector for shelf in shelves for connector in shelf.idle]
            for shelf in shelves:
                shelf.idle.clear()
        for connector in idle:
            connector.close()

    def _current(self, account: AccountSettings) -> _Shelf:
        shelf = self._shelves.setdefault(account.name, _Shelf(account))
        if shelf.settings != account:
            for connector in shelf.idle:
                connector.close()
            shelf.idle.clear()
            shelf.settings = account
        return shelf
