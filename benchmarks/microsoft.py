"""Microsoft 365 to Exchange through the hub, by requests and CPU: `make bench-microsoft`.

Half of the items are contacts, half are events, a tenth of these series. They are read from one mailbox by the
``microsoft365`` connector and written to another by ``exchange``; nothing has changed; ten are edited. The rows and
their peers: `two_systems`.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from typing import Any

from benchmarks.microsoft_peers import read_by_exchangelib, read_by_o365
from benchmarks.microsoft_servers import OUTLOOK, PASSWORD
from benchmarks.report import show
from benchmarks.two_systems import Pair, System, all_sizes
from connectors.registry import connect
from connectors.settings import ConnectorSettings
from sync_engine.ports import Connector

SIZES = (1000, 5000)


def _cloud(told: dict[str, Any]) -> Connector:
    return connect("microsoft365", ConnectorSettings(told["graph"], secret=told["token"], auth="bearer"))


def _outlook(told: dict[str, Any]) -> Connector:
    return connect("exchange", ConnectorSettings(told["ews"], OUTLOOK, PASSWORD))


PAIR = Pair(
    "benchmarks.microsoft_servers",
    System("Microsoft 365", "graph", "O365", _cloud, read_by_o365),
    System("Exchange", "ews", "exchangelib", _outlook, read_by_exchangelib),
)


def main(words: Sequence[str] | None = None) -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="make bench-microsoft ARGS=...", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="how many items there are")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(words)
    logging.getLogger("O365").setLevel(logging.CRITICAL)  # it calls every expected 4xx an error
    rows = all_sizes(PAIR, options.sizes)
    show("Microsoft 365 to Exchange through the hub; a ratio above 1 is better", rows, as_json=options.json)


if __name__ == "__main__":
    main()
