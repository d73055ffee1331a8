"""What the engine costs by size: statements, rows, CPU and memory, for a first sync, a cycle without news, a change.

Over accounts in memory, so that nothing but the engine and its database is measured. The peer is a limit: what stands
in the design, or 1 for what must not depend on the size. `make bench-engine ARGS="--postgresql"` measures the same on
PostgreSQL (CPU of this process alone); ARGS="--bindings 200 --items 5000" what it costs to poll many: `engine_idle`.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks import engine_idle
from benchmarks.database_cost import DatabaseCost, forget_peak, in_use, peak
from benchmarks.engine_world import World, postgresql, world
from benchmarks.report import Row, show

ROUNDS = 25
LIMIT = "limit"
NO_CHANGE_STATEMENTS = 16  # of one cycle: a few questions about what waits, each answered by an index
CHANGE_STATEMENTS = 100  # of a change that one binding brings and another one carries on
FIRST_STATEMENTS = 6.0  # of an item, from one side into the hub and on to the other
NOISE = 1.3  # CPU of this machine differs from run to run by so much
DEEPER = 1.5  # a row more costs more in a larger index: B-trees get deeper, and larger than their cache
HOURS = 24
OCTETS_EACH = 512  # for each item of a full listing: its id and version, and no text
_MEGA = 1 << 20


@dataclass(slots=True)
class Figures:
    """Of one size; costs of one cycle, one change or one item."""

    count: int
    rows: list[Row] = field(default_factory=list)
    idle: DatabaseCost = field(default_factory=DatabaseCost)
    change: DatabaseCost = field(default_factory=DatabaseCost)
    first: DatabaseCost = field(default_factory=DatabaseCost)

    def note(self, case: str, unit: str, ours: float, limit: float) -> None:
        """Add a row."""
        self.rows.append(Row(f"{case}, {self.count:,} items", unit, ours, LIMIT, limit))


def measure(count: int, url: str) -> Figures:
    """All figures of one size."""
    figures = Figures(count)
    with world(url) as made:
        made.sides["A"].fill(count)
        _first_sync(made, figures)
        _no_change(made, figures)
        _one_change(made, figures)
        _one_deletion(made, figures)
        _everything(made, figures)
    return figures


def _first_sync(made: World, figures: Figures) -> None:
    """From one side into the hub, and on to the other one; B's account, which is in this process, grows by that."""
    with made.counter.counting() as pulled:
        assert made.cycle("A").pulled_new == figures.count
    gc.freeze()
    with made.counter.counting() as pushed:
        assert made.cycle("B").pushed_new == figures.count
    gc.freeze()
    assert not made.cycle("A").changes + made.cycle("B").changes
    cost = _sum(pulled, pushed)
    figures.first = _divided(cost, figures.count)
    figures.note("first sync, of one item", "statements", figures.first.statements, FIRST_STATEMENTS)
    figures.note("first sync, of one item", "rows written", cost.written / figures.count, 12)
    figures.note("first sync, of one item", "ms CPU", figures.first.cpu * 1000, 5)
    figures.note("first sync, memory", "MiB", pulled.grown / _MEGA, 64 + figures.count * OCTETS_EACH / _MEGA)


def _no_change(made: World, figures: Figures) -> None:
    costs = list(_costs(made, lambda _n: made.cycle("A").changes, expected=0))
    figures.idle = _median(costs)
    figures.note("no change", "statements", figures.idle.statements, NO_CHANGE_STATEMENTS)
    figures.note("no change", "rows read", figures.idle.read, NO_CHANGE_STATEMENTS)
    figures.rows.append(Row(f"no change, {figures.count:,} items", "rows written", figures.idle.written, LIMIT, 0))
    figures.note("no change", "ms CPU", figures.idle.cpu * 1000, 10)


def _one_change(made: World, figures: Figures) -> None:
    """Somebody edits an event at A; it is at B after one cycle of each."""

    def change(number: int) -> int:
        made.sides["A"].edit(number)
        return made.cycle("A").pulled_changed + made.cycle("B").pushed_changed

    figures.change = _median(list(_costs(made, change, expected=2)))
    figures.note("one change, A to B", "statements", figures.change.statements, CHANGE_STATEMENTS)
    figures.note("one change, A to B", "rows read", figures.change.read, CHANGE_STATEMENTS)
    figures.note("one change, A to B", "rows written", figures.change.written, 40)
    figures.note("one change, A to B", "ms CPU", figures.change.cpu * 1000, 60)


def _one_deletion(made: World, figures: Figures) -> None:
    def delete(number: int) -> int:
        made.sides["A"].remove(ROUNDS + number)
        made.pass_time(hours=1)
        return made.cycle("A").pulled_deleted + made.cycle("B").pushed_deleted

    cost = _median(list(_costs(made, delete, expected=2)))
    figures.note("one deletion, A to B", "statements", cost.statements, CHANGE_STATEMENTS)
    figures.note("one deletion, A to B", "ms CPU", cost.cpu * 1000, 60)


def _everything(made: World, figures: Figures) -> None:
    """The collection is listed as a whole, as it is once a day: linear by nature, but it loads no texts."""
    there = figures.count - ROUNDS
    with made.counter.counting() as cost:
        assert not made.cycle("A", everything=True).changes
    figures.note("full listing without news, of one item", "rows read", cost.read / there, 3)
    figures.note("full listing without news, of one item", "ms CPU", cost.cpu * 1000 / there, 0.5)
    figures.note("full listing without news, memory", "MiB", cost.grown / _MEGA, 64 + there * OCTETS_EACH / _MEGA)


def _costs(made: World, work: Callable[[int], int], *, expected: int) -> Iterator[DatabaseCost]:
    for number in range(ROUNDS):
        with made.counter.counting() as cost:
            done = work(number)
        assert done == expected, f"{done} things were done instead of {expected}"
        yield cost


def _median(costs: Sequence[DatabaseCost]) -> DatabaseCost:
    names = ("statements", "read", "written", "cpu", "grown")
    return DatabaseCost(*(statistics.median(getattr(cost, name) for cost in costs) for name in names))


def _sum(one: DatabaseCost, other: DatabaseCost) -> DatabaseCost:
    read, written = one.read + other.read, one.written + other.written
    return DatabaseCost(one.statements + other.statements, read, written, one.cpu + other.cpu)


def _divided(cost: DatabaseCost, by: int) -> DatabaseCost:
    return DatabaseCost(cost.statements / by, cost.read / by, cost.written / by, cost.cpu / by, cost.grown)


def flat(figures: Sequence[Figures]) -> list[Row]:
    """How much more the largest size costs than the smallest, where it should be the same."""
    least, most = figures[0], figures[-1]
    sizes = f"{most.count:,} beside {least.count:,} items"
    rows = []
    for case, name in (("no change", "idle"), ("one change", "change"), ("first sync, of one item", "first")):
        ours, base = getattr(most, name), getattr(least, name)
        cpu = DEEPER if name == "first" else NOISE
        for unit, limit in (("statements", 1.01), ("read", 1.01), ("written", 1.01), ("cpu", cpu)):
            if getattr(base, unit):
                factor = getattr(ours, unit) / getattr(base, unit)
                rows.append(Row(f"{case}: {unit}, {sizes}", "x", factor, LIMIT, limit))
    return rows


def day(count: int, url: str) -> list[Row]:
    """A day, a cycle a minute: two changes an hour, each minute both bindings. Memory after it beside after an hour."""
    with world(url) as made:
        made.sides["A"].fill(count)
        after_an_hour = 0
        forget_peak()
        for minute in range(HOURS * 60):
            if minute % 30 == 0:
                made.sides["A"].edit(minute // 30)
            made.cycle("A")
            made.cycle("B")
            made.pass_time(minutes=1)
            if minute == 60:
                gc.collect()
                after_an_hour = in_use()
                forget_peak()
        gc.collect()
        grown = max(0, in_use() - after_an_hour)
        title = f"24 simulated hours, 2,880 cycles, {count:,} items: memory"
        return [
            Row(f"{title} grown since the first hour", "MiB", grown / _MEGA, LIMIT, 4),
            Row(f"{title} at the most since then", "MiB", max(0, peak() - after_an_hour) / _MEGA, LIMIT, 8),
        ]


@contextmanager
def _database(*, server: bool) -> Iterator[str]:
    if server:
        with postgresql() as url:
            yield url
    else:
        yield ""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if "--bindings" in arguments:
        engine_idle.main(arguments)
        return
    parser = argparse.ArgumentParser(prog="make bench-engine", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL server of its own, not on SQLite")
    parser.add_argument("--no-day", action="store_true", help="without the 24 simulated hours")
    given = parser.parse_args(arguments)
    with _database(server=given.postgresql) as url:
        found = []
        for count in sorted(given.sizes):
            print(f"{count:,} items", file=sys.stderr, flush=True)
            found.append(measure(count, url))
        rows = [row for figures in found for row in figures.rows] + (flat(found) if len(found) > 1 else [])
        if not given.no_day:
            print("24 hours", file=sys.stderr, flush=True)
            rows += day(min(given.sizes), url)
    name = "PostgreSQL" if given.postgresql else "SQLite"
    show(f"Engine on {name}: cost by size", rows, as_json=given.json)


if __name__ == "__main__":
    main()
