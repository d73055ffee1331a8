"""Feeds of many items, in pages that are worth a transaction each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sync_engine.ports import Change, Cursor, KnownVersions, Page

TOGETHER = 100  # changes of one page
_ASKED = 1000  # ids for one question to the hub


def in_pages(changes: Iterable[Change], cursor: Cursor, *, complete: bool = False) -> Iterator[Page]:
    """Only the last page, which may be empty, has the cursor."""
    some: list[Change] = []
    for change in changes:
        if len(some) >= TOGETHER:
            yield Page(some)
            some = []
        some.append(change)
    yield Page(some, cursor, complete)


def versions_of(known: KnownVersions, ids: Sequence[str]) -> dict[str, str]:
    """The versions that the hub knows, by id, however many they are."""
    found: dict[str, str] = {}
    for start in range(0, len(ids), _ASKED):
        found |= known(ids[start : start + _ASKED])
    return found
