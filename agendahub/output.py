"""Listings: a table for people, JSON for programs, from the same rows."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 240  # columns when the output is not a terminal: nothing is cut
_READABLE = 20  # the narrowest that the widest column of a table may become; else it is no table any more
_WRITTEN = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})\d{2})?")


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
        _fitting(console(), plain, columns)


def written_start(starts: str) -> str:
    """A DATE or DATE-TIME of iCalendar (20260131T090000) as people write it; anything else as it is."""
    found = _WRITTEN.fullmatch(starts)
    if not found:
        return starts
    year, month, day, hour, minute = found.groups()
    return f"{year}-{month}-{day}" + (f" {hour}:{minute}" if hour else "")


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


def _fitting(screen: Console, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    """A table, whose widest column is folded if need be. Where that is not enough: one paragraph for each row."""
    texts = {field: [_cell(row[field], field) for row in rows] for field in columns}
    widths = {field: max(map(cell_len, [columns[field], *texts[field]])) for field in columns}
    widest = max(widths, key=lambda field: widths[field])
    needed = sum(widths.values()) + 2 * len(columns) - widths[widest] + min(widths[widest], _READABLE)
    if needed <= screen.width:
        screen.print(_table(rows, columns, texts, widest))
        return
    for number in range(len(rows)):
        pairs = [(columns[field], texts[field][number]) for field in columns if texts[field][number]]
        first, *others = [f"{heading}: {cell}" if heading else cell for heading, cell in pairs] or [""]
        screen.print(Text(first))
        for line in _lines(others, screen.width - 2):
            screen.print(Text(f"  {line}"))


def _lines(parts: Sequence[str], width: int) -> list[str]:
    """As many on a line as fit."""
    lines: list[str] = []
    for part in parts:
        if lines and cell_len(lines[-1]) + 3 + cell_len(part) <= width:
            lines[-1] += f" · {part}"
        else:
            lines.append(part)
    return lines


def _table(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], texts: Mapping[str, list[str]], widest: str
) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for field, heading in columns.items():
        values = [row[field] for row in rows if row[field] is not None]
        number = bool(values) and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)
        justify: JustifyMethod = "right" if number else "left"
        table.add_column(heading, justify=justify, overflow="fold", no_wrap=field != widest)
    for cells in zip(*texts.values(), strict=True):
        table.add_row(*map(Text, cells))
    return table


def _cell(value: Any, field: str = "") -> str:
    if field == "starts":
        return written_start(value or "")
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
