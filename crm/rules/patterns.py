"""Regular expressions of admins, tried in time linear in the text: no mail can make one run for ever.

Python's own `re` goes back and tries again, which takes time without bound for patterns such as `(a+)+b`. Here a
pattern becomes an automaton, which reads each character once (Thompson's way; states are made when they are first
needed). What needs going back (back-references, looking around) is refused. Upper and lower case are the same; ^ and $
are the ends of a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import TypeAlias

from crm.errors import Invalid
from crm.rules.pattern_syntax import Alternatives, Assertion, Chars, InOrder, Node, Repeat, parse

LONGEST_TEXT = 100_000  # characters that are looked at
_STATES = 500
_WORK = 1_000_000  # steps of making states, for one text: a second or so
_KEPT = 5_000  # states of the automaton

_Chars: TypeAlias = Callable[[str], bool]
_MATCH, _SPLIT, _ASSERT, _CHARS = range(4)
_Key: TypeAlias = tuple[frozenset[int], str]


class TooMuch(Exception):
    """This text makes the pattern too costly."""


@dataclass(slots=True)
class _State:
    kind: int
    test: _Chars | None = None
    word: str = ""
    after: list[int] = field(default_factory=list)


class Pattern:
    """A compiled pattern."""

    def __init__(self, text: str) -> None:
        self._states: list[_State] = []
        self._start = self._built(parse(text), self._new(_State(_MATCH)))
        self._lock = Lock()  # several mailboxes are read at once
        self._forget()

    def search(self, text: str) -> int | None:
        """Where the first match ends; None for none. Raises `TooMuch`."""
        with self._lock:
            return self._search(text[:LONGEST_TEXT].lower())

    def _search(self, text: str) -> int | None:
        self._work = 0
        at = self._id((frozenset((self._start,)), "line"))
        for place, char in enumerate(text):
            after = self._table[at].get(char)
            if after is None:
                after = self._step(at, char)
            if after < 0:
                return place
            at = after
        pending, before = self._keys[at]
        return len(text) if self._closure(pending, before, "line") is None else None

    # ------------------------------------------------------------ the automaton

    def _forget(self) -> None:
        self._keys: list[_Key] = []
        self._ids: dict[_Key, int] = {}
        self._table: list[dict[str, int]] = []

    def _id(self, key: _Key) -> int:
        if key not in self._ids:
            if len(self._keys) >= _KEPT:
                self._forget()
            self._ids[key] = len(self._keys)
            self._keys.append(key)
            self._table.append({})
        return self._ids[key]

    def _step(self, at: int, char: str) -> int:
        """The state after a character, remembered; -1 when a match has ended before it."""
        pending, before = self._keys[at]
        kind = _kind(char)
        closure = self._closure(pending, before, kind)
        if closure is None:
            self._table[at][char] = -1
            return -1
        states = self._states
        moved = {state.after[0] for n in closure if (state := states[n]).test is not None and state.test(char)}
        moved.add(self._start)  # a match may begin at any place
        row = self._table[at]
        after = self._id((frozenset(moved), kind))
        row[char] = after  # of a forgotten table perhaps, then it is of no use
        return after

    def _closure(self, pending: Iterable[int], before: str, after: str) -> set[int] | None:
        """All states that are reached without a character; None when one of them is the end."""
        seen, todo = set[int](), list(pending)
        while todo:
            number = todo.pop()
            if number in seen:
                continue
            seen.add(number)
            state = self._states[number]
            if state.kind == _MATCH:
                return None
            if state.kind == _SPLIT or (state.kind == _ASSERT and _holds(state.word, before, after)):
                todo += state.after
        self._work += len(seen)
        if self._work > _WORK:
            raise TooMuch
        return seen

    # ------------------------------------------------------------ building

    def _new(self, state: _State) -> int:
        if len(self._states) >= _STATES:
            raise Invalid("This pattern is too large: use shorter repetitions.")
        self._states.append(state)
        return len(self._states) - 1

    def _built(self, node: Node, after: int) -> int:
        """States of a part of the pattern that go on to `after`; gives the first of them."""
        match node:
            case Chars(test):
                return self._new(_State(_CHARS, test, after=[after]))
            case Assertion(word):
                return self._new(_State(_ASSERT, word=word, after=[after]))
            case InOrder(parts):
                for part in reversed(parts):
                    after = self._built(part, after)
                return after
            case Alternatives(parts):
                return self._new(_State(_SPLIT, after=[self._built(part, after) for part in parts]))
            case Repeat():
                return self._repeated(node, after)

    def _repeated(self, node: Repeat, after: int) -> int:
        if node.most is None:
            loop = self._new(_State(_SPLIT))
            self._states[loop].after = [self._built(node.part, loop), after]
            after = loop
        else:
            for _ in range(node.most - node.least):
                after = self._new(_State(_SPLIT, after=[self._built(node.part, after), after]))
        for _ in range(node.least):
            after = self._built(node.part, after)
        return after


def _kind(char: str) -> str:
    return "line" if char == "\n" else "word" if char.isalnum() or char == "_" else "other"


def _holds(word: str, before: str, after: str) -> bool:
    if word == "^":
        return before == "line"
    if word == "$":
        return after == "line"
    return ((before == "word") != (after == "word")) == (word == "b")


@lru_cache(maxsize=256)
def compiled(text: str) -> Pattern:
    """Raises `Invalid` with one sentence."""
    return Pattern(text)
