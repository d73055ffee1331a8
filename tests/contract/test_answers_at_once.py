"""Two at the same moment: limits hold, and what can be done once is done once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from crm.answer import drafts
from crm.document import making
from crm.document.model import Line, Made, NewQuote, NewTicket
from crm.errors import CrmError
from crm.intake.model import Delivered
from crm.intake.taking import take
from crm.sale import selling
from storage import tables as t
from storage.database import run
from storage.unit_of_work import SqlUnitOfWork
from tests.contract.answer_world import START, AnswerWorld

THREADS = 6


@pytest.fixture
def world(store_url: str) -> Iterator[AnswerWorld]:
    made = AnswerWorld(store_url)
    yield made
    made.close()


def together(world: AnswerWorld, *works: Callable[[SqlUnitOfWork], object]) -> list[object]:
    """What each gave, or the error that a person would read."""
    barrier = threading.Barrier(len(works))

    def one(work: Callable[[SqlUnitOfWork], object]) -> object:
        barrier.wait()
        try:
            return run(world.database, work)
        except CrmError as err:
            return err

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(one, works))


def count(world: AnswerWorld) -> int:
    wanted = select(func.count()).select_from(t.outgoing)
    return int(world.do(lambda unit: unit.session.connection.execute(wanted).scalar_one()))


def test_q08_three_a_day_hold_when_mails_come_at_the_same_moment(world: AnswerWorld) -> None:
    world.arrives(From="otto@x.example")
    before = count(world)

    def taking(number: int) -> Callable[[SqlUnitOfWork], object]:
        raw = f"From: eva@customer.example\r\nSubject: {number}\r\nMessage-ID: <{number}@x>\r\n\r\nHello {number}\r\n"
        mail = Delivered("help", "INBOX", f"9:{number}", raw.encode(), world.now, START - timedelta(days=1))
        return lambda unit: take(unit, world.settings, mail)

    together(world, *(taking(number) for number in range(THREADS)))
    assert count(world) - before == 3


def test_a_draft_that_two_send_at_once_goes_out_once(world: AnswerWorld) -> None:
    mail = world.outgoing(world.request().id)
    draft = world.do(lambda unit: drafts.save(unit, world.settings, world.ada, mail))
    found = together(
        world, *[lambda unit: drafts.send(unit, world.settings, world.ada, draft.mail, draft.id)] * THREADS
    )
    assert sum(isinstance(one, int) for one in found) == 1
    assert count(world) == 1


def test_a_quote_is_sold_once_and_numbers_have_no_holes(world: AnswerWorld) -> None:
    number = world.request().id
    offer = NewQuote(number, "Offer", (Line("Work", 1000, 100),))
    made = world.do(lambda unit: making.make_quote(unit, world.settings, world.ada, offer)).document
    sold = together(world, *[lambda unit: selling.sell_quote(unit, world.ada, made.id, ("service",))] * THREADS)
    assert sum(isinstance(one, list) for one in sold) == 1
    assert len(world.do(lambda unit: selling.sales(unit, world.ada, number))) == 1
    new = NewTicket(number, "Ticket")
    tickets = together(world, *[lambda unit: making.make_ticket(unit, world.settings, world.ada, new)] * THREADS)
    numbers = sorted(one.document.number for one in tickets if isinstance(one, Made))
    assert numbers == [f"T-2026-{n:06d}" for n in range(1, THREADS + 1)]
