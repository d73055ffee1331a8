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
from sync_engine.ports import Direction, HubItem, Origin, RunCounts
from tests.simulation.bounds import Bound
from tests.simulation.chaos import Clock, Crash, Fault, Process, Session, Trace
from tests.simulation.connectors import connector_for
from tests.simulation.ledger import Ledger
from tests.simulation.memory_store import MemoryStore
from tests.simulation.memory_unit import MemoryUnit
from tests.simulation.phone import Phone, Snapshot, Stale, differs
from tests.simulation.ports import FaultyStore, faulty
from tests.simulation.remotes import Remote
from tests.simulation.scenario import Action, Scenario, Step
from tests.simulation.winners import Winners

HUB = 0  # among the places where people are; the remotes are 1, 2 ...
_NOT_DONE = (Fault.IN_DOUBT_LOST, Fault.DISK_FULL)


@lru_cache(maxsize=20_000)
def read(text: str) -> Item:
    """A text as an item."""
    return Item.read(text)


@dataclass
class World:
    """Everything."""

    scenario: Scenario
    trace: Trace
    clock: Clock = field(default_factory=Clock)
    store: MemoryStore = field(init=False)
    phone: Phone = field(default_factory=Phone)
    ledger: Ledger = field(default_factory=Ledger)
    remotes: list[Remote] = field(default_factory=list)
    bindings: list[int] = field(default_factory=list)  # by remote
    paused: set[int] = field(default_factory=set)  # remotes
    running: set[int] = field(default_factory=set)
    sessions: dict[int, Session] = field(default_factory=dict)  # the last of each remote
    snapshots: list[Snapshot] = field(default_factory=list)
    robots: Callable[[World, int], None] = lambda _world, _n: None  # what programs at a remote do before its cycle
    collection: int = 0
    approvals: int = 0
    phone_fails: Fault | None = None
    _keys: int = 0

    def __post_init__(self) -> None:
        self.store = MemoryStore(lambda: self.clock.now)
        self.collection = self.store.add_collection()
        for n, nature in enumerate(self.scenario.natures):
            self.remotes.append(Remote(f"r{n}", nature, lambda: self.clock.now))
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

    def write_phone(self, item_id: int, work: Callable[[MemoryUnit], object]) -> bool:
        """A write under a condition: what the phone last saw must be there still."""
        told = self.phone_fails is None
        try:
            done = self.write_hub(work)
        except Stale:
            self.trace.note("phone 412", item_id)
            self.sync_phone()
            return False
        if done and told:
            self.phone.wrote(self.store, item_id)
        return done

    def sync_phone(self) -> None:
        """The phone asks for what changed since its token: that must be the difference of the states."""
        snapshot = self.phone.sync(self.store, self.collection)
        wrong = differs(self.store, snapshot)
        assert not wrong, f"a phone {wrong}"
        self.snapshots.append(snapshot)

    def copies(self, mark: str) -> dict[int, str]:
        """The texts of an item by place, without those where the hub listens to nobody."""
        here = [item.text for _, item in self.hub_items() if title_of(item.record) == mark]
        found = {HUB: "\n".join(here)} if here else {}
        for n, remote in enumerate(self.remotes):
            texts = [item.text for item, _ in remote.items.values() if title_of(item.record) == mark]
            if texts and self.scenario.policies[n].direction is not Direction.OUT:
                found[n + 1] = "\n".join(texts)
        return found

    # ------------------------------------------------------------ cycles

    def new_key(self) -> str:
        """Never the same twice."""
        self._keys += 1
        return f"key-{self._keys}"

    def cycle(
        self, n: int, process: Process, step: Step | None = None, between: Callable[[int], None] | None = None
    ) -> tuple[RunCounts, Session, Exception | None]:
        """One cycle of one binding. Only what an account or the database may fail with is caught."""
        self.robots(self, n)
        session = Session(f"r{n}", process, self.clock, self.trace, list(step.faults) if step else [])
        session.between = between or session.between
        session.may_write = self.scenario.policies[n].direction is not Direction.IN
        self.sessions[n] = session
        bound = None if between else Bound.before(self.store.state, self.bindings[n], self.remotes[n])
        winners = Winners.before(self.store.state, self.bindings[n], self.scenario.policies[n])
        cycle = self._cycle(n, session)
        error: Exception | None = None
        with self._braked(n, session):
            try:
                run_cycle(cycle)
            except (AccountError, StoreError) as err:
                error = err
        self.trace.note(session.name, "ends", error or "well", _done(cycle.counts))
        if bound is not None:
            bound.check(session)
            if error is None:
                winners.check(self.store.state)
        return cycle.counts, session, error

    def _cycle(self, n: int, session: Session) -> Cycle:
        linked = any(k.binding_id == self.bindings[n] for k in self.store.state.links.values())
        connector = faulty(connector_for(self.remotes[n]), session, may_lie=linked)
        return Cycle(
            FaultyStore(self.store, session), connector, self.bindings[n], self.scenario.policies[n],
            self.clock, self.new_key, Origin(f"account r{n}"),
        )  # fmt: skip

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

    def step(self, step: Step, act: Callable[[World, Action], None]) -> None:
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
            self.cycle(n, process, step, between if waiting or other else None)
        except Crash:
            self.trace.note("crash")


def _done(counts: RunCounts) -> str:
    return " ".join(f"{f.name}={value}" for f in fields(counts) if (value := getattr(counts, f.name)))
