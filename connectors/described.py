"""Described fields: tables that say both ways which fields stand in which properties of a remote item.

A table is a tuple of `Described`. `put` makes the whole remote item, `get` reads one, `patch` holds what differs
between two records and nothing else (SYNC.md R20).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from sync_engine.errors import Rejected

R = TypeVar("R")
Json: TypeAlias = Any
"""None, bool, int, str, a list of these, or a dict of them by name."""
Document: TypeAlias = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Described(Generic[R]):
    """Fields of a record and the properties of the remote item that hold them."""

    fields: tuple[str, ...]
    properties: tuple[str, ...]
    put: Callable[[R], dict[str, Json]] | None  # all of `properties`, cleared ones too; None: it is only read
    get: Callable[[Document], dict[str, Any]]  # of `fields`; a property that is absent counts as cleared
    depends: tuple[str, ...] = ()  # other fields that `put` looks at, where it may refuse them
    whole: bool = False  # when one property changed all are said


Table: TypeAlias = Sequence[Described[R]]


def put(table: Table[R], record: R) -> dict[str, Json]:
    """The properties of a record, cleared ones too. Raises `Rejected` for what cannot be expressed."""
    found: dict[str, Json] = {}
    for row in table:
        if row.put is not None:
            found |= row.put(record)
    return found


def put_new(table: Table[R], record: R) -> dict[str, Json]:
    """The properties of a record that is created: without the cleared ones."""
    return {name: value for name, value in put(table, record).items() if not is_cleared(value)}


def patch(table: Table[R], base: R, record: R) -> dict[str, Json]:
    """The properties in which `record` differs from what stands there, `base`. Raises as `put`."""
    found: dict[str, Json] = {}
    for row in table:
        if row.put is not None:
            found |= _changed(row, row.put, base, record)
    return found


def _changed(row: Described[R], put_it: Callable[[R], dict[str, Json]], base: R, record: R) -> dict[str, Json]:
    """What the system holds and we could not have put there does no harm as long as nobody changes it."""
    try:
        before, after = put_it(base), put_it(record)
    except Rejected:
        if all(_field(base, name) == _field(record, name) for name in (*row.fields, *row.depends)):
            return {}
        before, after = {}, put_it(record)
    changed = {name: value for name, value in after.items() if name not in before or before[name] != value}
    return after if row.whole and changed else changed


def _field(record: R, name: str) -> object:
    return getattr(getattr(record, "details", record), name)


def get(table: Table[R], document: Document) -> dict[str, Any]:
    """The record fields that a remote item says, without those that are empty."""
    found: dict[str, Any] = {}
    for row in table:
        found |= row.get(document)
    return {name: value for name, value in found.items() if value not in (None, "", ())}


def carries(table: Table[R]) -> frozenset[str]:
    """The names of the fields that a table holds both ways."""
    return frozenset(field for row in table if row.put is not None for field in row.fields)


def properties(table: Table[R]) -> tuple[str, ...]:
    """All property names of a table, to ask a server for."""
    return tuple(dict.fromkeys(name for row in table for name in row.properties))


def is_cleared(value: Json) -> bool:
    """Whether a property says nothing: also an address whose parts are all empty."""
    if isinstance(value, dict):
        return all(is_cleared(part) for part in value.values())
    return value is None or (isinstance(value, str | list) and not value)


def text_row(field: str, name: str) -> Described[Any]:
    """One text that both sides have."""
    return Described(
        (field,),
        (name,),
        lambda record: {name: one_line_ends(getattr(record, field)) or None},
        lambda document: {field: one_line_ends(document.get(name) or "")},
    )


def list_row(field: str, name: str) -> Described[Any]:
    """A list of names that has no order, such as categories."""
    return Described(
        (field,),
        (name,),
        lambda record: {name: sorted(set(getattr(record, field)))},
        lambda document: {field: tuple(sorted(set(document.get(name) or ())))},
    )


def one_line_ends(text: str) -> str:
    """Outlook ends lines with CR LF, a record with LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
