"""The members of fan-outs, as they were last known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from storage.limits import cut
from storage.tables import bindings, fanout_members, fanouts, links

ACTIVE, LEFT = "active", "left"


@dataclass(frozen=True, slots=True)
class Member:
    """A mailbox that a fan-out goes to, or went to."""

    fanout: str
    address: str
    state: str  # active, left
    first_seen: datetime
    last_seen: datetime
    folder_made_at: datetime | None


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How the last look into the directory went."""

    name: str
    refreshed_at: datetime | None
    problem: str


def members(connection: Connection, fanout: str | None = None) -> list[Member]:
    """Of one fan-out or of all, by address; also who left."""
    statement = select(fanout_members).order_by(fanout_members.c.fanout, fanout_members.c.address)
    if fanout is not None:
        statement = statement.where(fanout_members.c.fanout == fanout)
    return [Member(**row) for row in connection.execute(statement).mappings()]


def refreshed(connection: Connection) -> dict[str, Refreshed]:
    """By the name of the fan-out; those that were never refreshed are absent."""
    return {row["name"]: Refreshed(**row) for row in connection.execute(select(fanouts)).mappings()}


def set_members(connection: Connection, fanout: str, present: Iterable[str], now: datetime) -> None:
    """Exactly these are present; all others that are known have left."""
    wanted, known = set(present), {member.address: member for member in members(connection, fanout)}
    new = [{"fanout": fanout, "address": address, "state": ACTIVE, "first_seen": now, "last_seen": now}
           for address in sorted(wanted - known.keys())]  # fmt: skip
    if new:
        connection.execute(insert(fanout_members), new)
    for address, member in known.items():
        if address in wanted:
            _set(connection, fanout, address, state=ACTIVE, last_seen=now)
        elif member.state != LEFT:
            _set(connection, fanout, address, state=LEFT)


def note_refreshed(connection: Connection, fanout: str, now: datetime, problem: str = "") -> None:
    """How the look into the directory went; with a problem, the time of the last good one stays."""
    values: dict[str, object] = {"problem": cut(problem, 2000)} | ({} if problem else {"refreshed_at": now})
    done = connection.execute(update(fanouts).where(fanouts.c.name == fanout).values(**values))
    if not done.rowcount:
        connection.execute(insert(fanouts).values(name=fanout, **values))


def set_folder_made(connection: Connection, fanout: str, address: str, at: datetime | None) -> None:
    """When the folder was found or made; None: it may be made (again)."""
    _set(connection, fanout, address, folder_made_at=at)


def folder_made_at(connection: Connection, fanout: str, address: str) -> datetime | None:
    """When the folder was last found or made."""
    found: datetime | None = connection.execute(
        select(fanout_members.c.folder_made_at).where(_is(fanout, address))
    ).scalar_one_or_none()
    return found


def remote_id_of(connection: Connection, binding: str) -> str:
    """The remote collection that a binding is tied to; empty when to none yet."""
    found = connection.execute(select(bindings.c.remote_id).where(bindings.c.name == binding)).scalar_one_or_none()
    return found or ""


def forget_fanout(connection: Connection, fanout: str) -> None:
    """Forget who was in it."""
    connection.execute(delete(fanout_members).where(fanout_members.c.fanout == fanout))
    connection.execute(delete(fanouts).where(fanouts.c.name == fanout))


def _set(connection: Connection, fanout: str, address: str, **values: object) -> None:
    connection.execute(update(fanout_members).where(_is(fanout, address)).values(**values))


def _is(fanout: str, address: str) -> ColumnElement[bool]:
    return and_(fanout_members.c.fanout == fanout, fanout_members.c.address == address)


def linked(connection: Connection, binding: str) -> list[tuple[str, str]]:
    """Id and version of every item that a binding has at its account and that is there as far as we know."""
    joined = links.join(bindings, bindings.c.id == links.c.binding_id)
    statement = select(links.c.remote_id, links.c.remote_version).select_from(joined).where(bindings.c.name == binding)
    rows = connection.execute(statement.where(links.c.state != "missing").order_by(links.c.id))
    return [(row.remote_id, row.remote_version) for row in rows]
