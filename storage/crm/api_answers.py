"""What the API answered, so that a request that is sent twice is done once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from storage import tables as t

KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Answered:
    """A request that was done."""

    asked: str  # SHA-256 of what was asked
    answer: str  # JSON


def answered(connection: Connection, key: str) -> Answered | None:
    """What was answered under this key."""
    a = t.api_answers.c
    row = connection.execute(select(a.asked, a.answer).where(a.key == key)).mappings().first()
    return None if row is None else Answered(**row)


def begin_answer(connection: Connection, key: str, asked: str, now: datetime) -> None:
    """First thing of the transaction: a second one with this key waits for it here, then gets `StoreRefused`."""
    connection.execute(delete(t.api_answers).where(t.api_answers.c.at < now - KEPT))
    connection.execute(insert(t.api_answers).values(key=key, asked=asked, at=now, answer=""))


def end_answer(connection: Connection, key: str, answer: str) -> None:
    """What is answered; in the same transaction."""
    connection.execute(update(t.api_answers).where(t.api_answers.c.key == key).values(answer=answer))
