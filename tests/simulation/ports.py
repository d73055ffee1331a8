"""The two ports as a cycle in the simulation sees them: every call can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from sync_engine.errors import AccountError, CursorExpired, ItemError, OutcomeUnknown, Unavailable, Unreadable
from sync_engine.item import Item
from sync_engine.model import Record
from sync_engine.ports import (
    Broken,
    Change,
    Changed,
    Cursor,
    KnownVersions,
    Page,
    RemoteCollection,
    RemoteRef,
    Removed,
    Write,
    Written,
)
from tests.simulation.chaos import Fault, Session
from tests.simulation.connectors import ReadingConnector, SimConnector
from tests.simulation.memory_store import MemoryStore
from tests.simulation.memory_unit import MemoryUnit


class FaultyConnector:
    """A connector whose calls go through a session."""

    def __init__(self, inner: SimConnector, session: Session, *, may_lie: bool) -> None:
        self.inner = inner
        self.may_lie = may_lie  # what a first listing hides, nobody can know of
        self.session = session
        self.carries = inner.carries
        inner.meanwhile = lambda: session.between(len(session.calls))

    def kept(self, record: Record) -> Record | None:
        return self.inner.kept(record)

    def lag(self, collection: str) -> float:
        return self.inner.lag(collection)

    def collections(self) -> Sequence[RemoteCollection]:
        return []

    def close(self) -> None:
        """Nothing to give back."""

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        whole, first = since is None, True
        self.session.listings += whole
        pages = self.inner.changes(collection, since, known)
        while (page := self.session.call("changes", str(since), lambda: next(pages, None))) is not None:
            fault = self.session.due(*self._kinds(whole, first))
            if fault is not None:
                self.session.trace.note(self.session.name, fault)
            if fault is Fault.EXPIRED:
                raise CursorExpired("The feed cannot go on.")
            if fault is Fault.CUT_OFF:
                return self._ends_early(whole)
            if fault is Fault.EMPTY:
                yield Page((), None, complete=True)
                return
            yield self._damaged(page, known, whole=whole)
            if page.complete:
                return
            first = False

    def _ends_early(self, whole: bool) -> None:
        """A listing that ends early is known by it. A feed is not: what moved must not be cut in two without a word."""
        if not whole and self.inner.remote.nature.moves:
            raise Unavailable("The connection broke in the middle of the feed.")

    def _kinds(self, whole: bool, first: bool) -> list[str]:
        if not whole:
            return ["feed"]
        return ["listing", "whole listing"] if first and self.may_lie else ["listing"]

    def _damaged(self, page: Page, known: KnownVersions, *, whole: bool) -> Page:
        """What nobody has heard of yet is told well: that could not be made good."""
        heard = known([_id(change) for change in page.changes])
        changes = list(page.changes)
        if whole and heard and self.session.due("part of a listing"):
            gone = sorted(heard)[0]
            self.session.trace.note(self.session.name, "omitted", gone)
            changes = [change for change in changes if _id(change) != gone]
        return replace(page, changes=self._unreadable(changes, heard))

    def _unreadable(self, changes: list[Change], heard: Mapping[str, str]) -> list[Change]:
        places = [n for n, change in enumerate(changes) if isinstance(change, Changed) and change.ref.id in heard]
        if not places or not self.may_lie or self.session.due("page") is None:
            return changes
        hurt = changes[places[-1]]
        assert isinstance(hurt, Changed)
        changes[places[-1]] = Broken(hurt.ref, hurt.item.text, Unreadable("It cannot be read."))
        self.session.trace.note(self.session.name, "unreadable", hurt.ref.id)
        return changes

    def fetch(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        yield from self._read("fetch", collection, ids)

    def _read(self, name: str, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        struck = self.session.trace.faults[Fault.IN_PART]
        answers = self.session.call(name, " ".join(ids), lambda: list(self.inner.fetch(collection, ids)))
        if self.session.trace.faults[Fault.IN_PART] == struck:
            yield from answers
            return
        yield from answers[: len(answers) // 2]
        raise Unavailable("The connection broke in the middle of the answer.")

    def find(self, collection: str, item: Item, key: str) -> Changed | Broken | None:
        return self.session.call("find", key, lambda: self.inner.find(collection, item, key))  # type: ignore[no-any-return]

    def create(self, collection: str, item: Item, key: str) -> RemoteRef:
        about = f"{key} {item.digest}"
        return self.session.call("create", about, lambda: self.inner.create(collection, item, key))  # type: ignore[no-any-return]

    def update(self, collection: str, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        about = f"{ref.id} {ref.version} {item.digest}"
        return self.session.call("update", about, lambda: self.inner.update(collection, ref, item, base))  # type: ignore[no-any-return]

    def delete(self, collection: str, ref: RemoteRef) -> None:
        self.session.call("delete", f"{ref.id} {ref.version}", lambda: self.inner.delete(collection, ref))


class FaultyReadingConnector(FaultyConnector):
    """The same, with the capability to look at what was kept."""

    def read_back(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        yield from self._read("read_back", collection, ids)


class _Batches(FaultyConnector):
    """Takes many writes at once: each may fail by itself, and a crash leaves those of the batch without an answer."""

    most_writes = 3

    def write(self, collection: str, writes: Sequence[Write]) -> Iterator[Written]:
        answers: list[Written] = []
        stopped: AccountError | None = None
        for one in writes:
            try:
                answers.append(self._written(collection, one))
            except (ItemError, OutcomeUnknown) as err:
                answers.append(err)
            except AccountError as err:
                stopped = err
                break
        yield from answers
        if stopped is not None:
            raise stopped

    def _written(self, collection: str, one: Write) -> RemoteRef | None:
        if one.ref is None:
            assert one.item is not None
            return self.create(collection, one.item, one.key)
        if one.item is None:
            self.delete(collection, one.ref)
            return None
        return self.update(collection, one.ref, one.item, one.base)


class FaultyBatchingConnector(_Batches):
    """For remotes that keep what they are sent."""


class FaultyBatchingReadingConnector(_Batches, FaultyReadingConnector):
    """For remotes that rewrite it."""


def _id(change: Change) -> str:
    return change.id if isinstance(change, Removed) else change.ref.id


def faulty(inner: SimConnector, session: Session, *, may_lie: bool) -> FaultyConnector:
    """With the capabilities of the inner one."""
    reading, batching = isinstance(inner, ReadingConnector), inner.remote.nature.batches
    return _KINDS[reading, batching](inner, session, may_lie=may_lie)


_KINDS: dict[tuple[bool, bool], type[FaultyConnector]] = {
    (False, False): FaultyConnector,
    (True, False): FaultyReadingConnector,
    (False, True): FaultyBatchingConnector,
    (True, True): FaultyBatchingReadingConnector,
}


class FaultyStore:
    """The store as the process of a session sees it."""

    def __init__(self, store: MemoryStore, session: Session) -> None:
        self.store = store
        self.session = session

    @contextmanager
    def begin(self) -> Iterator[MemoryUnit]:
        """Commits inside of `Session.call`."""
        self.session.enter("begin")
        with self.store.begin(self._commit) as unit:
            yield unit

    def _commit(self, work: Callable[[], None]) -> None:
        self.session.call("commit", "", work)

    @contextmanager
    def read(self) -> Iterator[MemoryUnit]:
        self.session.enter("read")
        with self.store.read() as unit:
            yield unit
