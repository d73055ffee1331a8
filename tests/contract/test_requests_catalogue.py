"""The catalogue of types and statuses, on every database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import insert

from crm.errors import Forbidden, Invalid, NotThere, Refused
from crm.request import catalogue
from storage import tables as t
from tests.contract.request_world import START, Desk, desk_in


@pytest.fixture
def desk(store_url: str) -> Iterator[Desk]:
    with desk_in(store_url) as made:
        yield made


def test_the_usual_ones_are_there_from_the_start_once(desk: Desk) -> None:
    with desk.database.begin() as unit:
        catalogue.seed(unit)
        names = ["Commercial", "Support", "Reminder", "Meeting", "Other"]
        assert [entry.name for entry in catalogue.types(unit, desk.bob)] == names
        assert [e.meaning for e in catalogue.statuses(unit, desk.bob)] == list(catalogue.MEANINGS)
        catalogue.remove_type(unit, desk.ada, catalogue.types(unit, desk.ada)[0].id)
        catalogue.seed(unit)
        assert len(catalogue.types(unit, desk.ada)) == 4


def test_there_are_as_many_statuses_as_one_wants_in_any_order(desk: Desk) -> None:
    with desk.database.begin() as unit:
        for number in range(60):
            catalogue.add_status(unit, desk.ada, f"Step {number}", meaning="waiting", color="#AABBCC")
        ids = tuple(entry.id for entry in catalogue.statuses(unit, desk.ada))
        catalogue.order_statuses(unit, desk.ada, ids[::-1])
        assert tuple(entry.id for entry in catalogue.statuses(unit, desk.ada)) == ids[::-1]
        for wrong in (ids[1:], (*ids[1:], ids[1]), (*ids, ids[0])):
            with pytest.raises(Invalid):
                catalogue.order_statuses(unit, desk.ada, wrong)


def test_names_are_unique_whatever_their_case(desk: Desk) -> None:
    with desk.database.begin() as unit:
        added = catalogue.add_type(unit, desk.ada, "  On   site ", weight=7)
        assert (added.name, added.weight, added.position) == ("On site", 7, 5)
        assert catalogue.change_type(unit, desk.ada, added.id, name="ON SITE").name == "ON SITE"
        for wrong in ("on SITE", "", " ", "x" * 101, "a\x00b"):
            with pytest.raises(Invalid):
                catalogue.add_type(unit, desk.ada, wrong)
        with pytest.raises(Invalid):
            catalogue.change_type(unit, desk.ada, added.id, name="Support")
        for meaning, color in (("done", ""), ("open", "red"), ("open", "#12345")):
            with pytest.raises(Invalid):
                catalogue.add_status(unit, desk.ada, "X", meaning=meaning, color=color)
        with pytest.raises(NotThere):
            catalogue.change_type(unit, desk.ada, 99, name="Y")


def test_what_is_in_use_is_archived_and_not_removed(desk: Desk) -> None:
    made = desk.open()
    ticket = {"kind": "ticket", "number": "T-1", "request_id": made.id, "title": "x", "created_at": START}
    with desk.database.begin() as unit:
        waiting = desk.status("waiting")
        unit.session.connection.execute(insert(t.documents).values(**ticket, created_by="ada", status_id=waiting))
        with pytest.raises(Refused):
            catalogue.remove_type(unit, desk.ada, made.type_id)
        with pytest.raises(Refused):
            catalogue.remove_status(unit, desk.ada, made.status_id)
        with pytest.raises(Refused):
            catalogue.remove_status(unit, desk.ada, waiting)  # a ticket has it
        catalogue.remove_status(unit, desk.ada, desk.status("completed"))
        assert catalogue.change_type(unit, desk.ada, made.type_id, archived=True).archived
        assert made.type_id not in {entry.id for entry in catalogue.types(unit, desk.ada)}
        assert made.type_id in {entry.id for entry in catalogue.types(unit, desk.ada, archived=True)}
    assert desk.open().type_name == "Support"
    with pytest.raises(Invalid):
        desk.open(actor=desk.ada, type_id=made.type_id)


def test_the_last_one_that_is_offered_stays(desk: Desk) -> None:
    with desk.database.begin() as unit:
        *others, last = catalogue.types(unit, desk.ada)
        for entry in others:
            catalogue.change_type(unit, desk.ada, entry.id, archived=True)
        with pytest.raises(Refused):
            catalogue.change_type(unit, desk.ada, last.id, archived=True)
        with pytest.raises(Refused):
            catalogue.remove_type(unit, desk.ada, last.id)


def test_operators_read_it_and_clients_do_not(desk: Desk) -> None:
    with desk.database.begin() as unit:
        with pytest.raises(Forbidden):
            catalogue.add_type(unit, desk.bob, "Mine")
        with pytest.raises(Forbidden):
            catalogue.types(unit, desk.eva)
