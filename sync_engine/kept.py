"""What a system holds of an item, where its connector can tell without asking it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sync_engine.formats import with_uid
from sync_engine.model import Record
from sync_engine.ports import Connector, Keeps

Kept: TypeAlias = Callable[[Record], Record | None]
"""Gives what is kept of a record, under its own UID; None where nobody knows."""


def unknown(_record: Record) -> None:
    """Of a system that keeps what it is sent, or of which nobody knows what it keeps."""
    return


def kept_by(connector: Connector) -> Kept:
    """What this connector tells."""
    if not isinstance(connector, Keeps):
        return unknown

    def kept(record: Record) -> Record | None:
        found = connector.kept(record)
        return None if found is None else with_uid(found, record.uid)

    return kept
