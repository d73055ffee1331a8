"""From one Google account to another through the hub, by requests and CPU: `make bench-google`.

Half of the items are contacts, half are events, a tenth of these series. They are read from one account and written to
another by the ``google_workspace`` connector; nothing has changed; ten are edited. The rows and their peers:
`two_systems`. A batch counts as one request.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from typing import Any

from benchmarks.google_peers import read_by_client
from benchmarks.report import show
from benchmarks.two_systems import Pair, System, all_sizes
from connectors.registry import connect
from connectors.settings import ConnectorSettings
from sync_engine.ports import Connector

SIZES = (1000, 5000)
_LIBRARY = "google-api-python-client"


def _connected(name: str, told: dict[str, Any]) -> Connector:
    return connect("google_workspace", ConnectorSettings(told["url"], secret=told[name], auth="bearer"))


PAIR = Pair(
    "benchmarks.google_servers",
    *(
        System("Google", name, _LIBRARY, partial(_connected, name), partial(read_by_client, name))
        for name in ("source", "target")
    ),
)


def main(words: Sequence[str] | None = None) -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="make bench-google ARGS=...", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="how many items there are")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(words)
    rows = all_sizes(PAIR, options.sizes)
    show("Google to Google through the hub; a ratio above 1 is better", rows, as_json=options.json)


if __name__ == "__main__":
    main()
