"""The description of the API says of a field what the comment beside it in the source says: it stands once."""

from __future__ import annotations

import dataclasses
import inspect
import io
import tokenize
from collections.abc import Iterable, Iterator
from typing import Any, get_args, get_type_hints

from fastapi.routing import APIRoute

COMMON = {  # mean the same wherever they stand
    "acceptance": "How one sees that it is done.",
    "assigned_id": "The user who does it.",
    "changed_at": "UTC.",
    "closed_by": "Who closed it.",
    "created_at": "UTC.",
    "customer_address": "Of mail, lower case.",
    "customer_id": "The contact of the hub.",
    "customer_state": "known, provisional (made by the intake), unknown.",
    "discount_basis_points": "100 are one per cent.",
    "effort": "1 (least) to 5.",
    "is_open": "Closing is an action of its own, apart from the status.",
    "last_message_at": "When a mail came or went.",
    "mailbox": "Its name in the configuration.",
    "net_cents": "Without tax, in cents.",
    "number": "As people tell it: R-2026-000017.",
    "priority": "1 (lowest) to 5.",
    "quantity_thousandths": "1500 is one and a half.",
    "rank": "Its place in its column of the board, the least first.",
    "request_id": "The request that it belongs to.",
    "responsible_id": "The user who is responsible; null: nobody.",
    "spam": "Kept, but no request that somebody works on.",
    "tax_basis_points": "100 are one per cent.",
    "tax_cents": "In cents.",
    "total_cents": "With tax, in cents.",
    "version": "One more with each change; send it back with a change.",
    "weight": "Of the type, the priority and the effort.",
}


def describe(schemas: dict[str, Any], routes: Iterable[APIRoute]) -> None:
    """Put comments of dataclasses into the schemas (of an OpenAPI document) that are made of them."""
    for kind in _dataclasses(route.response_model for route in routes):
        properties = schemas.get(kind.__name__, {}).get("properties", {})
        for name, words in comments(kind).items():
            if name in properties:
                properties[name].setdefault("description", words)
    for schema in schemas.values():
        for name, field in schema.get("properties", {}).items():
            if name in COMMON:
                field.setdefault("description", COMMON[name])


def comments(kind: type) -> dict[str, str]:
    """field -> the comment at the end of its line; none where the source is not there."""
    try:
        source = inspect.getsource(kind)
    except OSError:
        return {}
    found: dict[str, str] = {}
    names = {field.name for field in dataclasses.fields(kind)}
    name = ""
    for token in tokenize.generate_tokens(io.StringIO(inspect.cleandoc(source)).readline):
        if token.type == tokenize.NAME and token.string in names and token.line.lstrip().startswith(f"{token.string}:"):
            name = token.string
        elif token.type == tokenize.COMMENT and name and token.start[1] > 4:
            found.setdefault(name, token.string.lstrip("# "))
    return found


def _dataclasses(types: Iterable[Any]) -> Iterator[type]:
    """All that stand in these types, and in those that stand in them."""
    waiting, seen = list(types), set()
    while waiting:
        found = waiting.pop()
        waiting += get_args(found)
        if not isinstance(found, type) or found in seen:
            continue
        seen.add(found)
        if dataclasses.is_dataclass(found):
            yield found
        if dataclasses.is_dataclass(found) or hasattr(found, "model_fields"):
            waiting += get_type_hints(found).values()
