"""Activities and their items in the shared agenda, both ways (REQUESTS.md 12)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from crm.agenda import follow
from crm.errors import Invalid, Missing, NotThere, Refused
from crm.mail.model import Party
from storage import tables as t
from sync_engine.model import Kind
from tests.contract.agenda_world import MONDAY, PHONE, AgendaWorld

HOUR = timedelta(hours=1)


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


def _purge(world: AgendaWorld, item_ids: list[int | None]) -> None:
    """Forget tombstones, as the hub does after weeks."""
    with world.database.begin() as unit:
        connection, items = unit.session.connection, t.items.c
        seq = connection.execute(select(func.max(items.seq)).where(items.id.in_(item_ids))).scalar_one()
        connection.execute(t.revisions.delete().where(t.revisions.c.item_id.in_(item_ids)))
        connection.execute(t.items.delete().where(items.id.in_(item_ids)))
        connection.execute(update(t.collections).values(floor=seq))


def test_q12_what_was_deleted_so_long_ago_that_nothing_is_left(world: AgendaWorld) -> None:
    made, other = world.plan("Gone"), world.plan("Other")
    world.follow()
    world.deletes(made.item_id)
    world.edits(other.item_id, ("Other", "Another"))
    _purge(world, [made.item_id])
    assert world.follow() == 2
    assert world.activity(made.id).state == "cancelled"


def test_q12_all_that_was_deleted_so_long_ago_though_nothing_else_changed(
    world: AgendaWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "_PAGE", 2)
    made = [world.plan(f"Gone {number}") for number in range(5)]
    world.follow()
    for one in made:
        world.deletes(one.item_id)
    _purge(world, [one.item_id for one in made])
    assert world.follow() == 5
    assert {world.activity(one.id).state for one in made} == {"cancelled"}
    assert world.follow() == 0
