"""Numbers without holes: a number is given in the transaction that uses it, and one at a time."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select, update

from storage.crm.insert_once import insert_once
from storage.tables import number_series

_NEXT = update(number_series).where(number_series.c.name == bindparam("series")).values(last=number_series.c.last + 1)
_LAST = select(number_series.c.last).where(number_series.c.name == bindparam("series"))


def next_number(connection: Connection, series: str) -> int:
    """The next one, from 1. Others who want one of the same series wait for the end of this transaction."""
    if not connection.execute(_NEXT, {"series": series}).rowcount:
        insert_once(connection, number_series, {"name": series, "last": 0}, ["name"])
        connection.execute(_NEXT, {"series": series})
    return int(connection.execute(_LAST, {"series": series}).scalar_one())
