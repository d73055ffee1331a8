"""The board: a column for each status, in it the open requests in the order people put them."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from crm.actor import Actor
from crm.errors import Refused, Stale
from crm.request import catalogue, changing, gate, shown
from crm.request.bounds import is_id
from crm.request.model import OPEN, Card, CardPage, Column, Filter, Request
from crm.request.reading import request_of
from storage.crm import ranks, request_lists, request_rows
from storage.unit_of_work import SqlUnitOfWork


def board(unit: SqlUnitOfWork, actor: Actor, wanted: Filter = OPEN, *, limit: int = 50) -> tuple[Column, ...]:
    """All columns with their first cards. Archived statuses have a column as long as an open request is in it."""
    reach = shown.reach(actor, replace(wanted, is_open=True))
    nothing = shown.finds_nothing(wanted)
    often: dict[int, int] = {} if nothing else request_lists.counts_by_status(unit.session.connection, reach)
    columns = [status for status in catalogue.all_statuses(unit) if not status.archived or often.get(status.id)]
    rows = request_lists.columns(unit.session.connection, reach, often, shown.limited(limit)) if often else ()
    cards = shown.cards(unit, rows)  # together: their tags are read at once
    of_status = {status: tuple(found) for status, found in groupby(cards, lambda card: card.status_id)}
    made = (_column(status, often.get(status.id, 0), of_status.get(status.id, ())) for status in columns)
    return tuple(replace(column, cards=shown.all_seen_by(actor, column.cards)) for column in made)


def column(
    unit: SqlUnitOfWork, actor: Actor, status_id: int, after: str, wanted: Filter = OPEN, *, limit: int = 50
) -> CardPage:
    """More cards of a column."""
    reach = shown.reach(actor, replace(wanted, is_open=True))
    place, limit = shown.read_place(after, "rank"), shown.limited(limit)
    if shown.finds_nothing(wanted) or not is_id(status_id):
        return CardPage((), "")
    rows = request_lists.column(unit.session.connection, reach, status_id, place, limit + 1)
    cards = shown.cards(unit, rows[:limit])
    return CardPage(shown.all_seen_by(actor, cards), shown.place(cards[-1], "rank") if len(rows) > limit else "")


def _column(status: catalogue.Status, count: int, cards: tuple[Card, ...]) -> Column:
    after = shown.place(cards[-1], "rank") if count > len(cards) > 0 else ""
    return Column(status.id, status.name, status.meaning, status.color, count, cards, after)


def move(
    unit: SqlUnitOfWork,
    actor: Actor,
    request_id: int,
    version: int,
    status_id: int,
    *,
    after_id: int | None = None,
    before_id: int | None = None,
    responsible_id: int | None = None,
    customer_id: int | None = None,
) -> Request:
    """Put a card below one and above another; with none of them at the end of the column. Another column is a change
    of status, with all that `changing.set_status` asks; within its column nothing but the order changes.
    """
    row = gate.taken(unit, actor, "request.status", request_id, version)
    if not row["is_open"]:
        raise Refused("This request is closed; reopen it first.")
    if row["status_id"] != status_id:
        told = {"responsible_id": responsible_id, "customer_id": customer_id}
        changing.set_status(unit, actor, row["id"], version, status_id, **told)
    rank = _rank(unit, status_id, row["id"], after_id, before_id)
    request_rows.change(unit.session.connection, row["id"], {"rank": rank}, new_version=False)
    return request_of(unit, gate.taken(unit, actor, "request.status", row["id"]))


def _rank(unit: SqlUnitOfWork, status_id: int, moved: int, after_id: int | None, before_id: int | None) -> int:
    """A number between those of its neighbours; if there is none left, the cards below are moved on first."""
    connection = unit.session.connection
    after = _neighbour(unit, status_id, after_id)
    if after is None:
        before = _neighbour(unit, status_id, before_id)
        if before is None:
            return ranks.last(connection, status_id) + ranks.GAP
        after = ranks.above(connection, status_id, before, moved)
        if after is None:
            return before["rank"] - ranks.GAP
    below = ranks.below(connection, status_id, after, moved)
    if below is None:
        return after["rank"] + ranks.GAP
    if below - after["rank"] < 2:
        ranks.make_room(connection, status_id, after)
        below += ranks.GAP
    return (after["rank"] + below) // 2


def _neighbour(unit: SqlUnitOfWork, status_id: int, number: int | None) -> ranks.Place | None:
    if number is None:
        return None
    found = ranks.card(unit.session.connection, status_id, number) if is_id(number) else None
    if found is None:
        raise Stale("The card beside it is not in this column any more; look at the board again.")
    return found
