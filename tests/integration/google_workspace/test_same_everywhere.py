"""Google <-> Exchange <-> Graph <-> phone: one person, one series and one task are the same at all four.

Each server reckons for itself when a series takes place; nobody is mailed (a fixture watches), and at the end it is
quiet: one request for each collection, no write.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage import tables as t
from sync_engine.item import Item
from sync_engine.model import Contact, Kind, Task
from tests import series_oracle
from tests.integration.google_workspace.three_systems import (
    OPENINGS,
    Shown,
    call,
    due_of,
    groups_of,
    is_done,
    photo_of,
    put_into,
    show_photo,
    shown,
    tick,
    words_of,
)
from tests.integration.microsoft.microsoft365_desk import card, moved, weekly, without
from tests.integration.rules.edits import renamed
from tests.integration.rules.events import MONDAY, berlin
from tests.integration.rules.person import Wish
from tests.integration.rules.two_systems import Company, company

FACE = b"\xff\xd8\xff\xe0 a face"
PHOTO = f"PHOTO;ENCODING=b;TYPE=JPEG:{base64.b64encode(FACE).decode()}\r\n"
SAID = {  # what every system has a place for, and the words of it
    "N:Lovelace;Augusta;King;Countess;FRS\r\n": ("Augusta", "King", "Lovelace"),
    "NICKNAME:Addie\r\n": ("Addie",),
    "ORG:Analytical Engines;Research\r\n": ("Analytical Engines", "Research"),
    "TITLE:Programmer\r\n": ("Programmer",),
    "EMAIL;TYPE=HOME:ada@home.example\r\n": ("ada@home.example",),
    "EMAIL;TYPE=WORK:ada@work.example\r\n": ("ada@work.example",),
    "TEL;TYPE=CELL:+41 79 123 45 67\r\n": ("+41 79 123 45 67",),
    "TEL;TYPE=HOME:+41 44 123 45 67\r\n": ("+41 44 123 45 67",),
    "TEL;TYPE=WORK:+41 31 123 45 67\r\n": ("+41 31 123 45 67",),
    "TEL;TYPE=HOME,FAX:+41 44 123 45 68\r\n": ("+41 44 123 45 68",),
    "TEL;TYPE=PAGER:+41 31 123 45 69\r\n": ("+41 31 123 45 69",),
    "ADR;TYPE=HOME:;;Ockham Park 1;Ockham;Surrey;GU23;England\r\n": ("Ockham Park 1", "Surrey", "GU23"),
    "ADR;TYPE=WORK:;;Marylebone 5;London;;W1U;England\r\n": ("Marylebone 5", "London", "W1U"),
    "BDAY:1815-12-10\r\n": ("1815", "12", "10"),
    "URL;TYPE=WORK:https://engine.example/ada\r\n": ("https://engine.example/ada",),
    "NOTE:First of all programmers\r\n": ("First of all programmers",),
}
MORE = "X-SHOE-SIZE:36\r\nX-OUR-OWN;X-P=1:kept\r\nROLE:Poet\r\n"  # what only some have a place for
CATEGORIES = "CATEGORIES:Royal Society,Science\r\n"


@pytest.fixture
def firm(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Company]:
    with company(tmp_path, request.param, OPENINGS) as made:
        yield made


def of(kind: Kind) -> pytest.MarkDecorator:
    """With three servers, and collections of this kind."""
    return pytest.mark.parametrize("firm", [kind], indirect=True, ids=[kind.value])


def all_have(firm: Company, *titles: str) -> None:
    """The hub, which phones see, and everybody."""
    expected = sorted(titles)
    told = {"hub": firm.hub()} | {name: person.titles() for name, person in firm.people.items()}
    assert told == dict.fromkeys(told, expected)


# ------------------------------------------------------------ a person


def full_card() -> Item:
    """With a place for everything."""
    said = card("Augusta King Lovelace", "ada", "".join(SAID) + CATEGORIES + MORE + PHOTO).text
    return Item.read(said.replace("N:Augusta King Lovelace;;;;\r\n", "", 1))


def same_person(firm: Company, words: list[str], face: bytes, groups: set[str]) -> None:
    """Everybody's only contact says so, and the hub's."""
    for name, person in firm.people.items():
        (title,) = person.titles()
        kept = words_of(person, title)
        assert [word for word in words if word not in kept] == [], name
        assert (photo_of(person, title), groups_of(person, title)) == (face, groups), name
    (item,) = firm.world.hub().values()
    record = item.record
    assert isinstance(record, Contact)
    assert record.photo is not None
    assert (base64.b64decode(record.photo.data), set(record.categories)) == (face, groups)
    assert [word for word in words if word not in item.text.replace("\r\n ", "")] == []


@of(Kind.CONTACT)
def test_one_person_with_all_that_a_card_can_say_is_the_same_everywhere(firm: Company) -> None:
    words, everything = [word for one in SAID.values() for word in one], full_card()
    firm.world.phone_put(everything)
    firm.settle()
    assert firm.world.hub()["ada"].record == everything.record, "the phone keeps all it said"
    same_person(firm, words, FACE, {"Royal Society", "Science"})
    for n, (name, person) in enumerate(firm.people.items()):  # each changes its job, groups and picture in turn
        (title,) = person.titles()
        person.remark(title, f"Enchantress {n}")
        put_into(person, title, {"Science", f"Friends of {name}"})
        show_photo(person, title, FACE + bytes([n]))
        firm.settle()
        now = [f"Enchantress {n}" if word == "Programmer" else word for word in words]
        same_person(firm, now, FACE + bytes([n]), {"Science", f"Friends of {name}"})
    firm.world.phone_edit("ada", renamed("First of all programmers", "She wrote Note G"))
    firm.world.phone_edit("ada", renamed("CATEGORIES:Friends of cloud,Science", "CATEGORIES:Poets"))
    firm.world.phone_edit("ada", renamed("123 45 67", "987 65 43"))
    firm.settle()
    now = [one.replace("First of all programmers", "She wrote Note G").replace("123 45 67", "987 65 43") for one in now]
    same_person(firm, now, FACE + bytes([2]), {"Poets"})
    lines = [line for line in MORE.split("\r\n") if line]
    assert [line for line in lines if line not in firm.world.hub()["ada"].text] == [], "what one knows no place for"
    assert firm.world.rows(t.conflicts) == firm.world.rows(t.quarantine) == []


@pytest.mark.parametrize("firm", [Kind.CONTACT, Kind.TASK], indirect=True, ids=str)
def test_what_each_makes_changes_and_deletes_reaches_all(firm: Company) -> None:
    for name, person in firm.people.items():
        person.enter(f"by {name}")
    firm.world.phone_put(firm.item("by phone", "p"))
    firm.settle()
    all_have(firm, "by google", "by exchange", "by cloud", "by phone")
    titles = firm.hub()
    for person, title in zip(firm.people.values(), titles, strict=False):  # each something that another one made
        person.remark(title, f"remark on {title}")
    firm.world.phone_edit(firm.uid(titles[3]), renamed(titles[3], "renamed"))
    firm.settle()
    all_have(firm, *titles[:3], "renamed")
    for person in firm.people.values():
        assert [person.remark_of(title) for title in titles[:3]] == [f"remark on {title}" for title in titles[:3]]
    for person, title in zip(firm.people.values(), titles[:3], strict=True):
        person.remove(title)
    firm.world.phone_remove(firm.uid("renamed"))
    firm.settle()
    all_have(firm)
    assert firm.world.rows(t.conflicts) == firm.world.rows(t.quarantine) == []


# ------------------------------------------------------------ a series


def same_series(firm: Company, title: str, expected: Shown) -> None:
    """The servers', and others' reading of the hub's text, tell the same instants and titles."""
    told = {name: shown(person, title) for name, person in firm.people.items()}
    text = firm.world.hub()[firm.uid(title)].text
    told["hub"] = [(datetime.fromisoformat(at).astimezone(UTC), name) for at, name in series_oracle.occurrences(text)]
    assert told == dict.fromkeys(told, sorted(expected))


def make(firm: Company, name: str, title: str) -> None:
    """Five Mondays at nine in Berlin; the clocks go forward in between."""
    if name == "phone":
        firm.world.phone_put(weekly("phone's", title))
    else:
        firm.people[name].plan(Wish(title, MONDAY, MONDAY.replace(minute=30), weeks=5))


def move(firm: Company, name: str, title: str) -> None:
    """The second one to the next day at three, under another title."""
    if name != "phone":
        firm.people[name].move(title, "2026-03-23", datetime(2026, 3, 24, 15))
        call(firm.people[name], title, "2026-03-23", "Moved")
        return
    override = moved("20260324", "15", "Moved").replace("RECURRENCE-ID;TZID=Europe/Berlin:20260324", SECOND)
    _say(firm, title, override)


SECOND = "RECURRENCE-ID;TZID=Europe/Berlin:20260323"


def _say(firm: Company, title: str, override: str) -> None:
    uid = firm.uid(title)
    own = f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n{override}END:VEVENT\r\nEND:VCALENDAR"
    firm.world.phone_edit(uid, renamed("END:VCALENDAR", own))


def cancel(firm: Company, name: str, title: str) -> None:
    """The third one."""
    if name == "phone":
        firm.world.phone_edit(firm.uid(title), renamed("RRULE:FREQ=WEEKLY", f"{without('20260330')}RRULE:FREQ=WEEKLY"))
    else:
        firm.people[name].cancel(title, "2026-03-30")


@of(Kind.EVENT)
def test_one_series_that_each_makes_moves_and_cancels_in_turn_is_the_same_everywhere(firm: Company) -> None:
    actors = [*firm.names, "phone"]
    for n, maker in enumerate(actors):
        title = f"Standup of {maker}"
        make(firm, maker, title)
        firm.settle()
        expected = [(at, title) for at in berlin("03-16", "03-23", "03-30", "04-06", "04-13")]
        same_series(firm, title, expected)
        move(firm, actors[(n + 1) % 4], title)
        firm.settle()
        expected[1] = (berlin("03-24", hour=15)[0], "Moved")
        same_series(firm, title, expected)
        cancel(firm, actors[(n + 2) % 4], title)
        firm.settle()
        del expected[2]
        same_series(firm, title, expected)
    all_have(firm, *(f"Standup of {name}" for name in actors))
    for system in firm.systems.values():
        system.forget()
    firm.settle()
    for name, person in firm.people.items():  # each deletes what another one made
        person.remove(f"Standup of {actors[(actors.index(name) + 1) % 4]}")
    firm.world.phone_remove(firm.uid("Standup of google"))
    firm.settle()
    all_have(firm)
    assert firm.world.rows(t.conflicts) == firm.world.rows(t.quarantine) == []


# ------------------------------------------------------------ a task


@of(Kind.TASK)
def test_one_task_is_the_same_everywhere_and_done_for_all(firm: Company) -> None:
    day = {"exchange": "2026-04-01", "google": "2026-04-01", "cloud": "2026-04-01"}
    lines = "DESCRIPTION:Two litres\r\nPRIORITY:1\r\nCATEGORIES:shop\r\nX-OUR-OWN:1\r\n"
    whole = firm.item("Milk", "milk", lines).text.replace("DUE:20260301T100000Z", "DUE;VALUE=DATE:20260401")
    firm.world.phone_put(Item.read(whole.replace("DTSTART:20260301T090000Z\r\n", "")))
    firm.settle()
    before = firm.world.hub()["milk"].record
    assert {name: due_of(person, "Milk") for name, person in firm.people.items()} == day
    assert {person.remark_of("Milk") for person in firm.people.values()} == {"Two litres"}
    for name, person in firm.people.items():
        tick(person, "Milk", True)
        firm.settle()
        assert [is_done(one, "Milk") for one in firm.people.values()] == [True] * 3, name
        assert "STATUS:COMPLETED" in firm.world.hub()["milk"].text
        tick(person, "Milk", False)
        firm.settle()
        assert [is_done(one, "Milk") for one in firm.people.values()] == [False] * 3, name
    after = firm.world.hub()["milk"].record
    assert isinstance(before, Task)
    assert isinstance(after, Task)
    assert before.master is not None
    assert after.master is not None
    for field in ("due", "description", "priority", "categories", "extra"):
        assert getattr(after.master, field) == getattr(before.master, field), field
