"""What an admin sees of fan-outs: how many mailboxes, how each of them is, who left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from shlex import quote

from agendahub.fanout import FanoutBinding, binding_name
from agendahub.health import Health, health_of
from agendahub.texts import plural
from agendahub.workspace import Workspace, utc_now
from config.settings import FanoutSettings
from storage.admin_config import account_states
from storage.admin_lists import bindings
from storage.fanouts import ACTIVE, LEFT, Member, members, refreshed


@dataclass(frozen=True, slots=True)
class FanoutRow:
    """One fan-out."""

    name: str
    account: str
    collection: str
    folder: str
    direction: str
    members: int
    well: int  # mailboxes where nothing needs an admin
    left: int
    refreshed_at: datetime | None
    problem: str


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One mailbox of a fan-out."""

    address: str
    member: str  # active, left
    state: str  # of its binding; empty when there is none
    detail: str
    items: int
    first_seen: datetime
    last_seen: datetime
    last_ok_at: datetime | None
    binding: str


def fanout_rows(workspace: Workspace) -> list[FanoutRow]:
    """In the order of the configuration."""
    well = _health(workspace)
    with workspace.database.read() as unit:
        known, looked = members(unit.session.connection), refreshed(unit.session.connection)
    return [
        _row(fanout, [m for m in known if m.fanout == fanout.name], looked.get(fanout.name), well)
        for fanout in workspace.settings.fanouts
    ]


def _row(fanout: FanoutSettings, known: list[Member], looked, well: dict[str, Health]) -> FanoutRow:  # type: ignore[no-untyped-def]
    active = [member for member in known if member.state == ACTIVE]
    names = (binding_name(fanout.name, member.address) for member in active)
    good = sum(1 for name in names if name in well and well[name].is_well)
    problem = looked.problem if looked else ""
    if not problem and good < len(active):
        needed = plural("{count} mailbox needs you", "{count} mailboxes need you", len(active) - good)
        problem = f"{needed}: agendahub fanout members {quote(fanout.name)}"
    return FanoutRow(
        fanout.name,
        fanout.account,
        fanout.collection,
        fanout.folder,
        fanout.direction,
        members=len(active),
        well=good,
        left=sum(1 for member in known if member.state == LEFT),
        refreshed_at=looked.refreshed_at if looked else None,
        problem=problem,
    )


def member_rows(workspace: Workspace, fanout: FanoutSettings) -> list[MemberRow]:
    """By address."""
    well = _health(workspace)
    with workspace.database.read() as unit:
        known = members(unit.session.connection, fanout.name)
    return [_member(member, well.get(binding_name(fanout.name, member.address))) for member in known]


def _member(member: Member, health: Health | None) -> MemberRow:
    return MemberRow(
        member.address,
        member.state,
        health.state if health else "",
        health.detail if health else "",
        health.links if health else 0,
        member.first_seen,
        member.last_seen,
        health.last_ok_at if health else None,
        binding_name(member.fanout, member.address),
    )


def _health(workspace: Workspace) -> dict[str, Health]:
    """Of the bindings of fan-outs, by their name."""
    with workspace.database.read() as unit:
        rows = {row.name: row for row in bindings(unit.session.connection)}
        accounts = account_states(unit.session.connection)
    mine = tuple(binding for binding in workspace.settings.bindings if isinstance(binding, FanoutBinding))
    settings = workspace.settings.model_copy(update={"bindings": mine})
    return {health.binding: health for health in health_of(settings, rows, accounts, utc_now())}
