"""Requests that belong together or do not: merge, split, links, hints, on every database."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Connection, func, insert, select

from crm.actor import INTAKE
from crm.errors import Invalid, Missing, NotThere, Refused
from crm.request import changing, closing, duplicates, joining, listing, mailing, people, reading
from crm.request.history import history
from crm.request.model import Person, Request
from crm.request.summary import summary
from storage import tables as t
from storage.crm import request_moves, request_rows
from storage.unit_of_work import SqlUnitOfWork
from tests.contract.request_world import EVA, SETTINGS, START, Desk, desk_in

STAYS = {"request_history", "request_links", "request_people", "request_tags", "request_texts", "request_viewers"}


@pytest.fixture
def desk(store_url: str) -> Iterator[Desk]:
    with desk_in(store_url) as made:
        yield made


def test_everything_that_hangs_on_a_request_is_thought_of_by_the_merge() -> None:
    pointing = {
        table.name
        for table in t.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table is t.requests and table is not t.requests
    }
    assert pointing == STAYS | {table.name for table in request_moves.MOVED}


def hang_on(unit: SqlUnitOfWork, number: int) -> None:
    """A row of everything."""
    run, by = unit.session.connection.execute, {"created_at": START, "created_by": "ada"}
    document = {"kind": "ticket", "number": f"T-{number}", "request_id": number, "title": "x", **by}
    sale = {"kind": "product", "text": "x", "sold_at": START, "quantity_thousandths": 1, "net_cents": 1}
    activity = {"kind": "call", "title": "Call", "request_id": number, "changed_at": START, "changed_by": "ada", **by}
    run(insert(t.activities), [activity])
    run(insert(t.documents), [document])
    run(insert(t.sales), [{**sale, "currency": "EUR", "request_id": number, **by}])
    run(insert(t.reviews), [{"request_id": number, "at": START, "author": "ada"}])
    run(insert(t.messages), [{"key": f"m{number}", "request_id": number, "direction": "in", "received_at": START,
                              "created_at": START, "text": f"word{number}"}])  # fmt: skip
    message = unit.session.connection.execute(select(func.max(t.messages.c.id))).scalar_one()
    run(insert(t.invitations), [{"message_id": message, "request_id": number, "method": "REQUEST", "uid": "u",
                                 "state": "tentative"}])  # fmt: skip
    run(insert(t.request_notes), [{"request_id": number, "author": "ada", "text": "x", "at": START}])


def rows_of(unit: SqlUnitOfWork, number: int) -> dict[str, int]:
    counts = {}
    for table in request_moves.MOVED:
        wanted = select(func.count()).select_from(table).where(table.c.request_id == number)
        counts[table.name] = unit.session.connection.execute(wanted).scalar_one()
    return counts


def pair(desk: Desk) -> tuple[Request, Request]:
    one = desk.open("Lamp", tags=("lamp",), people=(Person("max@else.example", "Max"),))
    two = desk.open("Light", tags=("lamp", "light"), customer_id=None, customer_address="eva@home.example")
    with desk.database.begin() as unit:
        for made in (one, two):
            hang_on(unit, made.id)
            mailing.message_added(unit, made.id)
    return one, two


def test_a_merge_moves_everything_and_the_old_number_finds_the_new_request(desk: Desk) -> None:
    one, two = pair(desk)
    third = desk.open("Third")
    with desk.database.begin() as unit:
        mailing.answered(unit, INTAKE, one.id, START + timedelta(hours=2))
        mailing.answered(unit, INTAKE, two.id, START + timedelta(hours=1))
        joining.link(unit, desk.ada, one.id, third.id, "related")
        joining.link(unit, desk.ada, one.id, two.id, "duplicate")
        merged = joining.merge(unit, desk.ada, one.id, two.id, 1)
        assert set(rows_of(unit, one.id).values()) == {0}
        assert set(rows_of(unit, two.id).values()) == {2}
        assert merged.tags == ("lamp", "light")
        assert {(p.address, p.role) for p in merged.people} == {
            ("eva@home.example", "customer"),
            (EVA, "copy"),
            ("max@else.example", "copy"),
        }
        assert (merged.first_answer_at, merged.is_open) == (START + timedelta(hours=1), True)
        assert reading.by_number(unit, desk.ada, one.number).id == two.id
        assert reading.request(unit, desk.ada, one.id).id == two.id
        assert {(link.number, link.kind) for link in joining.links(unit, desk.ada, two.id)} == {
            (one.number, "merged"),
            (third.number, "related"),
        }
        lines = history(unit, desk.ada, two.id)
        assert {line.request_id for line in lines} == {one.id, two.id}
        assert [line.after for line in lines if line.action == "opened"] == ["Light", "Lamp"]
        found = listing.find(unit, desk.ada, f"word{one.id}")
        assert [card.id for card in found.cards] == [two.id]
        assert [card.id for card in listing.find(unit, desk.ada, one.number).cards] == [two.id]
        assert listing.counts(unit, desk.ada).total == 2


def test_a_chain_of_merges_ends_at_the_last_request(desk: Desk) -> None:
    made = [desk.open(f"Lamp {n}") for n in range(4)]
    with desk.database.begin() as unit:
        for one, other in ((0, 1), (1, 2), (2, 3)):
            version = reading.request(unit, desk.ada, made[other].id).version
            joining.merge(unit, desk.ada, made[one].id, made[other].id, version)
        for request in made:
            assert reading.by_number(unit, desk.ada, request.number).id == made[3].id
            assert reading.current_id(unit, request.id) == made[3].id
        with pytest.raises(Refused):
            joining.merge(unit, desk.ada, made[0].id, made[3].id, reading.request(unit, desk.ada, made[3].id).version)


def test_an_open_request_is_not_merged_into_a_closed_one(desk: Desk) -> None:
    one, two = desk.open(responsible_id=1), desk.open(responsible_id=1)
    with desk.database.begin() as unit:
        closing.close(unit, desk.ada, two.id, 1, "done")
        with pytest.raises(Refused):
            joining.merge(unit, desk.ada, one.id, two.id, 2)
        assert joining.merge(unit, desk.ada, two.id, one.id, 1).number == one.number


def test_two_people_who_merge_the_same_in_opposite_directions_end_with_one_request(desk: Desk) -> None:
    one, two = desk.open("One"), desk.open("Two")

    def merge(ends: tuple[int, int]) -> str:
        with desk.database.begin() as unit:
            try:
                return joining.merge(unit, desk.ada, *ends, 1).number
            except Exception as err:
                return type(err).__name__

    with ThreadPoolExecutor(2) as pool:
        ends = sorted(pool.map(merge, [(one.id, two.id), (two.id, one.id)]))
    assert ends in ([one.number, "Stale"], [two.number, "Stale"], [one.number, "Refused"], [two.number, "Refused"])
    with desk.database.read() as unit:
        assert listing.counts(unit, desk.ada).total == 1


def test_two_requests_are_locked_in_the_same_order_whichever_goes_into_the_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [desk.open(f"Lamp {n}").id for n in range(3)]
    locked: list[int] = []
    lock = request_rows.lock

    def noted(connection: Connection, number: int) -> int | None:
        locked.append(number)
        return lock(connection, number)

    monkeypatch.setattr(request_rows, "lock", noted)
    for one, other in ((made[0], made[1]), (made[2], made[1])):
        locked.clear()
        with desk.database.begin() as unit:
            joining.merge(unit, desk.ada, one, other, reading.request(unit, desk.ada, other).version)
        assert list(dict.fromkeys(locked)) == sorted((one, other))


def test_a_split_moves_messages_to_a_request_of_their_sender(desk: Desk) -> None:
    made = desk.open("Lamp", responsible_id=2)
    first = desk.mail(made.id, "The lamp.", key="1", from_address=EVA)
    other = desk.mail(made.id, "Another zebra.", key="2", from_address="eva@home.example", subject="Zebra")
    third = desk.mail(made.id, "And a chair.", key="3", from_address=EVA)
    with desk.database.begin() as unit:
        mailing.message_added(unit, made.id)
        new = joining.split(unit, SETTINGS, desk.ada, made.id, 1, [other])
        assert (new.subject, new.customer_id, new.customer_address) == ("Zebra", 1, "eva@home.example")
        assert (new.responsible, new.last_message_at) == ("bob", START)
        assert [card.id for card in listing.find(unit, desk.ada, "zebra").cards] == [new.id]
        assert [card.id for card in listing.find(unit, desk.ada, "chair").cards] == [made.id]
        assert summary(unit, desk.ada, made.id).messages == 2
        assert [(link.id, link.kind) for link in joining.links(unit, desk.ada, made.id)] == [(new.id, "split")]
        with pytest.raises(Refused):
            joining.split(unit, SETTINGS, desk.ada, made.id, 2, [first, third])
        with pytest.raises(Invalid):
            joining.split(unit, SETTINGS, desk.ada, made.id, 2, [first, other])
        with pytest.raises(Missing):
            joining.split(unit, SETTINGS, desk.ada, made.id, 2, [])


def test_links_are_seen_from_both_ends_and_taken_away_from_either(desk: Desk) -> None:
    one, two = desk.open("One"), desk.open("Two", customer_id=None, customer_address="max@else.example")
    with desk.database.begin() as unit:
        joining.link(unit, desk.bob, one.id, two.id, "related")
        joining.link(unit, desk.bob, one.id, two.id, "related")
        assert [(k.id, k.outward) for k in joining.links(unit, desk.bob, one.id)] == [(two.id, True)]
        assert [(k.id, k.outward) for k in joining.links(unit, desk.bob, two.id)] == [(one.id, False)]
        assert joining.links(unit, desk.eva, one.id) == ()  # what she may not see is not named to her
        joining.unlink(unit, desk.bob, two.id, one.id, "related")
        assert joining.links(unit, desk.bob, one.id) == ()
        for other, kind in ((one.id, "related"), (two.id, "merged")):
            with pytest.raises(Invalid):
                joining.link(unit, desk.bob, one.id, other, kind)
        with pytest.raises(NotThere):
            joining.link(unit, desk.bob, one.id, 99)
        with pytest.raises(Refused):
            joining.unlink(unit, desk.bob, one.id, two.id, "split")


def test_a_duplicate_of_the_same_customer_is_pointed_at(desk: Desk) -> None:
    old = desk.open("Broken lamp in the hall")
    desk.open("Invoice of May")
    desk.open("Broken lamp in the hall", customer_id=None, customer_address="max@else.example")
    new = desk.open("Re: broken lamp in the hall!")
    with desk.database.begin() as unit:
        hints = duplicates.duplicates(unit, desk.bob, new.id)
        assert [(hint.card.id, hint.likeness, hint.why) for hint in hints] == [(old.id, 1.0, "The subjects are alike.")]


def test_the_summary_has_what_stands_beside_the_list(desk: Desk) -> None:
    one, _two = pair(desk)
    with desk.database.begin() as unit:
        people.add_note(unit, desk.bob, one.id, "x")
        seen = summary(unit, desk.ada, one.id)
        assert (seen.messages, seen.notes, seen.planned, seen.done) == (1, 2, 1, 0)
        assert (seen.last_text, seen.last_direction) == (f"word{one.id}", "in")
        assert seen.documents == (("ticket", f"T-{one.id}"),)
        less = summary(unit, desk.eva, one.id)
        assert (less.notes, less.planned, less.viewers) == (0, 0, ())
        changing.assign(unit, desk.ada, one.id, 1, 2)
        assert summary(unit, desk.ada, one.id).request.responsible == "bob"
