"""A fan-out into calendars and task lists at Google."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agendahub import fanout_folder
from agendahub.outcome import Result
from agendahub.workspace import utc_now
from storage.admin_config import ensure_collection, forget_binding
from sync_engine.ports import Origin
from tests.integration.google_workspace.fanout_world import GoogleCompany, GoogleFront
from tests.integration.microsoft.fanout_world import PEOPLE, all_well
from tests.samples import event, task
from tests.servers.google_workspace.calendar_store import Box

ADA, BOB = PEOPLE[0], PEOPLE[1]


@pytest.fixture(params=["event", "task"])
def agenda(front: GoogleFront, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[GoogleCompany]:
    """An event, or a task, for Ada and Bob."""
    for address in (ADA, BOB):
        front.add(address)
    company = GoogleCompany(tmp_path, front, {"kinds": [request.param], "collection": "Agenda"})
    with company.workspace.database.begin() as unit:
        number = ensure_collection(unit.session.connection, "Agenda", [request.param], "", utc_now())
        item = event("ev-1", "Stand-up", extra="") if request.param == "event" else task("ta-1", "Stand-up")
        unit.create_item(number, item, Origin("test"))
    company.refresh()
    all_well(company.sync())
    yield company
    company.workspace.close()


def planned(company: GoogleCompany, address: str) -> list[str]:
    """What is in somebody's calendar or task list of the fan-out; "" stands for one that is not there."""
    google = company.front.google
    if company.settings["kinds"] == ["task"]:
        lists = [one for one in google.tasks.book(address).lists.values() if one.title == "AgendaHub"]
        return (
            [one["title"] for made in lists for one in made.tasks.values() if not one.get("deleted")] if lists else [""]
        )
    boxes = [box for box in boxes_of(company) if box.owner == address]
    return [one.body["summary"] for box in boxes for one in google.calendar.events(box.id)] if boxes else [""]


def boxes_of(company: GoogleCompany) -> list[Box]:
    boxes = company.front.google.calendar.calendars.boxes.values()
    return [box for box in boxes if box.about.get("summary") == "AgendaHub" and not box.gone]


def test_an_agenda_goes_into_everybodys_calendar_or_list_of_that_name(agenda: GoogleCompany) -> None:
    assert planned(agenda, ADA) == planned(agenda, BOB) == ["Stand-up"]
    before = agenda.front.requests()
    all_well(agenda.sync())
    all_well(agenda.sync())
    assert (planned(agenda, ADA), agenda.front.requests() - before <= 6) == (["Stand-up"], True)


def test_r11_an_agenda_that_is_there_is_matched_and_not_doubled(agenda: GoogleCompany) -> None:
    """As when the fan-out was removed, and the same one is added again."""
    with agenda.workspace.database.begin() as unit:
        assert forget_binding(unit.session.connection, f"book/{ADA}")
    all_well(agenda.sync())
    all_well(agenda.sync())
    assert planned(agenda, ADA) == ["Stand-up"]


def test_a_calendar_or_list_that_its_owner_deletes_is_made_again_when_a_day_has_passed(
    agenda: GoogleCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    if agenda.settings["kinds"] == ["task"]:
        lists = agenda.front.google.tasks.book(ADA).lists
        [name] = [one.id for one in lists.values() if one.title == "AgendaHub"]
        del lists[name]
    else:
        for box in boxes_of(agenda):
            box.gone = box.owner == ADA
    outcomes = agenda.sync()
    assert "it is made again when a day has passed" in outcomes[ADA].message
    assert outcomes[BOB].result is Result.OK
    assert (planned(agenda, ADA), planned(agenda, BOB)) == ([""], ["Stand-up"])
    later = utc_now() + timedelta(days=1, minutes=1)
    monkeypatch.setattr(fanout_folder, "utc_now", lambda: later)
    all_well(agenda.sync([ADA]))
    assert planned(agenda, ADA) == ["Stand-up"]
