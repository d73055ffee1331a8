"""The engine with the Microsoft 365 connector, where only Graph can go wrong; the rest is in test_outlook_sync.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_engine.errors import SyncError
from sync_engine.model import Kind
from tests.integration.microsoft.microsoft365_desk import Desk, desk_of_ada, event, moved, weekly, without
from tests.integration.microsoft.one_system import InTheCloud, bound
from tests.servers.microsoft.graph_protocol import Fault


@pytest.fixture
def desk() -> Iterator[Desk]:
    with desk_of_ada() as made:
        yield made
        assert made.exchange.outbox == []


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_r05_a_server_that_fails_anywhere_loses_and_doubles_nothing(desk: Desk, tmp_path: Path, method: str) -> None:
    agenda = bound(InTheCloud(desk), Kind.EVENT, tmp_path)
    world = agenda.world
    for n in range(3):
        world.phone_put(weekly(f"s{n}", f"series {n}", without("20260330"), (moved("20260323", summary=f"x{n}"),)))
        world.phone_put(event(f"single {n}", f"u{n}"))
        desk.graph.faults.append(Fault(504, code="GatewayTimeout", method=method, times=n + 1))
        for _ in range(4):
            try:
                world.cycle("outlook")
            except SyncError:
                continue
        desk.graph.faults.clear()
        agenda.quiet()
        assert len(agenda.stored()) == 2 * (n + 1)
    series = [one for one in agenda.stored() if one.recurs]
    assert [(sorted(one.exceptions), one.cancelled) for one in series] == [(["2026-03-23"], {"2026-03-30"})] * 3
