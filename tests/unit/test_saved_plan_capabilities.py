"""While a plan is carried out, a connector can do all that it can otherwise; only batches go one by one."""

from __future__ import annotations

import pytest

from connectors.registry import CONNECTORS, connect
from connectors.settings import ConnectorSettings
from sync_engine.ports import Keeps, Knowing, Lags, ManySteps, ReadBack
from sync_engine.saved_plan_gate import _replayed

TOLD = (Keeps, Knowing, Lags)  # of a connector that cannot, the gate says so itself: nothing known, no lag


@pytest.mark.parametrize("kind", sorted(CONNECTORS))
def test_a_connector_loses_no_capability(kind: str) -> None:
    auth = "bearer" if kind in ("google_workspace", "microsoft365") else "basic"
    real = connect(kind, ConnectorSettings("http://127.0.0.1:9/", auth=auth))
    gate = _replayed(real)(real, [])
    for capability in (ReadBack, ManySteps):
        assert isinstance(gate, capability) or not isinstance(real, capability)
    assert all(isinstance(gate, capability) for capability in TOLD)
    real.close()
