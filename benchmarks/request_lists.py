"""Board, lists, counts and search of customer requests at 100,000 of them: the median beside its limit, and memory.

Wall time of the services, on one connection of this process, other work on the machine included.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import resource
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import median
from time import perf_counter
from typing import TypeAlias

from benchmarks.report import Row, show
from benchmarks.request_store import CUSTOMERS, START, TAGS, USERS, fill, store_of_kind
from crm.actor import Actor
from crm.request import board, duplicates, listing, reading
from crm.request.model import Filter
from crm.request.summary import summary
from storage.database import Database
from storage.unit_of_work import SqlUnitOfWork

MOST_MS = 50
MOST_MIB = 200
ALL = Filter(is_open=None)

Case: TypeAlias = Callable[[SqlUnitOfWork, random.Random], object]


ADMIN = Actor("admin", unlimited=True)
MEMBER = Actor("member", 3, "u3@example.org", frozenset({1}), {"request.read": "group"})


def client(rng: random.Random) -> Actor:
    """Who sees what he takes part in."""
    address = f"person@customer{rng.randint(1, CUSTOMERS)}.example"
    return Actor("client", 1, address, rights={"request.read": "part"})


def cases(size: int) -> Mapping[str, Case]:
    """What people and the API ask, with other words and people each time."""
    return {**lists(), **searches(size)}


def lists() -> Mapping[str, Case]:
    """Board, lists and counts."""
    middle = f"changed~{START.replace(year=2025).isoformat()}~0"

    def mine(rng: random.Random) -> Filter:
        return Filter(responsible_ids=(rng.randint(1, USERS),))

    def tagged(rng: random.Random) -> str:
        return f"tag{rng.randint(1, TAGS)}"

    return {
        "board": lambda unit, _: board.board(unit, ADMIN),
        "board of one person": lambda unit, rng: board.board(unit, ADMIN, mine(rng)),
        "board of a tag": lambda unit, rng: board.board(unit, ADMIN, Filter(tag=tagged(rng))),
        "board of a group's member": lambda unit, _: board.board(unit, MEMBER),
        "list, open": lambda unit, _: listing.page(unit, ADMIN),
        "list, with closed": lambda unit, _: listing.page(unit, ADMIN, ALL),
        "list, with closed, from its middle": lambda unit, _: listing.page(unit, ADMIN, ALL, after=middle),
        "list, heaviest first": lambda unit, _: listing.page(unit, ADMIN, order="weight"),
        "list of one person": lambda unit, rng: listing.page(unit, ADMIN, mine(rng)),
        "list of a customer": lambda unit, rng: listing.page(
            unit, ADMIN, replace(ALL, customer_id=rng.randint(1, CUSTOMERS))
        ),
        "list of a tag, with closed": lambda unit, rng: listing.page(unit, ADMIN, replace(ALL, tag=tagged(rng))),
        "list of a client": lambda unit, rng: listing.page(unit, client(rng), ALL),
        "list of words, open": lambda unit, rng: listing.page(unit, ADMIN, Filter(text=f"w{rng.randint(50, 500)}")),
        "counts, open": lambda unit, _: listing.counts(unit, ADMIN),
        "counts, with closed": lambda unit, _: listing.counts(unit, ADMIN, ALL),
        "counts of a client": lambda unit, rng: listing.counts(unit, client(rng), ALL),
    }  # fmt: skip


def searches(size: int) -> Mapping[str, Case]:
    """Searches, and what is shown of one request."""
    return {
        "search, a rare word": lambda unit, rng: listing.find(unit, ADMIN, f"w{rng.randint(5000, 29_000)}"),
        "search, a common word": lambda unit, rng: listing.find(unit, ADMIN, f"w{rng.randint(10, 99)}"),
        "search, two words": lambda unit, rng: listing.find(
            unit, ADMIN, f"w{rng.randint(10, 99)} w{rng.randint(100, 999)}"
        ),
        "search, a customer": lambda unit, rng: listing.find(unit, ADMIN, f"customer{rng.randint(1, CUSTOMERS)}"),
        "search, a number": lambda unit, rng: listing.find(unit, ADMIN, f"R-2026-{rng.randint(1, size):06d}"),
        "search of a client": lambda unit, rng: listing.find(unit, client(rng), f"w{rng.randint(10, 99)}"),
        "one request": lambda unit, rng: reading.request(unit, ADMIN, rng.randint(1, size)),
        "summary": lambda unit, rng: summary(unit, ADMIN, rng.randint(1, size)),
        "hint at duplicates": lambda unit, rng: duplicates.duplicates(unit, ADMIN, rng.randint(1, size)),
    }  # fmt: skip


def measure(kind: str, size: int, rounds: int) -> Iterator[Row]:
    """Rows of one database. It is filled by another process, so that memory is that of the questions alone."""
    with store_of_kind(kind) as url:
        filling = multiprocessing.get_context("spawn").Process(target=fill, args=(url, size))
        filling.start()
        filling.join()
        if filling.exitcode:
            raise SystemExit(f"The store could not be filled ({filling.exitcode}).")
        database = Database(url)
        try:
            for name, case in cases(size).items():
                yield Row(f"{kind}, {name}", "ms", _median(database, case, rounds), "limit", MOST_MS)
        finally:
            database.dispose()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Row(f"{kind}, memory of the process", "MiB", memory, "limit", MOST_MIB)


def _median(database: Database, case: Case, rounds: int) -> float:
    rng, times = random.Random(7), []
    with database.read() as unit:
        case(unit, rng)
    for _ in range(rounds):
        with database.read() as unit:
            started = perf_counter()
            case(unit, rng)
            times.append(perf_counter() - started)
    return median(times) * 1000


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="print one JSON object")
    options.add_argument("--size", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--stores", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"])
    told = options.parse_args(arguments)
    rows = [row for kind in told.stores for row in measure(kind, told.size, told.rounds)]
    show(f"{told.size:,} customer requests, a fifth of them open (median of {told.rounds})", rows, as_json=told.json)


if __name__ == "__main__":
    main()
