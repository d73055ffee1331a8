"""What `storage.pruning` forgets, of the store in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sync_engine.ports import LinkState
from tests.simulation.memory_state import State


def prune(state: State, before: datetime) -> None:
    """Resolved conflicts, old tombstones that nothing points to, and texts that nobody needs."""
    state.conflicts = tuple(c for c in state.conflicts if c.resolved_at is None or c.resolved_at >= before)
    _bury(state, before)
    needed = set(_needed(state))
    latest: dict[int, int] = {}  # by item: its newest version that is old; those before it were replaced long ago
    for number, revision in state.revisions.items():
        if revision.role != "remote" and revision.at < before:
            latest[revision.item_id] = max(number, latest.get(revision.item_id, 0))
    kept = ((i, r) for i, r in state.revisions.items() if r.role != "remote" and i >= latest.get(r.item_id, 0))
    young = {i for i, r in state.revisions.items() if r.at >= before}
    wanted = needed | young | {i for i, _r in kept}
    state.revisions = {i: r for i, r in state.revisions.items() if i in wanted}


def _needed(state: State) -> Iterator[int]:
    yield from (item.revision_id for item in state.items.values())
    yield from (intent.revision_id for intent in state.intents.values())
    for link in state.links.values():
        yield link.base_revision
        yield link.echo_revision or 0
    for conflict in state.conflicts:
        yield conflict.hub_revision
        yield conflict.remote_revision


def _bury(state: State, before: datetime) -> None:
    left = {i: k for i, k in state.links.items() if k.state is LinkState.LEFT and k.missing_since}
    links = {i: k for i, k in state.links.items() if i not in left}
    pointed = {row.item_id for rows in (links, state.intents, state.quarantine) for row in rows.values()}
    pointed |= {conflict.item_id for conflict in state.conflicts}
    last: dict[int, datetime] = {}
    for revision in state.revisions.values():
        if revision.role == "deleted":
            last[revision.item_id] = revision.at
    for item in [i for i in state.items.values() if i.deleted and i.id not in pointed]:
        if last[item.id] < before:
            floor = max(state.floors.get(item.collection_id, 0), item.seq)
            state.floors[item.collection_id] = floor
            del state.items[item.id], state.prints[item.id]
            state.revisions = {k: r for k, r in state.revisions.items() if r.item_id != item.id}
            state.links = {i: k for i, k in state.links.items() if k.item_id != item.id}
