"""The transaction in which somebody is signed in serves the first look of his request, too: most need no other one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType

from storage.database import Database
from storage.unit_of_work import SqlUnitOfWork


class FirstLook:
    """A reading transaction of one request, begun when it is first needed and closed by whoever used it last."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stack = ExitStack()
        self._unit: SqlUnitOfWork | None = None
        self._lent: SqlUnitOfWork | None = None

    def begin(self) -> SqlUnitOfWork:
        """The transaction."""
        if self._unit is None:
            self._unit = self._stack.enter_context(self._database.read())
        return self._unit

    @contextmanager
    def reading(self) -> Iterator[SqlUnitOfWork]:
        """The transaction, if it was begun and nobody had it before; else another one.

        Within this, the same one again: a request never holds one connection while it waits for a second.
        """
        if self._lent is not None:
            yield self._lent
            return
        unit, self._unit = self._unit, None
        with ExitStack() as own:
            self._lent = unit or own.enter_context(self._database.read())
            try:
                yield self._lent
            finally:
                self._lent = None
        self.close()

    def close(self) -> None:
        """End it, if it was begun."""
        self._unit = None
        self._stack.close()

    def __enter__(self) -> FirstLook:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._unit = None
        self._stack.__exit__(kind, error, trace)
