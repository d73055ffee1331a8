"""What is fuzzed. A target makes an input out of chance, and tries it.

`try_` tells whether the input was accepted. It raises only when something is wrong: every error that a text may cause
is one of `sync_engine.errors`, and is caught here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from random import Random
from typing import Protocol

from connectors.dav.texts import read_item
from connectors.dav.versions import normal_text
from connectors.dav.xml_reader import MultistatusReader
from storage.index_columns import index_rows
from storage.limits import check_item
from storage.moments import range_of
from sync_engine import limits, recurrence
from sync_engine.decide import decide
from sync_engine.errors import ItemError, SuspectListing
from sync_engine.formats import decode, parse, parts_of, render, with_uid
from sync_engine.formats.content_lines import fold, unfold
from sync_engine.item import Item
from sync_engine.matching import fingerprint
from sync_engine.merge import merge
from sync_engine.model import Contact, Record, starts_of, title_of
from sync_engine.ports import Policy, Prefer
from sync_engine.zones import resolve
from tests.fuzz.mail_target import Mails, mail_seeds
from tests.fuzz.mutate import ANY, TEXT, XML, mutant
from tests.fuzz.seeds import ANSWERS, Seeds

_MARK = b"\n=====8<=====\n"  # between the texts of one input
_WINDOWS = tuple((datetime(y, 1, 1, tzinfo=UTC), datetime(y + 2, 1, 1, tzinfo=UTC)) for y in (2025, 2040, 2098))
_CHARSETS = (None, "utf-8", "utf-16", "latin-1", "utf-7", "zlib", "idna", "rot13", "no such", "hex")


class Target(Protocol):
    """A part of the program that takes what strangers send."""

    name: str

    def make(self, chance: Random) -> bytes:
        """An input; the same for the same chance."""

    def try_(self, raw: bytes) -> bool:
        """Let the program have it. True when it was accepted. Raises when the program behaves badly."""

    def close(self) -> None:
        """Give back what was opened."""


class Wrong(AssertionError):
    """The program did something it must not."""


class _Pure:
    """A target without anything to close, whose inputs are mutants of seeds."""

    def __init__(self, name: str, seeds: Sequence[bytes]) -> None:
        self.name, self._seeds = name, seeds

    def make(self, chance: Random) -> bytes:
        return mutant(chance, self._seeds, TEXT)

    def close(self) -> None:
        pass


class Lines(_Pure):
    """Content lines: octets to text, text to lines and back."""

    def make(self, chance: Random) -> bytes:
        return mutant(chance, self._seeds, (*ANY, *TEXT))

    def try_(self, raw: bytes) -> bool:
        text = decode(raw, _CHARSETS[len(raw) % len(_CHARSETS)])
        lines = unfold(text)
        if any(
            "RINTABLE" in line.upper() for line in lines
        ):  # a "=" at the end joins the next line, each time the text is read
            return bool(lines)
        again = unfold(fold(lines))
        written = fold(again)
        if fold(unfold(written)) != written:
            raise Wrong("folded lines are not read as they were written")
        if any(len(line.encode()) > 75 for line in written.split("\r\n")):
            raise Wrong("a line is longer than 75 octets")
        return bool(lines)


class Items(_Pure):
    """Cards or calendars, on the way into the hub and out of it again, as a file that somebody imports."""

    def try_(self, raw: bytes) -> bool:
        taken = [taken_in(text) for text in islice(parts_of(decode(raw)), 200)]
        return any(taken)


def taken_in(text: str) -> bool:
    """One text as any entrance takes it: bounds, reader, all that the store derives; then written and read again."""
    try:
        item = read_item(text, uid_if_missing="made")
        check_item(item)
    except ItemError as err:
        if not str(err).strip().endswith((".", "…")):
            raise Wrong(f"not a sentence: {err}") from err
        return False
    derive(item)
    round_trip(item.record)
    return True


def derive(item: Item) -> None:
    """All that is made of an item when it is stored, listed and shown."""
    record = item.record
    begins, ends = range_of(record)
    if begins and ends and ends < begins:
        raise Wrong("the range of an item ends before it begins")
    index_rows(record)
    fingerprint(record)
    if not title_of(record).strip() and title_of(record) == "":
        raise Wrong("an item without a title")
    starts_of(record)
    if not isinstance(record, Contact):
        for start, end in _WINDOWS:
            found = list(recurrence.instances(record, start, end))
            if any(one[1] < one[0] for one in found):
                raise Wrong("an occurrence ends before it begins")


def round_trip(record: Record) -> None:
    """What was accepted is written so that it is read as the same."""
    text = render(record)
    again = parse(text, uid_if_missing=record.uid)
    if again != record:
        raise Wrong("it is read otherwise than it was written")
    if render(again) != render(parse(render(again), uid_if_missing=record.uid)):
        raise Wrong("it is written otherwise each time")
    try:
        limits.check(normal_text(text))
    except ItemError:
        return  # grew beyond the bounds: refused at the next entrance, told there


class Merge(_Pure):
    """Three versions of an item: what was agreed on, and what both sides made of it."""

    def make(self, chance: Random) -> bytes:
        seed = chance.choice(self._seeds)
        return _MARK.join(mutant(chance, [seed], TEXT, most=2) for _ in range(3))

    def try_(self, raw: bytes) -> bool:
        try:
            texts = [part for raw_part in raw.split(_MARK) for part in islice(parts_of(decode(raw_part)), 1)]
            records = [with_uid(read_item(text, uid_if_missing="made").record, "one") for text in texts]
        except ItemError:
            return False
        if len(records) != 3 or len({type(record) for record in records}) != 1:
            return False
        base, hub, remote = records
        for prefer in Prefer:
            self._merged(base, hub, remote, prefer)
        return True

    @staticmethod
    def _merged(base: Record, hub: Record, remote: Record, prefer: Prefer) -> None:
        merged = merge(base, hub, remote, prefer).record
        round_trip(_in_order(merged))
        merge(None, hub, remote, prefer)
        decide(base, hub, remote, Policy(prefer=prefer))
        if any(_contradicts_itself(record) for record in (base, hub, remote)):
            return
        for edited, one_sided in ((remote, merge(base, base, remote, prefer)), (hub, merge(base, hub, base, prefer))):
            if _in_order(one_sided.record) != edited:
                raise Wrong("one side was edited, and the merge is not that side")
        if merge(base, hub, hub, prefer).record != hub:
            raise Wrong("both sides say the same, and the merge does not")


def _in_order(record: Record) -> Record:
    """With its lists in the order in which they are read."""
    return parse(render(record), uid_if_missing="one")


def _contradicts_itself(record: Record) -> bool:
    """Has an occurrence that is both cancelled and moved, or cancelled twice: a merge settles that."""
    if isinstance(record, Contact) or record.master is None:
        return False
    cancelled = [resolve(moment, record.zones) for moment in record.master.exception_dates]
    moved = [resolve(one.recurrence_id, record.zones) for one in record.overrides if one.recurrence_id]
    return len({*cancelled, *moved}) < len(cancelled) + len(moved)


class Xml:
    """Multi-status answers, in pieces of any size."""

    name = "xml"

    def make(self, chance: Random) -> bytes:
        return mutant(chance, ANSWERS, XML)

    def try_(self, raw: bytes) -> bool:
        reader = MultistatusReader()
        size = 1 + len(raw) % 977
        try:
            reader(raw[at : at + size] for at in range(0, len(raw), size))
        except SuspectListing:
            return False
        return bool(reader.result.resources)

    def close(self) -> None:
        pass


def pure_targets(seeds: Seeds) -> list[Target]:
    """Those without a server or a database."""
    return [
        Lines("lines", seeds.items),
        Items("cards", seeds.cards),
        Items("calendars", seeds.calendars),
        Merge("merge", seeds.items),
        Xml(),
        Mails(mail_seeds(corpora=seeds.from_outside)),
    ]
