"""Reports over requests, activities and sales, on every database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from crm.actor import Actor
from crm.errors import Forbidden, Invalid
from crm.report.effectiveness import effectiveness
from crm.report.figures import Spread, spread
from crm.report.period import Period
from crm.report.sold import sold
from crm.report.work import work
from storage import tables as t
from storage.database import Database
from storage.unit_of_work import SqlUnitOfWork

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
ADMIN = Actor("admin", unlimited=True)
HOUR = timedelta(hours=1)
MANUAL = (Path(__file__).parents[2] / "docs" / "schema_requests.md").read_text()


def day(number: int, hour: int = 9, month: int = 3) -> datetime:
    return datetime(2026, month, number, hour, tzinfo=UTC)


class Books:
    """Rows as the services write them."""

    def __init__(self, unit: SqlUnitOfWork) -> None:
        self.unit = unit
        self.count = 0
        self.ada = self.add(t.users, name="ada", created_at=NOW)
        self.bob = self.add(t.users, name="bob", created_at=NOW)
        self.support = self.type("support (test)")
        self.commercial = self.type("commercial (test)")
        self.status = self.add(t.statuses, name="new (test)")

    def add(self, table: Any, **values: Any) -> int:
        key = self.unit.session.connection.execute(insert(table).values(**values)).inserted_primary_key
        assert key is not None
        return int(key[0])

    def type(self, name: str) -> int:
        return self.add(t.request_types, name=name)

    def request(self, type_id: int, created: datetime, **more: Any) -> int:
        self.count += 1
        row = {"number": f"R-{self.count}", "type_id": type_id, "status_id": self.status, "customer_name": "Rossi"}
        return self.add(t.requests, **row | {"created_at": created, "changed_at": created} | more)

    def activity(self, **more: Any) -> int:
        made = {"created_at": day(1), "created_by": "ada", "changed_at": day(1), "changed_by": "ada"}
        return self.add(t.activities, **{"kind": "visit", "title": "Visit"} | made | more)

    def sale(self, at: datetime, cents: int, currency: str = "EUR", **more: Any) -> int:
        row = {"kind": "product", "text": "Pump", "quantity_thousandths": 1500, "created_at": at, "created_by": "ada"}
        return self.add(t.sales, **row | {"sold_at": at, "net_cents": cents, "currency": currency} | more)


@pytest.fixture
def books(store_url: str) -> Iterator[Books]:
    database = Database(store_url, clock=lambda: NOW)
    with database.begin() as unit:
        yield Books(unit)
    database.dispose()


def march(by: str, zone: str = "UTC") -> Period:
    return Period(day(1, 0), day(1, 0, month=4), by, zone)


def test_effectiveness_says_how_long_answers_and_solutions_took(books: Books) -> None:
    opened = day(2)
    books.request(books.support, opened, first_answer_at=opened + HOUR, closed_at=opened + 10 * HOUR)
    books.request(books.support, opened, first_answer_at=opened + 3 * HOUR, reopened=1)
    books.request(books.support, opened)
    books.request(books.commercial, opened, closed_at=opened + HOUR, responsible_id=books.ada)
    books.request(books.support, opened, spam=True)
    books.request(books.support, day(28, month=2))
    commercial, support = effectiveness(books.unit, ADMIN, march("type"))
    assert (commercial.group, commercial.opened, commercial.answered) == ("commercial (test)", 1, 0)
    assert commercial.first_answer == Spread()
    assert (support.opened, support.closed, support.answered, support.reopened) == (3, 1, 2, 1)
    assert support.first_answer == Spread(2, 2 * 3600.0, 3600.0, 3 * 3600.0)
    assert support.resolution.median == 10 * 3600.0
    assert support.reopened_share == 0.5  # of the one that is closed and the one that was


def test_effectiveness_counts_a_merged_request_once(books: Books) -> None:
    kept = books.request(books.support, day(2))
    books.request(books.support, day(2), merged_into_id=kept)
    assert [row.opened for row in effectiveness(books.unit, ADMIN, march("customer"))] == [1]


def test_effectiveness_has_the_marks_of_reviews(books: Books) -> None:
    request = books.request(books.support, day(2), responsible_id=books.bob)
    for effective, efficient in ((5, 2), (4, None)):
        marks = {"effective": effective, "efficient": efficient}
        books.add(t.reviews, request_id=request, at=NOW, author="ada", **marks)
    (row,) = effectiveness(books.unit, ADMIN, march("responsible"))
    assert (row.group, row.effective, row.efficient) == ("bob", 4.5, 2.0)


def test_a_month_begins_where_the_reader_is(books: Books) -> None:
    late = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    books.sale(late, 100)
    assert [row.group for row in sold(books.unit, ADMIN, march("month"))] == ["2026-03"]
    assert [row.group for row in sold(books.unit, ADMIN, march("month", "Europe/Rome"))] == ["2026-04"]


def test_work_compares_what_was_planned_and_what_was_done(books: Books) -> None:
    hour = {"starts_at": day(3), "ends_at": day(3) + HOUR}
    books.activity(**hour, state="done", minutes_done=90, assigned_id=books.ada)
    books.activity(**hour, state="done", minutes_planned=30, minutes_done=30, assigned_id=books.ada)
    books.activity(**hour, state="cancelled", assigned_id=books.ada)
    books.activity(**hour, assigned_id=books.ada)  # its time is over
    books.activity(starts_at=day(25), ends_at=day(25) + HOUR, assigned_id=books.ada)
    books.activity(kind="memo", assigned_id=books.bob)  # a task: never late without a time
    ada, bob = work(books.unit, ADMIN, march("user"))
    assert (ada.planned, ada.done, ada.cancelled, ada.late, ada.to_come) == (5, 2, 1, 1, 1)
    assert (ada.minutes_planned, ada.minutes_done) == (4 * 60 + 30, 120)
    assert ada.efficiency == 0.75  # 60 and 30 minutes planned, 90 and 30 taken
    assert ada.done_share == 0.5
    assert (bob.group, bob.to_come, bob.done_share, bob.efficiency) == ("bob", 1, None, None)


def test_sales_never_add_up_different_money(books: Books) -> None:
    request = books.request(books.commercial, day(1))
    books.sale(day(1), 1_000, request_id=request, customer_name="Rossi", user_id=books.ada)
    books.sale(day(2), 5_000, customer_name="Bianchi", kind="service")
    books.sale(day(3), 2_500, request_id=request, customer_name="Rossi")
    books.sale(day(3), 700, "CHF", customer_name="Rossi")
    books.sale(day(1, month=4), 9_999)
    rows = [
        (s.currency, s.group, s.count, s.net_cents, s.quantity_thousandths)
        for s in sold(books.unit, ADMIN, march("customer"))
    ]
    assert rows == [("CHF", "Rossi", 1, 700, 1500), ("EUR", "Bianchi", 1, 5000, 1500), ("EUR", "Rossi", 2, 3500, 3000)]
    by_type = {s.group: s.net_cents for s in sold(books.unit, ADMIN, march("type")) if s.currency == "EUR"}
    assert by_type == {"": 5000, "commercial (test)": 3500}


@pytest.mark.parametrize("report", [effectiveness, work, sold])
def test_a_report_is_for_those_who_may(books: Books, report: Any) -> None:
    with pytest.raises(Forbidden):
        report(books.unit, Actor("mallory"), march("month"))
    with pytest.raises(Invalid, match="'colour'"):
        report(books.unit, ADMIN, march("colour"))


@pytest.mark.parametrize(
    ("since", "until", "zone", "said"),
    [
        (day(2), day(1), "UTC", "end of the period"),
        (day(1).replace(tzinfo=None), day(2), "UTC", "say their zone"),
        (day(1), day(2), "Mars/Olympus", "no time zone"),
        (day(1), day(2), "../etc/passwd", "no time zone"),
    ],
)
def test_a_period_that_makes_no_sense_is_refused(since: datetime, until: datetime, zone: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        Period(since, until, "month", zone)


def test_a_spread_names_times_that_occurred() -> None:
    assert spread([4.0, 1.0, 3.0, 2.0]) == Spread(4, 2.5, 2.0, 4.0)
    assert spread([7.0]) == Spread(1, 7.0, 7.0, 7.0)


def test_the_queries_of_the_manual_answer(books: Books) -> None:
    request = books.request(books.support, day(1), responsible_id=books.ada)
    books.sale(day(1), 1_000, request_id=request, customer_name="Rossi")
    books.activity(starts_at=day(3), ends_at=day(3) + HOUR, request_id=request)
    queries = re.findall(r"```sql\n(.*?)```", MANUAL, re.DOTALL)
    answers = [books.unit.session.connection.execute(text(query)).all() for query in queries]
    assert [len(rows) for rows in answers] == [1, 1, 1, 1]
    assert answers[2][0].net == 10
