"""Faults at the ports: the N-th call of a connector or of the store fails in a chosen way.

A crash is a kill -9: from then on this process does nothing at all any more, not even in a ``finally``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from connectors.memory import Account, MemoryConnector
from storage.database import Database
from storage.errors import CommitInDoubt, StoreError, StoreFull
from sync_engine.errors import NotAuthorised, OutcomeUnknown, Rejected, Throttled, Unavailable, VersionConflict
from sync_engine.item import Item
from sync_engine.ports import Broken, Changed, Cursor, KnownVersions, Page, RemoteRef, Removed


class Crash(BaseException):
    """The process is gone."""


class Fault(StrEnum):
    """How a call fails. What cannot happen to a commit is a crash before it."""

    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    LOST_ANSWER = "done, but the answer was lost"
    LOST_REQUEST = "not done, and nobody knows"
    UNAVAILABLE = "unavailable"
    THROTTLED = "throttled"
    NOT_AUTHORISED = "not authorised"
    CONFLICT = "another version is there"
    IN_DOUBT_DONE = "commit in doubt, done"
    IN_DOUBT_LOST = "commit in doubt, not done"
    DISK_FULL = "disk full"


_WRITES = ("create", "update", "delete")
_OF_STORE = (Fault.IN_DOUBT_DONE, Fault.IN_DOUBT_LOST, Fault.DISK_FULL)


def applies(fault: Fault, name: str) -> bool:
    """Whether a call can fail so."""
    if fault is Fault.CONFLICT:
        return name in ("update", "delete")
    return name == "commit" or fault not in _OF_STORE


@dataclass
class Script:
    """Counts calls and fails the one whose number is `at` (from 0)."""

    fault: Fault | None = None
    at: int = -1
    calls: list[str] = field(default_factory=list)
    dead: bool = False

    def call(self, name: str, work: Callable[[], Any]) -> Any:
        """Do `work`, or fail."""
        if self.dead:
            raise Crash
        self.calls.append(name)
        if len(self.calls) - 1 != self.at or self.fault is None or not applies(self.fault, name):
            return work()
        return self._fail(name, work)

    def _fail(self, name: str, work: Callable[[], Any]) -> Any:
        done = (Fault.CRASH_AFTER, Fault.IN_DOUBT_DONE)
        if self.fault in done or (self.fault is Fault.LOST_ANSWER and name in _WRITES):
            work()
        if self.fault in _OF_STORE:
            raise StoreFull("No space is left.") if self.fault is Fault.DISK_FULL else CommitInDoubt("It went away.")
        if self.fault in (Fault.CRASH_BEFORE, Fault.CRASH_AFTER) or name == "commit":
            self.dead = True
            raise Crash
        raise _error(self.fault, name)


def _error(fault: Fault | None, name: str) -> Exception:
    if fault in (Fault.LOST_ANSWER, Fault.LOST_REQUEST) and name in _WRITES:
        return OutcomeUnknown("The connection broke.")
    if fault is Fault.CONFLICT:
        return VersionConflict("It has changed.")
    if fault is Fault.THROTTLED:
        return Throttled("Too many requests.", retry_after=60)
    return NotAuthorised("Sign in again.") if fault is Fault.NOT_AUTHORISED else Unavailable("503")


class FaultyConnector:
    """A `MemoryConnector` whose calls go through a script, and that may keep less than it is sent."""

    def __init__(self, account: Account, script: Script | None = None) -> None:
        self.inner = MemoryConnector(account)
        self.script = script or Script()
        self.carries = self.inner.carries
        self.refuses: set[str] = set()  # UIDs that the server will not take
        self.keeps: Callable[[str], str] = lambda text: text  # how it rewrites what it is sent

    def collections(self) -> Any:
        return self.inner.collections()

    def lag(self, collection: str) -> float:
        return self.inner.lag(collection)

    def close(self) -> None:
        """Nothing to give back."""

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        pages = self.inner.changes(collection, since, known)
        while (page := self.script.call("changes", lambda: next(pages, None))) is not None:
            yield page

    def fetch(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        yield from self.script.call("fetch", lambda: list(self.inner.fetch(collection, ids)))

    def find(self, collection: str, item: Item, key: str) -> Changed | Broken | None:
        return self.script.call("find", lambda: self.inner.find(collection, item, key))  # type: ignore[no-any-return]

    def create(self, collection: str, item: Item, key: str) -> RemoteRef:
        self._judge(item)
        return self.script.call("create", lambda: self.inner.create(collection, self._kept(item), key))  # type: ignore[no-any-return]

    def update(self, collection: str, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        self._judge(item)
        return self.script.call("update", lambda: self.inner.update(collection, ref, self._kept(item), base))  # type: ignore[no-any-return]

    def delete(self, collection: str, ref: RemoteRef) -> None:
        self.script.call("delete", lambda: self.inner.delete(collection, ref))

    def writes(self) -> list[str]:
        """The calls so far that write."""
        return [name for name in self.script.calls if name in _WRITES]

    def _kept(self, item: Item) -> Item:
        return Item.read(self.keeps(item.text))

    def _judge(self, item: Item) -> None:
        if item.uid in self.refuses:
            raise Rejected("The server refused the item.", server_said="403 valid-calendar-data")


class Joining(FaultyConnector):
    """The same, with the cursor in the page of the last changes, as most servers answer."""

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        pages = list(super().changes(collection, since, known))
        if len(pages) > 1 and not pages[-1].changes:
            pages[-2:] = [Page(pages[-2].changes, pages[-1].cursor, pages[-1].complete)]
        yield from pages


class ReadingBack(FaultyConnector):
    """The same, with the capability to look at what was kept."""

    def read_back(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        yield from self.script.call("read_back", lambda: list(self.inner.fetch(collection, ids)))


@dataclass
class FaultyStore:
    """A `Database` whose commits go through a script; dead after a crash."""

    database: Database
    script: Script

    def read(self) -> AbstractContextManager[Any]:
        if self.script.dead:
            raise Crash
        return self.database.read()

    @contextmanager
    def begin(self) -> Iterator[Any]:
        """Commits inside `Script.call`; what fails before it is rolled back."""
        if self.script.dead:
            raise Crash
        manager = self.database.begin()
        unit = manager.__enter__()
        try:
            yield unit
        except BaseException as err:
            manager.__exit__(type(err), err, err.__traceback__)
            raise
        self._commit(manager)

    def _commit(self, manager: AbstractContextManager[Any]) -> None:
        done = False

        def commit() -> None:
            nonlocal done
            done = True
            manager.__exit__(None, None, None)

        try:
            self.script.call("commit", commit)
        except (Crash, StoreError) as err:
            if not done:
                with suppress(Crash, StoreError):
                    manager.__exit__(type(err), err, err.__traceback__)
            raise
