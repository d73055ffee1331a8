"""Which requests have to do with each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, case, delete, or_, select, update

from storage.crm.insert_once import insert_once
from storage.limits import cut
from storage.tables import request_links, requests

L = request_links.c


def add(connection: Connection, request: int, other: int, kind: str, at: datetime, actor: str) -> bool:
    """Whether it is new."""
    row = {"request_id": request, "other_id": other, "kind": kind, "at": at, "actor": cut(actor, 300)}
    return insert_once(connection, request_links, row, ["request_id", "other_id", "kind"])


def merged_into(request: int) -> Select[int]:
    """The ids of all that were merged into a request, over others too: `move` takes their links along."""
    return select(L.request_id).where(L.other_id == request, L.kind == "merged")


def remove(connection: Connection, request: int, other: int, kind: str) -> bool:
    """In either direction. Whether there was one."""
    ways = or_(and_(L.request_id == request, L.other_id == other), and_(L.request_id == other, L.other_id == request))
    return bool(connection.execute(delete(request_links).where(ways, L.kind == kind)).rowcount)


def links(connection: Connection, request: int, scope: ColumnElement[bool]) -> Sequence[RowMapping]:
    """The other requests, as far as the scope reaches, the newest link first."""
    other = case((L.request_id == request, L.other_id), else_=L.request_id)
    wanted = (
        select(requests.c.id, requests.c.number, requests.c.subject, requests.c.is_open, L.kind, L.request_id)
        .select_from(request_links)
        .join(requests, requests.c.id == other)
        .where(or_(L.request_id == request, L.other_id == request), scope)
    )
    return connection.execute(wanted.order_by(L.id.desc())).mappings().all()


def move(connection: Connection, source: int, target: int) -> None:
    """All links of one request to another one. What would then stand there twice, or point at itself, goes."""
    rows = connection.execute(select(request_links).where(or_(L.request_id == source, L.other_id == source))).all()
    for row in rows:
        ends = [target if end == source else end for end in (row.request_id, row.other_id)]
        there = and_(L.request_id == ends[0], L.other_id == ends[1], L.kind == row.kind)
        if ends[0] == ends[1] or connection.execute(select(L.id).where(there)).first():
            connection.execute(delete(request_links).where(L.id == row.id))
        else:
            connection.execute(update(request_links).where(L.id == row.id).values(request_id=ends[0], other_id=ends[1]))
