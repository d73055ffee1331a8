"""Counts what a database is asked for: statements, rows it gave, rows it was given or had changed."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event

_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True)
class DatabaseCost:
    """Of some work."""

    statements: float = 0
    read: float = 0  # rows
    written: float = 0  # rows
    cpu: float = 0.0  # seconds, user and system, of this process: SQLite's work too, that of a server not
    grown: float = 0  # octets of memory at the most beyond what was in use before


class _Fetching:
    """A cursor that counts what is fetched."""

    def __init__(self, cursor: Any, cost: DatabaseCost) -> None:
        self._cursor, self._cost = cursor, cost

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def fetchone(self) -> Any:
        row = self._cursor.fetchone()
        self._cost.read += row is not None
        return row

    def fetchmany(self, *size: int) -> Any:
        rows = self._cursor.fetchmany(*size)
        self._cost.read += len(rows)
        return rows

    def fetchall(self) -> Any:
        rows = self._cursor.fetchall()
        self._cost.read += len(rows)
        return rows


class Counter:
    """Attached to an engine; adds up in `cost`, which `counting` replaces."""

    def __init__(self, engine: Engine) -> None:
        self.cost = DatabaseCost()
        event.listen(engine, "after_cursor_execute", self._executed)

    @contextmanager
    def counting(self) -> Iterator[DatabaseCost]:
        """What the work in the block costs."""
        cost = self.cost = DatabaseCost()
        before, started = forget_peak(), time.process_time()
        yield cost
        cost.cpu = time.process_time() - started
        cost.grown = max(0, peak() - before)

    def _executed(self, *told: Any) -> None:
        _connection, cursor, statement, parameters, context, many = told
        self.cost.statements += not statement.startswith("BEGIN")  # other databases' drivers do not show theirs
        if context.isinsert or context.isupdate or context.isdelete:
            self.cost.written += len(parameters) if many else max(0, cursor.rowcount, 1 if context.isinsert else 0)
        if context.cursor is cursor and cursor.description is not None:
            context.cursor = _Fetching(cursor, self.cost)


def forget_peak() -> int:
    """From now on `peak` tells of what follows. Gives the memory in use, in octets."""
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")  # resets the high water mark (Linux, proc(5))
    return in_use()


def peak() -> int:
    """The most memory that was in use since `forget_peak`, in octets."""
    with open("/proc/self/status", encoding="ascii") as file:
        kib = next((line.split()[1] for line in file if line.startswith("VmHWM")), None)
    return int(kib) * 1024 if kib else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def in_use() -> int:
    """Memory in use, in octets."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * _PAGE
