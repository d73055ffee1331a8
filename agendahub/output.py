"""Listings: a table for people, JSON for programs, from the same rows."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 240  # columns when the output is not a terminal: nothing is cut


def console(*, error: bool = False) -> Console:
    """Where people read. Colours and width follow the terminal."""
    stream = sys.stderr if error else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else PIPE_WIDTH, highlight=False, soft_wrap=True)


def say(message: str) -> None:
    """One line for a person."""
    console().print(Text(message))


def listing(rows: Iterable[Any], columns: Mapping[str, str], *, as_json: bool, empty: str) -> None:
    """Show rows (dataclasses or mappings). `columns`: field -> heading. JSON has every field, the table these."""
    plain = [as_data(row) for row in rows]
    if as_json:
        print_json(plain)
    elif not plain:
        say(empty)
    else:
        console().print(_table(plain, columns))


def print_json(value: Any) -> None:
    """JSON for programs: UTF-8, two spaces."""
    print(json.dumps(as_data(value), ensure_ascii=False, indent=2))


def as_data(value: Any) -> Any:
    """Dataclasses become objects, times ISO 8601 in UTC."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_data(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_data(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [as_data(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    return value


def _table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for field, heading in columns.items():
        number = all(isinstance(row[field], (int, float)) and not isinstance(row[field], bool) for row in rows)
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(row[field])) for field in columns))
    return table


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, list):
        return ", ".join(_cell(inner) for inner in value)
    return "" if value is None else str(value)


@contextmanager
def bar(what: str, total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, where that is a terminal; call what it gives with how many more are done."""
    from rich.progress import Progress

    screen = console(error=True)
    with Progress(console=screen, transient=True, disable=quiet or not screen.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.advance(task, done)
