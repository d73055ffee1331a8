"""The text of a calendar item, cut where attachments come and go: all other octets stay as they are. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sync_engine.formats.content_lines import fold
from sync_engine.formats.heads import read_head, split_line
from sync_engine.formats.outline import mark
from sync_engine.model import Params

_PHYSICAL = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_CONTINUATION = re.compile(r"(?:\r\n|\r|\n)[ \t]")
_HOLDERS = ("VEVENT", "VTODO")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\"\\]")  # the last: many readers take it for an escape
_QUOTED = re.compile(r"[,;:]")


@dataclass(frozen=True, slots=True)
class Property:
    """One property as written."""

    name: str
    params: Params
    value: str

    def param(self, name: str) -> str:
        """The first value of a parameter; "" where it has none."""
        return next((values[0] for found, values in self.params if found == name and values), "")


@dataclass(slots=True)
class Block:
    """One VEVENT or VTODO: its lines with their folds and ends, BEGIN and END among them."""

    lines: list[str] = field(default_factory=list)

    def own(self) -> Iterator[tuple[int, Property]]:
        """Its properties, with their places; not those of alarms in it."""
        depth = 0
        for at, line in enumerate(self.lines):
            word, _ = mark(plain(line))
            depth += {"BEGIN": 1, "END": -1}.get(word, 0)
            if depth == 1 and not word and (found := property_of(line)) is not None:
                yield at, found

    def first(self, name: str) -> Property | None:
        """The first property of a name."""
        return next((found for _, found in self.own() if found.name == name), None)

    def add(self, line: str) -> None:
        """Put a content line after the last of its properties."""
        end = "\r\n" if self.lines[0].endswith("\r\n") else "\n"
        at = max((at for at, _ in self.own()), default=0) + 1
        self.lines.insert(at, fold([line]).replace("\r\n", end))

    def remove(self, unwanted: Callable[[Property], bool]) -> bool:
        """Take properties away; tells whether there were any."""
        gone = {at for at, found in self.own() if unwanted(found)}
        self.lines = [line for at, line in enumerate(self.lines) if at not in gone]
        return bool(gone)


class Sheet:
    """A text with its events or tasks."""

    def __init__(self, text: str) -> None:
        self._pieces: list[str | Block] = []
        block: Block | None = None
        depth = 0
        for line in _logical(text):
            word, name = mark(plain(line))
            if word == "BEGIN" and block is None and name in _HOLDERS:
                block, depth = Block(), 0
                self._pieces.append(block)
            if block is None:
                self._pieces.append(line)
                continue
            block.lines.append(line)
            depth += {"BEGIN": 1, "END": -1}.get(word, 0)
            block = block if depth else None

    @property
    def blocks(self) -> list[Block]:
        """The events or tasks, in their order."""
        return [piece for piece in self._pieces if isinstance(piece, Block)]

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(piece if isinstance(piece, str) else "".join(piece.lines) for piece in self._pieces)

    def append(self, block: Block) -> None:
        """Add an event or task after the last one."""
        at = max(at for at, piece in enumerate(self._pieces) if isinstance(piece, Block))
        self._pieces.insert(at + 1, block)


def _logical(text: str) -> Iterator[str]:
    """Content lines with their folds and line ends: together they are the text."""
    gathered = ""
    for found in _PHYSICAL.finditer(text):
        line = found.group()
        if gathered and line[0] not in " \t":
            yield gathered
            gathered = ""
        gathered += line
    if gathered:
        yield gathered


def plain(line: str) -> str:
    """A content line without folds and line end."""
    return _CONTINUATION.sub("", line).rstrip("\r\n")


def property_of(line: str) -> Property | None:
    """What a line says; None where it cannot be read."""
    text, value = split_line(plain(line))
    head = read_head(text)
    return Property(head.name, head.params, value) if head is not None else None


# ---------------------------------------------------------------- ATTACH

_MAY_HAVE = re.compile(r"^ATTACH[;:]", re.IGNORECASE | re.MULTILINE)


def managed_ids(text: str) -> dict[str, str]:
    """The managed attachments that a text names: MANAGED-ID to address."""
    if not _MAY_HAVE.search(text):
        return {}
    found = (prop for block in Sheet(text).blocks for _, prop in block.own() if prop.name == "ATTACH")
    return {managed: prop.value for prop in found if (managed := prop.param("MANAGED-ID"))}


def holds(managed_id: str) -> Callable[[Property], bool]:
    """Whether a property is this managed attachment."""
    return lambda prop: prop.name == "ATTACH" and prop.param("MANAGED-ID") == managed_id


def attach_line(managed_id: str, media_type: str, name: str, size: int, address: str) -> str:
    """The content line of a managed attachment (RFC 8607 4)."""
    kind = media_type.partition(";")[0].strip()
    return f"ATTACH;MANAGED-ID={managed_id};FMTTYPE={kind};FILENAME={_parameter(name)};SIZE={size}:{address}"


def _parameter(value: str) -> str:
    """A parameter's value: quoted where it must be, carets doubled (RFC 6868)."""
    value = _UNSAFE.sub("'", value).replace("^", "^^")
    return f'"{value}"' if _QUOTED.search(value) else value
