"""The inverse of changes of one item, given what it is now. Pure; a test for each sentence.

- Where nobody changed the item since, it becomes what it was before, as it was written.
- Where somebody did, the inverse is merged with what is there now: later edits of other fields stay.
- A field that was changed again later is left alone and told, unless forced.
- A deletion that is taken back brings the item back; one that somebody took back already is left alone.
- An item that was made is deleted again, unless somebody changed it later (forced: anyway).
- An item that somebody deleted later stays deleted, unless forced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agendahub.texts import _
from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.merge import merge
from sync_engine.model import kind_of
from sync_engine.ports import Prefer


@dataclass(frozen=True, slots=True)
class Turn:
    """Changes one after another that are taken back together; None: the item was not there."""

    before: Item | None
    after: Item | None


@dataclass(frozen=True, slots=True)
class Inverse:
    """What the item becomes (None: it is deleted), and what could not be taken back, and why."""

    item: Item | None
    problem: str = ""
    kept: tuple[str, ...] = ()  # fields that were changed again later


def take_back(current: Item | None, turns: Sequence[Turn], *, force: bool) -> Inverse:
    """Take back these turns, the latest first."""
    found = Inverse(current)
    for turn in turns:
        one = _inverse(found.item, turn, force=force)
        found = replace(one, problem=found.problem or one.problem, kept=(*found.kept, *one.kept))
    return found


def _inverse(current: Item | None, turn: Turn, *, force: bool) -> Inverse:
    if _same(current, turn.after) or _same(turn.before, turn.after):
        return Inverse(turn.before if _same(current, turn.after) else current)
    if turn.after is None:
        return Inverse(current, _("it is there again"))
    if force and (current is None or turn.before is None):
        return Inverse(turn.before)
    if current is None:
        return Inverse(current, _("deleted later"))
    if turn.before is None:
        return Inverse(current, _("changed later"))
    return _merged(current, turn.before, turn.after, force=force)


def _merged(current: Item, before: Item, after: Item, *, force: bool) -> Inverse:
    base, was = (with_uid(item.record, current.uid) for item in (after, before))
    now = current.record
    if len({kind_of(record) for record in (base, was, now)}) > 1:
        return Inverse(current, _("it became another kind of item"))
    merged = merge(base, now, was, Prefer.REMOTE if force else Prefer.HUB)
    kept = () if force else tuple(conflict.field for conflict in merged.conflicts)
    if merged.record == now:
        return Inverse(current, _("changed later") if kept else "", kept)
    return Inverse(Item.read(Item.of(merged.record).text), "", kept)


def _same(one: Item | None, other: Item | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.text == other.text or one.record == other.record
