"""Requests from their opening to their end, on every database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from crm.actor import ADMIN, INTAKE
from crm.errors import Forbidden, Invalid, Missing, NotThere, Refused, Stale
from crm.request import board, changing, closing, people, presence, reading
from crm.request.history import history
from crm.request.model import NewRequest, Person
from crm.request.opening import open_request
from storage.unit_of_work import SqlUnitOfWork
from tests.contract.request_world import EVA, SETTINGS, START, Desk, contact, desk_in


@pytest.fixture
def desk(store_url: str) -> Iterator[Desk]:
    with desk_in(store_url) as made:
        yield made


# ---------------------------------------------------------------- opening


def test_a_request_is_opened_with_what_is_known_of_it(desk: Desk) -> None:
    made = desk.open("Broken lamp", tags=("Lamp", " lamp "), people=(Person("Max@Customer.example", "Max"),))
    assert (made.number, made.subject, made.version) == ("R-2026-000001", "Broken lamp", 1)
    assert (made.type_name, made.status_name, made.meaning) == ("Commercial", "New", "new")
    assert (made.customer_id, made.customer_name, made.customer_state) == (1, "Eva Rossi", "known")
    assert made.is_open
    assert made.tags == ("lamp",)
    assert made.people == (Person(EVA, "Eva Rossi", "customer"), Person("max@customer.example", "Max", "copy"))
    assert made.weight == 33
    with desk.database.read() as unit:
        assert reading.request(unit, desk.ada, made.id) == made
        assert reading.by_number(unit, desk.ada, "[r-2026-000001]") == made
        assert [line.action for line in history(unit, desk.ada, made.id)] == ["opened"]


def test_a_person_names_the_customer_and_the_intake_need_not_know_him(desk: Desk) -> None:
    with desk.database.begin() as unit, pytest.raises(Missing) as caught:
        open_request(unit, SETTINGS, desk.bob, NewRequest(subject="A call"))
    assert caught.value.fields == ("customer",)
    unknown = desk.open("From nobody", customer_id=None, customer_address="Who@Ever.example")
    assert (unknown.customer_id, unknown.customer_state, unknown.customer_address) == (
        None,
        "unknown",
        "who@ever.example",
    )


@pytest.mark.parametrize(
    "wrong",
    [
        *({"type_id": 99}, {"status_id": 99}, {"responsible_id": 99}, {"responsible_id": 4}, {"customer_id": 99}),
        *({"priority": 6}, {"effort": 0}, {"possible": (99,)}, {"tags": (" ",)}),
    ],
)
def test_what_makes_no_sense_opens_nothing(desk: Desk, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        desk.open(actor=ADMIN, **wrong)
    assert desk.open().number == "R-2026-000001"  # the number was not used up


def test_q02_a_mail_opens_a_request_whatever_became_of_what_a_rule_names(desk: Desk) -> None:
    gone: dict[str, Any] = {
        "responsible_id": 4,
        "customer_id": 99,
        "priority": 9,
        "effort": 0,
        "continues": 99,
        "possible": (98,),
    }
    made = desk.open(tags=("hall", " "), mailbox="a\0", **gone)
    assert (made.responsible_id, made.customer_id, made.customer_state) == (None, None, "unknown")
    assert (made.priority, made.effort, made.tags, made.customer_address) == (5, 1, ("hall",), EVA)
    with desk.database.begin() as unit:
        for address in ("", "\0@x.example", '"a b"@x.example', EVA):
            people.add_person(unit, INTAKE, made.id, Person(address))
        assert reading.request(unit, INTAKE, made.id).people == made.people


def test_a_type_is_found_by_name_and_an_unknown_one_is_the_first(desk: Desk) -> None:
    assert desk.open(type_name="support").type_name == "Support"
    assert desk.open(type_name="something else").type_name == "Commercial"


def test_numbers_have_no_holes_and_begin_anew_each_year(desk: Desk) -> None:
    assert desk.open().number == "R-2026-000001"
    with pytest.raises(Invalid), desk.database.begin() as unit:
        _open_two(unit)
    assert desk.open().number == "R-2026-000002"
    desk.clock.pass_by(days=365)
    assert desk.open().number == "R-2027-000001"


def _open_two(unit: SqlUnitOfWork) -> None:
    assert open_request(unit, SETTINGS, INTAKE, NewRequest()).number == "R-2026-000002"
    open_request(unit, SETTINGS, INTAKE, NewRequest(type_id=99))


def test_numbers_have_no_holes_when_many_open_requests_at_once(desk: Desk) -> None:
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda n: desk.open(f"Lamp {n}").number, range(24)))
    assert sorted(made) == [f"R-2026-{n:06d}" for n in range(1, 25)]


# ---------------------------------------------------------------- changing


def test_fields_change_with_a_line_of_history_each_and_the_weight_goes_along(desk: Desk) -> None:
    made = desk.open()
    with desk.database.begin() as unit:
        values = {"subject": "  Two   lamps ", "priority": 5, "objectives": "Light\nagain", "acceptance": "Both burn."}
        after = changing.change(unit, desk.bob, made.id, 1, values)
        lines = {line.field: (line.before, line.after, line.actor) for line in history(unit, desk.ada, made.id)}
    assert (after.subject, after.priority, after.weight, after.version) == ("Two lamps", 5, 53, 2)
    assert (after.objectives, after.acceptance) == ("Light\nagain", "Both burn.")
    assert lines["acceptance"][1] == "Both burn."
    assert lines["subject"] == ("Broken lamp", "Two lamps", "bob")
    assert lines["priority"] == ("3", "5", "bob")
    assert lines["weight"] == ("33", "53", "bob")


def test_a_weight_set_by_hand_keeps_its_distance(desk: Desk) -> None:
    made = desk.open()
    with desk.database.begin() as unit:
        changing.change(unit, desk.bob, made.id, 1, {"weight": 100})
        assert changing.change(unit, desk.bob, made.id, 2, {"effort": 5}).weight == 102


def test_who_looked_at_an_older_version_is_told_so(desk: Desk) -> None:
    made = desk.open()
    with desk.database.begin() as unit:
        changing.change(unit, desk.ada, made.id, 1, {"subject": "Mine"})
    acts: tuple[Callable[[SqlUnitOfWork], object], ...] = (
        lambda unit: changing.change(unit, desk.ada, made.id, 1, {"subject": "Yours"}),
        lambda unit: changing.assign(unit, desk.ada, made.id, 1, 2),
        lambda unit: changing.set_status(unit, desk.ada, made.id, 1, 2),
        lambda unit: closing.close(unit, desk.ada, made.id, 1, "done"),
        lambda unit: closing.mark_spam(unit, desk.ada, made.id, 1, spam=True),
        lambda unit: board.move(unit, desk.ada, made.id, 1, 1),
    )
    for act in acts:
        with desk.database.begin() as unit, pytest.raises(Stale) as caught:
            act(unit)
        assert caught.value.version == 2


def test_of_two_who_change_a_request_at_once_one_is_told_that_it_changed(desk: Desk) -> None:
    made = desk.open()

    def change(subject: str) -> str:
        try:
            with desk.database.begin() as unit:
                return changing.change(unit, desk.ada, made.id, 1, {"subject": subject}).subject
        except Stale:
            return "stale"

    with ThreadPoolExecutor(4) as pool:
        ends = sorted(pool.map(change, ["a", "b", "c", "d"]))
    assert ends.count("stale") == 3


def test_nothing_changed_is_no_change(desk: Desk) -> None:
    made = desk.open()
    with desk.database.begin() as unit:
        assert changing.change(unit, desk.ada, made.id, 1, {"subject": "Broken lamp"}) == made
        assert len(history(unit, desk.ada, made.id)) == 1


@pytest.mark.parametrize("values", [{"number": "R-1"}, {"subject": 7}, {"priority": "high"}, {"weight": True}])
def test_values_that_make_no_sense_are_refused(desk: Desk, values: dict[str, object]) -> None:
    made = desk.open()
    with desk.database.begin() as unit, pytest.raises(Invalid):
        changing.change(unit, desk.ada, made.id, 1, values)


def test_a_customer_is_a_contact_and_keeps_the_address_he_wrote_from(desk: Desk) -> None:
    made = desk.open(customer_id=None, customer_address="eva@home.example")
    with desk.database.begin() as unit:
        after = changing.change(unit, desk.bob, made.id, 1, {"customer_id": 1})
    assert (after.customer_name, after.customer_address) == ("Eva Rossi", "eva@home.example")
    assert after.customer_state == "known"


def test_another_customer_takes_part_and_the_old_one_gets_copies(desk: Desk) -> None:
    made = desk.open()
    with desk.database.begin() as unit:
        contact(unit, 2, "Max", "max@else.example")
        after = changing.change(unit, desk.bob, made.id, 1, {"customer_id": 2})
    assert [(p.address, p.role) for p in after.people] == [(EVA, "copy"), ("max@else.example", "customer")]


# ---------------------------------------------------------------- status, closing, reopening


def test_before_any_status_the_responsible_and_the_customer_are_asked_for(desk: Desk) -> None:
    made = desk.open(customer_id=None)
    opened = desk.status("open")
    with desk.database.begin() as unit, pytest.raises(Missing) as caught:
        changing.set_status(unit, desk.ada, made.id, 1, opened)
    assert caught.value.fields == ("responsible", "customer")
    with desk.database.begin() as unit, pytest.raises(Missing) as caught:
        changing.set_status(unit, desk.ada, made.id, 1, opened, responsible_id=2)
    assert caught.value.fields == ("customer",)
    with desk.database.begin() as unit:
        after = changing.set_status(unit, desk.ada, made.id, 1, opened, responsible_id=2, customer_id=1)
    assert (after.meaning, after.responsible, after.customer_id) == ("open", "bob", 1)


def test_completed_is_not_closed(desk: Desk) -> None:
    made = desk.open(responsible_id=2)
    with desk.database.begin() as unit:
        done = changing.set_status(unit, desk.ada, made.id, 1, desk.status("completed"))
        assert done.is_open
        assert done.completed_at == START
        back = changing.set_status(unit, desk.ada, made.id, 2, desk.status("waiting"))
    assert back.completed_at is None


def test_closing_and_reopening_want_a_reason_and_a_right_of_their_own(desk: Desk) -> None:
    made = desk.open(responsible_id=1)
    with desk.database.begin() as unit, pytest.raises(Missing):
        closing.close(unit, desk.ada, made.id, 1, " ")
    with desk.database.begin() as unit, pytest.raises(Forbidden):
        closing.close(unit, desk.bob, made.id, 1, "done")  # an operator closes what is his own
    with desk.database.begin() as unit:
        closed = closing.close(unit, desk.ada, made.id, 1, "done")
        assert (closed.is_open, closed.closed_at, closed.closed_by) == (False, START, "ada")
    with desk.database.begin() as unit, pytest.raises(Refused):
        changing.set_status(unit, desk.ada, made.id, 2, desk.status("open"))
    with desk.database.begin() as unit, pytest.raises(Refused):
        closing.close(unit, desk.ada, made.id, 2, "again")
    with desk.database.begin() as unit:
        again = closing.reopen(unit, desk.ada, made.id, 2, "it broke again")
        lines = [(line.action, line.reason) for line in history(unit, desk.ada, made.id)]
    assert (again.is_open, again.reopened, again.closed_at) == (True, 1, None)
    assert ("closed", "done") in lines
    assert ("reopened", "it broke again") in lines


def test_closing_asks_for_the_responsible_and_spam_does_not(desk: Desk) -> None:
    made = desk.open()
    with desk.database.begin() as unit, pytest.raises(Missing) as caught:
        closing.close(unit, desk.ada, made.id, 1, "done")
    assert caught.value.fields == ("responsible",)
    with desk.database.begin() as unit:
        spam = closing.mark_spam(unit, desk.ada, made.id, 1, spam=True)
        assert (spam.spam, spam.is_open, spam.version) == (True, False, 2)
        good = closing.mark_spam(unit, desk.ada, made.id, 2, spam=False)
        assert (good.spam, good.is_open) == (False, True)


# ---------------------------------------------------------------- people, notes, who is there


def test_people_and_tags_come_and_go_but_the_customer_stays(desk: Desk) -> None:
    made = desk.open()
    with desk.database.begin() as unit:
        people.add_person(unit, desk.bob, made.id, Person(" Max@Else.example ", "Max", "colleague"))
        people.add_person(unit, desk.bob, made.id, Person("max@else.example", "", "copy"))
        people.add_tag(unit, desk.bob, made.id, "Lamp")
        people.add_tag(unit, desk.bob, made.id, "lamp")
        after = reading.request(unit, desk.bob, made.id)
        assert Person("max@else.example", "Max", "copy") in after.people
        assert after.tags == ("lamp",)
        assert people.tags(unit, desk.bob, begin="L") == (("lamp", 1),)
        people.remove_person(unit, desk.bob, made.id, "max@else.example")
        people.remove_tag(unit, desk.bob, made.id, "LAMP")
        assert reading.request(unit, desk.bob, made.id).tags == ()
        with pytest.raises(Refused):
            people.remove_person(unit, desk.bob, made.id, EVA)
        for wrong in ("nobody", "a b@c.example", "a@b\n.example"):
            with pytest.raises(Invalid):
                people.add_person(unit, desk.bob, made.id, Person(wrong))
        with pytest.raises(Invalid):
            people.add_person(unit, desk.bob, made.id, Person("x@y.example", role="customer"))


def test_internal_notes_are_for_us(desk: Desk) -> None:
    made = desk.open()
    with desk.database.begin() as unit:
        people.add_note(unit, desk.bob, made.id, "She is angry.")
        assert [(n.author, n.text) for n in people.notes(unit, desk.ada, made.id)] == [("bob", "She is angry.")]
        with pytest.raises(Missing):
            people.add_note(unit, desk.bob, made.id, "  ")
        for read in (people.notes, history, presence.viewers):
            with pytest.raises(Forbidden):
                read(unit, desk.eva, made.id)


def test_a_client_sees_what_he_takes_part_in_and_nothing_else(desk: Desk) -> None:
    mine, other = desk.open(), desk.open(customer_id=None, customer_address="max@else.example")
    with desk.database.begin() as unit:
        assert reading.request(unit, desk.eva, mine.id).id == mine.id
        with pytest.raises(NotThere):
            reading.request(unit, desk.eva, other.id)
        with pytest.raises(NotThere):
            changing.change(unit, desk.eva, other.id, 1, {})
        with pytest.raises(Forbidden):
            changing.change(unit, desk.eva, mine.id, 1, {})
        with pytest.raises(NotThere):
            reading.by_number(unit, desk.eva, other.number)
        with pytest.raises(NotThere):
            reading.request(unit, desk.eva, 99)


def test_q11_who_looks_and_who_answers_is_seen_by_others_for_a_minute(desk: Desk) -> None:
    made = desk.open()
    with desk.database.begin() as unit:
        assert presence.be_there(unit, desk.ada, made.id) == ()
        assert presence.be_there(unit, desk.ada, made.id, "answering") == ()
        assert [(v.name, v.doing) for v in presence.be_there(unit, desk.bob, made.id)] == [("ada", "answering")]
    desk.clock.pass_by(seconds=presence.LEASE_SECONDS)
    with desk.database.begin() as unit:
        assert presence.viewers(unit, desk.cleo, made.id) == ()
        presence.be_there(unit, desk.bob, made.id)
        presence.leave(unit, desk.bob, made.id)
        assert presence.viewers(unit, desk.cleo, made.id) == ()
