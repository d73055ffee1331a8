"""A world whose accounts agree, and a connector whose listings say what a test wants: for the rules of deletions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import update

from connectors.memory import Account, MemoryConnector
from storage import tables as t
from sync_engine.ports import Cursor, KnownVersions, Page, Policy
from tests import samples
from tests.world import Side, World


class Listing(MemoryConnector):
    """Lists what it is told, and answers direct questions truthfully."""

    def __init__(self, account: Account, pages: list[Page], error: Exception | None = None) -> None:
        super().__init__(account)
        self.pages, self.error = pages, error

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        yield from self.pages
        if self.error:
            raise self.error


def full_world(folder: Path, count: int = 5, policy: Policy | None = None) -> tuple[World, Side, Side]:
    """Two accounts and the hub between them, agreed on this many tasks: t000, t001, ..."""
    world = World.new(folder)
    a, b = world.bind("a", policy), world.bind("b", policy)
    for n in range(count):
        a.put(samples.task(f"t{n:03}", f"Task {n}"))
    world.settle()
    return world, a, b


def forget_cursor(world: World, side: Side) -> None:
    """The next cycle of this side lists everything."""
    with world.database.engine.begin() as connection:
        connection.execute(update(t.bindings).where(t.bindings.c.id == side.binding_id).values(cursor=None))
