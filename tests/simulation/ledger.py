"""What people wrote, and what must have become of it.

Every write of a person carries a token that is never used again. A token must be found in the end, unless a person
who saw it overwrote it. Tokens also tell who knew what: a deletion by somebody who had seen everything is final.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from sync_engine.item import Item
from sync_engine.model import Kind, Moment, title_of

TOKENS = re.compile(r"w\d+w")


@dataclass
class Ledger:
    """Tokens, and items by their birth mark (which is their title, and is never edited)."""

    count: int = 0
    written: set[str] = field(default_factory=set)
    over: set[str] = field(default_factory=set)  # a person saw them and overwrote them
    deleted: set[str] = field(default_factory=set)  # ... or deleted them, which can be undone
    dead: set[str] = field(default_factory=set)  # birth marks of items that must not come back
    mortal: set[str] = field(default_factory=set)  # birth marks of what somebody deleted once
    loose: set[str] = field(default_factory=set)  # ... of what stood under another UID somewhere, unlinked
    unbased: set[str] = field(default_factory=set)  # ... of what was relinked: nobody knows what was agreed on
    weak: set[str] = field(default_factory=set)  # ... of loose tasks: known by content only where nothing differs
    plain: set[str] = field(default_factory=set)  # ... of what was made where little has a place
    unsure: set[str] = field(default_factory=set)  # ... of what was edited over a write whose outcome was not known
    strangers: set[str] = field(default_factory=set)  # ... of what was made where the hub only writes: none of ours
    births: set[str] = field(default_factory=set)  # birth marks
    shifted: set[str] = field(default_factory=set)  # ... of what was moved to another day
    cleared: dict[str, set[int]] = field(default_factory=dict)  # birth mark -> where something was taken away
    cancelled: dict[str, set[Moment]] = field(default_factory=dict)  # birth mark -> occurrences that must not come back
    _about: dict[str, tuple[str, str]] = field(default_factory=dict)  # token -> item and field
    _knew: dict[str, frozenset[str]] = field(default_factory=dict)  # token -> those its writer knew

    def token(self, mark: str, field: str, seen: str = "") -> str:
        """A new one for a field of an item, written by somebody who saw this text."""
        self.count += 1
        token = f"w{self.count}w"
        self.written.add(token)
        self._knew[token] = frozenset(self.known(seen) | {token})
        self._about[token] = (mark, field)
        return token

    def birth(self) -> str:
        """The title of a new item."""
        self.count += 1
        mark = f"b{self.count}b"
        self.births.add(mark)
        return mark

    @staticmethod
    def count_of(mark: str) -> int:
        """The number in a birth mark."""
        return int(mark.strip("b"))

    def known(self, text: str) -> set[str]:
        """What somebody who sees this text knows of."""
        return set().union(*(self._knew[token] for token in TOKENS.findall(text)))

    def knows_all(self, item: Item, where: int, others: Iterable[str]) -> bool:
        """Whether somebody who sees this has seen all that stands in the other copies."""
        seen, known, mark = set(TOKENS.findall(item.text)), self.known(item.text), title_of(item.record)
        fresh = not self.cleared.get(mark, set()) - {where}
        return fresh and self.over.isdisjoint(seen) and all(known.issuperset(TOKENS.findall(t)) for t in others)

    def clears(self, item: Item, where: int) -> None:
        """Something was taken away or put elsewhere, which leaves no token."""
        self.cleared.setdefault(title_of(item.record), set()).add(where)

    def deletes(self, item: Item, where: int, others: Iterable[str]) -> None:
        """Somebody deletes an item; `others` are the texts of it elsewhere."""
        mark = title_of(item.record)
        self.deleted |= set(TOKENS.findall(item.text))
        self.mortal.add(mark)
        self.cancelled.pop(mark, None)  # what comes back may be older
        if self.knows_all(item, where, others) and mark not in self.unsure:
            self.dead.add(mark)
        else:
            self.dead.discard(mark)

    def cancels(self, item: Item, when: Moment, where: int, others: Iterable[str]) -> None:
        """Somebody cancels an occurrence (SYNC.md R14)."""
        if self.knows_all(item, where, others):
            self.cancelled.setdefault(title_of(item.record), set()).add(when)

    def changes_occurrence(self, mark: str, when: Moment) -> None:
        """Somebody who still saw it gives it another place: it may stay."""
        self.cancelled.get(mark, set()).discard(when)

    @property
    def wanted(self) -> set[str]:
        """What must be found in the end."""
        return self.written - self.over - self.deleted

    @property
    def twins(self) -> set[str]:
        """What may be there twice: deleted while a copy under another UID was not known to be the same; or a task."""
        return self.mortal & self.loose | self.weak

    def loosen(self, items: Iterable[Item]) -> None:
        """They stand under another UID than elsewhere, and no link tells."""
        self.loose |= {title_of(item.record) for item in items}
        self.weak |= {title_of(item.record) for item in items if item.kind is Kind.TASK}

    def touched(self, item: Item) -> None:
        """Somebody edits an item or brings it back: it may live."""
        self.dead.discard(title_of(item.record))

    def had_rivals(self, token: str) -> bool:
        """Whether somebody else wrote the same field and did not know of it, nor it of them: then one must lose."""
        mark, name = self._about[token]
        if mark in self.unbased | self.loose | self.mortal | self.unsure or self.cleared.get(mark):
            return True
        others = (t for t, about in self._about.items() if about == (mark, name) and t != token)
        return any(t not in self._knew[token] and token not in self._knew[t] for t in others)

    def restores(self, text: str) -> None:
        """What was deleted is wanted again."""
        self.deleted -= set(TOKENS.findall(text))

    def forget(self, token: str) -> None:
        """It was never stored, or stands where nobody asked for it."""
        self.written.discard(token)
