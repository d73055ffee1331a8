"""Cards of requests, made from rows, and the reach of somebody's right to see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from crm.actor import Actor
from crm.errors import Forbidden, Invalid
from crm.request import words
from crm.request.model import Card, Filter
from crm.rights import scope_of
from storage.crm import request_filter, request_parts
from storage.crm.request_filter import Condition
from storage.crm.scope import within
from storage.unit_of_work import SqlUnitOfWork

MOST = 500  # cards of a page
EVERYTHING = Filter(is_open=None)
_FIELDS = tuple(name for name in Card.__dataclass_fields__ if name != "tags")


def reach(actor: Actor, wanted: Filter) -> Condition:
    """What he asks for, of what he may see. Raises `Forbidden` where he may see no request at all."""
    return request_filter.condition(wanted, words.asked(wanted.text), mine(actor))


def mine(actor: Actor) -> Condition:
    """All that he may see. Raises `Forbidden` where that is nothing for sure."""
    scope = scope_of(actor, "request.read")
    if not scope:
        raise Forbidden("You may not see requests.")
    return within(scope, user_id=actor.user_id, address=actor.address, groups=actor.groups)


def finds_nothing(wanted: Filter) -> bool:
    """A text without a single word in it, such as one of signs only."""
    return bool(wanted.text.strip()) and not words.asked(wanted.text)


def cards(unit: SqlUnitOfWork, rows: Iterable[Mapping[Any, Any]]) -> tuple[Card, ...]:
    """In the order of the rows."""
    found = list(rows)
    tags = request_parts.tags_of(unit.session.connection, [row["id"] for row in found])
    return tuple(Card(**{name: row[name] for name in _FIELDS}, tags=tuple(tags.get(row["id"], ()))) for row in found)


def limited(limit: int) -> int:
    """A page has at least one card."""
    return max(1, min(limit, MOST))


def place(card: Card, order: str) -> str:
    """Where a list goes on: what it is ordered by, and the id."""
    by = {"changed": card.changed_at.isoformat(), "weight": card.weight, "rank": card.rank, "created": card.id}[order]
    return f"{order}~{by}~{card.id}"


def read_place(text: str, order: str) -> tuple[Any, int] | None:
    """Raises `Invalid` for what `place` did not make for this order."""
    if not text:
        return None
    try:
        told, by, number = text.split("~")
        if told == order:
            return (datetime.fromisoformat(by) if order == "changed" else _number(by)), _number(number)
    except ValueError:
        pass
    raise Invalid("This is not a place in this list; begin at its beginning.")


def _number(text: str) -> int:
    number = int(text)
    if abs(number) >= 2**63:
        raise ValueError(text)
    return number
