"""Every file of the corpora, and our own samples, is served back with all it says, or refused with a reason.

vobject and icalendar, where they can read a text, are the witnesses.
"""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest

from sync_engine.errors import Unreadable
from sync_engine.formats import decode, parse, render, split

HERE = Path(__file__).parent
_spec = importlib.util.spec_from_file_location("format_oracles", HERE / "format_oracles.py")
assert _spec
assert _spec.loader
oracles = importlib.util.module_from_spec(_spec)
sys.modules["format_oracles"] = oracles
_spec.loader.exec_module(oracles)

SAMPLES = HERE.parents[0] / "samples"
CORPORA = HERE.parents[2] / "shared" / "corpora"
FILES = sorted(
    path
    for folder in (SAMPLES, CORPORA)
    if folder.is_dir()
    for path in folder.rglob("*")
    if path.suffix in (".ics", ".vcf")
)
MOST_COMPARED = 40  # items of one file that are shown to the witnesses, which are slow
MISREAD = {  # files made to confuse, in which a witness sees what is not there
    "event_with_escaped_character1.ics",
    "event_with_escaped_characters.ics",  # backslashes before colons in parameters
    "issue_351_whitespace_in_property_and_params.ics",  # "REFRESH - INTERVAL" is written as REFRESH-INTERVAL
    "issue_100_transformed_doctests_into_unittests.ics",  # icalendar keeps a carriage return
}


def items_of(path: Path) -> list[str]:
    return split(decode(path.read_bytes()))


def lost(text: str, witness: Callable[[str], Counter[str]]) -> set[str]:
    """What the witness sees in the text and not in what we make of it."""
    try:
        before = witness(text)
    except oracles.CannotRead:
        return set()
    return set(oracles.lost(before, witness(render(parse(text, uid_if_missing="made")))))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_served_back_or_refused_with_a_reason(path: Path) -> None:
    started = process_time()
    reasons: list[str] = []
    for text in items_of(path):
        try:
            record = parse(text, uid_if_missing="made")
        except Unreadable as error:
            reasons.append(str(error))
            continue
        assert parse(render(record)) == record
    assert all(reason.endswith(".") and len(reason) > 10 for reason in reasons)
    assert process_time() - started < 2 + path.stat().st_size / 200_000


@pytest.mark.parametrize("path", [path for path in FILES if path.name not in MISREAD], ids=lambda path: path.name)
@pytest.mark.filterwarnings("ignore")
def test_nothing_is_lost(path: Path) -> None:
    witnesses = (
        [oracles.seen_by_vobject, oracles.seen_by_icalendar] if path.suffix == ".ics" else [oracles.seen_by_vobject]
    )
    for text in items_of(path)[:MOST_COMPARED]:
        try:
            parse(text, uid_if_missing="made")
        except Unreadable:
            continue
        for witness in witnesses:
            assert lost(text, witness) == set()


@pytest.mark.parametrize("line", ["NOTE:", "item2.X-ABLabel:", "TEL;TYPE=CELL", "CATEGORIES:"])
def test_the_witness_sees_what_is_missing(line: str) -> None:
    text = (SAMPLES / "contact_ios.vcf").read_bytes().decode().replace("\r\n ", "")
    without = "\r\n".join(one for one in text.split("\r\n") if not one.startswith(line))
    assert set(oracles.seen_by_vobject(text)) - set(oracles.seen_by_vobject(without))


@pytest.mark.parametrize(
    "line", ["EXDATE", "ATTACH", "X-ALT-DESC", "RRULE:FREQ=WEEKLY", "RECURRENCE-ID", "X-WR-CALNAME"]
)
@pytest.mark.parametrize("witness", [oracles.seen_by_icalendar, oracles.seen_by_vobject])
@pytest.mark.filterwarnings("ignore")
def test_both_witnesses_see_what_is_missing(line: str, witness: Callable[[str], Counter[str]]) -> None:
    text = (SAMPLES / "event_overrides_outlook.ics").read_bytes().decode().replace("\r\n ", "")
    without = "\r\n".join(one for one in text.split("\r\n") if not one.startswith(line))
    assert set(witness(text)) - set(witness(without))
