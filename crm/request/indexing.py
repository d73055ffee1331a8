"""Keeps the words of a request where the search finds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crm.request import words
from storage.crm import request_rows, request_search
from storage.unit_of_work import SqlUnitOfWork


def add_messages(unit: SqlUnitOfWork, request_id: int) -> None:
    """The words of messages that came since. The caller has locked the request."""
    known = request_search.indexed(unit.session.connection, request_id)
    if known is None:
        rebuild(unit, request_id)
    else:
        _write(unit, request_id, [], known.words, known.upto)


def rebuild(unit: SqlUnitOfWork, request_id: int) -> None:
    """All words anew: after its customer or subject changed, or messages went."""
    row = request_rows.one(unit.session.connection, request_id)
    if row is not None:
        _write(unit, request_id, list(_of_request(row)), "", 0)


def _write(unit: SqlUnitOfWork, request_id: int, texts: list[str], before: str, upto: int) -> None:
    connection = unit.session.connection
    for message in request_search.messages_after(connection, request_id, upto):
        texts += (message["subject"], message["from_name"], message["from_address"], message["text"])
        upto = message["id"]
    found = words.indexed(texts, before)
    if texts or not before:
        request_search.write(connection, request_id, found, upto)


def _of_request(row: Mapping[str, Any]) -> Iterator[str]:
    yield from (row["subject"], row["customer_name"], row["customer_address"], row["objectives"])
    yield from (row["number"], row["number"].rpartition("-")[2].lstrip("0"))
