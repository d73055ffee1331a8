"""Which contacts have an address or number that a search is about, told by the tables that repeat them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Integer, case, false, func, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

from storage.tables import contact_emails, contact_phones, items


class BeyondAscii(FunctionElement[int]):
    """More than 0 where a text has a letter that is not plain ASCII."""

    type = Integer()
    inherit_cache = True
    name = "beyond_ascii"


@compiles(BeyondAscii, "sqlite")
def _by_glob(element: BeyondAscii, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)} GLOB '*[^ -~]*')"


@compiles(BeyondAscii, "postgresql")
def _by_expression(element: BeyondAscii, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)} ~ '[^ -~]')::integer"


@compiles(BeyondAscii, "mssql")
def _by_like(element: BeyondAscii, compiler: Any, **options: Any) -> str:
    # No percent signs in the text: drivers take them for parameters.
    text = compiler.process(element.clauses, **options)
    return f"PATINDEX(NCHAR(37) + N'[^ -~]' + NCHAR(37), {text} COLLATE Latin1_General_100_BIN2)"


class Held(NamedTuple):
    """A contact that may have what is searched for."""

    href: str
    certain: bool  # it has; else its text must be read: the value may be longer, or folded otherwise than ASCII is


INDEXED = {  # tables and columns, and the characters of a value that they hold
    "EMAIL": (contact_emails, contact_emails.c.address, 320),
    "TEL": (contact_phones, contact_phones.c.number, 100),
}


def holders(connection: Connection, collection_id: int, name: str, needles: Sequence[str]) -> list[Held]:
    """Live contacts with a value of a property of `INDEXED` that contains one of these texts (ASCII, lower case)."""
    table, column, longest = INDEXED[name]
    contained = or_(*(func.lower(column).contains(needle, autoescape=True) for needle in needles))
    odd = or_(func.length(column) >= longest, BeyondAscii(column) > 0)
    # SQLite would go through the collection and look each contact up; it is quicker to go through the values once.
    found = select(table.c.item_id, case((odd, 1), else_=0).label("odd")).where(or_(contained, odd)).cte("found")
    found = found.prefix_with("MATERIALIZED", dialect="sqlite")
    rows = connection.execute(
        select(items.c.href, found.c.odd)
        .join(items, items.c.id == found.c.item_id)
        .where(items.c.collection_id == collection_id, items.c.deleted == false())
    )
    return [Held(href, not unclear) for href, unclear in rows.all()]
