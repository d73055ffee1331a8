"""Lists, the board, counts and the search, on every database, beside what plain Python finds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from crm.actor import INTAKE, Actor
from crm.errors import Forbidden, Invalid, Missing, Refused, Stale
from crm.request import board, catalogue, changing, closing, listing, mailing, people
from crm.request.model import OPEN, Card, Filter, Request
from crm.request.reading import request
from storage.crm import request_lists
from tests.contract.request_world import EVA, SETTINGS, START, Desk, desk_in


@pytest.fixture
def desk(store_url: str) -> Iterator[Desk]:
    with desk_in(store_url) as made:
        yield made


def ids(cards: tuple[Card, ...]) -> list[int]:
    return [card.id for card in cards]


def found(desk: Desk, actor: Actor, wanted: Filter, order: str = "created") -> list[int]:
    """All of a list, two at a time; the counts must say the same."""
    numbers: list[int] = []
    after = ""
    with desk.database.read() as unit:
        while True:
            page = listing.page(unit, actor, wanted, order=order, after=after, limit=2)
            numbers += ids(page.cards)
            after = page.after
            if not after:
                break
        assert listing.counts(unit, actor, wanted).total == len(numbers) == len(set(numbers))
    return numbers


def many(desk: Desk) -> list[Request]:
    """Requests of all kinds, a minute apart."""
    rng, made = random.Random(6), []
    for number in range(12):
        desk.clock.pass_by(minutes=1)
        customer: dict[str, Any] = (
            {"customer_id": 1} if number % 2 else {"customer_id": None, "customer_address": "max@else.example"}
        )
        told: dict[str, Any] = {
            "type_name": rng.choice(["Support", "Meeting"]),
            "mailbox": rng.choice(["help", "sales"]),
            "responsible_id": rng.choice([None, 1, 2, 3]),
            "priority": rng.randint(1, 5),
            "tags": rng.choice([(), ("hall",), ("hall", "urgent")]),
        }
        made.append(desk.open(f"Lamp {number}", spam=number == 5, **customer, **told))
    with desk.database.begin() as unit:
        for one in made[::3]:
            if one.responsible_id and one.customer_id:
                closing.close(unit, desk.ada, one.id, 1, "done")
        return [request(unit, INTAKE, one.id) for one in made]


def test_filters_find_what_they_say(desk: Desk) -> None:
    made = many(desk)
    good = [r for r in made if not r.spam]

    def agrees(wanted: Filter, told: object, of: list[Request] = good) -> None:
        expected = [r.id for r in of if told(r)]  # type: ignore[operator]
        assert found(desk, desk.ada, wanted) == expected[::-1]
        assert 0 < len(expected) < len(made)

    every = Filter(is_open=None)
    agrees(OPEN, lambda r: r.is_open)
    agrees(Filter(is_open=False), lambda r: not r.is_open)
    agrees(every, lambda r: True)
    agrees(Filter(is_open=None, spam=True), lambda r: r.spam, made)
    agrees(replace(every, type_ids=(2,)), lambda r: r.type_id == 2)
    agrees(replace(every, responsible_ids=(1, 2)), lambda r: r.responsible_id in (1, 2))
    agrees(replace(every, responsible_ids=(1,), unassigned=True), lambda r: r.responsible_id in (1, None))
    agrees(replace(every, unassigned=True), lambda r: r.responsible_id is None)
    agrees(replace(every, group_id=1), lambda r: r.responsible_id in (1, 2))
    agrees(replace(every, customer_id=1), lambda r: r.customer_id == 1)
    agrees(replace(every, customer_address="MAX@else.example"), lambda r: r.customer_id is None)
    agrees(replace(every, tag="urgent"), lambda r: "urgent" in r.tags)
    agrees(replace(every, mailbox="help"), lambda r: r.mailbox == "help")
    agrees(replace(every, weight_from=40), lambda r: r.weight >= 40)
    middle = made[6].created_at
    agrees(replace(every, created_from=middle), lambda r: r.created_at >= middle)
    agrees(replace(every, created_before=middle), lambda r: r.created_at < middle)
    agrees(replace(every, changed_from=middle), lambda r: r.changed_at >= middle)
    agrees(replace(every, changed_before=middle), lambda r: r.changed_at < middle)


def test_lists_are_ordered_and_no_page_repeats_or_misses_a_request(desk: Desk) -> None:
    made = [r for r in many(desk) if not r.spam]
    every = Filter(is_open=None)
    heavy = sorted(made, key=lambda r: (r.weight, r.id), reverse=True)
    late = sorted(made, key=lambda r: (r.changed_at, r.id), reverse=True)
    assert found(desk, desk.ada, every, "weight") == [r.id for r in heavy]
    assert found(desk, desk.ada, every, "changed") == [r.id for r in late]


@pytest.mark.parametrize(
    "after",
    [
        *("x", "weight~1~1", "changed~x~1", "changed~2026-01-01~", "changed~2026-01-01~1", "created~9e99~1"),
        *(f"created~{2**63}~1", f"weight~{2**31}~1", "changed~0001-01-01T00:00:00+14:00~1"),
    ],
)
def test_a_place_that_is_none_is_refused(desk: Desk, after: str) -> None:
    told = after.partition("~")[0]
    order = told if told in listing.ORDERS and after != "weight~1~1" else "changed"
    with desk.database.read() as unit, pytest.raises(Invalid):
        listing.page(unit, desk.ada, after=after, order=order)
    with desk.database.read() as unit, pytest.raises(Invalid):
        listing.page(unit, desk.ada, order="number; DROP TABLE requests")


def test_lists_and_counts_have_what_a_right_reaches_and_no_more(desk: Desk) -> None:
    made = [r for r in many(desk) if not r.spam]
    every = Filter(is_open=None)
    group = replace(desk.ada, rights={"request.read": "group"})
    own = replace(desk.bob, rights={"request.read": "own"})
    assert found(desk, group, every) == [r.id for r in made[::-1] if r.responsible_id in (1, 2)]
    assert found(desk, own, every) == [r.id for r in made[::-1] if r.responsible_id == 2]
    assert found(desk, desk.eva, every) == [r.id for r in made[::-1] if r.customer_address == EVA]
    nobody = replace(desk.bob, rights={})
    with desk.database.read() as unit:
        for call in (listing.page, listing.counts, board.board):
            with pytest.raises(Forbidden):
                call(unit, nobody)
        with pytest.raises(Forbidden):
            listing.find(unit, nobody, "lamp")
        assert {r for card in board.board(unit, own) for r in ids(card.cards)} == {
            r.id for r in made if r.is_open and r.responsible_id == 2
        }


def test_counts_by_status_type_and_responsible(desk: Desk) -> None:
    made = [r for r in many(desk) if r.is_open]
    with desk.database.read() as unit:
        counts = listing.counts(unit, desk.ada)
    assert counts.total == len(made)
    for name in ("type", "status", "responsible"):
        values = [getattr(r, f"{name}_id") or 0 for r in made]
        assert getattr(counts, f"by_{name}") == {value: values.count(value) for value in set(values)}


# ---------------------------------------------------------------- the search


def test_the_search_finds_words_of_subject_customer_number_and_messages(desk: Desk) -> None:
    made = desk.open("Fuß der Lampe")
    desk.mail(made.id, "L'été, the ELEPHANT broke it. 漢字", key="1", from_name="Zoë")
    with desk.database.begin() as unit:
        mailing.message_came(unit, SETTINGS, INTAKE, made.id, at=START, automatic=False)
    other = desk.open("Chair", customer_id=None, customer_address="max@else.example")
    with desk.database.read() as unit:
        for text in (
            *("fuss", "LAMPE", "lamp", "elephant", "eleph", "été", "ete", "zoe", "rossi", EVA, "lampe elephant rossi"),
            *("漢", "字", "000001", made.number.lower(), "2026-000001", '"elephant" *(:^-', "x elephant", "eva@"),
        ):
            assert ids(listing.find(unit, desk.ada, text).cards) == [made.id], text
        for text in ("elephant chair", "lephant", "", "  ", "?!", "%", "_", "*", "'", '"', "\\", "el"):
            assert ids(listing.find(unit, desk.ada, text).cards) == [], text
        assert ids(listing.find(unit, desk.ada, "2026").cards) == [other.id, made.id]
        assert ids(listing.page(unit, desk.ada, Filter(text="elephant")).cards) == [made.id]
        assert ids(listing.find(unit, desk.eva, "2026").cards) == [made.id]
        assert ids(listing.find(unit, desk.eva, other.number).cards) == []


def test_the_search_follows_changes(desk: Desk) -> None:
    made = desk.open("Lamp")
    desk.mail(made.id, "begun", key="d", state="draft", direction="out")
    with desk.database.begin() as unit:
        changing.change(unit, desk.ada, made.id, 1, {"subject": "Chair"})
        mailing.message_added(unit, made.id)
        assert ids(listing.find(unit, desk.ada, "lamp").cards) == []
        assert ids(listing.find(unit, desk.ada, "chair").cards) == [made.id]
        assert ids(listing.find(unit, desk.ada, "begun").cards) == []  # nobody sent that


def test_a_mail_of_any_size_and_shape_is_indexed(desk: Desk) -> None:
    made = desk.open("x" * 3000 + "\0")
    letters = "".join(map(chr, range(0x100, 0x3000)))
    desk.mail(made.id, f"{letters} {'ab' * 200_000} {' '.join(map(str, range(30_000)))} \U0001f600", key="1")
    with desk.database.begin() as unit:
        mailing.message_came(unit, SETTINGS, INTAKE, made.id, at=START, automatic=False)
        assert ids(listing.find(unit, desk.ada, "ab" * 100).cards) == [made.id]


# ---------------------------------------------------------------- the board


def columns(desk: Desk, actor: Actor | None = None) -> dict[str, list[int]]:
    with desk.database.read() as unit:
        return {column.meaning: ids(column.cards) for column in board.board(unit, actor or desk.ada)}


def move(desk: Desk, number: int, meaning: str, **where: int) -> Request:
    with desk.database.begin() as unit:
        version = request(unit, INTAKE, number).version
        return board.move(unit, desk.ada, number, version, desk.status(meaning), **where)


def test_the_board_has_a_column_for_each_status_and_new_requests_at_its_end(desk: Desk) -> None:
    made = [desk.open(f"Lamp {n}").id for n in range(3)]
    assert columns(desk) == {"new": made, "open": [], "waiting": [], "completed": []}


def test_cards_stay_where_people_put_them(desk: Desk) -> None:
    a, b, c, d = (desk.open(f"Lamp {n}").id for n in range(4))
    assert move(desk, d, "new", after_id=a).version == 1  # the order alone makes nobody stale
    assert columns(desk)["new"] == [a, d, b, c]
    move(desk, c, "new", before_id=a)
    assert columns(desk)["new"] == [c, a, d, b]
    move(desk, c, "new", before_id=b)
    assert columns(desk)["new"] == [a, d, c, b]
    move(desk, a, "new")
    assert columns(desk)["new"] == [d, c, b, a]
    move(desk, d, "new", after_id=c, before_id=b)
    assert columns(desk)["new"] == [c, d, b, a]


def test_any_number_of_moves_to_the_same_place_keeps_the_order(desk: Desk) -> None:
    made = [desk.open(f"Lamp {n}").id for n in range(4)]
    order = list(made)
    for _ in range(40):
        moved = order.pop()
        move(desk, moved, "new", after_id=order[0])
        order.insert(1, moved)
        assert columns(desk)["new"] == order


def test_a_card_dragged_to_another_column_changes_its_status_and_is_asked_for_what_is_missing(desk: Desk) -> None:
    a, b = desk.open(responsible_id=2).id, desk.open().id
    move(desk, a, "waiting")
    with pytest.raises(Missing) as caught:
        move(desk, b, "waiting", before_id=a)
    assert caught.value.fields == ("responsible",)
    moved = move(desk, b, "waiting", before_id=a, responsible_id=3)
    assert (moved.meaning, moved.responsible, moved.version) == ("waiting", "cleo", 2)
    assert columns(desk)["waiting"] == [b, a]
    with pytest.raises(Stale):
        move(desk, a, "completed", after_id=b)
    with desk.database.begin() as unit:
        closing.close(unit, desk.ada, b, 2, "done")
    assert columns(desk)["waiting"] == [a]
    with pytest.raises(Refused):
        move(desk, b, "new")


def test_a_long_column_goes_on_page_after_page(desk: Desk) -> None:
    made = [desk.open(f"Lamp {n}").id for n in range(7)]
    with desk.database.read() as unit:
        first = next(c for c in board.board(unit, desk.ada, limit=3) if c.meaning == "new")
        assert (first.count, ids(first.cards)) == (7, made[:3])
        second = board.column(unit, desk.ada, first.status_id, first.after, limit=3)
        third = board.column(unit, desk.ada, first.status_id, second.after, limit=3)
    assert (ids(second.cards), ids(third.cards), third.after) == (made[3:6], made[6:], "")


def test_the_board_takes_filters_and_shows_an_archived_status_as_long_as_something_is_in_it(desk: Desk) -> None:
    a, b = desk.open("Lamp", responsible_id=2).id, desk.open("Chair").id
    with desk.database.begin() as unit:
        people.add_tag(unit, desk.ada, a, "hall")
        catalogue.change_status(unit, desk.ada, desk.status("new"), archived=True)
        catalogue.change_status(unit, desk.ada, desk.status("waiting"), archived=True)
        lists = {c.meaning: ids(c.cards) for c in board.board(unit, desk.ada)}
        assert lists == {"new": [a, b], "open": [], "completed": []}
        closed_too = Filter(is_open=None, tag="hall")
        for wanted in (Filter(tag="hall"), Filter(text="lamp"), Filter(responsible_ids=(2,)), closed_too):
            seen = {c.meaning: (c.count, ids(c.cards)) for c in board.board(unit, desk.ada, wanted)}
            assert seen["new"] == (1, [a])


def test_any_moves_of_any_people_leave_the_board_as_they_put_it(desk: Desk) -> None:
    rng, meanings = random.Random(11), ("new", "open", "waiting")
    model = {meaning: [] for meaning in (*meanings, "completed")}  # type: dict[str, list[int]]
    model["new"] = [desk.open(f"Lamp {n}", responsible_id=1).id for n in range(6)]
    for _ in range(30):
        source = rng.choice([m for m in meanings if model[m]])
        moved = model[source].pop(rng.randrange(len(model[source])))
        target = model[meaning := rng.choice(meanings)]
        place = rng.randint(0, len(target))
        beside = {}
        if place and rng.random() < 0.7:
            beside["after_id"] = target[place - 1]
        if place < len(target) and (not beside or rng.random() < 0.5):
            beside["before_id"] = target[place]
        place = place if beside else len(target)
        move(desk, moved, meaning, **beside)
        target.insert(place, moved)
        assert columns(desk) == model


@contextmanager
def counted(desk: Desk) -> Iterator[list[str]]:
    """The statements that are sent meanwhile."""
    sent: list[str] = []

    def look(*told: Any) -> None:
        sent.append(told[2])

    event.listen(desk.database.engine, "before_cursor_execute", look)
    yield sent
    event.remove(desk.database.engine, "before_cursor_execute", look)


@pytest.mark.parametrize("few", [4, 4000])
def test_how_often_the_database_is_asked_does_not_depend_on_how_many_requests_there_are(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(request_lists, "FEW", few)  # cards of a board that are read together
    asked = []
    for _ in range(2):
        for _ in range(6):
            desk.open("Lamp", tags=("hall",))
        with desk.database.read() as unit, counted(desk) as sent:
            board.board(unit, desk.ada)
            listing.page(unit, desk.ada)
            listing.counts(unit, desk.ada)
            listing.find(unit, desk.ada, "lamp")
            asked.append(len(sent))
    assert asked[0] == asked[1] <= 15


def test_a_board_is_the_same_however_it_is_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    many(desk)
    with desk.database.begin() as unit:
        for n, card in enumerate(listing.page(unit, desk.ada).cards):
            if card.responsible_id and card.customer_id:
                changing.set_status(unit, desk.ada, card.id, card.version, 2 + n % 3)
    boards = []
    for few in (0, 4000):
        monkeypatch.setattr(request_lists, "FEW", few)
        with desk.database.read() as unit:
            boards.append([board.board(unit, desk.ada, limit=limit) for limit in (1, 2, 50)])
    assert boards[0] == boards[1]
    assert len(boards[0][2]) == 4
