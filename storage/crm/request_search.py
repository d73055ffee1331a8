"""The words of requests: on PostgreSQL and SQLite an index of full text, on SQL Server a look at each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    bindparam,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from storage.session import chunks
from storage.tables import messages, request_texts, requests

WHOLE = 3  # words with fewer letters are found as a whole only: too many words begin with them


class _HasWords(FunctionElement[bool]):
    """Whether a row of requests has all words. Arguments: its id; for FTS5, for PostgreSQL, and one LIKE for each."""

    name = "has_words"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:  # noqa: ARG002
        """As it is: "... IN (...) = 1", as SQLAlchemy would write it, is no T-SQL, and SQLite uses no index for it."""
        return self


@compiles(_HasWords)
def _by_likes(element: _HasWords, compiler: Any, **options: Any) -> str:
    number, _fts5, _tsquery, *likes = (compiler.process(clause, **options) for clause in element.clauses)
    return _within(number, " AND ".join(f"request_texts.words LIKE {like}" for like in likes))


@compiles(_HasWords, "sqlite")
def _by_fts5(element: _HasWords, compiler: Any, **options: Any) -> str:
    number, asked = (compiler.process(clause, **options) for clause in list(element.clauses)[:2])
    return f"{number} IN (SELECT rowid FROM request_words WHERE request_words MATCH {asked})"  # noqa: S608 - a parameter


@compiles(_HasWords, "postgresql")
def _by_gin(element: _HasWords, compiler: Any, **options: Any) -> str:
    number, _fts5, asked = (compiler.process(clause, **options) for clause in list(element.clauses)[:3])
    return _within(number, f"request_words(request_texts.request_words) @@ CAST({asked} AS tsquery)")


def _within(number: str, condition: str) -> str:
    return f"{number} IN (SELECT request_texts.request_id FROM request_texts WHERE {condition})"  # noqa: S608 - parameters


def has_words(words: Sequence[str]) -> ColumnElement[bool]:
    """Of rows of `requests`: a word of theirs begins with each of these (letters and digits in lower case only)."""
    fts5 = " AND ".join(f'"{word}"{"*" if len(word) >= WHOLE else ""}' for word in words)
    tsquery = " & ".join(f"'{word}'{':*' if len(word) >= WHOLE else ''}" for word in words)
    likes = [f"% {word}%" if len(word) >= WHOLE else f"% {word} %" for word in words]
    return _HasWords(requests.c.id, literal(fts5), literal(tsquery), *map(literal, likes))


def subject_has(words: Sequence[str]) -> ColumnElement[bool]:
    """Of rows of `requests`: each of these stands in the subject or the number. Looks at each row."""
    columns = (requests.c.subject, requests.c.number)
    return and_(*(or_(*(func.lower(column).like(f"%{word}%") for column in columns)) for word in words))


# ---------------------------------------------------------------- writing


@dataclass(frozen=True, slots=True)
class Indexed:
    """What is known of a request's words."""

    words: str
    upto: int


_WORDS = select(request_texts.c.words, request_texts.c.upto).where(request_texts.c.request_id == bindparam("request"))
_NEWER = (
    select(messages.c.id, messages.c.subject, messages.c.from_name, messages.c.from_address, messages.c.text)
    .where(
        messages.c.request_id == bindparam("request"),
        messages.c.id > bindparam("upto"),
        messages.c.state != "draft",
    )
    .order_by(messages.c.id)
)


def indexed(connection: Connection, request: int) -> Indexed | None:
    """None before anything was written."""
    row = connection.execute(_WORDS, {"request": request}).first()
    return None if row is None else Indexed(row.words, row.upto)


def words_of(connection: Connection, numbers: Iterable[int]) -> dict[int, str]:
    """Of several requests."""
    found: dict[int, str] = {}
    c = request_texts.c
    for part in chunks(numbers):
        rows = connection.execute(select(c.request_id, c.words).where(c.request_id.in_(part)))
        found.update({row.request_id: row.words for row in rows})
    return found


def messages_after(connection: Connection, request: int, upto: int) -> Iterable[RowMapping]:
    """Messages of a request whose words are not in yet; no drafts."""
    return connection.execute(_NEWER, {"request": request, "upto": upto}).mappings()


def write(connection: Connection, request: int, words: str, upto: int) -> None:
    """In place of what there was."""
    values = {"words": words, "upto": upto}
    changed = connection.execute(update(request_texts).where(request_texts.c.request_id == request).values(**values))
    if not changed.rowcount:
        connection.execute(insert(request_texts).values(request_id=request, **values))
