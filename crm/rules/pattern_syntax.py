"""What a pattern says, as a tree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from crm.errors import Invalid

_LONGEST = 500  # characters
_DEEPEST = 30  # groups in groups
_REPEATS = 100

_Test: TypeAlias = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of some."""

    test: _Test


@dataclass(frozen=True, slots=True)
class Assertion:
    """A place: ^ $ b B."""

    word: str


@dataclass(frozen=True, slots=True)
class InOrder:
    """One after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    """One of them."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Several times."""

    part: Node
    least: int
    most: int | None  # None: any number


Node: TypeAlias = Chars | Assertion | InOrder | Alternatives | Repeat


def parse(text: str) -> Node:
    """Raises `Invalid` with one sentence."""
    if not text:
        raise Invalid("A pattern must not be empty.")
    if len(text) > _LONGEST:
        raise Invalid(f"A pattern has at most {_LONGEST} characters.")
    return _Parser(text).whole()


def _digit(char: str) -> bool:
    return char.isdecimal()


def _space(char: str) -> bool:
    return char.isspace()


def _word(char: str) -> bool:
    return char.isalnum() or char == "_"


_CLASSES: dict[str, _Test] = {"d": _digit, "s": _space, "w": _word}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}


def _class(letter: str) -> _Test | None:
    test = _CLASSES.get(letter.lower())
    return test if test is None or letter.islower() else lambda char: not test(char)


def _one(literal: str) -> _Test:
    wanted = literal.lower()
    return lambda char: char in (wanted, literal)


def _range(first: str, last: str) -> _Test:
    return lambda char: first <= char <= last or first <= char.upper() <= last


class _Parser:
    """Reads a pattern from left to right."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._depth = text, 0, 0

    def whole(self) -> Node:
        node = self._alternatives()
        if self._at < len(self._text):
            self._wrong("a ) closes nothing")
        return node

    def _wrong(self, why: str) -> NoReturn:
        raise Invalid(f"The pattern {self._text!r} cannot be used: {why} (at character {self._at + 1}).")

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, wanted: str) -> bool:
        if not self._text.startswith(wanted, self._at):
            return False
        self._at += len(wanted)
        return True

    def _alternatives(self) -> Node:
        parts = [self._sequence()]
        while self._take("|"):
            parts.append(self._sequence())
        return parts[0] if len(parts) == 1 else Alternatives(tuple(parts))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self._peek() not in {"", "|", ")"}:
            parts.append(self._quantified(self._atom()))
        return InOrder(tuple(parts))

    def _quantified(self, node: Node) -> Node:
        while bounds := self._bounds():
            if isinstance(node, Repeat) and (node.most is None or node.most > 1):
                self._wrong("something is repeated twice")
            node = Repeat(node, *bounds)
            self._take("?")  # the shortest match: it only matters that there is one
        return node

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                return bounds
        end = self._text.find("}", self._at)
        if self._peek() != "{" or end < 0:
            return None
        least, comma, most = self._text[self._at + 1 : end].partition(",")
        if not least.isdecimal() or (most and not most.isdecimal()):
            return None  # a brace like any other character
        low, high = int(least), int(most) if most else None if comma else int(least)
        if low > _REPEATS or (high or 0) > _REPEATS or (high is not None and high < low):
            self._wrong(f"a repetition goes from a smaller number to a larger one, up to {_REPEATS}")
        self._at = end + 1
        return low, high

    def _atom(self) -> Node:
        char = self._peek()
        if char in {"*", "+", "?"}:
            self._wrong(f"there is nothing before {char}")
        self._at += 1
        if char == "(":
            return self._group()
        if char == "[":
            return Chars(self._set())
        if char == "\\":
            return self._escape()
        if char in {"^", "$"}:
            return Assertion(char)
        return Chars((lambda one: one != "\n") if char == "." else _one(char))

    def _group(self) -> Node:
        if self._peek() == "?" and not self._take("?:"):
            self._wrong("only (...) and (?:...) are understood")
        self._depth += 1
        if self._depth > _DEEPEST:
            self._wrong("too many groups in groups")
        node = self._alternatives()
        if not self._take(")"):
            self._wrong("a ) is missing")
        self._depth -= 1
        return node

    def _escape(self) -> Node:
        char = self._peek()
        if not char:
            self._wrong("nothing follows the last \\")
        self._at += 1
        if char in {"b", "B"}:
            return Assertion(char)
        return Chars(self._escaped(char))

    def _escaped(self, char: str) -> _Test:
        if test := _class(char):
            return test
        if char.isalnum() and char not in _CONTROLS:
            self._wrong(f"\\{char} is not understood")
        return _one(_CONTROLS.get(char, char))

    def _set(self) -> _Test:
        contrary = self._take("^")
        tests: list[_Test] = []
        while self._peek() != "]" or not tests:
            if not self._peek():
                self._wrong("a ] is missing")
            tests.append(self._member())
        self._at += 1
        return lambda char: any(test(char) for test in tests) != contrary

    def _member(self) -> _Test:
        first = self._peek()
        self._at += 1
        if first == "\\":
            char = self._peek()
            self._at += 1
            return self._escaped(char) if char else self._wrong("a ] is missing")
        following = self._text[self._at + 1 : self._at + 2]
        if self._peek() == "-" and following not in {"", "]", "\\"}:
            self._at += 2
            if following < first:
                self._wrong(f"{first}-{following} goes backwards")
            return _range(first, following)
        return _one(first)
