"""What a change may touch: R07, R14, R15, R16, R20 of the rules of sync."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from storage import tables as t
from sync_engine.item import Item
from sync_engine.model import Contact, Event
from sync_engine.ports import Policy, Prefer
from tests import samples
from tests.world import Side, World

Edit = Callable[[str], str]


def _swap(old: str, new: str) -> Edit:
    return lambda text: text.replace(old, new)


def _world(folder: Path, *items: Item, policy: Policy | None = None) -> tuple[World, Side, Side]:
    world = World.new(folder)
    a, b = world.bind("a", policy), world.bind("b", policy)
    for item in items:
        a.put(item)
    world.settle()
    return world, a, b


def _everywhere(world: World, uid: str) -> Any:
    """The one record that all sides hold."""
    record = world.hub()[uid].record
    for side in world.sides.values():
        assert side.items()[uid].record == record
    return record


# ---------------------------------------------------------------- R07


def test_r07_different_fields_edited_on_both_sides_are_both_kept(tmp_path: Path) -> None:
    world, a, b = _world(tmp_path, samples.event())
    a.edit("ev-1", _swap("Room 1", "Room 2"))
    b.edit("ev-1", _swap("Bring coffee", "Bring tea"))
    world.phone_edit("ev-1", _swap("Stand-up", "Sit-down"))
    world.settle()
    master = _everywhere(world, "ev-1").master
    assert (master.location, master.description, master.summary) == ("Room 2", "Bring tea", "Sit-down")
    assert world.rows(t.conflicts) == []


@pytest.mark.parametrize("prefer", Prefer)
def test_r07_the_same_field_goes_by_policy_and_the_loser_is_restorable(tmp_path: Path, prefer: Prefer) -> None:
    world, a, _ = _world(tmp_path, samples.event(), policy=Policy(prefer=prefer))
    a.edit("ev-1", _swap("Room 1", "Remote room"))
    world.phone_edit("ev-1", _swap("Room 1", "Hub room"))
    world.settle()
    wins, loses = ("Hub room", "Remote room") if prefer is Prefer.HUB else ("Remote room", "Hub room")
    assert _everywhere(world, "ev-1").master.location == wins
    (conflict,) = world.rows(t.conflicts)
    (told,) = json.loads(conflict.fields)
    assert told == {
        "field": "master.location", "base": "Room 1", "hub": "Hub room", "remote": "Remote room", "kept": str(prefer),
    }  # fmt: skip
    with world.database.read() as uow:
        texts = uow.texts([conflict.hub_revision, conflict.remote_revision])
    assert "Hub room" in texts[conflict.hub_revision]
    assert "Remote room" in texts[conflict.remote_revision]
    assert loses in str(list(texts.values()))


def test_r07_the_same_edit_on_both_sides_is_no_conflict(tmp_path: Path) -> None:
    world, a, b = _world(tmp_path, samples.card())
    for edit in (a.edit, b.edit, world.phone_edit):
        edit("ca-1", _swap("+41 79 111 22 33", "+41 79 999 99 99"))
    world.settle()
    assert world.rows(t.conflicts) == []
    assert "+41 79 999 99 99" in b.texts()["ca-1"]


def test_r07_one_number_added_on_each_side_and_one_removed(tmp_path: Path) -> None:
    world, a, b = _world(tmp_path, samples.card())
    a.edit("ca-1", _swap("NOTE:", "TEL;TYPE=HOME:+41 31 000 00 01\r\nNOTE:"))
    b.edit("ca-1", _swap("NOTE:", "TEL;TYPE=FAX:+41 31 000 00 02\r\nNOTE:"))
    world.phone_edit("ca-1", _swap("TEL;TYPE=WORK:+41 44 111 22 33\r\n", ""))
    world.settle()
    numbers = {phone.value for phone in _everywhere(world, "ca-1").phones}
    assert numbers == {"+41 79 111 22 33", "+41 31 000 00 01", "+41 31 000 00 02"}


def test_r07_a_merge_that_the_hub_wins_whole_leaves_the_hubs_text_as_it_is(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path, samples.event())
    a.edit("ev-1", _swap("Room 1", "Remote room"))
    world.phone_edit("ev-1", _swap("Room 1", "Hub room"))
    before = world.hub()["ev-1"].text
    world.settle()
    assert world.hub()["ev-1"].text == before
    assert len(world.rows(t.conflicts)) == 1


# ---------------------------------------------------------------- R14, R15, R16


@pytest.mark.parametrize("where", ["a", "b", "phone"])
def test_r14_one_cancelled_occurrence_goes_everywhere_and_does_not_return(tmp_path: Path, where: str) -> None:
    world, a, b = _world(tmp_path, samples.series())
    edit = {"a": a.edit, "b": b.edit, "phone": world.phone_edit}[where]
    edit("se-1", _swap("RRULE:", "EXDATE:20260317T080000Z\r\nRRULE:"))
    (b if where == "a" else a).edit("se-1", _swap("SUMMARY:Weekly\r\n", "SUMMARY:Renamed\r\n"))
    world.settle()
    for side in (a, b):
        side.account.expire_cursors(side.collection)
    assert world.settle() == 0
    record = _everywhere(world, "se-1")
    assert [m.value for m in record.master.exception_dates] == ["20260317T080000"]
    assert record.master.summary == "Renamed"
    assert len(record.overrides) == 1


def test_r14_cancelling_the_moved_occurrence_removes_its_override(tmp_path: Path) -> None:
    world, a, b = _world(tmp_path, samples.series())

    def cancel(text: str) -> str:
        head, _, rest = text.partition("BEGIN:VEVENT\r\n")
        master = rest.partition("END:VEVENT\r\n")[0].replace("RRULE:", "EXDATE:20260310T080000Z\r\nRRULE:")
        return f"{head}BEGIN:VEVENT\r\n{master}END:VEVENT\r\nEND:VCALENDAR\r\n"

    a.edit("se-1", cancel)
    b.edit("se-1", _swap("SUMMARY:Weekly\r\n", "SUMMARY:Renamed\r\n"))
    world.settle()
    record = _everywhere(world, "se-1")
    assert record.overrides == ()
    assert [m.value for m in record.master.exception_dates] == ["20260310T080000"]


def test_r15_one_moved_occurrence_is_once_at_the_new_time_and_others_are_intact(tmp_path: Path) -> None:
    world, _a, b = _world(tmp_path, samples.series())
    override = (
        "BEGIN:VEVENT\r\nUID:se-1\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID:20260324T080000Z\r\n"
        "DTSTART:20260325T080000Z\r\nDTEND:20260325T090000Z\r\nSUMMARY:Weekly\r\nEND:VEVENT\r\nEND:VCALENDAR"
    )
    world.phone_edit("se-1", _swap("END:VCALENDAR", override))
    b.edit(
        "se-1",
        _swap(
            "DTSTART:20260311T100000Z\r\nDTEND:20260311T110000Z", "DTSTART:20260311T120000Z\r\nDTEND:20260311T130000Z"
        ),
    )
    world.settle()
    record = _everywhere(world, "se-1")
    found = {o.recurrence_id.value: o.start.value for o in record.overrides}
    assert found == {"20260310T080000": "20260311T120000", "20260324T080000": "20260325T080000"}


def test_r16_a_series_cut_at_one_side_ends_on_all_and_its_rest_is_a_new_series(tmp_path: Path) -> None:
    world, a, b = _world(tmp_path, samples.series())
    a.edit("se-1", _swap("RRULE:FREQ=WEEKLY;COUNT=10", "RRULE:FREQ=WEEKLY;COUNT=4"))
    rest = samples.series("se-2").text.replace("DTSTART:20260303", "DTSTART:20260331").replace("COUNT=10", "COUNT=6")
    a.put(Item.read(rest))
    b.edit("se-1", _swap("SUMMARY:Weekly\r\n", "SUMMARY:Renamed\r\n"))
    world.settle()
    record = _everywhere(world, "se-1")
    assert record.master.rules == ("FREQ=WEEKLY;COUNT=4",)
    assert record.master.summary == "Renamed"
    assert _everywhere(world, "se-2").master.start.value == "20260331T080000"


def test_r16_a_shifted_series_beats_an_occurrence_moved_by_its_old_time_as_a_whole(tmp_path: Path) -> None:
    world, a, _b = _world(tmp_path, samples.series(), policy=Policy(prefer=Prefer.REMOTE))
    shifted = lambda text: text.replace("T080000Z", "T070000Z")  # noqa: E731
    a.edit("se-1", shifted)
    world.phone_edit("se-1", _swap("RRULE:", "EXDATE:20260317T080000Z\r\nRRULE:"))
    world.settle()
    record = _everywhere(world, "se-1")
    assert record.master.start.value == "20260303T070000"
    assert record.master.exception_dates == ()
    assert [o.recurrence_id.value for o in record.overrides] == ["20260310T070000"]
    assert "schedule" in world.rows(t.conflicts)[0].fields


def test_r16_a_series_made_single_is_single_everywhere(tmp_path: Path) -> None:
    world, a, _b = _world(tmp_path, samples.series())

    def single(text: str) -> str:
        return (
            text.partition("END:VEVENT")[0].replace("RRULE:FREQ=WEEKLY;COUNT=10\r\n", "")
            + "END:VEVENT\r\nEND:VCALENDAR\r\n"
        )

    a.edit("se-1", single)
    world.settle()
    record = _everywhere(world, "se-1")
    assert (record.master.rules, record.overrides) == ((), ())


# ---------------------------------------------------------------- R20

_CARD_EDITS = {
    "phones": _swap("+41 79 111 22 33", "+41 79 999 99 99"),
    "full_name": _swap("FN:Ada Lovelace", "FN:Ada King"),
    "note": _swap("Likes numbers", "Likes engines"),
    "emails": _swap("ada@example.org", "ada@example.com"),
}
_EVENT_EDITS = {
    "location": _swap("Room 1", "Room 2"),
    "attendees": _swap("NEEDS-ACTION", "ACCEPTED"),
    "alarms": _swap("-PT10M", "-PT15M"),
}


def _lines(item: Item) -> set[str]:
    return set(item.text.replace("\r\n ", "").split("\r\n"))


@pytest.mark.parametrize("where", ["a", "phone"])
@pytest.mark.parametrize("name", _CARD_EDITS)
def test_r20_one_changed_field_of_a_card_changes_nothing_else_anywhere(tmp_path: Path, name: str, where: str) -> None:
    world, a, b = _world(tmp_path, samples.card())
    before = a.items()["ca-1"]
    {"a": a.edit, "phone": world.phone_edit}[where]("ca-1", _CARD_EDITS[name])
    world.settle()
    after = _everywhere(world, "ca-1")
    assert isinstance(after, Contact)
    assert [f.name for f in fields(Contact) if getattr(after, f.name) != getattr(before.record, f.name)] == [name]
    for side in (a, b):
        gone, new = _lines(before) - _lines(side.items()["ca-1"]), _lines(side.items()["ca-1"]) - _lines(before)
        assert (len(gone), len(new)) == (1, 1)


@pytest.mark.parametrize("where", ["a", "phone"])
@pytest.mark.parametrize("name", _EVENT_EDITS)
def test_r20_one_changed_field_of_an_event_changes_nothing_else_anywhere(tmp_path: Path, name: str, where: str) -> None:
    attachment = "ATTACH;FMTTYPE=application/pdf:https://example.org/agenda.pdf\r\n"
    world, a, b = _world(tmp_path, samples.event(extra=attachment))
    before = a.items()["ev-1"]
    {"a": a.edit, "phone": world.phone_edit}[where]("ev-1", _EVENT_EDITS[name])
    world.settle()
    after = _everywhere(world, "ev-1")
    assert isinstance(after, Event)
    assert after.master is not None
    assert isinstance(before.record, Event)
    assert replace(after.master, **{name: getattr(before.record.master, name)}) == before.record.master
    for side in (a, b):
        gone, new = _lines(before) - _lines(side.items()["ev-1"]), _lines(side.items()["ev-1"]) - _lines(before)
        assert (len(gone), len(new)) == (1, 1)


def test_r20_a_merge_of_two_edits_keeps_what_is_not_modelled_at_both_remotes(tmp_path: Path) -> None:
    world, a, b = _world(tmp_path, samples.card(), samples.event())
    a.edit("ca-1", _CARD_EDITS["phones"])
    b.edit("ca-1", _CARD_EDITS["note"])
    a.edit("ev-1", _EVENT_EDITS["location"])
    b.edit("ev-1", _EVENT_EDITS["attendees"])
    world.settle()
    for side in (a, b):
        card, event = side.texts()["ca-1"], side.texts()["ev-1"]
        assert "X-PHONETIC-FIRST-NAME:Eida" in card
        assert "_$!<HomePage>!$_" in card
        assert "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ" in card
        assert "CATEGORIES:friends,science" in card
        assert "X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE=Room:geo:37.331,-122.030" in event.replace("\r\n ", "")
        assert "TRIGGER:-PT10M" in event
        assert "BEGIN:VTIMEZONE" in event
