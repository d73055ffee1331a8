"""What people did and were told is done: what must be there in the end, and what must not."""

from __future__ import annotations

import random
import re
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MOST = 250  # living items

FIELDS = ("SUMMARY", "LOCATION", "URL")


class Sort(StrEnum):
    """Who may do what with an item."""

    PRIVATE = "private"  # one place edits all its fields, and may delete it
    SHARED = "shared"  # every field has a place of its own that edits it: all edits must be merged
    CONTESTED = "contested"  # all places edit the summary: each value wins, was read before it was replaced, or is kept


@dataclass
class Kept:
    """One living item."""

    uid: str
    sort: Sort
    home: str
    values: dict[str, str]
    heads: set[str] = field(default_factory=set)  # contested: values that nobody read before writing another


@dataclass(frozen=True)
class Verdict:
    """What is not as it must be; all empty when all is well."""

    lost: tuple[str, ...]
    resurrected: tuple[str, ...]
    doubled: tuple[str, ...]

    @property
    def well(self) -> bool:
        """Nothing is wrong."""
        return not (self.lost or self.resurrected or self.doubled)

    def __str__(self) -> str:
        named = {"lost": self.lost, "resurrected": self.resurrected, "doubled": self.doubled}
        return "\n".join(f"{len(found)} {name}: {', '.join(found[:8])}" for name, found in named.items() if found)


class Ledger:
    """Everything acknowledged. Its methods may be called from several threads."""

    def __init__(self, places: Iterable[str]) -> None:
        self.places = tuple(places)
        self.alive: dict[str, Kept] = {}
        self.deleted: set[str] = set()
        self.done: Counter[str] = Counter()
        self._numbers: Counter[str] = Counter()
        self._lock = threading.Lock()

    def new(self, home: str, dice: random.Random) -> Kept | None:
        """An item to be made at `home`; None when there are enough."""
        with self._lock:
            if len(self.alive) >= MOST:
                return None
            self._numbers[home] += 1
            sort = dice.choices(list(Sort), (5, 4, 1))[0]
            uid = f"{home}-{self._numbers[home]}-{sort}"
            return Kept(uid, sort, home, {name: f"https://x.example/{uid}/{name}/0" for name in FIELDS})

    def value(self, uid: str, place: str) -> str:
        """A value that no other edit uses."""
        with self._lock:
            self._numbers["value"] += 1
            return f"https://x.example/{uid}/{place}/{self._numbers['value']}"

    def to_edit(self, place: str, dice: random.Random) -> tuple[Kept, str] | None:
        """An item and the field that this place may edit."""
        with self._lock:
            pairs = [(kept, name) for kept in self.alive.values() for name in FIELDS if self._may(kept, name, place)]
            return dice.choice(pairs) if pairs else None

    def to_delete(self, place: str, dice: random.Random) -> Kept | None:
        """An item that this place may delete."""
        with self._lock:
            found = [k for k in self.alive.values() if k.sort is Sort.PRIVATE and k.home == place]
            return dice.choice(found) if len(found) > 10 else None

    def _may(self, kept: Kept, name: str, place: str) -> bool:
        if kept.sort is Sort.PRIVATE:
            return kept.home == place
        if kept.sort is Sort.SHARED:
            return self.places[FIELDS.index(name)] == place
        return name == "SUMMARY"

    def was_made(self, kept: Kept) -> None:
        """Acknowledged."""
        with self._lock:
            self.alive[kept.uid] = kept
            kept.heads.add(kept.values["SUMMARY"])
            self.done["created"] += 1

    def was_edited(self, kept: Kept, name: str, value: str, replaced: str) -> None:
        """Acknowledged; whoever did it had read `replaced`."""
        with self._lock:
            kept.values[name] = value
            if name == "SUMMARY":
                kept.heads.discard(replaced)
                kept.heads.add(value)
            self.done["edited"] += 1

    def was_deleted(self, kept: Kept) -> None:
        """Acknowledged."""
        with self._lock:
            del self.alive[kept.uid]
            self.deleted.add(kept.uid)
            self.done["deleted"] += 1

    def judge(self, held: Mapping[str, list[tuple[str, str]]], conflicts: str) -> Verdict:
        """Compare with what places hold: place -> (UID, text) of all items. `conflicts`: the log of what lost."""
        lost: list[str] = []
        for place, items in held.items():
            texts = dict(items)
            for kept in self.alive.values():
                lost += [
                    f"{kept.uid} {what} at {place}" for what in self._missing(kept, texts.get(kept.uid), conflicts)
                ]
        lost += self._different(held)
        uids = {place: Counter(uid for uid, _text in items) for place, items in held.items()}
        strange = [f"{uid} at {place}" for place, found in uids.items() for uid in found if uid not in self.alive]
        doubled = [f"{uid} at {place}" for place, found in uids.items() for uid, many in found.items() if many > 1]
        return Verdict(tuple(lost), tuple(strange), tuple(doubled))

    def _missing(self, kept: Kept, text: str | None, conflicts: str) -> list[str]:
        if text is None:
            return ["as a whole"]
        found = {name: value_of(text, name) for name in FIELDS}
        if kept.sort is Sort.CONTESTED:
            heads = kept.heads - {found.pop("SUMMARY")}
            gone = [f"SUMMARY {value}" for value in sorted(heads) if value not in conflicts]
        else:
            gone = []
        return gone + [
            f"{name} {kept.values[name]}, not {is_}" for name, is_ in found.items() if is_ != kept.values[name]
        ]

    def _different(self, held: Mapping[str, list[tuple[str, str]]]) -> list[str]:
        contested = [kept.uid for kept in self.alive.values() if kept.sort is Sort.CONTESTED]
        texts = [dict(items) for items in held.values()]
        values = {uid: {value_of(each.get(uid, ""), "SUMMARY") for each in texts} for uid in contested}
        return [f"{uid} differs: {sorted(found)}" for uid, found in values.items() if len(found) > 1]


def value_of(text: str, name: str) -> str:
    """Of a property that stands once in an event and is short; "" without."""
    found = re.search(rf"^{name}(?:;[^:\r\n]*)?:(.*(?:\r?\n[ \t].*)*)\r?$", text, re.MULTILINE)
    return re.sub(r"\r?\n[ \t]", "", found.group(1)).strip() if found else ""


def with_value(text: str, name: str, value: str) -> str:
    """The text with another value there."""
    text = re.sub(r"\r?\n[ \t]", "", text)
    lines = text.splitlines()
    found = [number for number, line in enumerate(lines) if re.match(rf"{name}[:;]", line)]
    assert len(found) == 1, (name, text)
    lines[found[0]] = f"{name}:{value}"
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _folded(line: str) -> list[str]:
    return [line[:70], *(f" {line[at : at + 70]}" for at in range(70, len(line), 70))]
