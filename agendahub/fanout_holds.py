"""Deletions that the brake holds in many mailboxes of a fan-out, answered at once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from agendahub.fanout import FanoutBinding
from agendahub.held import Asked, approve_held
from agendahub.refusals import Missing
from agendahub.restoring import ADMIN
from agendahub.workspace import Workspace, utc_now
from config.settings import FanoutSettings
from storage.admin_holds import holds


@dataclass(frozen=True, slots=True)
class HeldRow:
    """What is held in one mailbox, or in the hub because of it."""

    mailbox: str
    binding: str
    side: str
    count: int
    reason: str


def approve_all(workspace: Workspace, fanout: FanoutSettings, *, dry_run: bool = False) -> list[HeldRow]:
    """Let exactly what is held now pass, in each mailbox by itself. Gives what was held."""
    mine = {
        binding.name: binding.address
        for binding in workspace.settings.bindings
        if isinstance(binding, FanoutBinding) and binding.fanout == fanout.name
    }
    with workspace.database.read() as unit:
        held = [row for row in holds(unit.session.connection) if row.binding in mine and row.answered < row.count]
    for name in {row.binding for row in held} if not dry_run else ():
        with suppress(Missing), workspace.database.begin() as unit:
            approve_held(unit, Asked(name), ADMIN, utc_now())
    return [HeldRow(mine[row.binding], row.binding, row.side, row.count, row.reason) for row in held]
