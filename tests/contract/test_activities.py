"""Activities and their items in the shared agenda, both ways (REQUESTS.md 12)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from crm.activity import planning
from crm.activity.model import Activity, Change, NewActivity
from crm.activity.reading import Wanted, activities, activity
from crm.actor import OUTBOX, Actor
from crm.errors import Forbidden, Invalid, Missing, NotThere, Refused, Stale
from crm.mail.model import Party
from crm.request.joining import merge
from storage import tables as t
from storage.crm import activity_rows
from sync_engine.model import Kind
from tests.contract.agenda_world import MONDAY, PHONE, AgendaWorld

HOUR = timedelta(hours=1)
ALL = Wanted()


@pytest.fixture
def world(store_url: str) -> Iterator[AgendaWorld]:
    world = AgendaWorld(store_url)
    yield world
    world.close()


# ---------------------------------------------------------------- into the agenda


def test_q12_an_activity_with_a_time_is_an_event_that_leads_to_its_request(world: AgendaWorld) -> None:
    request = world.request()
    made = world.plan(request_id=request.id, starts_at=MONDAY, zone="Europe/Rome", text="Bring toner.")
    item, text = world.item(made.item_id), world.text(made.item_id)
    assert (item.kind, item.revision_id) == (Kind.EVENT, made.revision_id)
    assert f"SUMMARY:[{request.number}] Look at the printer\r\n" in text
    assert f"URL:https://hub.example.org/requests/{request.number}\r\n" in text
    assert "DTSTART;TZID=Europe/Rome:20260309T100000\r\n" in text
    assert "DTEND;TZID=Europe/Rome:20260309T110000\r\n" in text
    assert "CATEGORIES:Visit\r\n" in text
    assert "ORGANIZER" not in text
    assert "ATTENDEE" not in text  # nobody is mailed because of it, by whatever system
    assert (made.starts_at, made.ends_at, made.minutes_planned) == (MONDAY, MONDAY + HOUR, 60)
    name = world.do(lambda unit: unit.session.connection.execute(select(t.collections.c.name)).scalars().all())
    assert "Agenda" in name


def test_q12_without_a_time_it_is_a_task(world: AgendaWorld) -> None:
    made = world.plan(request_id=world.request().id, kind="call")
    assert world.item(made.item_id).kind is Kind.TASK
    assert "STATUS:NEEDS-ACTION" in world.text(made.item_id)
    assert "DTSTART" not in world.text(made.item_id)


def test_q12_a_whole_day_is_one_wherever_one_is(world: AgendaWorld) -> None:
    made = world.plan(starts_at=datetime(2026, 3, 9, 14, tzinfo=UTC), zone="Pacific/Auckland", all_day=True)
    assert "DTSTART;VALUE=DATE:20260310" in world.text(made.item_id)  # it is the 10th there already
    assert "DTEND;VALUE=DATE:20260311" in world.text(made.item_id)
    there = world.change(made, zone="America/New_York", assigned_id=world.ada.user_id)
    assert "DTSTART;VALUE=DATE:20260310" in world.text(made.item_id)  # the same day
    assert there.starts_at == datetime(2026, 3, 10, 4, tzinfo=UTC)
    assert world.follow() == 0


def test_q12_an_agenda_that_an_account_brought_is_used(world: AgendaWorld) -> None:
    there = world.collection("Agenda")
    assert world.item(world.plan().item_id).collection_id == there


def test_q12_what_makes_no_sense_is_not_planned(world: AgendaWorld) -> None:
    before = world.changes_so_far()
    with pytest.raises(Missing) as missing:
        world.plan(" [R-2026-17] ")
    assert missing.value.fields == ("title",)
    for wrong in (
        {"kind": "dance"},
        {"starts_at": MONDAY, "zone": "Europe/Atlantis"},
        {"starts_at": MONDAY, "ends_at": MONDAY - HOUR},
        {"starts_at": MONDAY.replace(tzinfo=None)},
        {"starts_at": MONDAY.replace(year=9998)},
        {"assigned_id": 4711},
        {"minutes_planned": -1},
    ):
        with pytest.raises(Invalid):
            world.plan(**wrong)
    with pytest.raises(Missing):
        world.plan(ends_at=MONDAY)
    for organizer, guest in (("eva@customer.example", "x@y.example"), ("help@example.org", "x@y.example\r\nX:1")):
        with pytest.raises(Invalid):
            world.plan(starts_at=MONDAY, organizer=organizer, guests=(Party(guest),))
    with pytest.raises(NotThere):
        world.plan(request_id=4711)
    assert world.changes_so_far() == before


def test_q12_the_history_says_who_planned_what(world: AgendaWorld) -> None:
    request = world.request()
    world.plan(request_id=request.id, starts_at=MONDAY, zone="Europe/Rome")
    said = "visit: Look at the printer, 2026-03-09 10:00 to 2026-03-09 11:00 Europe/Rome"
    assert ("ada", "activity planned", "", said) in world.lines(request.id)


# ---------------------------------------------------------------- back from a phone


def test_q12_moved_on_a_phone(world: AgendaWorld) -> None:
    request = world.request()
    made = world.plan(request_id=request.id, starts_at=MONDAY, zone="Europe/Rome")
    assert world.follow() == 0
    world.edits(made.item_id, ("20260309T100000", "20260310T140000"), ("20260309T110000", "20260310T153000"))
    assert world.follow() == 1
    now = world.activity(made.id)
    assert (now.starts_at, now.ends_at) == (MONDAY + timedelta(days=1, hours=4), MONDAY + timedelta(hours=29.5))
    assert (now.minutes_planned, now.version, now.changed_by) == (90, made.version + 1, PHONE)
    assert now.zone == "Europe/Rome"
    said = "2026-03-10 14:00 to 2026-03-10 15:30 Europe/Rome"
    assert (PHONE, "activity changed", "time", said) in world.lines(request.id)


def test_q12_following_writes_nothing_into_the_agenda(world: AgendaWorld) -> None:
    request = world.request()
    made = world.plan(request_id=request.id, starts_at=MONDAY)
    world.edits(made.item_id, ("Look at", "Repair"), ("STATUS:CONFIRMED", "STATUS:TENTATIVE"))
    before, text = world.changes_so_far(), world.text(made.item_id)
    assert [world.follow() for _ in range(3)] == [1, 0, 0]
    assert (world.changes_so_far(), world.text(made.item_id)) == (before, text)
    assert world.activity(made.id).title == "Repair the printer"  # without the number, which the phone shows
    noted = len(world.lines(request.id))
    world.edits(made.item_id, ("STATUS:TENTATIVE", "STATUS:CONFIRMED"))  # nothing of the activity
    assert world.follow() == 0
    assert len(world.lines(request.id)) == noted


def test_q12_what_programs_write_anew_is_no_change(world: AgendaWorld) -> None:
    made = world.plan(request_id=world.request().id, starts_at=MONDAY, zone="Europe/Rome", text="One.\n\nTwo.")
    world.edits(
        made.item_id,
        ("DTSTART;TZID=Europe/Rome:20260309T100000", "DTSTART:20260309T090000Z"),  # in UTC, as many do
        ("DTEND;TZID=Europe/Rome:20260309T110000", "DURATION:PT1H"),
        ("One.\\n\\nTwo.\\n\\n", "One. \\n \\n \\nTwo.\\n"),
        ("CATEGORIES:Visit\r\n", ""),
    )
    assert world.follow() == 0
    assert world.activity(made.id).version == made.version


def test_q12_a_task_that_is_ticked_off_is_done(world: AgendaWorld) -> None:
    request = world.request()
    made = world.plan(request_id=request.id)
    world.edits(made.item_id, ("STATUS:NEEDS-ACTION", "STATUS:COMPLETED\r\nCOMPLETED:20260302T070000Z"))
    assert world.follow() == 1
    now = world.activity(made.id)
    assert (now.state, now.done_at) == ("done", datetime(2026, 3, 2, 7, tzinfo=UTC))
    assert [line[:2] for line in world.lines(request.id)][-1] == (PHONE, "activity done")
    world.edits(made.item_id, ("STATUS:COMPLETED\r\nCOMPLETED:20260302T070000Z", "STATUS:IN-PROCESS"))
    assert world.follow() == 1
    assert (world.activity(made.id).state, world.activity(made.id).done_at) == ("planned", None)


def test_q12_deleted_on_a_phone_is_cancelled_with_a_trace(world: AgendaWorld) -> None:
    request = world.request()
    made = world.plan(request_id=request.id, starts_at=MONDAY)
    world.deletes(made.item_id)
    assert [world.follow(), world.follow()] == [1, 0]
    now = world.activity(made.id)
    assert (now.state, now.changed_by, now.starts_at) == ("cancelled", PHONE, MONDAY)
    assert [line[:2] for line in world.lines(request.id)][-1] == (PHONE, "activity cancelled")


def test_q12_what_was_done_is_not_cancelled_by_tidying_up(world: AgendaWorld) -> None:
    made = world.done(world.plan(starts_at=MONDAY), "Toner was empty.", 45)
    world.deletes(made.item_id)
    assert world.follow() == 0
    assert world.activity(made.id).state == "done"


def test_q12_a_deletion_that_is_undone_plans_it_again(world: AgendaWorld) -> None:
    made = world.plan(starts_at=MONDAY)
    text = world.text(made.item_id)
    world.deletes(made.item_id)
    world.follow()
    world.edits(made.item_id, who="admin")
    assert world.text(made.item_id) == text
    assert world.follow() == 1
    assert (world.activity(made.id).state, world.activity(made.id).changed_by) == ("planned", "admin")


def test_q12_a_program_that_deletes_and_puts_back_under_the_same_uid(world: AgendaWorld) -> None:
    made = world.plan(starts_at=MONDAY)
    item, text = world.item(made.item_id), world.text(made.item_id)
    world.deletes(made.item_id)
    back = world.puts(item.collection_id, text.replace("T090000Z", "T080000Z"), href="another.ics")
    assert back.id != made.item_id
    world.follow()
    now = world.activity(made.id)
    assert (now.state, now.item_id, now.starts_at) == ("planned", back.id, MONDAY - HOUR)
    world.deletes(back.id)
    world.follow()
    assert world.activity(made.id).state == "cancelled"


def test_q12_cancelled_by_its_status(world: AgendaWorld) -> None:
    made = world.plan(starts_at=MONDAY)
    world.edits(made.item_id, ("STATUS:CONFIRMED", "STATUS:CANCELLED"))
    assert world.follow() == 1
    cancelled = world.activity(made.id)
    assert cancelled.state == "cancelled"
    again = world.plan_again(cancelled)
    assert "STATUS:CONFIRMED" in world.text(again.item_id)
    assert world.follow() == 0


def test_q12_a_series_made_on_a_phone_breaks_nothing(world: AgendaWorld) -> None:
    made = world.plan(starts_at=MONDAY)
    world.edits(made.item_id, ("STATUS:CONFIRMED", "STATUS:CONFIRMED\r\nRRULE:FREQ=DAILY;COUNT=3"))
    assert world.follow() == 0
    with pytest.raises(Refused, match="series"):
        world.change(world.activity(made.id), starts_at=MONDAY + HOUR)
    named = world.change(world.activity(made.id), title="Every day")
    assert "RRULE:FREQ=DAILY;COUNT=3" in world.text(named.item_id)


def test_q12_many_changes_are_followed_page_by_page(world: AgendaWorld) -> None:
    first, last = world.plan("First"), world.plan("Last")
    agenda = world.item(first.item_id).collection_id
    for number in range(205):
        world.puts(agenda, f"BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:{number}\nSUMMARY:x\nEND:VTODO\nEND:VCALENDAR\n")
    world.edits(first.item_id, ("First", "Erste"))
    world.edits(last.item_id, ("Last", "Letzte"))
    assert world.follow() == 2
    assert [world.activity(one.id).title for one in (first, last)] == ["Erste", "Letzte"]


def test_q12_what_was_deleted_so_long_ago_that_nothing_is_left(world: AgendaWorld) -> None:
    made, other = world.plan("Gone"), world.plan("Other")
    world.follow()
    world.deletes(made.item_id)
    world.edits(other.item_id, ("Other", "Another"))

    def purge() -> None:
        with world.database.begin() as unit:
            connection, items = unit.session.connection, t.items.c
            seq = connection.execute(select(items.seq).where(items.id == made.item_id)).scalar_one()
            connection.execute(t.revisions.delete().where(t.revisions.c.item_id == made.item_id))
            connection.execute(t.items.delete().where(items.id == made.item_id))
            connection.execute(update(t.collections).values(floor=seq))

    purge()
    assert world.follow() == 2
    assert world.activity(made.id).state == "cancelled"


# ---------------------------------------------------------------- changes here


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
