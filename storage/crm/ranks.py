"""The order of cards in a column of the board: numbers with wide gaps, so that a move writes one row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from storage.tables import requests

GAP = 2**32  # 32 moves to the same place before the cards below it are moved on
R = requests.c

Place: TypeAlias = Mapping[str, int]
"""id and rank of a card."""


def last(connection: Connection, status_id: int) -> int:
    """Of the last card of a column; 0 for an empty one."""
    return int(connection.execute(select(func.max(R.rank)).where(_in(status_id))).scalar() or 0)


def card(connection: Connection, status_id: int, number: int) -> Place | None:
    """Rank and id of a card, if it is in this column."""
    return _place(connection, select(R.id, R.rank).where(_in(status_id), R.id == number))


def below(connection: Connection, status_id: int, place: Place, but: int) -> int | None:
    """The rank of the card below a card, leaving one out of account."""
    after = or_(R.rank > place["rank"], and_(R.rank == place["rank"], R.id > place["id"]))
    wanted = select(R.rank).where(_in(status_id), R.rank >= place["rank"], after, R.id != but)
    return _first(connection, wanted.order_by(R.rank, R.id))


def above(connection: Connection, status_id: int, place: Place, but: int) -> Place | None:
    """The card above a card, leaving one out of account."""
    before = or_(R.rank < place["rank"], and_(R.rank == place["rank"], R.id < place["id"]))
    wanted = select(R.id, R.rank).where(_in(status_id), R.rank <= place["rank"], before, R.id != but)
    return _place(connection, wanted.order_by(R.rank.desc(), R.id.desc()).limit(1))


def make_room(connection: Connection, status_id: int, place: Place) -> None:
    """Move all cards below a card on by a gap."""
    after = or_(R.rank > place["rank"], and_(R.rank == place["rank"], R.id > place["id"]))
    connection.execute(update(requests).where(_in(status_id), after).values(rank=R.rank + GAP))


def _in(status_id: int) -> ColumnElement[bool]:
    return and_(R.is_open.is_(True), R.spam.is_(False), R.status_id == status_id)


def _place(connection: Connection, wanted: Any) -> Place | None:
    row = connection.execute(wanted).first()
    return None if row is None else {"id": row.id, "rank": row.rank}


def _first(connection: Connection, wanted: Any) -> int | None:
    found = connection.execute(wanted.limit(1)).scalar()
    return None if found is None else int(found)
