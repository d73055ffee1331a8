"""Whatever is asked of requests, by whomever: an answer or a sentence, never a failure of the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.actor import Actor
from crm.errors import CrmError
from crm.request import board, catalogue, changing, closing, duplicates, joining, listing, people, presence, reading
from crm.request.history import history
from crm.request.model import Filter, NewRequest, Person
from crm.request.opening import open_request
from storage.unit_of_work import SqlUnitOfWork
from tests.contract.request_world import SETTINGS, Desk, desk_in

IDS = st.sampled_from([0, 1, 2, -1, 99, 2**31, 2**63 - 1, 2**63, 2**70])
TEXTS = st.one_of(st.sampled_from(["\0", "\ud800", "%", "'", "a" * 5000, "\u2028", "", "x\ny"]), st.text(max_size=9))
TIMES = st.sampled_from([None, datetime(1, 1, 1, tzinfo=UTC), datetime(2026, 1, 1), datetime.max.replace(tzinfo=UTC)])
STARTS = st.one_of(IDS, st.sampled_from(["2026-01-01", "0001-01-01T00:00:00+14:00", "x"]))
NAMES = st.sampled_from(["changed", "weight", "created", "rank"])
PLACES = st.one_of(TEXTS, st.builds("{}~{}~{}".format, NAMES, STARTS, IDS))
FILTERS = st.builds(
    Filter,
    is_open=st.sampled_from([None, True, False]),
    type_ids=st.tuples(IDS),
    responsible_ids=st.one_of(st.just(()), st.tuples(IDS), st.just(tuple(range(1, 900)))),
    group_id=st.one_of(st.none(), IDS),
    customer_address=TEXTS,
    tag=TEXTS,
    created_from=TIMES,
    changed_before=TIMES,
    weight_from=st.one_of(st.none(), IDS),
    text=TEXTS,
)


@pytest.fixture
def desk(store_url: str) -> Iterator[Desk]:
    with desk_in(store_url) as made:
        yield made


Draw = Callable[[st.SearchStrategy[Any]], Any]
Calls = tuple[Callable[[], object], ...]


def _looks(unit: SqlUnitOfWork, who: Actor, draw: Draw) -> Calls:
    number, other, text = draw(IDS), draw(IDS), draw(TEXTS)
    wanted, place, order = draw(FILTERS), draw(PLACES), draw(st.sampled_from(listing.ORDERS))
    return (
        lambda: listing.page(unit, who, wanted, order=order, after=place),
        lambda: listing.counts(unit, who, wanted),
        lambda: listing.find(unit, who, text, after=place),
        lambda: board.board(unit, who, wanted),
        lambda: board.column(unit, who, number, place, wanted),
        lambda: board.move(unit, who, 1, 1, number, after_id=other),
        lambda: reading.request(unit, who, number),
        lambda: reading.by_number(unit, who, text),
        lambda: history(unit, who, 1, before_id=number, limit=other),
    )


def _changes(unit: SqlUnitOfWork, who: Actor, draw: Draw) -> Calls:
    number, other, text = draw(IDS), draw(IDS), draw(TEXTS)
    return (
        lambda: changing.change(unit, who, 1, 1, {"subject": text, "customer_id": number, "objectives": text}),
        lambda: changing.change(unit, who, 1, 1, {"type_id": number, "mailbox": text, "customer_address": text}),
        lambda: changing.assign(unit, who, 1, 1, number),
        lambda: changing.set_status(unit, who, 1, 1, number, customer_id=other),
        lambda: closing.close(unit, who, number, 1, text),
        lambda: joining.link(unit, who, 1, number),
        lambda: joining.merge(unit, who, number, other, 1),
        lambda: joining.split(unit, SETTINGS, who, 1, 1, [number]),
        lambda: people.add_person(unit, who, 1, Person(text, text)),
        lambda: people.remove_person(unit, who, 1, text),
        lambda: people.add_tag(unit, who, 1, text),
        lambda: people.tags(unit, who, begin=text),
        lambda: people.add_note(unit, who, 1, text),
        lambda: presence.be_there(unit, who, number, "viewing"),
        lambda: catalogue.add_type(unit, who, text),
        lambda: duplicates.duplicates(unit, who, number),
        lambda: open_request(unit, SETTINGS, who, NewRequest(text, customer_name=text, mailbox=text)),
    )


def test_nothing_that_is_asked_breaks_anything(desk: Desk) -> None:
    desk.open(responsible_id=1)
    who = desk.ada

    @given(st.data())
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    def check(data: st.DataObject) -> None:
        with desk.database.begin() as unit:
            for call in (*_looks(unit, who, data.draw), *_changes(unit, who, data.draw)):
                with suppress(CrmError):
                    call()
            assert reading.request(unit, who, 1).number == "R-2026-000001"

    check()
