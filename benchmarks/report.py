"""What a benchmark found, beside the same work done by another program: as a table, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of ours beside one of somebody else's, or beside a limit. Less is better."""

    case: str
    unit: str
    ours: float
    peer: str
    theirs: float

    @property
    def ratio(self) -> float:
        """How many times ours goes into theirs; 0 where that means nothing."""
        return self.theirs / self.ours if self.ours else 0.0


def show(title: str, rows: Sequence[Row], *, as_json: bool) -> None:
    """Print."""
    if as_json:
        print(json.dumps({"rows": [asdict(row) | {"ratio": round(row.ratio, 3)} for row in rows]}, indent=1))
        return
    print(title)
    cells = [("case", "unit", "ours", "", "theirs", "ratio"), *(_cells(row) for row in rows)]
    widths = [max(len(cell[n]) for cell in cells) for n in range(6)]
    for cell in cells:
        left = [cell[n].ljust(widths[n]) for n in (0, 1)]
        print("  ".join([*left, cell[2].rjust(widths[2]), cell[3].ljust(widths[3]), *_right(cell, widths)]))


def _right(cell: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [cell[n].rjust(widths[n]) for n in (4, 5)]


def _cells(row: Row) -> tuple[str, str, str, str, str, str]:
    return row.case, row.unit, _number(row.ours), row.peer, _number(row.theirs), f"{row.ratio:.2f}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:.3f}"
