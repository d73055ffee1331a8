"""Which lines belong to which component: BEGIN and END matched, without recursion.

A component that lacks its END is closed where its parent ends or, among cards, where the next one begins; an END that
belongs to nothing is passed over. A text that just stops is refused: it may have been cut off on its way.
"""

from __future__ import annotations

from itertools import product

from sync_engine.errors import Unreadable
from sync_engine.formats.building import builder
from sync_engine.formats.heads import Head, read_head, split_line
from sync_engine.model import Component, ContentLine

MAX_DEPTH = 32
content_line = builder(ContentLine)
_WORDS = ("BEGI", "END:", "END ")
MARKS = frozenset("".join(letters) for word in _WORDS for letters in product(*((c, c.lower()) for c in word)))


class Node:
    """One component: lines[first:last] are inside it, between its BEGIN and its END."""

    __slots__ = ("children", "first", "last", "name")

    def __init__(self, name: str, first: int) -> None:
        self.name = name
        self.first = first
        self.last = first
        self.children: list[Node] = []

    def own_lines(self, lines: list[str]) -> list[str]:
        """The lines of this component that are not in a component within it."""
        if not self.children:
            return lines[self.first : self.last]
        own: list[str] = []
        at = self.first
        for child in self.children:
            own += lines[at : child.first - 1]
            at = child.last + 1
        return own + lines[at : self.last]


def outline(lines: list[str]) -> Node:
    """The components of the lines, in a root node without a name. Raises `Unreadable`."""
    root = Node("", 0)
    stack = [root]
    strays: set[int] = set()
    for at in [number for number, line in enumerate(lines) if line[:4] in MARKS]:
        word, name = mark(lines[at])
        if word == "BEGIN":
            stack.append(_opened(stack, name, at))
        elif word == "END" and not _close(stack, name, at):
            strays.add(at)
    if strays:
        lines[:] = [line for at, line in enumerate(lines) if at not in strays]
        return outline(lines)
    root.last = len(lines)
    if len(stack) > 2 or (len(stack) == 2 and stack[1].name != "VCALENDAR"):
        raise Unreadable(f"The text ends before END:{stack[-1].name}: it was cut off.")
    if len(stack) == 2:
        stack[1].last = len(lines)
    return root


def mark(line: str) -> tuple[str, str]:
    """BEGIN or END and the component's name in upper case; two empty texts for any other line."""
    if line[:4] not in MARKS:
        return "", ""
    word, _, name = line.partition(":")
    word = word.strip().upper()
    return (word, name.strip().upper()) if word in ("BEGIN", "END") else ("", "")


def _opened(stack: list[Node], name: str, at: int) -> Node:
    if len(stack) > MAX_DEPTH:
        raise Unreadable(f"Components are nested more than {MAX_DEPTH} deep.")
    node = Node(name, at + 1)
    stack[-1].children.append(node)
    return node


def _close(stack: list[Node], name: str, at: int) -> bool:
    for depth in range(len(stack) - 1, 0, -1):
        if stack[depth].name == name:
            for node in stack[depth:]:
                node.last = at
            del stack[depth:]
            return True
    return False


class OddLineError(ValueError):
    """A line is not a content line; `mend` may help."""


def mend(lines: list[str]) -> list[str]:
    """Join lines that are none to the one before: an unescaped line break in a text, or base64 without folding."""
    mended: list[list[str]] = []
    joint, marker = "", False
    for line in lines:
        text, _ = split_line(line)
        head = read_head(text) if ":" in line else None
        word, _ = mark(line)
        if head is not None or word:
            mended.append([line])
            joint = "" if head and is_base64(head) else "\\n"
            marker = bool(word)
        elif not mended or marker:
            raise Unreadable(f"A line is neither a property nor part of one: {line[:60]!r}.")
        else:
            mended[-1].append(joint + (line if joint else line.strip()))
    return ["".join(parts) for parts in mended]


def heads_of(lines: list[str]) -> list[tuple[Head, str]]:
    """Head and value of each line. Raises `OddLineError`."""
    found = []
    for line in lines:
        text, colon, value = line.partition(":")
        if '"' in text:
            text, value = split_line(line)
        head = read_head(text)
        if head is None or not colon:
            raise OddLineError(line)
        found.append((head, value))
    return found


def as_line(head: Head, value: str) -> ContentLine:
    """Head and value as content line."""
    if head.params and is_base64(head):
        value = "".join(value.split())
    return content_line(head.name, value, head.params, head.written, head.group)


def is_base64(head: Head) -> bool:
    """White space in the value has no meaning."""
    return any(name == "ENCODING" and values in (("BASE64",), ("B",)) for name, values in head.params)


def line_key(line: ContentLine) -> tuple[object, ...]:
    """The order of lines in a record, whatever it was in the text."""
    companions = tuple([(other.name, other.value) for other in line.companions]) if line.companions else ()
    return line.name, line.value, line.params, companions


def in_order(lines: list[ContentLine]) -> tuple[ContentLine, ...]:
    """Lines in the order of `line_key`."""
    if len(lines) > 1 and not (len(lines) == 2 and lines[0].name < lines[1].name):
        lines.sort(key=line_key)
    return tuple(lines)


def read_component(node: Node, lines: list[str]) -> Component:
    """A component as it is; lines in the order of `line_key`. Raises `OddLineError`."""
    own = [as_line(head, value) for head, value in heads_of(node.own_lines(lines))]
    children = [read_component(child, lines) for child in node.children]
    return Component(node.name, in_order(own), tuple(children))
