"""Cards of requests, made from rows, and the reach of somebody's right to see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from crm.actor import Actor
from crm.errors import Forbidden, Invalid
from crm.request import words
from crm.request.bounds import MOST_ID, is_id, is_plain
from crm.request.model import Card, Filter, Request
from crm.request.weight import MOST as HEAVIEST
from crm.rights import scope_of
from storage.crm import request_filter, request_parts
from storage.crm.request_filter import Condition
from storage.crm.scope import within
from storage.unit_of_work import SqlUnitOfWork

MOST = 500  # cards of a page
HIGHEST = {"weight": 2**31 - 1}  # what its column can hold
EVERYTHING = Filter(is_open=None)
_INNER = ("weight", "priority", "effort", "rank")
_FIELDS = tuple(name for name in Card.__dataclass_fields__ if name != "tags")


def reach(actor: Actor, wanted: Filter) -> Condition:
    """What he asks for, of what he may see. Raises `Forbidden` where he may see no request at all."""
    reached = mine(actor)
    _check(wanted)
    if wanted.weight_from is not None and takes_part_only(actor):
        raise Forbidden("You may not see weights.")
    return request_filter.condition(wanted, words.asked(wanted.text), reached, _inside(actor))


def _inside(actor: Actor) -> Condition | None:
    """Where words of mails are looked for: a search must not tell a customer what stands in mails that are not his."""
    scope = scope_of(actor, "request.internal")
    if scope == "all" or scope == scope_of(actor, "request.read"):
        return None
    return within(scope, user_id=actor.user_id, address=actor.address, groups=actor.groups)


def _check(wanted: Filter) -> None:
    numbers = [*wanted.type_ids, *wanted.status_ids, *wanted.responsible_ids, wanted.group_id, wanted.customer_id]
    texts = (wanted.customer_address, wanted.tag, wanted.mailbox)
    times = (wanted.created_from, wanted.created_before, wanted.changed_from, wanted.changed_before)
    if not all(number is None or is_id(number) for number in numbers) or not all(map(is_plain, texts)):
        raise Invalid("This filter names something that cannot exist.")
    if any(time is not None and time.tzinfo is None for time in times):
        raise Invalid("A time in a filter says its zone, such as 2026-03-01T09:00:00+01:00.")
    if max(map(len, (wanted.type_ids, wanted.status_ids, wanted.responsible_ids))) > MOST:
        raise Invalid(f"A filter names at most {MOST} of a kind.")
    if wanted.weight_from is not None and abs(wanted.weight_from) > HEAVIEST:
        raise Invalid(f"A weight is at most {HEAVIEST:,}.")


def mine(actor: Actor) -> Condition:
    """All that he may see. Raises `Forbidden` where that is nothing for sure."""
    scope = scope_of(actor, "request.read")
    if not scope:
        raise Forbidden("You may not see requests.")
    return within(scope, user_id=actor.user_id, address=actor.address, groups=actor.groups)


def finds_nothing(wanted: Filter) -> bool:
    """A text without a single word in it, such as one of signs only."""
    return bool(wanted.text.strip()) and not words.asked(wanted.text)


def all_seen_by(actor: Actor, cards: Iterable[Card]) -> tuple[Card, ...]:
    """The same of many."""
    return tuple(as_seen_by(actor, card) for card in cards)


def cards(unit: SqlUnitOfWork, rows: Iterable[Mapping[Any, Any]]) -> tuple[Card, ...]:
    """In the order of the rows, with all that is in them: for `place`, and for `all_seen_by`."""
    found = list(rows)
    tags = request_parts.tags_of(unit.session.connection, [row["id"] for row in found])
    return tuple(Card(**{name: row[name] for name in _FIELDS}, tags=tuple(tags.get(row["id"], ()))) for row in found)


Shown = TypeVar("Shown", Request, Card)


def takes_part_only(actor: Actor) -> bool:
    """A client: he sees requests because his address stands there, and not how we judge and order them."""
    return scope_of(actor, "request.read") == "part"


def as_seen_by(actor: Actor, found: Shown) -> Shown:
    """What is ours alone is 0 for who only takes part: weight, priority, effort, the rank of a card."""
    if not takes_part_only(actor):
        return found
    hidden: dict[str, Any] = {name: 0 for name in _INNER if hasattr(found, name)}
    return replace(found, **hidden)


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
            return (_time(by) if order == "changed" else _number(by, HIGHEST.get(order, MOST_ID))), _number(number)
    except (ValueError, OverflowError):
        pass
    raise Invalid("This is not a place in this list; begin at its beginning.")


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(text)
    return time.astimezone(UTC)


def _number(text: str, most: int = MOST_ID) -> int:
    number = int(text)
    if abs(number) > most:
        raise ValueError(text)
    return number
