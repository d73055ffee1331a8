"""A fan-out at Google with the real program: people come and go while the daemon runs."""

from __future__ import annotations

from pathlib import Path

from tests.hub_process import Hub, wait_for
from tests.integration.google_workspace.fanout_world import GoogleCompany, google_front
from tests.integration.microsoft.fanout_world import PEOPLE

ADA, BOB, EVE = PEOPLE[:3]


def test_everybody_has_the_address_book_while_people_come_and_go(tmp_path: Path) -> None:
    with google_front() as front:
        for address in (ADA, BOB, EVE):
            front.add(address)
        front.suspend(EVE)
        company = GoogleCompany(tmp_path, front)
        company.put("u1", "Grace Hopper")
        company.workspace.close()
        hub = Hub(tmp_path)
        with hub.serving():
            wait_for(lambda: all(company.everybody(one) == ["Grace Hopper"] for one in (ADA, BOB)))
            front.suspend(EVE, suspended=False)
            front.add("new@example.org")
            front.drop(ADA)
            assert hub.json("fanout", "refresh", "book")["joined"] == ["new@example.org", EVE]
            wait_for(lambda: company.everybody("new@example.org") == company.everybody(EVE) == ["Grace Hopper"])
            company.put("u1", "Grace Murray")
            wait_for(lambda: company.everybody(BOB) == company.everybody(EVE) == ["Grace Murray"])
            assert company.everybody(ADA) == ["Grace Hopper"]
        rows = {row["address"]: row for row in hub.json("fanout", "members", "book")}
        assert (rows[ADA]["member"], rows[BOB]["member"], rows[BOB]["items"]) == ("left", "active", 1)
        assert "PRIVATE KEY" not in hub.log()
        assert "Traceback" not in hub.log()
        company.workspace.close()
