"""AgendaHub's part of the sync benchmark, a process of its own: `python -m benchmarks.sync_ours FOLDER [stay]`.

FOLDER holds sides.json; the hub's database is made there by `prepare`. Both sides are brought in step, and one JSON
object says what was done. With `stay` the same is done once more for each line of standard input, as a daemon does.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.registry import connect
from connectors.settings import ConnectorSettings
from storage.database import Database
from sync_engine.context import Cycle
from sync_engine.cycle import run_cycle
from sync_engine.ports import Connector, Origin, Policy, RunCounts

SIDES = "sides.json"


def prepare(folder: Path, sides: Mapping[str, Mapping[str, str]]) -> None:
    """A hub with one collection, bound to a calendar at each side: url, username, password, path."""
    from sqlalchemy import insert

    from storage import schema
    from storage import tables as t

    folder.mkdir()
    url, now = f"sqlite:///{folder}/hub.db", datetime.now(UTC)
    schema.upgrade(url)
    database = Database(url)
    work = {"slug": "work", "name": "Work", "kinds": "event,task", "epoch": "e1", "created_at": now}
    bindings = {}
    with database.engine.begin() as connection:
        collection = connection.execute(insert(t.collections).values(work)).inserted_primary_key[0]  # type: ignore[index]
        for name, side in sides.items():
            row: dict[str, Any] = {"name": name, "state": "ok", "since": now}
            account = connection.execute(insert(t.accounts).values(row)).inserted_primary_key[0]  # type: ignore[index]
            row = {"name": name, "account_id": account, "collection_id": collection, "remote_id": side["path"]}
            bindings[name] = connection.execute(insert(t.bindings).values(row)).inserted_primary_key[0]  # type: ignore[index]
    database.dispose()
    told = {name: {**side, "binding": bindings[name]} for name, side in sides.items()}
    (folder / SIDES).write_text(json.dumps(told))


class Hub:
    """The hub of a folder, with a connection to each side."""

    def __init__(self, folder: Path) -> None:
        self._database = Database(f"sqlite:///{folder}/hub.db")
        self._sides = json.loads((folder / SIDES).read_text())
        self._connectors: dict[str, Connector] = {
            name: connect("dav", ConnectorSettings(side["url"], side["username"], side["password"]))
            for name, side in self._sides.items()
        }

    def cycle(self, name: str) -> RunCounts:
        """One cycle of one binding."""
        number = itertools.count()
        prefix = uuid.uuid4().hex
        cycle = Cycle(
            self._database,
            self._connectors[name],
            int(self._sides[name]["binding"]),
            Policy(),
            lambda: datetime.now(UTC),
            lambda: f"{prefix}-{next(number)}",
            Origin(f"account {name}"),
        )
        with self._database.lease(cycle.binding_id) as alone:
            assert alone
            return run_cycle(cycle)

    def in_step(self) -> list[RunCounts]:
        """Cycles of all bindings; again for those that came before another one that brought something new."""
        done = [self.cycle(name) for name in self._sides]
        if pulled(done[-1]):
            done.append(self.cycle(next(iter(self._sides))))
        return done


def pulled(counts: RunCounts) -> int:
    """How many changes of the hub a cycle brought, which the other binding has still to carry on."""
    return counts.pulled_new + counts.pulled_changed + counts.pulled_deleted


def measured(hub: Hub) -> dict[str, float]:
    """Bring both sides in step: what was done, and the seconds it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    done = hub.in_step()
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "changes": sum(counts.changes for counts in done),
        "conflicts": sum(counts.conflicts for counts in done),
        "quarantined": sum(counts.quarantined for counts in done),
    }


def main(folder: str, how: str = "") -> None:
    """Work and report."""
    hub = Hub(Path(folder))
    print(json.dumps(measured(hub)), flush=True)
    if how == "stay":
        for _ in sys.stdin:
            print(json.dumps(measured(hub)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
