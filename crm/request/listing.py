"""Lists of requests, page by page, and how many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crm.actor import Actor
from crm.errors import Forbidden, Invalid
from crm.request import shown
from crm.request.model import OPEN, CardPage, Counts, Filter
from crm.request.reading import current_id, id_called
from storage.crm import request_lists
from storage.unit_of_work import SqlUnitOfWork

ORDERS = ("changed", "created", "weight")  # the newest, or the heaviest, first


def page(
    unit: SqlUnitOfWork,
    actor: Actor,
    wanted: Filter = OPEN,
    *,
    order: str = "changed",
    after: str = "",
    limit: int = 50,
) -> CardPage:
    """From where the page before it ended (`CardPage.after`). Raises `Invalid` for an order or place that is none."""
    reach = shown.reach(actor, wanted)
    if order not in ORDERS:
        raise Invalid(f"A list is ordered by one of: {', '.join(ORDERS)}.")
    if order == "weight" and shown.takes_part_only(actor):
        raise Forbidden("You may not see weights.")
    place, limit = shown.read_place(after, order), shown.limited(limit)
    if shown.finds_nothing(wanted):
        return CardPage((), "")
    rows = request_lists.page(unit.session.connection, reach, order, place, limit + 1)
    cards = shown.cards(unit, rows[:limit])
    return CardPage(shown.all_seen_by(actor, cards), shown.place(cards[-1], order) if len(rows) > limit else "")


def counts(unit: SqlUnitOfWork, actor: Actor, wanted: Filter = OPEN) -> Counts:
    """Of all that the actor may see."""
    rows: list[Mapping[Any, Any]] = []
    # Open and closed apart: each is read from an index in the order in which it is counted.
    for is_open in (True, False) if wanted.is_open is None else (wanted.is_open,):
        reach = shown.reach(actor, replace(wanted, is_open=is_open))
        rows += [] if shown.finds_nothing(wanted) else request_lists.counts(unit.session.connection, reach)
    by_status, by_type, by_responsible = Counter[int](), Counter[int](), Counter[int]()
    for row in rows:
        by_status[row["status_id"]] += row["often"]
        by_type[row["type_id"]] += row["often"]
        by_responsible[row["responsible_id"] or 0] += row["often"]
    return Counts(by_status.total(), dict(by_status), dict(by_type), dict(by_responsible))


def find(unit: SqlUnitOfWork, actor: Actor, text: str, *, after: str = "", limit: int = 50) -> CardPage:
    """The search: open and closed requests, the newest first; a number alone finds that request (merged ones too)."""
    reach = shown.reach(actor, shown.EVERYTHING)
    called = id_called(unit, text) if text.strip() else None
    if called is not None:
        rows = request_lists.one_card(unit.session.connection, reach, current_id(unit, called) or called)
        return CardPage(shown.all_seen_by(actor, shown.cards(unit, rows)), "")
    if not text.strip():
        return CardPage((), "")
    return page(unit, actor, Filter(is_open=None, text=text), order="created", after=after, limit=limit)
