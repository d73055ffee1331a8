"""What was sold, and reviews of work. Rows are added and read; a sale that was wrong is taken back by another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from storage.session import chunks
from storage.tables import activities, reviews, sales


@dataclass(frozen=True, slots=True)
class SaleRow:
    """One sale."""

    id: int
    request_id: int | None
    document_id: int | None
    activity_id: int | None
    kind: str  # product, service
    text: str
    sold_at: datetime
    quantity_thousandths: int
    net_cents: int
    currency: str
    customer_id: int | None
    customer_name: str
    user_id: int | None
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """What was learnt."""

    id: int
    request_id: int
    activity_id: int | None
    effective: int | None
    efficient: int | None
    text: str
    at: datetime
    author: str


def add_sales(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Columns by name."""
    connection.execute(insert(sales), list(rows))


def sales_of(connection: Connection, request_ids: Sequence[int]) -> list[SaleRow]:
    """Of a request and those that were merged into it, the oldest first."""
    columns = [sales.c[name] for name in SaleRow.__dataclass_fields__]
    wanted = select(*columns).order_by(sales.c.sold_at, sales.c.id)
    parts = (wanted.where(sales.c.request_id.in_(part)) for part in chunks(request_ids))
    return [SaleRow(**row) for part in parts for row in connection.execute(part).mappings()]


def is_sold(connection: Connection, document_id: int) -> bool:
    """Whether sales were made from a document."""
    wanted = select(sales.c.id).where(sales.c.document_id == document_id).limit(1)
    return connection.execute(wanted).first() is not None


def add_review(connection: Connection, row: dict[str, Any]) -> int:
    """Gives its id."""
    added = connection.execute(insert(reviews).values(**row)).inserted_primary_key
    assert added is not None
    return int(added[0])


def reviews_of(connection: Connection, request_ids: Sequence[int]) -> list[ReviewRow]:
    """The oldest first."""
    columns = [reviews.c[name] for name in ReviewRow.__dataclass_fields__]
    wanted = select(*columns).order_by(reviews.c.id)
    parts = (wanted.where(reviews.c.request_id.in_(part)) for part in chunks(request_ids))
    return [ReviewRow(**row) for part in parts for row in connection.execute(part).mappings()]


def request_of_activity(connection: Connection, activity_id: int) -> int | None:
    """The request that an activity is about."""
    found = connection.execute(select(activities.c.request_id).where(activities.c.id == activity_id)).scalar()
    return None if found is None else int(found)
