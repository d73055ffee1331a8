"""A conflict, decided once more by a person: field by field, upon what the item says now.

The merge of then is done again with the person's choices; what differs from its outcome of then are exactly these
choices. That difference is merged with the present record as any other edit: what was edited since in other fields
stays, and a field that was edited itself is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sync_engine.formats import with_uid
from sync_engine.merge import GROUPS, merge, merge_by
from sync_engine.merge_report import Report
from sync_engine.model import Record
from sync_engine.ports import FieldConflict, Prefer


@dataclass(frozen=True, slots=True)
class Versions:
    """The three records that met in a conflict; None for base: both sides never agreed."""

    base: Record | None
    hub: Record
    remote: Record


@dataclass(frozen=True, slots=True)
class Resolved:
    """What comes of choices."""

    record: Record | None  # what the item is to say; None: it stays deleted
    edited_since: tuple[FieldConflict, ...]  # chosen fields that somebody edited: base: then, hub: now, remote: chosen
    brought_back: bool = False  # it was deleted since


class ChoiceError(ValueError):
    """``str(error)`` says in one sentence what is wrong with a choice."""


def choosable(versions: Versions, fields: Sequence[FieldConflict]) -> list[str]:
    """Of the fields in conflict those that either side can have; the rest goes with something else (its series)."""
    asked = _Chosen(Prefer.HUB)
    merge_by(asked, *_records(versions))
    return [conflict.field for conflict in fields if conflict.field in asked.asked]


def expand(choices: Mapping[str, Prefer], fields: Sequence[str]) -> dict[str, Prefer]:
    """Choices by full names. A number, "phones" for all phones and "summary" for "master.summary" will do.

    Fields that make sense only together (start and end) go together. Raises `ChoiceError`.
    """
    chosen: dict[str, Prefer] = {}
    for name, side in choices.items():
        for path in _meant(name, fields):
            for together in _group(path, fields):
                if chosen.setdefault(together, side) is not side:
                    raise ChoiceError(f"{path} and {together} go together, so both must come from one side")
    return chosen


def resolve(
    versions: Versions, fields: Sequence[FieldConflict], choices: Mapping[str, Prefer], now: Record | None
) -> Resolved:
    """Apply choices (full names) to the present record; None: the item was deleted since."""
    before = {conflict.field: conflict.kept for conflict in fields}
    then = _merged(versions, before)
    chosen = _merged(versions, {**before, **choices})
    if now is None:
        return Resolved(None if chosen == then else chosen, (), brought_back=chosen != then)
    merged = merge(then, with_uid(now, then.uid), chosen, Prefer.REMOTE)
    return Resolved(with_uid(merged.record, now.uid), merged.conflicts)


def _merged(versions: Versions, sides: Mapping[str, Prefer]) -> Record:
    return merge_by(_Chosen(Prefer.HUB, sides=sides), *_records(versions)).record


def _records(versions: Versions) -> tuple[Record | None, Record, Record]:
    uid = versions.hub.uid
    base = versions.base and with_uid(versions.base, uid)
    return base, versions.hub, with_uid(versions.remote, uid)


def _meant(name: str, fields: Sequence[str]) -> list[str]:
    if name.isdecimal() and 1 <= int(name) <= len(fields):
        return [fields[int(name) - 1]]
    for wanted in (name, f"master.{name}"):
        if wanted in fields:
            return [wanted]
        if inside := [path for path in fields if path.startswith((f"{wanted}[", f"{wanted}."))]:
            return inside
    raise ChoiceError(f"there is no field {name} in this conflict; it has: {', '.join(fields)}")


def _group(path: str, fields: Sequence[str]) -> list[str]:
    parent, _dot, name = path.rpartition(".")
    for group in GROUPS:
        if name in group:
            return [other for n in group if (other := f"{parent}.{n}") in fields]
    return [path]


class _Chosen(Report):
    """Each field goes to the side that `sides` says."""

    def __init__(self, prefer: Prefer, sides: Mapping[str, Prefer] | None = None) -> None:
        super().__init__(prefer)
        self._sides = sides or {}
        self.asked: set[str] = set()

    def choose(self, path: str, base: Any, hub: Any, remote: Any) -> Prefer:
        super().choose(path, base, hub, remote)
        self.asked.add(path)
        side = self._sides.get(path, self.prefer)
        self.conflicts[-1] = replace(self.conflicts[-1], kept=side)
        return side
