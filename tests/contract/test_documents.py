"""Tickets, quotes, meetings, sales and reviews of requests."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

import crm.document.making
import crm.document.reading
import crm.document.tickets
from crm.actor import Actor
from crm.document import making, reading, tickets
from crm.document.model import Line, Made, NewMeeting, NewQuote, NewTicket, Tax
from crm.errors import Forbidden, Invalid, Missing, NotThere, Refused, Stale
from crm.request import catalogue
from crm.request.changing import assign
from crm.request.closing import close
from crm.sale import reviewing, selling
from crm.sale.reviewing import NewReview
from crm.sale.selling import NewSale
from storage import tables as t
from storage.crm import document_rows, sale_rows
from storage.unit_of_work import SqlUnitOfWork
from tests.contract.answer_world import EVA, AnswerWorld

LINES = (
    Line("Repair", 1500, 8000, "h", discount_basis_points=1000, tax_basis_points=2200),
    Line("Toner", 2000, 4999, "pcs", tax_basis_points=2200),
    Line("Stamps", 1000, 110),
)
CLIENT = Actor("eva", address=EVA, rights={"request.read": "part"})
STRANGER = Actor("otto", address="otto@x.example", rights={"request.read": "part"})


@pytest.fixture
def world(store_url: str) -> Iterator[AnswerWorld]:
    made = AnswerWorld(store_url)
    yield made
    made.close()


def quote(world: AnswerWorld, request_id: int, **more: object) -> Made:
    new = NewQuote(request_id, "Offer", LINES, **more)  # type: ignore[arg-type]
    return world.do(lambda unit: making.make_quote(unit, world.settings, world.ada, new))


def ticket(world: AnswerWorld, request_id: int, status_id: int | None = None) -> Made:
    new = NewTicket(request_id, "Repair it", "Soon", status_id)
    return world.do(lambda unit: making.make_ticket(unit, world.settings, world.ada, new))


def status_named(world: AnswerWorld, meaning: str) -> catalogue.Status:
    found = world.do(lambda unit: catalogue.statuses(unit, world.ada))
    return next(status for status in found if status.meaning == meaning)


def test_a_quote_has_its_lines_sums_and_number(world: AnswerWorld) -> None:
    request = world.request()
    until = datetime(2026, 4, 1, tzinfo=UTC)
    made = quote(world, request.id, valid_until=until)
    found = made.document
    assert made.ask_to_close
    assert (found.number, found.request_number, found.currency) == ("Q-2026-000001", request.number, "EUR")
    assert [line.net_cents for line in found.lines] == [10_800, 9998, 110]
    assert found.taxes == (Tax(0, 110, 0), Tax(2200, 20_798, 4576))
    assert (found.net_cents, found.tax_cents, found.total_cents) == (20_908, 4576, 25_484)
    assert (found.valid_until, found.created_by) == (until, "ada")
    assert world.do(lambda unit: reading.document(unit, world.ada, found.id)) == found
    assert quote(world, request.id).document.number == "Q-2026-000002"
    assert any(line.action == "document" and line.after == found.number for line in world.history(request.id))


def test_a_document_leaves_the_request_open(world: AnswerWorld) -> None:
    """Completed is not closed, and a document is neither: whether to close is asked."""
    request = world.request()
    assert ticket(world, request.id).ask_to_close
    after = world.shown(request.id)
    assert (after.is_open, after.status_id) == (True, request.status_id)


def test_a_document_needs_somebody_responsible_and_an_open_request(world: AnswerWorld) -> None:
    request = world.request()
    world.do(lambda unit: assign(unit, world.ada, request.id, request.version, None))
    with pytest.raises(Missing) as raised:
        ticket(world, request.id)
    assert raised.value.fields == ("responsible",)
    closed = world.request()
    world.do(lambda unit: close(unit, world.ada, closed.id, closed.version, "done"))
    with pytest.raises(Refused):
        quote(world, closed.id)
    with pytest.raises(NotThere):
        quote(world, 10**6)
    nobodys = world.arrives(From="new@x.example, other@y.example")
    assert nobodys.request_id is not None
    with pytest.raises(Missing) as raised:
        ticket(world, nobodys.request_id)
    assert raised.value.fields == ("responsible", "customer")


def test_what_is_made_in_vain_leaves_no_hole_in_the_numbers(world: AnswerWorld) -> None:
    request = world.request()
    for bad in ((), (Line("", 1, 1),)):
        new = NewQuote(request.id, "Offer", bad)
        with pytest.raises(Invalid), world.database.begin() as unit:
            making.make_quote(unit, world.settings, world.ada, new)
    with pytest.raises(Invalid):
        quote(world, request.id, currency="euro")
    with pytest.raises(Invalid):
        quote(world, request.id, valid_until=datetime(2026, 4, 1))
    assert quote(world, request.id).document.number == "Q-2026-000001"


def test_nothing_changes_or_deletes_a_document() -> None:
    """There is no such service and no such statement; the one that exists is about the status of tickets."""
    services = [
        name
        for module in (crm.document.making, crm.document.reading, crm.document.tickets)
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    ]
    assert sorted(services) == sorted(
        ["make_ticket", "make_quote", "make_meeting", "document", "documents", "listed", "set_status"]
    )
    code = inspect.getsource(document_rows)
    assert re.findall(r"\b(?:update|delete)\(", code) == ["update("]
    assert 'd.kind == "ticket"' in inspect.getsource(document_rows.set_ticket_status)
    assert re.findall(r"\b(?:update|delete)\(", inspect.getsource(sale_rows)) == []


def test_the_status_of_a_ticket_is_of_the_shared_catalogue(world: AnswerWorld) -> None:
    request = world.request()
    made = ticket(world, request.id).document
    assert (made.status_id, made.status_name) == (request.status_id, request.status_name)
    done = status_named(world, "completed")
    after = world.do(lambda unit: tickets.set_status(unit, world.ada, made.id, done.id))
    assert (after.status_id, after.status_name) == (done.id, done.name)
    assert world.shown(request.id).is_open
    assert world.shown(request.id).status_id == request.status_id
    assert made.status_id is not None
    with pytest.raises(Stale):
        world.do(lambda unit: tickets.set_status(unit, world.ada, made.id, done.id, seen_status_id=made.status_id))
    with pytest.raises(Invalid):
        world.do(lambda unit: tickets.set_status(unit, world.ada, made.id, 10**6))
    offer = quote(world, request.id).document
    with pytest.raises(Refused):
        world.do(lambda unit: tickets.set_status(unit, world.ada, offer.id, done.id))
    with pytest.raises(Refused):
        world.do(lambda unit: catalogue.remove_status(unit, world.ada, done.id))


def test_a_meeting_is_an_event_of_the_shared_agenda(world: AnswerWorld) -> None:
    request = world.request()
    at = datetime(2026, 3, 5, 9, tzinfo=UTC)
    new = NewMeeting(request.id, "Visit", at, at + timedelta(hours=2), zone="Europe/Rome", location="Here")
    made = world.do(lambda unit: making.make_meeting(unit, world.settings, world.ada, new))
    assert made.document.number == "M-2026-000001"
    wanted = select(t.activities).where(t.activities.c.id == made.document.activity_id)
    activity = world.do(lambda unit: unit.session.connection.execute(wanted).one())
    assert (activity.starts_at, activity.kind, activity.assigned_id) == (at, "meeting", request.responsible_id)
    assert activity.item_id is not None
    assert made.invitation_id is None
    assert world.do(lambda unit: unit.session.connection.execute(select(t.outgoing)).all()) == [], "nobody was mailed"


def test_the_customer_is_invited_only_if_somebody_says_so(world: AnswerWorld) -> None:
    request = world.request()
    new = NewMeeting(request.id, "Visit", datetime(2026, 3, 5, 9, tzinfo=UTC), invite_customer=True)
    made = world.do(lambda unit: making.make_meeting(unit, world.settings, world.ada, new))
    assert made.invitation_id is not None
    assert world.look().sent == 1
    (mail,) = world.far.mails()
    assert world.far.gone[0][2] == (EVA,)
    assert "text/calendar" in [part.get_content_type() for part in mail.walk()]


def test_a_meeting_that_fails_leaves_neither_event_nor_number(world: AnswerWorld) -> None:
    request = world.request()
    at = datetime(2026, 3, 5, 9, tzinfo=UTC)
    bad = NewMeeting(request.id, "Visit", at, at - timedelta(hours=1))
    with pytest.raises(Invalid):
        world.do(lambda unit: making.make_meeting(unit, world.settings, world.ada, bad))
    assert world.do(lambda unit: unit.session.connection.execute(select(t.activities)).all()) == []
    good = NewMeeting(request.id, "Visit", at)
    made = world.do(lambda unit: making.make_meeting(unit, world.settings, world.ada, good))
    assert made.document.number == "M-2026-000001"


def test_who_sees_the_request_sees_its_documents_and_nobody_else(world: AnswerWorld) -> None:
    request = world.request()
    made = quote(world, request.id).document
    assert world.do(lambda unit: reading.documents(unit, CLIENT, request.id)) == [made]
    assert [one.id for one in world.do(lambda unit: reading.listed(unit, CLIENT, kind="quote"))] == [made.id]
    assert world.do(lambda unit: reading.listed(unit, STRANGER)) == []
    tries: list[Callable[[SqlUnitOfWork, Actor], object]] = [
        lambda unit, a: reading.document(unit, a, made.id),
        lambda unit, a: reading.documents(unit, a, request.id),
        lambda unit, a: making.make_quote(unit, world.settings, a, NewQuote(request.id, "x", LINES)),
        lambda unit, a: making.make_ticket(unit, world.settings, a, NewTicket(request.id, "x")),
        lambda unit, a: selling.sell(unit, world.settings, a, NewSale(request.id, "product", "x", 1)),
        lambda unit, a: selling.sales(unit, a, request.id),
        lambda unit, a: selling.sell_quote(unit, a, made.id, ("product",) * 3),
        lambda unit, a: reviewing.review(unit, a, NewReview(request.id, 3)),
        lambda unit, a: reviewing.reviews(unit, a, request.id),
        lambda unit, a: tickets.set_status(unit, a, made.id, 1),
    ]
    for work in tries:
        with world.database.begin() as unit, pytest.raises(NotThere):
            work(unit, STRANGER)
    for work in tries[2:]:
        with world.database.begin() as unit, pytest.raises(Forbidden):
            work(unit, CLIENT)


def test_documents_are_listed_in_pages(world: AnswerWorld) -> None:
    request = world.request()
    made = [ticket(world, request.id).document.id for _ in range(3)]
    page = world.do(lambda unit: reading.listed(unit, world.ada, kind="ticket", limit=2))
    assert [one.id for one in page] == [made[2], made[1]]
    rest = world.do(lambda unit: reading.listed(unit, world.ada, before=page[-1].id, status_id=request.status_id))
    assert [one.id for one in rest] == [made[0]]
    with pytest.raises(Invalid):
        world.do(lambda unit: reading.listed(unit, world.ada, kind="invoice"))


# ---------------------------------------------------------------- sales and reviews


def test_sales_of_a_request_and_of_a_quote_that_was_taken(world: AnswerWorld) -> None:
    request = world.request()
    offer = quote(world, request.id).document
    kinds = ("service", "product", "product")
    sold = world.do(lambda unit: selling.sell_quote(unit, world.ada, offer.id, kinds))
    assert [(one.kind, one.net_cents, one.currency) for one in sold] == [
        ("service", 10_800, "EUR"),
        ("product", 9998, "EUR"),
        ("product", 110, "EUR"),
    ]
    assert {(one.customer_name, one.user_id, one.document_id) for one in sold} == {
        ("Eva Blau", world.ada.user_id, offer.id)
    }
    with pytest.raises(Refused):
        world.do(lambda unit: selling.sell_quote(unit, world.ada, offer.id, kinds))
    back = NewSale(request.id, "product", "Toner came back", -9998, -2000)
    after = world.do(lambda unit: selling.sell(unit, world.settings, world.ada, back))
    assert sum(one.net_cents for one in after) == 10_910
    made = ticket(world, request.id).document
    with pytest.raises(Refused):
        world.do(lambda unit: selling.sell_quote(unit, world.ada, made.id, ()))


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "gift"},
        {"text": " "},
        {"net_cents": 10**14},
        {"currency": "eur"},
        {"sold_at": datetime(2026, 3, 2)},
        {"sold_at": datetime(2027, 3, 2, tzinfo=UTC)},
        {"activity_id": 77},
    ],
)
def test_sales_that_make_no_sense_are_refused(world: AnswerWorld, bad: dict[str, object]) -> None:
    values: dict[str, object] = {
        "request_id": world.request().id,
        "kind": "product",
        "text": "x",
        "net_cents": 1,
        **bad,
    }
    with pytest.raises(Invalid):
        world.do(lambda unit: selling.sell(unit, world.settings, world.ada, NewSale(**values)))  # type: ignore[arg-type]


def test_reviews(world: AnswerWorld) -> None:
    request = world.request()
    one = world.do(lambda unit: reviewing.review(unit, world.ada, NewReview(request.id, 5, 2, " It helped. ")))
    assert (one.effective, one.efficient, one.text, one.author) == (5, 2, "It helped.", "ada")
    assert world.do(lambda unit: reviewing.reviews(unit, world.ada, request.id)) == [one]
    for bad in (NewReview(request.id), NewReview(request.id, 6), NewReview(request.id, 1, 0)):
        with world.database.begin() as unit, pytest.raises(Invalid):
            reviewing.review(unit, world.ada, bad)
