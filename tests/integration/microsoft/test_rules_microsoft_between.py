"""EWS <-> hub <-> Graph: somebody edits a series between two requests of our write of it (R07, R20)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.exchange.steps import Steps as ExchangeSteps
from connectors.microsoft365.steps import Steps as CloudSteps
from sync_engine.model import Kind
from tests.integration.microsoft.microsoft365_desk import moved, weekly
from tests.integration.microsoft.two_systems import Company, company

_LAST = {"exchange": (ExchangeSteps, "_unmarked"), "cloud": (CloudSteps, "_unmark")}


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Company]:
    with company(tmp_path, Kind.EVENT) as made:
        yield made


@pytest.mark.parametrize("name", ["exchange", "cloud"])
def test_r07_what_a_person_writes_between_two_steps_of_ours_is_kept(
    firm: Company, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm.world.phone_put(weekly(overrides=(moved("20260323"),)))
    firm.settle()
    of, last = _LAST[name]
    whole = getattr(of, last)

    def meanwhile(*args: Any) -> Any:
        monkeypatch.setattr(of, last, whole)
        firm.people[name].remark("Standup", "Room of a person")
        return whole(*args)

    monkeypatch.setattr(of, last, meanwhile)
    firm.world.phone_edit("series", lambda text: text.replace("T113000", "T114500"))
    firm.settle()
    assert "Room of a person" in firm.world.hub()["series"].text
    assert "T114500" in firm.world.hub()["series"].text
    assert firm.ada.remark_of("Standup") == firm.bob.remark_of("Standup") == "Room of a person"
