"""Parse and render one item, beside vobject and icalendar: CPU time per item, the best of several rounds in turn."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Sequence
from functools import partial
from time import process_time

import icalendar
import vobject

from benchmarks.format_items import cards, events
from benchmarks.report import Row, show
from sync_engine.formats import parse, render

Task = Callable[[str], object]


def ours(text: str) -> object:
    """Text to record to text."""
    return render(parse(text))


def by_vobject(text: str) -> object:
    """Text to vobject's component to text."""
    return vobject.readOne(text).serialize()


def by_icalendar(text: str) -> object:
    """Text to icalendar's component to text."""
    return icalendar.Calendar.from_ical(text).to_ical()


def split_only(text: str) -> object:
    """What cannot be avoided: the lines cut at their colons."""
    return [line.partition(":") for line in text.replace("\r\n ", "").split("\r\n")]


def seconds_per_item(task: Task, texts: Sequence[str]) -> float:
    """One round over all texts."""
    started = process_time()
    for text in texts:
        task(text)
    return (process_time() - started) / len(texts)


def best(rounds: int, tasks: Sequence[tuple[Task, Sequence[str]]]) -> list[float]:
    """For each task the best of its rounds in milliseconds; rounds alternate, so a busy machine is busy for all."""
    found = [[seconds_per_item(task, texts) for task, texts in tasks] for _ in range(rounds)]
    return [min(column) * 1000 for column in zip(*found, strict=True)]


def measure(items: int, rounds: int) -> list[Row]:
    """All rows. The peers, which are slow and remember nothing, get a tenth of the items."""
    rows: list[Row] = []
    for case, made, peers in (
        ("card, parse + render", cards, (("vobject", by_vobject),)),
        ("event, parse + render", events, (("vobject", by_vobject), ("icalendar", by_icalendar))),
    ):
        texts = made(items)
        few = texts[: max(1, items // 10)]
        mine, parsing, lines, *theirs = best(
            rounds, [(ours, texts), (parse, texts), (split_only, texts), *[(peer, few) for _, peer in peers]]
        )
        row = partial(Row, unit="ms")
        rows += [row(case, ours=mine, peer=name, theirs=time) for (name, _), time in zip(peers, theirs, strict=True)]
        rows.append(
            row(f"{case.partition(',')[0]}, parse only", ours=parsing, peer="bare line splitting", theirs=lines)
        )
    return rows


def main() -> None:
    """Run from the command line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="print one JSON object")
    options.add_argument("--items", type=int, default=2000)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    logging.disable(logging.CRITICAL)
    show("formats: CPU per item", measure(given.items, given.rounds), as_json=given.json)


if __name__ == "__main__":
    main()
