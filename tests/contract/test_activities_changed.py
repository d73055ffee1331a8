"""Activities that are changed, done and cancelled here, and who may see and do that (REQUESTS.md 12)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from crm.activity import planning
from crm.activity.model import Activity, Change, NewActivity
from crm.activity.reading import Wanted, activities, activity
from crm.actor import OUTBOX, Actor
from crm.errors import Forbidden, NotThere, Refused, Stale
from crm.request.joining import merge
from storage.crm import activity_rows
from sync_engine.model import Kind
from tests.contract.agenda_world import MONDAY, AgendaWorld

HOUR = timedelta(hours=1)
ALL = Wanted()


@pytest.fixture
def world(store_url: str) -> Iterator[AgendaWorld]:
    world = AgendaWorld(store_url)
    yield world
    world.close()


def test_q12_a_change_here_touches_nothing_else_of_the_item(world: AgendaWorld) -> None:
    made = world.plan(request_id=world.request().id, starts_at=MONDAY, zone="Europe/Rome", location="Via Roma 1")
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\nEND:VEVENT"
    world.edits(made.item_id, ("END:VEVENT", alarm), ("CATEGORIES:Visit", "CATEGORIES:Visit,Blue\r\nX-OWN:kept"))
    moved = world.change(world.activity(made.id), starts_at=MONDAY + timedelta(days=1))
    text = world.text(made.item_id)
    for kept in ("TRIGGER:-PT15M", "CATEGORIES:Blue,Visit", "X-OWN:kept", "LOCATION:Via Roma 1", "SEQUENCE:1"):
        assert kept in text
    assert "DTSTART;TZID=Europe/Rome:20260310T100000" in text
    assert (moved.ends_at, moved.minutes_planned) == (MONDAY + timedelta(days=1, hours=1), 60)
    assert world.follow() == 0
    assert world.change(moved, starts_at=moved.starts_at) == moved  # nothing to do


def test_q12_a_task_gets_a_time_and_loses_it(world: AgendaWorld) -> None:
    task = world.plan(location="Here")
    event = world.change(task, starts_at=MONDAY, zone="Europe/Rome", location="There")
    assert world.item(task.item_id).deleted
    assert world.item(event.item_id).kind is Kind.EVENT
    assert "LOCATION:There" in world.text(event.item_id)
    back = world.change(event, starts_at=None)
    assert (back.starts_at, back.ends_at, world.item(back.item_id).kind) == (None, None, Kind.TASK)
    assert "LOCATION:There" in world.text(back.item_id)
    assert world.item(event.item_id).deleted
    assert world.follow() == 0
    assert world.activity(task.id).state == "planned"


def test_q12_two_people_at_once(world: AgendaWorld) -> None:
    made = world.plan(starts_at=MONDAY)
    first = world.change(made, title="Mine")
    with pytest.raises(Stale) as stale:
        world.change(made, title="Yours")
    assert stale.value.version == first.version
    assert world.activity(made.id).title == "Mine"
    late = {"title": "Too late"}  # whoever got past that: the row itself is of another version
    assert not world.do(lambda unit: activity_rows.alter(unit.session.connection, made.id, made.version, late))


def test_q12_here_and_on_a_phone_at_once(world: AgendaWorld) -> None:
    """The same field: the person here has to look. Another one: both changes are kept."""
    made = world.plan(starts_at=MONDAY)
    world.edits(made.item_id, ("20260309T090000", "20260309T120000"), ("20260309T100000", "20260309T130000"))
    with pytest.raises(Stale):
        world.change(made, ends_at=MONDAY + HOUR / 2)
    named = world.change(made, title="Named here")
    assert (named.title, named.starts_at) == ("Named here", MONDAY + 3 * HOUR)
    assert "SUMMARY:Named here" in world.text(made.item_id)
    assert "20260309T120000" in world.text(made.item_id)
    assert world.follow() == 0


def test_q12_done_completes_the_task(world: AgendaWorld) -> None:
    request = world.request()
    task = world.done(world.plan(request_id=request.id), "Was easy.", 20)
    assert (task.state, task.result, task.minutes_done) == ("done", "Was easy.", 20)
    assert "STATUS:COMPLETED" in world.text(task.item_id)
    assert "COMPLETED:2026" in world.text(task.item_id)
    assert world.follow() == 0
    event = world.plan(starts_at=MONDAY)
    before = world.text(event.item_id)
    world.done(event)
    assert world.text(event.item_id) == before  # an event knows no such thing
    with pytest.raises(Refused):
        world.cancel(world.activity(event.id))
    again = world.plan_again(task)
    assert "STATUS:NEEDS-ACTION" in world.text(again.item_id)
    assert "COMPLETED" not in world.text(again.item_id)


def test_q12_cancelled_here_it_is_out_of_the_agenda_and_kept_here(world: AgendaWorld) -> None:
    request = world.request()
    made = world.cancel(world.plan(request_id=request.id, starts_at=MONDAY), "The customer is ill.")
    assert world.item(made.item_id).deleted
    last = world.history(request.id)[-1]
    assert (last.actor, last.action, last.reason) == ("ada", "activity cancelled", "The customer is ill.")
    assert world.follow() == 0
    with pytest.raises(Refused):
        world.change(made, title="x")
    with pytest.raises(Refused):
        world.done(made)
    again = world.plan_again(made)
    assert (again.state, again.item_id) == ("planned", made.item_id)
    assert not world.item(made.item_id).deleted
    assert world.follow() == 0


def test_q12_after_a_merge_the_old_number_is_no_change(world: AgendaWorld) -> None:
    one, other = world.request(), world.request()
    made = world.plan(request_id=one.id, starts_at=MONDAY, text="Bring toner.")
    world.do(lambda unit: merge(unit, world.ada, one.id, other.id, other.version))
    assert world.activity(made.id).request_id == other.id
    world.edits(made.item_id, ("STATUS:CONFIRMED", "STATUS:TENTATIVE"))
    assert world.follow() == 0
    now = world.activity(made.id)
    assert (now.title, now.text) == ("Look at the printer", "Bring toner.")


# ---------------------------------------------------------------- rights and lists


def _person(world: AgendaWorld, scope: str) -> Actor:
    rights = {"request.read": scope, "activity.read": scope, "activity.plan": scope}
    return replace(world.ada, rights=rights, unlimited=False)


def test_q12_only_who_may(world: AgendaWorld) -> None:
    own = world.request()
    foreign = world.foreign()
    theirs = world.plan(request_id=foreign.id)
    person = _person(world, "own")

    def try_all(actor: Actor, of: int, known: Activity) -> None:
        new = NewActivity("call", "Ring", request_id=of)
        for work in (
            lambda unit: planning.plan(unit, world.settings, actor, new),
            lambda unit: planning.change(unit, world.settings, actor, known.id, known.version, Change.of(title="x")),
        ):
            world.do(work)

    try_all(person, own.id, world.plan(request_id=own.id))
    with pytest.raises(NotThere):
        try_all(person, foreign.id, theirs)
    with pytest.raises(NotThere):
        world.do(lambda unit: activity(unit, person, theirs.id))
    reader = replace(person, rights={"request.read": "all", "activity.read": "all"})
    with pytest.raises(Forbidden):
        try_all(reader, foreign.id, theirs)


def test_q12_lists_show_what_one_may_read(world: AgendaWorld) -> None:
    own, foreign = world.request(), world.foreign()
    ids = [world.plan(request_id=own.id).id, world.plan(request_id=foreign.id).id, world.plan().id]
    ids.append(world.plan(assigned_id=world.ada.user_id, starts_at=MONDAY, kind="call").id)

    def listed(actor: Actor, wanted: Wanted = ALL, after: int = 0, limit: int = 100) -> list[int]:
        found = world.do(lambda unit: activities(unit, actor, wanted, after_id=after, limit=limit))
        return [one.id for one in found]

    assert listed(OUTBOX) == ids
    assert listed(_person(world, "own")) == [ids[0], ids[3]]
    assert listed(_person(world, "all"), limit=2) == ids[:2]
    assert listed(_person(world, "all"), after=ids[1]) == ids[2:]
    assert listed(replace(world.ada, rights={}, unlimited=False)) == []
    assert listed(OUTBOX, Wanted(request_id=own.id)) == [ids[0]]
    assert listed(OUTBOX, Wanted(kinds=("call",), since=MONDAY, until=MONDAY + HOUR)) == [ids[3]]
    assert listed(OUTBOX, Wanted(states=("done",))) == []
    assert listed(OUTBOX, Wanted(assigned_id=world.ada.user_id)) == [ids[3]]
    with pytest.raises(NotThere):
        listed(_person(world, "own"), Wanted(request_id=foreign.id))
