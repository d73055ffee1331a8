"""What goes wrong: faults at the calls of one cycle, and what people do between two of its calls.

A crash is a kill -9: from then on the process does nothing at all any more, not even in a ``finally``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from storage.errors import CommitInDoubt, StoreBusy, StoreFull
from sync_engine.errors import (
    CollectionGone,
    NotAuthorised,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
    VersionConflict,
)


class Crash(BaseException):
    """The process is gone."""


class Fault(StrEnum):
    """How a call fails."""

    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    LOST_ANSWER = "timeout after commit"
    LOST_REQUEST = "timeout before commit"
    SIGN_IN = "401"
    GONE = "404"
    COLLECTION_GONE = "404 of the collection"
    TAKEN = "409"
    CONFLICT = "412"
    LOCKED = "423"
    REFUSED = "4xx"
    THROTTLED = "429"
    UNAVAILABLE = "5xx"
    EXPIRED = "cursor expired"
    EMPTY = "empty listing"
    CUT_OFF = "listing cut off"
    OMITTED = "listing without an item"
    UNREADABLE = "unreadable item"
    IN_PART = "batch answered in part"
    IN_DOUBT_DONE = "commit in doubt, done"
    IN_DOUBT_LOST = "commit in doubt, not done"
    DISK_FULL = "disk full"
    AWAY = "database away"
    CLOCK_FORWARD = "clock jumps forward"
    CLOCK_BACK = "clock jumps back"


_READS = frozenset({"changes", "fetch", "find", "read_back"})
_WRITES = frozenset({"create", "update", "delete"})
_REMOTE = _READS | _WRITES
_COMMIT = frozenset({"commit"})
_STORE = frozenset({"begin", "read"})
_ANY = _REMOTE | _COMMIT
APPLIES: dict[Fault, frozenset[str]] = {
    Fault.CRASH_BEFORE: _ANY | _STORE,
    Fault.CRASH_AFTER: _ANY,
    Fault.LOST_ANSWER: _WRITES,
    Fault.LOST_REQUEST: _WRITES,
    Fault.SIGN_IN: _REMOTE,
    Fault.GONE: frozenset({"update"}),
    Fault.COLLECTION_GONE: frozenset({"changes", "create"}),
    Fault.TAKEN: frozenset({"create"}),
    Fault.CONFLICT: frozenset({"update", "delete"}),
    Fault.LOCKED: frozenset({"update", "delete"}),
    Fault.REFUSED: _WRITES,
    Fault.THROTTLED: _REMOTE,
    Fault.UNAVAILABLE: _REMOTE,
    Fault.EXPIRED: frozenset({"feed", "listing"}),
    Fault.EMPTY: frozenset({"whole listing"}),
    Fault.CUT_OFF: frozenset({"listing", "feed"}),
    Fault.OMITTED: frozenset({"part of a listing"}),
    Fault.UNREADABLE: frozenset({"page"}),
    Fault.IN_PART: frozenset({"fetch", "read_back"}),
    Fault.IN_DOUBT_DONE: _COMMIT,
    Fault.IN_DOUBT_LOST: _COMMIT,
    Fault.DISK_FULL: _COMMIT,
    Fault.AWAY: _STORE,
    Fault.CLOCK_FORWARD: _ANY,
    Fault.CLOCK_BACK: _ANY,
}
"""The calls that can fail so. "feed", "listing", "page" ... are a call of changes, seen more closely."""

_ERRORS: dict[Fault, Callable[[], Exception]] = {
    Fault.LOST_ANSWER: lambda: OutcomeUnknown("The connection broke."),
    Fault.LOST_REQUEST: lambda: OutcomeUnknown("The connection broke."),
    Fault.SIGN_IN: lambda: NotAuthorised("Sign in again."),
    Fault.GONE: lambda: VersionConflict("It is gone."),
    Fault.COLLECTION_GONE: lambda: CollectionGone("The collection is gone."),
    Fault.TAKEN: lambda: VersionConflict("Something is there."),
    Fault.CONFLICT: lambda: VersionConflict("It has changed."),
    Fault.LOCKED: lambda: Unavailable("The item is locked."),
    Fault.REFUSED: lambda: Rejected("The server refused the item.", server_said="403"),
    Fault.THROTTLED: lambda: Throttled("Too many requests.", retry_after=60),
    Fault.UNAVAILABLE: lambda: Unavailable("503"),
    Fault.IN_PART: lambda: Unavailable("The connection broke in the middle of the answer."),
    Fault.AWAY: lambda: StoreBusy("The database is locked."),
    Fault.IN_DOUBT_DONE: lambda: CommitInDoubt("The database went away."),
    Fault.IN_DOUBT_LOST: lambda: CommitInDoubt("The database went away."),
    Fault.DISK_FULL: lambda: StoreFull("No space is left."),
}
_STOPPING = frozenset({Fault.SIGN_IN, Fault.THROTTLED, Fault.COLLECTION_GONE})


@dataclass
class Clock:
    """Virtual time; every look at it takes a second."""

    now: datetime = datetime(2026, 3, 1, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def pass_time(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@dataclass
class Trace:
    """All that happened, as a hash; and as lines, if somebody wants to read it."""

    lines: list[str] | None = None
    requests: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    _hash: Any = field(default_factory=sha256)

    def note(self, *words: object) -> None:
        line = " ".join(map(str, words))
        self._hash.update(line.encode() + b"\n")
        if self.lines is not None:
            self.lines.append(line)

    @property
    def digest(self) -> str:
        return str(self._hash.hexdigest())


@dataclass
class Process:
    """The program; a crash ends all that runs in it."""

    dead: bool = False


_ENDLESS = 1500  # calls

Planned = tuple[int, Fault]  # from this call of the cycle on, the first call that can


@dataclass
class Session:
    """The calls of one cycle, and what becomes of them."""

    name: str
    process: Process
    clock: Clock
    trace: Trace
    faults: list[Planned] = field(default_factory=list)
    between: Callable[[int], None] = lambda _n: None  # what others do before the n-th call
    calls: list[str] = field(default_factory=list)
    must_rest: bool = False
    deleted: int = 0  # at the remote
    may_write: bool = True
    listings: int = 0  # begun

    def call(self, name: str, about: str, work: Callable[[], Any]) -> Any:
        """Do `work`, or fail."""
        self._alive()
        number = len(self.calls)
        self.calls.append(name)
        if number > _ENDLESS:
            raise AssertionError(f"{self.name}: a cycle without end")
        if name != "commit":
            self._ask(name, number)
        fault = self.due(name)
        self.trace.note(self.name, number, name, about, fault or "")
        return self._do(fault, name, work)

    def _ask(self, name: str, number: int) -> None:
        self.trace.requests += 1
        self.between(number)
        self._alive()
        if self.must_rest:
            raise AssertionError(f"{self.name}: {name} although the server asked for a rest or a new sign-in")
        if name in _WRITES and not self.may_write:
            raise AssertionError(f"{self.name}: {name} at an account that is only read")

    def enter(self, name: str) -> None:
        """Begin to read or write the store, or fail."""
        self._alive()
        fault = self.due(name)
        if fault is not None:
            self.trace.note(self.name, name, fault)
            self._fail(fault)

    @property
    def requests(self) -> int:
        """Calls of the account."""
        return sum(call != "commit" for call in self.calls)

    @property
    def writes(self) -> int:
        """Calls about one item: writes, and reads that settle one."""
        return sum(call in _WRITES or call == "find" for call in self.calls)

    @property
    def has_read(self) -> bool:
        """Whether the feed is over."""
        return not {"fetch", "find", "create", "update", "delete"}.isdisjoint(self.calls)

    def due(self, *names: str) -> Fault | None:
        """The fault that strikes now, if any."""
        for planned in self.faults:
            offset, fault = planned
            if offset < len(self.calls) and not APPLIES[fault].isdisjoint(names):
                self.faults.remove(planned)
                self.trace.faults[fault] += 1
                return fault
        return None

    def _alive(self) -> None:
        if self.process.dead:
            raise Crash

    def _do(self, fault: Fault | None, name: str, work: Callable[[], Any]) -> Any:
        if fault is Fault.IN_PART:
            return self._done(name, work)  # and whoever gives the answers on stops in the middle
        if fault in (Fault.CLOCK_FORWARD, Fault.CLOCK_BACK):
            self.clock.pass_time(hours=30 if fault is Fault.CLOCK_FORWARD else -30)
        if fault is None or fault in (Fault.CLOCK_FORWARD, Fault.CLOCK_BACK):
            return self._done(name, work)
        self.must_rest |= fault in _STOPPING
        if fault in (Fault.CRASH_AFTER, Fault.LOST_ANSWER, Fault.IN_DOUBT_DONE):
            self._done(name, work)
        return self._fail(fault)

    def _fail(self, fault: Fault) -> None:
        if fault in (Fault.CRASH_BEFORE, Fault.CRASH_AFTER):
            self.process.dead = True
            raise Crash
        raise _ERRORS[fault]()

    def _done(self, name: str, work: Callable[[], Any]) -> Any:
        answer = work()
        self.deleted += name == "delete"
        return answer
