"""One run: the hub, its remotes, people, and cycles of the real engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import lru_cache
from random import Random

from storage.errors import StoreError
from sync_engine.brake import allowed
from sync_engine.context import Cycle
from sync_engine.cycle import run_cycle
from sync_engine.errors import AccountError
from sync_engine.item import Item
from sync_engine.model import title_of
from sync_engine.ports import HubItem, Origin, RunCounts
from tests.simulation.chaos import Clock, Crash, Fault, Process, Session, Trace
from tests.simulation.ledger import Ledger
from tests.simulation.memory_store import MemoryStore
from tests.simulation.memory_unit import MemoryUnit
from tests.simulation.ports import FaultyStore, faulty
from tests.simulation.remotes import Remote, connector_for
from tests.simulation.scenario import Scenario, Step

PHONE = Origin("user ada, device phone")
HUB = 0  # among the places where people are; the remotes are 1, 2 ...


@lru_cache(maxsize=20_000)
def read(text: str) -> Item:
    """A text as an item."""
    return Item.read(text)


@dataclass(frozen=True)
class Snapshot:
    """What a phone saw, and its token."""

    seq: int
    items: dict[int, int]  # item -> revision


@dataclass
class World:
    """Everything."""

    scenario: Scenario
    trace: Trace
    clock: Clock = field(default_factory=Clock)
    store: MemoryStore = field(default_factory=MemoryStore)
    ledger: Ledger = field(default_factory=Ledger)
    remotes: list[Remote] = field(default_factory=list)
    bindings: list[int] = field(default_factory=list)  # by remote
    paused: set[int] = field(default_factory=set)  # remotes
    running: set[int] = field(default_factory=set)
    sessions: dict[int, Session] = field(default_factory=dict)  # the last of each remote
    snapshots: list[Snapshot] = field(default_factory=list)
    collection: int = 0
    approvals: int = 0
    _keys: int = 0
    phone_fails: Fault | None = None

    def __post_init__(self) -> None:
        self.collection = self.store.add_collection()
        for n, nature in enumerate(self.scenario.natures):
            self.remotes.append(Remote(f"r{n}", nature))
            self.bindings.append(self.store.bind(f"r{n}", self.collection, "/work/"))

    # ------------------------------------------------------------ the hub, as people see and change it

    def hub_items(self) -> list[tuple[HubItem, Item]]:
        """What lives in the hub."""
        state = self.store.state
        live = (item for item in state.items.values() if not item.deleted)
        return [(item, read(state.revisions[item.revision_id].text)) for item in live]

    def write_hub(self, work: Callable[[MemoryUnit], object]) -> bool:
        """A write by a phone or an operator. False: it did not happen, and they know it or not."""
        fault, self.phone_fails = self.phone_fails, None
        if fault is not None:
            self.trace.faults[fault] += 1
            self.trace.note("phone", fault)
        with self.store.begin(lambda commit: None if fault in _NOT_DONE else commit()) as unit:
            work(unit)
        return fault not in _NOT_DONE

    def sync_phone(self) -> None:
        """A phone notes what it sees, and its token."""
        live = {item.id: item.revision_id for item, _ in self.hub_items()}
        self.snapshots.append(Snapshot(self.store.state.seqs[self.collection], live))

    def copies(self, mark: str) -> dict[int, str]:
        """The texts of an item, by place."""
        here = [item.text for _, item in self.hub_items() if title_of(item.record) == mark]
        found = {HUB: "\n".join(here)} if here else {}
        for n, remote in enumerate(self.remotes):
            texts = [item.text for item, _ in remote.items.values() if title_of(item.record) == mark]
            if texts:
                found[n + 1] = "\n".join(texts)
        return found

    # ------------------------------------------------------------ cycles

    def new_key(self) -> str:
        self._keys += 1
        return f"key-{self._keys}"

    def cycle(
        self, n: int, process: Process, step: Step | None = None, between: Callable[[int], None] = lambda _n: None
    ) -> tuple[RunCounts, Session, Exception | None]:
        """One cycle of one binding. Only what an account or the database may fail with is caught."""
        session = Session(f"r{n}", process, self.clock, self.trace, list(step.faults) if step else [], between)
        self.sessions[n] = session
        inner = connector_for(self.remotes[n])
        origin = Origin(f"account r{n}")
        linked = any(k.binding_id == self.bindings[n] for k in self.store.state.links.values())
        connector = faulty(inner, session, may_lie=linked)
        cycle = Cycle(
            FaultyStore(self.store, session), connector, self.bindings[n], self.scenario.policies[n],
            self.clock, self.new_key, origin,
        )  # fmt: skip
        error: Exception | None = None
        with self._braked(n, session):
            try:
                run_cycle(cycle)
            except (AccountError, StoreError) as err:
                error = err
        self.trace.note(session.name, "ends", error or "well", _done(cycle.counts))
        return cycle.counts, session, error

    @contextmanager
    def _braked(self, n: int, session: Session) -> Iterator[None]:
        """No cycle deletes more than it may, unless an admin lets it (SYNC.md R02)."""
        state = self.store.state
        approved = {s: ids for (b, s), (_, ids) in state.answers.items() if b == self.bindings[n]}
        approvals, last = self.approvals, state.last_id
        shared = sum(k.binding_id == self.bindings[n] for k in state.links.values())
        self.running.add(n)
        try:
            yield
        finally:
            self.running.discard(n)
            most = allowed(self.scenario.policies[n], shared)
            actor = f"account r{n}"
            later = (r for i, r in self.store.state.revisions.items() if i > last)
            gone = {r.item_id for r in later if r.role == "deleted" and r.actor == actor}
            if approvals == self.approvals:
                unasked = len(gone - approved.get("hub", frozenset()))
                assert unasked <= most, (
                    f"r{n} deleted {unasked} items in the hub that nobody approved, more than {most}"
                )
                there = most + len(approved.get("remote", ()))
                assert session.deleted <= there, f"{session.deleted} items were deleted at r{n}, more than {there}"

    def step(self, step: Step, act: Callable[[World, object], None]) -> None:
        """People, then a cycle with people and faults in it."""
        self.phone_fails = step.phone_fails
        n = step.binding
        for remote in self.remotes:
            remote.quirks = Random(step.quirks)
        for action in step.actions:
            act(self, action)
        if n in self.paused:
            return
        process = Process()
        waiting = sorted(step.between, key=lambda pair: pair[0])
        other = [step.other] if step.other and step.other[1] != n and step.other[1] not in self.paused else []

        def between(number: int) -> None:
            while waiting and waiting[0][0] <= number:
                act(self, waiting.pop(0)[1])
            if other and other[0][0] <= number:
                self.cycle(other.pop()[1], process)

        try:
            self.cycle(n, process, step, between)
        except Crash:
            self.trace.note("crash")


def _done(counts: RunCounts) -> str:
    return " ".join(f"{f.name}={value}" for f in fields(counts) if (value := getattr(counts, f.name)))


_NOT_DONE = (Fault.IN_DOUBT_LOST, Fault.DISK_FULL)
