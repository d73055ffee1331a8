"""The hub between two systems, and a phone: engine, store and connectors are real.

At each system is somebody who works with a client of her or his own (person.py); both collections are bound to one of
the hub, which the phone uses too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from connectors.memory import Account
from storage import tables as t
from sync_engine.context import Cycle
from sync_engine.cycle import run_cycle
from sync_engine.item import Item
from sync_engine.model import Kind, title_of
from sync_engine.ports import Connector, Lags, Policy, RunCounts, Store
from tests.contract.connector_contract import task
from tests.integration.microsoft.microsoft365_desk import card, event
from tests.integration.rules.person import Person
from tests.integration.rules.system import Opening, System
from tests.world import Side, World

KINDS = (Kind.CONTACT, Kind.EVENT, Kind.TASK)
FACE = "/9j/4CBhIGZhY2U="  # base64 of the beginning of a JPEG


class Rules:
    """Tests of rules for two systems; a subclass of a few lines says which two.

    A test of `firm` is run for each kind; of `firm` and `name` for each corner; of `office` for events; of `office`
    and `name` (or `organizer`) at each system where `sides` says that it shall happen.
    """

    openings: ClassVar[Mapping[str, Opening]]  # two, by name
    corners: ClassVar[Sequence[tuple[Kind, str]]]
    sides: ClassVar[Sequence[str]]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """As the class says."""
        wanted = metafunc.fixturenames
        where = next((one for one in ("name", "organizer") if one in wanted), "")
        if "firm" in wanted and where:
            metafunc.parametrize(("firm", where), self.corners, indirect=["firm"])
        elif "firm" in wanted:
            metafunc.parametrize("firm", KINDS, indirect=True)
        elif where:
            metafunc.parametrize(where, self.sides)

    @pytest.fixture
    def firm(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Company]:
        """For a kind."""
        with company(tmp_path, request.param, self.openings) as made:
            yield made

    @pytest.fixture
    def office(self, tmp_path: Path) -> Iterator[Company]:
        """For events."""
        with company(tmp_path, Kind.EVENT, self.openings) as made:
            yield made


@dataclass
class Company:
    """Everything that a test of the rules touches."""

    kind: Kind
    world: World
    systems: dict[str, System]

    @property
    def names(self) -> tuple[str, ...]:
        """Of both systems."""
        return tuple(self.systems)

    @property
    def people(self) -> dict[str, Person]:
        """By their systems."""
        return {name: system.person for name, system in self.systems.items()}

    @property
    def ada(self) -> Person:
        """At the first system."""
        return self.people[self.names[0]]

    @property
    def bob(self) -> Person:
        """At the other one."""
        return self.people[self.names[1]]

    def other(self, name: str) -> str:
        """The name of the other system."""
        return self.names[1 - self.names.index(name)]

    def across(self, name: str) -> Person:
        """Whoever is at the other system."""
        return self.people[self.other(name)]

    # ------------------------------------------------------------ items

    def item(self, title: str, uid: str, more: str = "") -> Item:
        """A simple one, as a phone makes it; `more`: further lines."""
        makers: dict[Kind, Callable[[str, str], Item]] = {Kind.CONTACT: card, Kind.EVENT: event, Kind.TASK: task}
        made = makers[self.kind](title, uid)
        if not more:
            return made
        end = {Kind.CONTACT: "END:VCARD", Kind.EVENT: "END:VEVENT", Kind.TASK: "END:VTODO"}[self.kind]
        return Item.read(made.text.replace(end, f"{more}{end}"))

    def fill(self, count: int) -> None:
        """So many items t00, t01 ... of a phone, everywhere."""
        for n in range(count):
            self.world.phone_put(self.item(f"t{n:02}", f"u{n:02}"))
        self.settle()

    def hub(self) -> list[str]:
        """Titles, sorted."""
        return sorted(title_of(item.record) for item in self.world.hub().values())

    def uid(self, title: str) -> str:
        """Of the only item of the hub with this title."""
        (found,) = [uid for uid, item in self.world.hub().items() if title_of(item.record) == title]
        return found

    def all_hold(self, *titles: str) -> None:
        """Everybody has exactly these."""
        expected = sorted(titles)
        assert (self.hub(), self.ada.titles(), self.bob.titles()) == (expected, expected, expected)

    # ------------------------------------------------------------ cycles

    def cycle(self, name: str, store: Store | None = None) -> RunCounts:
        """Of one system; `store` in place of the world's."""
        context: Cycle = self.world.context(name)
        if store is not None:
            context.store = store
        return run_cycle(context)

    def settle(self) -> None:
        """Until nothing changes any more; nobody wants anything then (SYNC.md R21)."""
        self.world.settle()
        self.requests()
        for name in (*self.names, *self.names, *self.names):
            assert self.world.cycle(name).changes == 0
        assert self.requests() == {name: [system.idle] * 3 for name, system in self.systems.items()}

    def recover(self) -> None:
        """Until nothing changes any more; where lists are behind, what is in doubt waits until they show it (R22)."""
        self.world.settle()
        lags = [lag_of(side.connector, side.collection) for side in self.world.sides.values()]
        if any(lags):
            self.world.clock.pass_time(seconds=max(lags) + 60)
            self.world.settle()

    def requests(self) -> dict[str, list[str]]:
        """Since the last time one asked."""
        return {name: system.asked() for name, system in self.systems.items()}

    def writes(self) -> dict[str, int]:
        """How many requests that write, since the last time one asked for requests; those in a batch one by one."""
        return {name: system.writes() for name, system in self.systems.items()}

    def nothing_written(self) -> bool:
        """Since then, to neither."""
        return not any(self.writes().values())

    def forget_cursors(self) -> None:
        """Neither server knows any more where we were."""
        for system in self.systems.values():
            system.forget()

    def cursor(self, name: str) -> str | None:
        """How far a system was read."""
        number = self.world.sides[name].binding_id
        (row,) = [row for row in self.world.rows(t.bindings) if row.id == number]
        return None if row.cursor is None else str(row.cursor)

    def connector(self, name: str) -> Any:
        """Which speaks to a system now."""
        return self.world.sides[name].connector

    def use(self, name: str, connector: Connector) -> None:
        """Speak to a system by another one from now on."""
        self.world.sides[name].connector = connector

    def restart(self) -> None:
        """A new process: new connectors to both."""
        for name, system in self.systems.items():
            self.use(name, system.another())

    def rebind(self, name: str) -> None:
        """The table of links is lost; the folder is bound again."""
        side, policy = self.world.sides[name], self.world.sides[name].policy
        self.world.unbind(name)
        number = self.world.add_binding(name, side.collection)
        self.world.sides[name] = Side(name, Account(), side.collection, number, policy, side.connector)


def lag_of(connector: Connector, collection: str) -> float:
    """Seconds for which lists of a system may not show what was written."""
    return connector.lag(collection) if isinstance(connector, Lags) else 0.0


@contextmanager
def company(
    folder: Path, kind: Kind, openings: Mapping[str, Opening], policy: Policy | None = None
) -> Iterator[Company]:
    """Servers of its own."""
    with ExitStack() as stack:
        systems = {name: stack.enter_context(opening(kind)) for name, opening in openings.items()}
        world = World.sqlite(folder)
        for name, system in systems.items():
            number = world.add_binding(name, system.place)
            world.sides[name] = Side(name, Account(), system.place, number, policy or Policy(), system.connector)
        yield Company(kind, world, systems)
