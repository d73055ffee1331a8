"""R19: `agendahub doctor` tells of events in zones that nobody knows."""

from __future__ import annotations

from pathlib import Path

from tests import series_samples as samples
from tests.hub_process import Hub

ODD = samples.calendar(samples.component("DTSTART;TZID=Fictitious:20260328T090000", "SUMMARY:Once"))


def test_r19_doctor_tells_of_a_zone_that_nobody_knows(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    hub.run("init")
    hub.run("user", "add", "ada")
    (tmp_path / "odd.ics").write_text(ODD, newline="")
    hub.run("import", "odd.ics", "--collection", "Calendar")
    told = [check for check in hub.json("doctor", code=1) if not check["ok"]]
    assert [check["name"] for check in told] == ["time zones"]
    assert "'Once' (20260328T090000) in 'Fictitious'" in told[0]["detail"]
