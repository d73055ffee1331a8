"""What reports are made of: the rows of a period, in chunks, so that a report over years does not fill the memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select

from storage.tables import activities, request_types, requests, reviews, sales, users

_CHUNK = 2000


class RequestTimes(NamedTuple):
    """When things happened to one request."""

    type: str
    responsible: str  # "" for nobody
    customer: str
    created_at: datetime
    first_answer_at: datetime | None
    completed_at: datetime | None
    closed_at: datetime | None
    reopened: int


class ActivityTimes(NamedTuple):
    """What was planned and what was done."""

    kind: str
    user: str
    request_type: str
    customer: str
    state: str
    at: datetime  # for when it was planned; without a time, when it was made
    starts_at: datetime | None
    ends_at: datetime | None
    done_at: datetime | None
    minutes_planned: int | None
    minutes_done: int | None


class Sale(NamedTuple):
    """One sale."""

    kind: str
    request_type: str
    customer: str
    user: str
    sold_at: datetime
    quantity_thousandths: int
    net_cents: int
    currency: str


class ReviewMarks(NamedTuple):
    """The marks of a request's reviews; None where none was given."""

    type: str
    responsible: str
    customer: str
    opened_at: datetime  # of the request
    effective: int | None
    efficient: int | None


_OF_REQUESTS = requests.outerjoin(users, users.c.id == requests.c.responsible_id).join(
    request_types, request_types.c.id == requests.c.type_id
)
_NOT_SPAM = (requests.c.spam.is_(False), requests.c.merged_into_id.is_(None))


def _name(column: Any) -> Any:
    return func.coalesce(column, "")


def requests_between(connection: Connection, since: datetime, until: datetime) -> Iterator[RequestTimes]:
    """Requests that were opened in [since, until); not spam, not those that were merged into others."""
    r = requests.c
    times = (r.created_at, r.first_answer_at, r.completed_at, r.closed_at, r.reopened)
    statement = (
        select(request_types.c.name, _name(users.c.name), r.customer_name, *times)
        .select_from(_OF_REQUESTS)
        .where(r.created_at >= since, r.created_at < until, *_NOT_SPAM)
    )
    for row in _rows(connection, statement):
        yield RequestTimes(*row)


def activities_between(connection: Connection, since: datetime, until: datetime) -> Iterator[ActivityTimes]:
    """Activities planned for, or without a time made in, [since, until)."""
    a, r = activities.c, requests.c
    when = func.coalesce(a.starts_at, a.created_at)
    joined = (
        activities.outerjoin(users, users.c.id == a.assigned_id)
        .outerjoin(requests, r.id == a.request_id)
        .outerjoin(request_types, request_types.c.id == r.type_id)
    )
    who = (_name(users.c.name), _name(request_types.c.name), _name(r.customer_name))
    times = (a.starts_at, a.ends_at, a.done_at, a.minutes_planned, a.minutes_done)
    statement = select(a.kind, *who, a.state, when, *times).select_from(joined).where(when >= since, when < until)
    for row in _rows(connection, statement):
        yield ActivityTimes(*row)


def sales_between(connection: Connection, since: datetime, until: datetime) -> Iterator[Sale]:
    """Sales of [since, until)."""
    s, r = sales.c, requests.c
    joined = (
        sales.outerjoin(users, users.c.id == s.user_id)
        .outerjoin(requests, r.id == s.request_id)
        .outerjoin(request_types, request_types.c.id == r.type_id)
    )
    figures = (s.sold_at, s.quantity_thousandths, s.net_cents, s.currency)
    statement = (
        select(s.kind, _name(request_types.c.name), s.customer_name, _name(users.c.name), *figures)
        .select_from(joined)
        .where(s.sold_at >= since, s.sold_at < until)
    )
    for row in _rows(connection, statement):
        yield Sale(*row)


def reviews_between(connection: Connection, since: datetime, until: datetime) -> Iterator[ReviewMarks]:
    """Reviews of requests that were opened in [since, until)."""
    r = requests.c
    marks = (r.created_at, reviews.c.effective, reviews.c.efficient)
    statement = (
        select(request_types.c.name, _name(users.c.name), r.customer_name, *marks)
        .select_from(_OF_REQUESTS.join(reviews, reviews.c.request_id == r.id))
        .where(r.created_at >= since, r.created_at < until, *_NOT_SPAM)
    )
    for row in _rows(connection, statement):
        yield ReviewMarks(*row)


def _rows(connection: Connection, statement: Select[Any]) -> Iterator[Any]:
    """Fetched in chunks; the order does not matter to sums."""
    return iter(connection.execute(statement, execution_options={"yield_per": _CHUNK}))
