"""A hub between two remotes, in memory: a few milliseconds from the first item to the last check.

The store and the remotes are those of the simulation; here people do exactly what a script says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from storage.errors import StoreError
from sync_engine.context import Cycle
from sync_engine.cycle import run_cycle
from sync_engine.errors import AccountError, SuspectListing
from sync_engine.item import Item
from sync_engine.model import title_of
from sync_engine.ports import HubItem, Origin, Policy
from tests.simulation import held, operators, samples
from tests.simulation.chaos import Clock, Crash, Planned, Process, Session, Trace
from tests.simulation.connectors import connector_for
from tests.simulation.memory_store import MemoryStore
from tests.simulation.nature import Nature, without
from tests.simulation.ports import FaultyStore, faulty
from tests.simulation.remotes import Remote

PHONE = Origin("user ada, device phone")
_ROUNDS = 15


@dataclass
class ScriptedWorld:
    """Two remotes, "r0" and "r1", bound to one collection."""

    nature: Nature  # of r0, where things go wrong
    policy: Policy = field(default_factory=lambda: Policy(write_limit=100))
    clock: Clock = field(default_factory=Clock)
    store: MemoryStore = field(default_factory=MemoryStore)
    trace: Trace = field(default_factory=Trace)
    remotes: list[Remote] = field(default_factory=list)
    bindings: list[int] = field(default_factory=list)
    collection: int = 0
    approvals: int = 0
    keys: int = 0

    def __post_init__(self) -> None:
        self.collection = self.store.add_collection()
        for n, nature in enumerate((self.nature, Nature())):
            self.remotes.append(Remote(f"r{n}", nature))
            self.bindings.append(self.store.bind(f"r{n}", self.collection, "/work/"))

    # ------------------------------------------------------------ cycles

    def cycle(self, n: int, faults: Sequence[Planned] = ()) -> tuple[Session, Exception | None]:
        """One cycle, in a process of its own."""
        session = Session(f"r{n}", Process(), self.clock, self.trace, list(faults))
        linked = any(link.binding_id == self.bindings[n] for link in self.store.state.links.values())
        connector = faulty(connector_for(self.remotes[n]), session, may_lie=linked)
        store, origin = FaultyStore(self.store, session), Origin(f"account r{n}")
        try:
            run_cycle(Cycle(store, connector, self.bindings[n], self.policy, self.clock, self._key, origin))
        except (AccountError, StoreError, Crash) as err:
            return session, err  # type: ignore[return-value]
        return session, None

    def _key(self) -> str:
        self.keys += 1
        return f"key-{self.keys}"

    def settle(self) -> None:
        """Cycle until a whole round does nothing; an operator retries what is in quarantine, and approves."""
        for _ in range(_ROUNDS):
            self.clock.pass_time(minutes=10)
            if sum(self._goes_on(n) for n in range(len(self.remotes))) == 0:
                return
        raise AssertionError(f"not quiet after {_ROUNDS} rounds: {self.open_ends()}")

    def _goes_on(self, n: int) -> bool:
        commits, world = self.store.commits, self
        if any(key[0] == self.bindings[n] for key in self.store.state.quarantine):
            operators.retry(world, n)  # type: ignore[arg-type]
        _, err = self.cycle(n)
        waits = any(key[0] == self.bindings[n] for key in self.store.state.holds)
        emptied = isinstance(err, SuspectListing) and not self.remotes[n].items
        assert err is None or emptied, f"a cycle without faults failed: {err!r}"
        if waits or emptied:
            held.approve(world, n)  # type: ignore[arg-type]
        return self.store.commits != commits

    # ------------------------------------------------------------ what people do; items are known by their titles

    def make_there(self, n: int, item: Item) -> None:
        remote = self.remotes[n]
        remote.put(remote.new_id(item.uid), Item.read(without(item.text)) if remote.nature.lossy else item)

    def edit_there(self, n: int, mark: str, **fields: Any) -> None:
        item, _ = self.remotes[n].items[self.id_at(n, mark)]
        self.put_there(n, mark, samples.changed(item, **fields))

    def put_there(self, n: int, title: str, item: Item) -> None:
        self.remotes[n].put(self.id_at(n, title), item)

    def drop_there(self, n: int, title: str) -> None:
        self.remotes[n].drop(self.id_at(n, title))

    def move_there(self, n: int, title: str) -> None:
        """The server gives it another id."""
        remote, old = self.remotes[n], self.id_at(n, title)
        remote.put(remote.new_id(f"moved-{old.strip('/')}"), remote.items[old][0])
        remote.drop(old)

    def id_at(self, n: int, title: str) -> str:
        return next(i for i, (item, _) in self.remotes[n].items.items() if title_of(item.record) == title)

    def make_here(self, item: Item) -> None:
        with self.store.begin() as unit:
            unit.create_item(self.collection, item, PHONE)

    def edit_here(self, mark: str, **fields: Any) -> None:
        self.put_here(mark, samples.changed(self.hub_item(mark)[1], **fields))

    def put_here(self, title: str, item: Item) -> None:
        hub, _ = self.hub_item(title)
        with self.store.begin() as unit:
            unit.update_item(hub.id, item, PHONE)

    def drop_here(self, title: str) -> None:
        hub, _ = self.hub_item(title)
        with self.store.begin() as unit:
            unit.delete_item(hub.id, PHONE)

    def restore_here(self, title: str, text: str = "") -> None:
        """Undo of a deletion: the same item, with the text it had."""
        hub, item = self.hub_item(title, deleted=True)
        with self.store.begin() as unit:
            unit.update_item(hub.id, Item.read(text or item.text), PHONE)

    def relink(self, n: int) -> None:
        self.store.unbind(self.bindings[n])
        self.bindings[n] = self.store.bind(f"r{n}", self.collection, "/work/")

    # ------------------------------------------------------------ looking

    def hub_item(self, title: str, *, deleted: bool = False) -> tuple[HubItem, Item]:
        state = self.store.state
        found = [(hub, Item.read(state.revisions[hub.revision_id].text)) for hub in state.items.values()]
        return next((h, i) for h, i in found if h.deleted is deleted and title_of(i.record) == title)

    def hub_texts(self) -> dict[str, list[str]]:
        """By title."""
        state = self.store.state
        return _by_title([state.revisions[hub.revision_id].text for hub in state.items.values() if not hub.deleted])

    def texts_at(self, n: int) -> dict[str, list[str]]:
        """By title."""
        return _by_title([item.text for item, _ in self.remotes[n].items.values()])

    def open_ends(self) -> dict[str, list[Any]]:
        """What still waits for somebody."""
        state = self.store.state
        rows = {name: list(getattr(state, name).values()) for name in ("intents", "quarantine", "holds")}
        return {name: found for name, found in rows.items() if found}

    def picture(self) -> dict[str, Any]:
        """All that must not depend on what went wrong on the way."""
        sides = [self.hub_texts(), *(self.texts_at(n) for n in range(len(self.remotes)))]
        records = [{title: [Item.read(t).record for t in texts] for title, texts in side.items()} for side in sides]
        conflicts = sorted(str(conflict.fields) for conflict in self.store.state.conflicts)
        return {"hub": records[0], "r0": records[1], "r1": records[2], "conflicts": conflicts, "open": self.open_ends()}


def _by_title(texts: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in texts:
        found.setdefault(title_of(Item.read(text).record), []).append(text)
    return found
