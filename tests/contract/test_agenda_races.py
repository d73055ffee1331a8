"""An operator plans and answers, a phone edits, and the daemon follows, all at once: nothing is lost, nobody waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from crm.activity.model import Activity, Change, NewActivity
from crm.activity.planning import change, plan
from crm.activity.reading import activity
from crm.actor import OUTBOX
from crm.agenda.follow import follow
from crm.errors import Stale
from crm.request.mailing import message_came
from storage.database import run
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.item import Item
from sync_engine.ports import Origin
from tests.contract.agenda_world import MONDAY, PHONE, AgendaWorld

ROUNDS = 8


@pytest.fixture
def world(store_url: str) -> Iterator[AgendaWorld]:
    world = AgendaWorld(store_url)
    yield world
    world.close()


def test_q12_all_at_once(world: AgendaWorld) -> None:
    request = world.request()
    made = world.plan(request_id=request.id, starts_at=MONDAY)

    def again_and_again(work: Callable[[SqlUnitOfWork, AgendaWorld, Activity, int], None]) -> None:
        for number in range(1, ROUNDS + 1):
            _insist(world, lambda unit, n=number: work(unit, world, made, n))  # type: ignore[misc]

    def follows() -> int:
        return sum(follow(world.database, world.settings) for _ in range(3 * ROUNDS))

    with ThreadPoolExecutor(4) as pool:
        working = [pool.submit(again_and_again, work) for work in (_plans, _renames, _edits)] + [pool.submit(follows)]
        for one in working:
            one.result(timeout=120)
    world.follow()
    now = world.activity(made.id)
    assert now.title == f"Title {ROUNDS}"
    assert now.ends_at == MONDAY + timedelta(hours=1, minutes=ROUNDS)
    text = world.text(made.item_id)
    assert f"SUMMARY:[{request.number}] Title {ROUNDS}" in text
    assert now.ends_at.strftime("DTEND:%Y%m%dT%H%M%SZ") in text
    assert world.follow() == 0
    assert [line[1] for line in world.lines(request.id)].count("activity planned") == ROUNDS + 1


def _plans(unit: SqlUnitOfWork, world: AgendaWorld, made: Activity, number: int) -> None:
    """As a mail does that is taken in: the request first, then the agenda."""
    assert made.request_id is not None
    message_came(unit, world.settings, OUTBOX, made.request_id, at=world.now, automatic=False)
    plan(unit, world.settings, world.ada, NewActivity("call", f"Call {number}", request_id=made.request_id))


def _renames(unit: SqlUnitOfWork, world: AgendaWorld, made: Activity, number: int) -> None:
    known = activity(unit, OUTBOX, made.id)
    change(unit, world.settings, world.ada, made.id, known.version, Change.of(title=f"Title {number}"))


def _edits(unit: SqlUnitOfWork, _world: AgendaWorld, made: Activity, number: int) -> None:
    """As the gateway does: lock, read, write."""
    assert made.item_id is not None
    item = unit.items([made.item_id])[made.item_id]
    unit.lock_collection(item.collection_id)
    item = unit.items([made.item_id])[made.item_id]
    text = unit.texts([item.revision_id])[item.revision_id]
    before = next(line for line in text.splitlines() if line.startswith("DTEND"))
    end = (MONDAY + timedelta(hours=1, minutes=number)).strftime("DTEND:%Y%m%dT%H%M%SZ")
    unit.update_item(made.item_id, Item.read(text.replace(before, end)), Origin(PHONE))


def _insist(world: AgendaWorld, work: Callable[[SqlUnitOfWork], None]) -> None:
    for _ in range(50):
        try:
            return run(world.database, work)
        except Stale:
            continue
    raise AssertionError("somebody else was always faster")
