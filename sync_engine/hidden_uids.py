"""UIDs that we hid on items where the system gives its own: a copy that a person makes carries them too (SYNC.md R37).

An item under a UID that the hub knows, is that item. Else the one that carries a hidden UID is the item of that UID,
while that has no link here. Of several the original is the one whose content the hub has; where that tells nothing, it
is the one that begins when and is called what the hub has. One alone is taken for the original while a binding is
linked (anew): later, what is called otherwise is a copy of what the hub is just about to make there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sync_engine.formats import with_uid
from sync_engine.matching import fingerprint
from sync_engine.model import Record
from sync_engine.ports import Changed


def hidden_uid(change: Changed) -> str:
    """The UID that we hid on it; "" where that says nothing more than its own."""
    return "" if change.known_as == change.item.uid else change.known_as


def choose(waiting: Sequence[Changed], known: Mapping[str, Record], *, anew: bool) -> dict[str, str]:
    """For each hidden UID the remote id of the original, where that can be told; `known` are items of the hub."""
    groups: dict[str, list[Changed]] = defaultdict(list)
    for change in waiting:
        groups[hidden_uid(change)].append(change)
    found = {uid: _original(group, known.get(uid), anew=anew) for uid, group in groups.items()}
    return {uid: change.ref.id for uid, change in found.items() if change is not None}


def _original(group: Sequence[Changed], known: Record | None, *, anew: bool) -> Changed | None:
    if len(group) == 1 and (anew or known is None):
        return group[0]
    if known is not None:
        mark = fingerprint(known)
        return next((change for change in group if fingerprint(change.item.record) == mark), None)
    alike = {with_uid(change.item.record, "") == with_uid(group[0].item.record, "") for change in group}
    return group[0] if alike == {True} else None
