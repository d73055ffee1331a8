"""The Tasks test server, through google-api-python-client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.google_workspace.people_desk import ADA, START, Clock
from tests.servers.google_workspace.client import Desk, desk, refused
from tests.servers.google_workspace.task_book import TaskBook
from tests.servers.google_workspace.tasks import TaskSwitches
from tests.servers.google_workspace.world import World

MINE = "@default"


@dataclass
class TasksDesk:
    """Ada's tasks."""

    made: Desk
    clock: Clock
    api: Any  # the real library's tasks service

    @property
    def book(self) -> TaskBook:
        """What Ada has, by her own hand."""
        return self.made.google.tasks.book(ADA)

    @property
    def switches(self) -> TaskSwitches:
        """Of the server."""
        return self.made.google.tasks.switches

    def insert(self, title: str = "Milk", **fields: Any) -> Any:
        """A new task."""
        return self.api.tasks().insert(tasklist=MINE, body={"title": title, **fields}).execute()

    def patch(self, task: str, **fields: Any) -> Any:
        """A request."""
        return self.api.tasks().patch(tasklist=MINE, task=task, body=fields)

    def titles(self, **asked: Any) -> list[str]:
        """Of a listing of one page."""
        page = self.api.tasks().list(tasklist=MINE, **asked).execute()
        return sorted(one["title"] for one in page["items"])


@pytest.fixture
def ada() -> Iterator[TasksDesk]:
    """A server of its own, whose clock stands still."""
    clock = Clock()
    with desk(World(clock=clock)) as made:
        yield TasksDesk(made, clock, made.api(ADA, "tasks.v1"))


def test_due_loses_its_time(ada: TasksDesk) -> None:
    assert ada.insert(due="2026-12-24T18:30:00+01:00")["due"] == "2026-12-24T00:00:00.000Z"
    assert ada.insert(due="2026-12-25T00:30:00+01:00")["due"] == "2026-12-24T00:00:00.000Z"
    [wrong] = [ada.api.tasks().insert(tasklist=MINE, body={"title": "x", "due": "2026-12-24"})]
    assert refused(wrong) == (400, "invalid")


def test_etags_change_with_each_write_and_an_old_one_is_refused(ada: TasksDesk) -> None:
    milk = ada.insert()
    ada.clock.turn(seconds=1)
    patched = ada.patch(milk["id"], notes="2 l").execute()
    assert (patched["title"], patched["updated"]) == ("Milk", "2026-11-22T09:00:01.000Z")
    assert patched["etag"] != milk["etag"]
    late = ada.patch(milk["id"], notes="3 l")
    late.headers["If-Match"] = milk["etag"]
    assert refused(late) == (412, "conditionNotMet")
    remove = ada.api.tasks().delete(tasklist=MINE, task=milk["id"])
    remove.headers["If-Match"] = milk["etag"]
    assert refused(remove) == (412, "conditionNotMet")
    ada.switches.if_match = False
    assert late.execute()["notes"] == "3 l"


def test_a_listing_has_20_tasks_and_100_at_most(ada: TasksDesk) -> None:
    for place in range(105):
        ada.book.add(ada.book.default, {"title": f"T{place:03d}"})
    tasks = ada.api.tasks()
    request, pages = tasks.list(tasklist=MINE), list[int]()
    while request is not None:
        page = request.execute()
        pages.append(len(page["items"]))
        request = tasks.list_next(request, page)
    assert pages == [20, 20, 20, 20, 20, 5]
    assert len(ada.titles(maxResults=500)) == 100
    assert "nextSyncToken" not in page


def test_deleted_tasks_are_told_with_show_deleted(ada: TasksDesk) -> None:
    milk = ada.insert()
    child = ada.api.tasks().insert(tasklist=MINE, parent=milk["id"], body={"title": "Soya"}).execute()
    assert child["parent"] == milk["id"]
    ada.api.tasks().delete(tasklist=MINE, task=milk["id"]).execute()
    assert ada.titles() == []
    assert ada.titles(showDeleted=True) == ["Milk", "Soya"]
    assert ada.api.tasks().get(tasklist=MINE, task=milk["id"]).execute()["deleted"] is True
    assert ada.patch(milk["id"], deleted=False).execute()["title"] == "Milk"
    assert ada.titles() == ["Milk"]
    ada.book.forget()
    assert ada.titles(showDeleted=True) == ["Milk"]


def test_updated_min_tells_what_changed_since_deleted_ones_too(ada: TasksDesk) -> None:
    ada.insert("Old")
    milk = ada.insert("Milk")
    ada.clock.turn(minutes=1)
    since = "2026-11-22T09:01:00Z"
    assert ada.titles(updatedMin=since) == []
    ada.patch(milk["id"], notes="2 l").execute()
    gone = ada.insert("Gone")
    ada.api.tasks().delete(tasklist=MINE, task=gone["id"]).execute()
    assert ada.titles(updatedMin=since) == ["Milk"]
    assert ada.titles(updatedMin=since, showDeleted=True) == ["Gone", "Milk"]
    assert refused(ada.api.tasks().list(tasklist=MINE, updatedMin="yesterday")) == (400, "invalid")


def test_done_tasks_are_hidden_when_they_are_cleared_or_done_in_googles_apps(ada: TasksDesk) -> None:
    milk, bread = ada.insert("Milk"), ada.insert("Bread")
    done = ada.patch(milk["id"], status="completed").execute()
    assert done["completed"] == START.strftime("%Y-%m-%dT%H:%M:%S.") + done["completed"][-4:]
    assert ada.titles() == ["Bread", "Milk"]
    assert ada.titles(showCompleted=False) == ["Bread"]
    ada.api.tasks().clear(tasklist=MINE).execute()
    ada.book.tick(ada.book.default, bread["id"])
    assert (ada.titles(), ada.titles(showHidden=True)) == ([], ["Bread", "Milk"])
    assert ada.titles(showHidden=True, showCompleted=False) == []
    again = ada.patch(milk["id"], status="needsAction").execute()
    assert ("completed" in again, "hidden" in again) == (False, False)


def test_put_clears_what_it_does_not_say(ada: TasksDesk) -> None:
    milk = ada.insert(notes="2 l", due="2026-12-24T00:00:00Z")
    put = ada.api.tasks().update(tasklist=MINE, task=milk["id"], body={"id": milk["id"], "title": "Bread"}).execute()
    assert (put["title"], "notes" in put, "due" in put, put["status"]) == ("Bread", False, False, "needsAction")
    patched = ada.patch(milk["id"], notes="x").execute()
    assert "notes" not in ada.patch(patched["id"], notes=None).execute()


def test_own_ids_are_not_taken_and_long_texts_are_refused(ada: TasksDesk) -> None:
    assert ada.insert(id="mine")["id"] != "mine"
    tasks = ada.api.tasks()
    assert refused(tasks.insert(tasklist=MINE, body={"title": "x" * 1025})) == (400, "invalid")
    assert refused(tasks.insert(tasklist=MINE, body={"title": "x", "notes": "x" * 8193})) == (400, "invalid")
    assert refused(tasks.insert(tasklist=MINE, body={"title": "x", "status": "open"})) == (400, "invalid")
    assert refused(tasks.get(tasklist=MINE, task="no")) == (404, "notFound")
    assert refused(tasks.list(tasklist="no")) == (404, "notFound")


def test_tasks_move_among_their_siblings_and_to_other_lists(ada: TasksDesk) -> None:
    first, second = ada.insert("First"), ada.insert("Second")
    order = [one["title"] for one in ada.api.tasks().list(tasklist=MINE).execute()["items"]]
    assert order == ["Second", "First"]  # a new one comes first
    ada.api.tasks().move(tasklist=MINE, task=second["id"], previous=first["id"]).execute()
    order = [one["title"] for one in ada.api.tasks().list(tasklist=MINE).execute()["items"]]
    assert order == ["First", "Second"]
    work = ada.api.tasklists().insert(body={"title": "Work"}).execute()
    ada.api.tasks().move(tasklist=MINE, task=first["id"], destinationTasklist=work["id"]).execute()
    assert ada.titles() == ["Second"]
    assert ada.api.tasks().list(tasklist=work["id"]).execute()["items"][0]["id"] == first["id"]


def test_lists_are_made_renamed_and_deleted_but_not_the_default_one(ada: TasksDesk) -> None:
    lists = ada.api.tasklists()
    [mine] = lists.list().execute()["items"]
    assert (mine["title"], lists.get(tasklist=MINE).execute()["id"]) == ("My Tasks", mine["id"])
    work = lists.insert(body={"title": "Work"}).execute()
    assert lists.patch(tasklist=work["id"], body={"title": "Office"}).execute()["title"] == "Office"
    assert refused(lists.delete(tasklist=mine["id"])) == (400, "invalid")
    lists.delete(tasklist=work["id"]).execute()
    assert [one["id"] for one in lists.list().execute()["items"]] == [mine["id"]]
    assert refused(lists.insert(body={})) == (400, "invalid")


def test_tasks_are_ones_own(ada: TasksDesk) -> None:
    ada.insert()
    eve = ada.made.api("eve@example.com", "tasks.v1")
    assert eve.tasks().list(tasklist=MINE).execute()["items"] == []
    assert refused(eve.tasks().list(tasklist=ada.book.default.id)) == (404, "notFound")
