"""Finds the line on which each key of a TOML file stands.

A TOML parser gives values and no places. A TOML statement is one line or several (a value may go on), so this reads one
statement at a time: lines are added until they parse on their own.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Where a value is: ("sync", "interval"), ("accounts", 0, "url")."""


def lines_of(text: str) -> dict[Path, int]:
    """The 1-based line of every key, table and array element of a valid TOML text."""
    found: dict[Path, int] = {}
    table: Path = ()
    counts: dict[Path, int] = {}
    for number, statement in _statements(text):
        if statement.lstrip().startswith("["):
            table = _enter(statement, counts)
            found.setdefault(table, number)
        else:
            _note(tomllib.loads(statement), table, number, found)
    return found


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """(line number, statement) without blank lines and comments."""
    first, pending = 0, ""
    for number, line in enumerate(text.split("\n"), start=1):
        if not pending and (not line.strip() or line.lstrip().startswith("#")):
            continue
        first, pending = (first, f"{pending}\n{line}") if pending else (number, line)
        if _is_whole(pending):
            yield first, pending
            pending = ""


def _is_whole(statement: str) -> bool:
    try:
        tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _enter(header: str, counts: dict[Path, int]) -> Path:
    """The path that a [table] or [[array of tables]] header opens."""
    is_array = header.lstrip().startswith("[[")
    names = _header_names(tomllib.loads(header))
    path: Path = ()
    for position, name in enumerate(names):
        path = (*path, name)
        last = position == len(names) - 1
        if last and is_array:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _header_names(value: Any) -> list[str]:
    names: list[str] = []
    while value:
        value = value[0] if isinstance(value, list) else value
        if not value:
            break
        name, value = next(iter(value.items()))
        names.append(name)
    return names


def _note(value: Any, path: Path, number: int, found: dict[Path, int]) -> None:
    if path:
        found.setdefault(path, number)
    parts = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in parts:
        _note(inner, (*path, name), number, found)


def line_of(lines: Mapping[Path, int], path: Path) -> int | None:
    """The line of a value, or of the nearest thing around it that is in the file."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None
