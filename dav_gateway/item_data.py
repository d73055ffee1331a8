"""Texts of items as a request wants them: whole, or expanded, in part, in another version of vCard."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import tzinfo
from typing import Any, TypeAlias

from dav_gateway.data_wanted import DataWanted
from dav_gateway.expansion import Work, expanded, limited
from dav_gateway.partial import partial
from storage.dav_items import Leaf
from sync_engine.errors import ItemError
from sync_engine.formats import parse, render
from sync_engine.formats.card_versions import in_version
from sync_engine.model import Contact, Event, Task

Shown: TypeAlias = Callable[[Leaf, str], str]
"""Gives the text of an item to show, from the one that is stored. Raises `TooMuch`."""


def shown_as(wanted: DataWanted, floating: tzinfo) -> Shown | None:
    """How texts are shown in one answer; None: as they are stored."""
    if wanted.as_stored:
        return None
    work = Work()

    def show(leaf: Leaf, text: str) -> str:
        with suppress(ItemError):  # what cannot be read is shown as it is: better than nothing
            text = _changed(leaf, text, wanted, floating, work)
        return partial(text, wanted.comp) if wanted.comp else text

    return show


def _changed(leaf: Leaf, text: str, wanted: DataWanted, floating: tzinfo, work: Work) -> str:
    """Raises `ItemError` and `TooMuch`. Free and busy times are never stored: there is nothing to limit."""
    if wanted.version:
        return in_version(text, wanted.version)
    if wanted.expand is None and wanted.limit_recurrence is None:
        return text
    record = parse(text, uid_if_missing=leaf.uid)
    if isinstance(record, Contact):
        return text
    if wanted.expand is not None:
        shown = expanded(record, wanted.expand, floating, work)
        work.write(len(text) + max(0, len(shown.overrides) - len(record.overrides)) * _longest(record, text))
        return render(shown)
    if wanted.limit_recurrence is None or not record.overrides:
        return text
    kept = limited(record, wanted.limit_recurrence, floating)
    return text if kept.overrides == record.overrides else render(kept)


def _longest(record: Event | Task, text: str) -> int:
    """Characters of an occurrence that has no component of its own."""
    if any(one.this_and_future for one in record.overrides):
        return len(text)
    none: Any = ()
    return len(render(replace(record, overrides=none, zones=none)))
