"""Google <-> hub <-> Graph while Google's lists of contacts are minutes behind (R22, R06)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from storage import tables as t
from sync_engine.errors import SyncError
from sync_engine.model import Kind
from tests.integration.google_workspace.google_and_cloud import GoogleAndCloud
from tests.integration.google_workspace.google_system import AtGoogle
from tests.integration.rules.two_systems import FACE, Company, company
from tests.servers.google_workspace.protocol import Fault

PHOTO = f"PHOTO;ENCODING=b;TYPE=JPEG:{FACE}\r\n"
MADE = "people.people.createContact"


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Company]:
    with company(tmp_path, Kind.CONTACT, GoogleAndCloud.openings) as made:
        made.fill(2)
        yield made


def google_of(firm: Company) -> AtGoogle:
    google = firm.systems["google"]
    assert isinstance(google, AtGoogle)
    return google


def behind(firm: Company, yes: bool = True) -> None:
    """Lists show nothing of what is written while this is so."""
    google_of(firm).google.people.switches.held = yes


def minutes(firm: Company, count: int, *, restarting: bool, afresh: bool = False) -> list[str]:
    """A cycle of each system in each minute; what Google was asked."""
    asked: list[str] = []
    for _ in range(count):
        if restarting:
            firm.restart()
        for name, system in firm.systems.items():
            if afresh:
                system.forget()
            try:
                firm.cycle(name)
            except SyncError:
                continue
        asked += google_of(firm).asked()
        firm.world.clock.pass_time(minutes=1)
    return asked


def over(firm: Company, *titles: str) -> None:
    """The lists show all again; everybody has these, and it is quiet."""
    behind(firm, False)
    firm.recover()
    firm.settle()
    firm.all_hold(*titles)
    assert firm.world.rows(t.conflicts) == firm.world.rows(t.quarantine) == []


@pytest.mark.parametrize("restarting", [True, False])
@pytest.mark.parametrize("more", ["", PHOTO], ids=["plain", "photo"])
def test_r06_r22_a_lost_answer_while_lists_are_behind_makes_exactly_one(
    firm: Company, restarting: bool, more: str
) -> None:
    behind(firm)
    google_of(firm).asked()
    firm.world.phone_put(firm.item("new", "new", more))
    google_of(firm).lose(1)
    asked = minutes(firm, 6, restarting=restarting)
    assert asked.count(MADE) == 1, "not again before the lists must show it"
    behind(firm, False)
    asked = minutes(firm, 6, restarting=restarting)
    assert asked.count(MADE) == 0
    over(firm, "t00", "t01", "new")


def test_r06_r22_a_creation_that_never_arrived_is_made_when_the_lists_must_show_it(firm: Company) -> None:
    behind(firm)
    google = google_of(firm)
    google.asked()
    firm.world.phone_put(firm.item("new", "new"))
    google.google.faults.append(Fault(drop=True, method="createContact"))
    assert minutes(firm, 5, restarting=True).count(MADE) == 1, "the one that got lost"
    assert minutes(firm, 9, restarting=True).count(MADE) == 1
    over(firm, "t00", "t01", "new")


@pytest.mark.parametrize("restarting", [True, False])
@pytest.mark.parametrize("afresh", [True, False], ids=["lists", "changes"])
def test_r22_what_is_not_shown_yet_is_neither_undone_nor_deleted(firm: Company, restarting: bool, afresh: bool) -> None:
    """A new contact, a changed one and a deleted one of ours."""
    behind(firm)
    firm.world.phone_put(firm.item("new", "new"))
    firm.world.phone_edit("u00", lambda text: text.replace("t00", "renamed"))
    firm.world.phone_remove("u01")
    for _ in range(4):
        minutes(firm, 1, restarting=restarting, afresh=afresh)
        assert firm.hub() == ["new", "renamed"]
    firm.all_hold("new", "renamed")
    over(firm, "new", "renamed")


def test_r07_r22_a_persons_edit_of_another_field_while_lists_are_behind_is_kept(firm: Company) -> None:
    """She sees her own edit at once; the hub sees it when the list does."""
    behind(firm)
    firm.world.phone_edit("u01", lambda text: text.replace("t01", "by phone"))
    minutes(firm, 1, restarting=False)
    firm.ada.remark("by phone", "by hand")
    firm.world.phone_edit("u01", lambda text: text.replace("END:VCARD", "NOTE:by phone\r\nEND:VCARD"))
    minutes(firm, 2, restarting=True)
    over(firm, "t00", "by phone")
    assert firm.bob.remark_of("by phone") == firm.ada.remark_of("by phone") == "by hand"
    assert "NOTE:by phone" in firm.world.hub()["u01"].text


def test_r22_lists_that_are_half_an_hour_behind_delete_nothing_for_being_slower_than_promised(firm: Company) -> None:
    google = google_of(firm)
    google.google.people.switches.lag = timedelta(hours=2)
    firm.world.phone_put(firm.item("new", "new"))
    minutes(firm, 2, restarting=True)
    firm.world.clock.pass_time(hours=1)
    minutes(firm, 3, restarting=True, afresh=True)
    firm.all_hold("t00", "t01", "new")
