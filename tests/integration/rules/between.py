"""Two systems and the hub: somebody edits a series between two requests of our write of it (R07, R20)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.microsoft.microsoft365_desk import moved, weekly
from tests.integration.rules.two_systems import Company, Rules


class BetweenRules(Rules):
    """While we write."""

    def test_r07_what_a_person_writes_between_two_steps_of_ours_is_kept(
        self, office: Company, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        office.world.phone_put(weekly(overrides=(moved("20260323"),)))
        office.settle()
        of, last = office.systems[name].last_step
        whole = getattr(of, last)

        def meanwhile(*args: Any) -> Any:
            monkeypatch.setattr(of, last, whole)
            office.people[name].remark("Standup", "Room of a person")
            return whole(*args)

        monkeypatch.setattr(of, last, meanwhile)
        office.world.phone_edit("series", lambda text: text.replace("T113000", "T114500"))
        office.settle()
        assert "Room of a person" in office.world.hub()["series"].text
        assert "T114500" in office.world.hub()["series"].text
        assert office.ada.remark_of("Standup") == office.bob.remark_of("Standup") == "Room of a person"
