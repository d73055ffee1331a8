"""python -m demo [--once] [--json] [--database URL] [--folder DIR]"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from demo.hub import Hub, environment_is_quiet
from demo.opening import open_offices
from demo.scenario import Demo
from demo.servers import start
from tests.servers.processes import free_port


def main() -> int:
    """Run the demo; 0 if every check held."""
    options = _options()
    console = Console(stderr=options.json, quiet=options.json)
    environment_is_quiet()
    with ExitStack() as stack:
        folder = Path(options.folder or stack.enter_context(tempfile.TemporaryDirectory(prefix="agendahub-demo-")))
        folder.mkdir(parents=True, exist_ok=True)
        servers = start(stack, folder)
        hub_folder = folder / "hub"
        hub_folder.mkdir()
        hub = Hub(hub_folder, console, options.database)
        demo = Demo(console, servers, open_offices(stack), hub, free_port())
        try:
            checks = demo.run(stack)
        except (subprocess.CalledProcessError, RuntimeError) as err:
            sys.stderr.write(f"The demo stopped: {err}\n")
            return 1
        _show(console, checks, as_json=options.json)
        held = all(check["held"] for check in checks)
        if held and not options.once:
            demo.stay()
    return 0 if held else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo ARGS=...", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the checks; exit 0 only if all of them held")
    parser.add_argument("--json", action="store_true", help="the checks as JSON")
    parser.add_argument("--database", default="", help="an empty database (postgresql://...) in place of a SQLite file")
    parser.add_argument("--folder", help="keep everything in this folder (it must be empty)")
    return parser.parse_args()


def _show(console: Console, checks: list[dict[str, object]], *, as_json: bool) -> None:
    if as_json:
        json.dump({"checks": checks, "held": all(c["held"] for c in checks)}, sys.stdout, indent=2, ensure_ascii=False)
        print()
        return
    table = Table(title="Is everything everywhere?", title_justify="left")
    for column in ("Check", "Found", "Held"):
        table.add_column(column)
    for check in checks:
        mark = "[green]yes[/]" if check["held"] else "[red]NO[/]"
        table.add_row(str(check["check"]), str(check["found"]), mark)
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
