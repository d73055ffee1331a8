"""The gateway beside Radicale and Xandikos, and beside Cyrus, SOGo and DAViCal where they are installed.

Seven operations on a calendar and on an address book, by one client and by eight at once: milliseconds in the median.
Every server is filled anew, and runs alone while it is measured.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from benchmarks.gateway_ops import measure
from benchmarks.gateway_servers import PEERS, Filled, agendahub, why_not_here
from benchmarks.report import Row, show

Figures = Mapping[str, float]
_AIMS = {  # GATEWAY.md, milliseconds with 10,000 items and one client
    "PROPFIND, all entity tags": 100,
    "sync, no change": 1.2,
    "sync, 1 change": 1.5,
    "multiget 100": 4,
    "query": 15,
    "PUT new": 5,
    "GET": 1.2,
}


def figures(server: AbstractContextManager[Filled], clients: Sequence[int]) -> tuple[str, dict[str, float]]:
    """The name of a server and its medians, by case."""
    found: dict[str, float] = {}
    with server as filled:
        for contacts in (False, True):
            for count in clients:
                gc.collect()
                medians = measure(filled, contacts=contacts, clients=count)
                found |= {_named(case, contacts, count): value for case, value in medians.items()}
    return filled.name, found


def _named(case: str, contacts: bool, clients: int) -> str:
    who = "1 client" if clients == 1 else f"{clients} clients"
    return f"{'contacts' if contacts else 'events'}, {who}: {case}"


def rows(size: int, ours: Figures, peers: Mapping[str, Figures]) -> list[Row]:
    """Each case of ours beside all peers, and beside its aim."""
    made: list[Row] = []
    for case, value in ours.items():
        label = f"{size:,} {case}"
        for peer, theirs in peers.items():
            made.append(Row(label, "ms", round(value, 3), peer, round(theirs[case], 3)))
        aim = _AIMS.get(case.rpartition(": ")[2]) if ", 1 client:" in case else None
        if aim is not None:
            made.append(Row(label, "ms", round(value, 3), "limit", aim))
    return made


def main() -> None:
    """Run the chosen sizes and peers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--native", type=int, default=1000, help="the largest size for servers that are filled by PUT")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    found: list[Row] = []
    for size in wanted.sizes:
        _, ours = figures(agendahub(size, store=wanted.store), wanted.clients)
        peers = {}
        for name in wanted.peers:
            slow = name not in ("radicale", "xandikos") and size > wanted.native
            reason = f"only up to {wanted.native:,}" if slow else why_not_here(name)
            if reason:
                if not wanted.json:
                    print(f"{name} with {size:,}: not measured ({reason})", flush=True)
                continue
            shown, theirs = figures(PEERS[name](size), wanted.clients)
            peers[shown] = theirs
        found += rows(size, ours, peers)
    show(f"The gateway on {wanted.store}; the ratio says how many times faster it is", found, as_json=wanted.json)


if __name__ == "__main__":
    main()
