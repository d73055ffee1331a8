"""What lost in a merge, in words that an admin can read."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from sync_engine.model import Moment
from sync_engine.ports import FieldConflict, Prefer


@dataclass(slots=True)
class Report:
    """Collects conflicts; every one goes to the preferred side."""

    prefer: Prefer
    conflicts: list[FieldConflict] = field(default_factory=list)

    def choose(self, path: str, base: Any, hub: Any, remote: Any) -> Prefer:
        """Note that `path` was edited to different values on both sides; says who wins."""
        self.conflicts.append(FieldConflict(path, describe(base), describe(hub), describe(remote), self.prefer))
        return self.prefer

    def keep(self, side: Prefer, path: str, base: Any, hub: Any, remote: Any) -> None:
        """Note that `path` went to a side for a reason of its own."""
        self.conflicts.append(FieldConflict(path, describe(base), describe(hub), describe(remote), side))


def describe(value: Any) -> str:
    """A value in words, at most 500 characters: what a person compares in the conflict viewer."""
    return _words(value)[:500]


def _words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Moment):
        return f"{value.value} {value.zone}".strip()
    if isinstance(value, tuple | list):
        return ", ".join(filter(None, map(_words, value)))
    if is_dataclass(value):
        shown = [(f.name, _words(getattr(value, f.name))) for f in fields(value) if f.compare]
        return "; ".join(f"{name}: {text}" for name, text in shown if text and text != "False")
    return str(value)
