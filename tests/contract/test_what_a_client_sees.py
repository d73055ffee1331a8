"""Who only takes part in a request sees neither how we judge it nor which of our mails came back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import insert

from crm.errors import Forbidden
from crm.message import reading as mails
from crm.request import board, listing, reading
from crm.request.model import OPEN, Card, Filter, Request
from crm.request.summary import summary
from storage import tables as t
from tests.contract.request_world import EVA, Desk, desk_in


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    with desk_in(sqlite_url) as made:
        yield made


def inner(found: Request | Card) -> list[int]:
    """Weight, priority, effort, and rank where there is one."""
    return [found.weight, found.priority, found.effort, *([found.rank] if isinstance(found, Card) else [])]


def test_weight_priority_effort_and_rank_are_ours_alone(desk: Desk) -> None:
    made = desk.open()
    desk.open("Broken lamp again")
    for actor, hidden in ((desk.eva, True), (desk.bob, False)):
        with desk.database.read() as unit:
            found: list[Request | Card] = [
                reading.request(unit, actor, made.id),
                reading.by_number(unit, actor, made.number),
                summary(unit, actor, made.id).request,
                *listing.page(unit, actor).cards,
                *listing.find(unit, actor, made.number).cards,
                *listing.find(unit, actor, "lamp").cards,
                *(card for column in board.board(unit, actor) for card in column.cards),
                *board.column(unit, actor, made.status_id, "").cards,
            ]
        assert len(found) == 12
        assert {any(inner(one)) for one in found} == {not hidden}
    with desk.database.read() as unit:
        page = listing.page(unit, desk.eva, limit=1)
        assert len(listing.page(unit, desk.eva, after=page.after).cards) == 1, "pages go on"
        with pytest.raises(Forbidden):
            listing.page(unit, desk.eva, OPEN, order="weight")
        with pytest.raises(Forbidden):
            listing.counts(unit, desk.eva, Filter(weight_from=30))
        assert len(listing.page(unit, desk.bob, Filter(weight_from=1), order="weight").cards) == 2


def test_a_mail_that_came_back_is_one_that_was_sent(desk: Desk) -> None:
    made = desk.open()
    number = desk.mail(made.id, "Tomorrow.", key="k", direction="out", state="bounced")
    with desk.database.begin() as unit:
        to = {"message_id": number, "role": "to", "address": EVA, "name": ""}
        unit.session.connection.execute(insert(t.message_addresses), to)
    for actor, state in ((desk.eva, "sent"), (desk.bob, "bounced")):
        with desk.database.read() as unit:
            assert [one.state for one in mails.messages(unit, actor, made.id)] == [state]
            assert mails.message(unit, actor, number).state == state
