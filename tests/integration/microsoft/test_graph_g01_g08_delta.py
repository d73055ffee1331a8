"""Delta rounds of the Graph test server, seen through O365 (G1-G8 of what Graph does)."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.integration.microsoft.o365_account import MARCH, World, graph_world, single, weekly

__all__ = ["graph_world"]  # a fixture

CONTACTS = "/contacts/delta"


def _people(world: World, count: int) -> list[str]:
    return [world.ada.create("contacts", {"displayName": f"P{i}", "givenName": "P"}).id for i in range(count)]


def test_g01_pages_have_one_absolute_link_and_may_be_empty(world: World) -> None:
    world.graph.switches.empty_pages = True
    made = _people(world, 5)
    page = world.json("get", f"{CONTACTS}?$select=displayName", prefer="odata.maxpagesize=2")
    assert page["value"] == []
    assert page["@odata.nextLink"].startswith(world.graph.url)
    found, link = world.round(page["@odata.nextLink"], prefer="odata.maxpagesize=2")
    assert [one["id"] for one in found] == made
    assert set(found[0]) == {"id", "@odata.etag", "displayName"}  # the token keeps $select
    assert set(parse_qs(urlsplit(link).query)) == {"$deltatoken"}


def test_g01_a_round_without_changes_is_one_empty_page(world: World) -> None:
    _people(world, 2)
    _, link = world.round(CONTACTS)
    assert world.round(link)[0] == []
    before = world.graph.outer
    world.round(link)
    assert world.graph.outer - before == 1


def test_g02_what_is_deleted_within_a_round_is_told_once_and_then_again_in_the_next(world: World) -> None:
    made = _people(world, 4)
    page = world.json("get", CONTACTS, prefer="odata.maxpagesize=2")
    world.ada.delete(made[3])
    world.ada.update(made[0], {"displayName": "Changed"})
    rest, link = world.round(page["@odata.nextLink"], prefer="odata.maxpagesize=2")
    assert [(one["id"], "@removed" in one) for one in rest] == [(made[2], False), (made[3], True)]
    later, link = world.round(link)
    assert {one["id"]: "@removed" in one for one in later} == {made[0]: False, made[3]: True}
    assert world.round(link)[0] == []


def test_g03_tombstones_come_in_first_rounds_and_ids_come_twice(world: World) -> None:
    made = _people(world, 3)
    world.ada.delete(made[1])
    assert [one["id"] for one in world.round(CONTACTS)[0]] == [made[0], made[2]]
    world.graph.switches.early_tombstones = world.graph.switches.repeats = True
    found, _ = world.round(CONTACTS)
    assert {"id": made[1], "@removed": {"reason": "deleted"}} in found
    ids = [one["id"] for one in found]
    assert len(ids) == len(set(ids)) + 1


def test_g04_a_changed_item_has_at_least_what_changed(world: World) -> None:
    world.graph.switches.sparse = True
    (made,) = _people(world, 1)
    _, link = world.round(CONTACTS)
    world.ada.update(made, {"jobTitle": "Countess"})
    (found,), _ = world.round(link)
    assert set(found) == {"id", "@odata.etag", "jobTitle"}


@pytest.mark.parametrize(
    ("status", "code"), [(410, "syncStateNotFound"), (410, "resyncRequired"), (400, "syncStateNotFound")]
)
def test_g05_a_forgotten_token_is_refused(world: World, status: int, code: str) -> None:
    made = _people(world, 2)
    _, link = world.round(CONTACTS)
    world.graph.switches.expired_status, world.graph.switches.expired_code = status, code
    world.graph.deltas.forget()
    assert world.code("get", link) == (status, code)
    answer = world.ask("get", link)
    assert ("Location" in answer.headers) == (status == 410)
    assert [one["id"] for one in world.round(CONTACTS)[0]] == made


def test_g06_calendar_view_needs_its_window_and_keeps_it(world: World) -> None:
    assert world.code("get", "/calendarView/delta") == (400, "ErrorInvalidParameter")
    series = world.ada.create("calendar", weekly())
    world.ada.create("calendar", single("2027-01-01"))
    found, link = world.round(f"/calendarView/delta?{MARCH}")
    assert [one["type"] for one in found] == ["seriesMaster", *["occurrence"] * 5]
    assert "subject" not in found[1]  # an occurrence says when it is and whose
    assert found[1]["seriesMasterId"] == series.id
    world.ada.create("calendar", single("2026-03-20"))
    world.ada.create("calendar", single("2027-01-02"))
    assert [one["subject"] for one in world.round(link)[0]] == ["Single 2026-03-20"]


def test_g06_the_unbounded_feed_is_a_switch(world: World) -> None:
    assert world.code("get", "/events/delta")[0] == 400
    world.graph.switches.events_delta = True
    series = world.ada.create("calendar", weekly())
    world.ada.change_occurrence(series.id, "2026-03-23", {"subject": "Moved"})
    world.ada.create("calendar", single("2031-01-01"))
    found, link = world.round("/events/delta")
    assert [one["type"] for one in found] == ["seriesMaster", "exception", "singleInstance"]
    world.ada.delete(series.id)
    assert world.round(link)[0] == [{"id": series.id, "@removed": {"reason": "deleted"}}]


def test_g07_what_leaves_the_window_looks_deleted_but_is_there(world: World) -> None:
    event = world.ada.create("calendar", single("2026-03-10"))
    _, link = world.round(f"/calendarView/delta?{MARCH}")
    later = single("2026-09-10")
    world.ada.update(event.id, {"start": later["start"], "end": later["end"]})
    assert world.round(link)[0] == [{"id": event.id, "@removed": {"reason": "deleted"}}]
    assert world.json("get", f"/events/{event.id}")["start"]["dateTime"].startswith("2026-09-10")
    assert world.round("/calendarView/delta?startDateTime=2026-09-01&endDateTime=2026-10-01")[0][0]["id"] == event.id


def test_g07_a_cancelled_occurrence_is_a_tombstone_of_the_window(world: World) -> None:
    series = world.ada.create("calendar", weekly())
    _, link = world.round(f"/calendarView/delta?{MARCH}")
    world.ada.cancel_occurrence(series.id, "2026-03-23")
    for _ in range(2):  # whoever lost the answer asks again, and gets the same
        found, _ = world.round(link)
        assert [one["id"] for one in found if "@removed" in one] == [f"{series.id}.OCC.2026-03-23"]


def test_g08_contacts_are_told_by_folder_and_folders_by_themselves(world: World) -> None:
    folder = world.json("post", "/contactFolders", {"displayName": "AgendaHub"})["id"]
    _people(world, 1)
    inside = world.json("post", f"/contactFolders/{folder}/contacts", {"displayName": "Inside"})["id"]
    found, link = world.round(f"/contactFolders/{folder}/contacts/delta")
    assert [one["id"] for one in found] == [inside]
    folders, folder_link = world.round("/contactFolders/delta")
    assert [one["displayName"] for one in folders] == ["AgendaHub"]
    world.ada.move(inside, "contacts")
    assert world.round(link)[0] == [{"id": inside, "@removed": {"reason": "deleted"}}]
    assert world.ask("delete", f"/contactFolders/{folder}").status_code == 204
    assert [one["id"] for one in world.round(folder_link)[0] if "@removed" in one] == [folder]


def test_g08_event_delta_does_not_expand(world: World) -> None:
    wanted = "$expand=singleValueExtendedProperties($filter=id eq 'x')"
    assert world.code("get", f"/calendarView/delta?{MARCH}&{wanted}")[0] == 400


def test_lag_a_write_is_not_seen_by_delta_at_once(world: World) -> None:
    _, link = world.round(CONTACTS)
    world.exchange.lag = timedelta(hours=1)
    made = world.json("post", "/contacts", {"displayName": "Late"})["id"]
    assert world.json("get", f"/contacts/{made}")["displayName"] == "Late"
    nothing, link = world.round(link)
    assert nothing == []
    world.exchange.lag = timedelta(0)
    assert [one["id"] for one in world.round(link)[0]] == [made]


def test_tasks_have_delta_of_their_own(world: World) -> None:
    tasks = world.json("get", "/todo/lists")["value"][0]["id"]
    made = world.json("post", f"/todo/lists/{tasks}/tasks", {"title": "Water"})["id"]
    found, link = world.round(f"/todo/lists/{tasks}/tasks/delta")
    assert [one["title"] for one in found] == ["Water"]
    done = world.json("patch", f"/todo/lists/{tasks}/tasks/{made}", {"status": "completed"})
    assert done["completedDateTime"]["timeZone"] == "UTC"
    assert [one["status"] for one in world.round(link)[0]] == ["completed"]
    assert world.ask("delete", f"/todo/lists/{tasks}/tasks/{made}").status_code == 204
    assert world.round(link)[0] == [{"id": made, "@removed": {"reason": "deleted"}}]
