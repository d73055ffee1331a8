"""An admin's answer to deletions that the brake holds: let them pass, or bring the items back (SYNC.md R01, R02)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from agendahub.refusals import Missing, Stale
from agendahub.restoring import blocked, under_own_uid
from agendahub.texts import _
from storage.admin_config import binding_id
from storage.admin_holds import answer, drop_hold, held_items, lock_holds
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.errors import SyncError
from sync_engine.model import starts_of, title_of
from sync_engine.plain_copies import is_replaced
from sync_engine.ports import HubItem, LinkState, Origin

SIDES = ("hub", "remote")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which deletions are meant: of a binding, of one side ("": both), as the asker saw them ("": as they are)."""

    binding: str
    side: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """One held deletion."""

    side: str
    item_id: int
    title: str
    starts: str
    kind: str
    uid: str


def held_of(unit: SqlUnitOfWork, asked: Asked, limit: int | None = None) -> list[Held]:
    """The items whose deletion waits, at most `limit` for each side. Raises Missing."""
    number = _binding(unit, asked)
    connection = unit.session.connection
    found: list[Held] = []
    for side in _sides(asked):
        for row in held_items(connection, number, side, limit):
            item = under_own_uid(unit.items([row.item_id])[row.item_id], row.text)
            shown = title_of(item.record), starts_of(item.record)
            found.append(Held(side, row.item_id, *shown, row.kind, row.uid))
    return found


def approve_held(unit: SqlUnitOfWork, asked: Asked, origin: Origin, now: datetime) -> int:
    """Let exactly what is held now be deleted in the next cycle. Gives how many. Raises Missing, Stale."""
    number, sides = _locked(unit, asked)
    return sum(answer(unit.session.connection, number, side, "approve", origin.actor, now) for side in sides)


def discard_held(unit: SqlUnitOfWork, asked: Asked, origin: Origin, now: datetime) -> tuple[int, list[str]]:
    """Refuse the deletions: the side that lost the items gets them back under their UIDs, once.

    In the hub they come back at once; at a remote, in the next cycle, which looks first what is really gone there.
    Gives how many come back, and why others do not. Raises Missing, Stale.
    """
    number, sides = _locked(unit, asked)
    back, problems = 0, list[str]()
    for side in sides:
        if side == "hub":
            back += answer(unit.session.connection, number, side, "discard", origin.actor, now)
        else:
            back += _bring_back(unit, number, origin, problems)
            drop_hold(unit.session.connection, number, side)
    return back, problems


def _bring_back(unit: SqlUnitOfWork, number: int, origin: Origin, problems: list[str]) -> int:
    back = 0
    for row in held_items(unit.session.connection, number, "remote"):
        hub = unit.items([row.item_id])[row.item_id]
        if is_replaced(hub):
            _leave_beside(unit, number, hub)
        elif why := blocked(unit, hub):
            problems.append(f"{row.uid}: {why}")
        elif hub.deleted:
            try:
                unit.update_item(hub.id, under_own_uid(hub, row.text), origin)
            except SyncError as err:
                problems.append(f"{row.uid}: {err}")
                continue
            back += 1
    return back


def _leave_beside(unit: SqlUnitOfWork, number: int, hub: HubItem) -> None:
    """A copy beside the invitation that took its place (SYNC.md R12) stays in that mailbox, and nowhere else."""
    for link in unit.links_of_items(number, [hub.id]).values():
        unit.save_link(replace(link, state=LinkState.LEFT, missing_since=None))


def _locked(unit: SqlUnitOfWork, asked: Asked) -> tuple[int, list[str]]:
    """The binding, and the sides that are meant; their holds do not change any more in this transaction."""
    number = _binding(unit, asked)
    marks = lock_holds(unit.session.connection, number)
    wanted = [side for side in marks if side in _sides(asked)]
    if not wanted:
        raise Missing(_("Nothing is held for {name}.").format(name=asked.binding))
    meant = [side for side in wanted if asked.mark in ("", marks[side])]
    if not meant:
        hint = _('What is held for {name} is not any more what you saw; look again (agendahub held show "{name}").')
        raise Stale(hint.format(name=asked.binding))
    return number, meant


def _sides(asked: Asked) -> tuple[str, ...]:
    return (asked.side,) if asked.side else SIDES


def _binding(unit: SqlUnitOfWork, asked: Asked) -> int:
    number = binding_id(unit.session.connection, asked.binding)
    if number is None:
        hint = _("There is no binding {name} that was ever at work; `agendahub binding list` shows them.")
        raise Missing(hint.format(name=asked.binding))
    return number
