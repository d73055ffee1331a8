"""What hangs on a request: people, tags, notes, history, who looks at it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, insert, or_, select, update

from storage import tables as t
from storage.crm.insert_once import insert_once
from storage.crm.link_rows import merged_into
from storage.limits import clean, cut
from storage.session import chunks

# ---------------------------------------------------------------- people

_PEOPLE = (
    select(t.request_people.c.address, t.request_people.c.name, t.request_people.c.role)
    .where(t.request_people.c.request_id == bindparam("request"))
    .order_by(t.request_people.c.id)
)


def people(connection: Connection, request: int) -> Sequence[RowMapping]:
    """In the order in which they came."""
    return connection.execute(_PEOPLE, {"request": request}).mappings().all()


def put_person(connection: Connection, request: int, address: str, name: str, role: str) -> None:
    """Add one, or change his name and role. The name that is known stays where none is told."""
    p = t.request_people.c
    row = {"request_id": request, "address": cut(address, 320), "name": cut(name, 200), "role": role}
    if not insert_once(connection, t.request_people, row, ["request_id", "address"]):
        values = {"role": role, **({"name": row["name"]} if name else {})}
        wanted = update(t.request_people).where(p.request_id == request, p.address == row["address"])
        connection.execute(wanted.values(**values))


def add_person(connection: Connection, request: int, address: str, name: str, role: str) -> bool:
    """Add one; who takes part already stays as he is."""
    row = {"request_id": request, "address": cut(address, 320), "name": cut(name, 200), "role": role}
    return insert_once(connection, t.request_people, row, ["request_id", "address"])


def remove_person(connection: Connection, request: int, address: str) -> bool:
    """Whether there was one."""
    p = t.request_people.c
    return bool(
        connection.execute(delete(t.request_people).where(p.request_id == request, p.address == address)).rowcount
    )


# ---------------------------------------------------------------- tags


def tags_of(connection: Connection, requests: Iterable[int]) -> dict[int, list[str]]:
    """Of several requests, in the order of the alphabet."""
    found: dict[int, list[str]] = {}
    c = t.request_tags.c
    for part in chunks(requests):
        for row in connection.execute(select(c.request_id, c.tag).where(c.request_id.in_(part)).order_by(c.tag)):
            found.setdefault(row.request_id, []).append(row.tag)
    return found


def add_tag(connection: Connection, request: int, tag: str) -> bool:
    """Whether it is new."""
    return insert_once(connection, t.request_tags, {"request_id": request, "tag": tag}, ["request_id", "tag"])


def remove_tag(connection: Connection, request: int, tag: str) -> bool:
    """Whether it was there."""
    c = t.request_tags.c
    return bool(connection.execute(delete(t.request_tags).where(c.request_id == request, c.tag == tag)).rowcount)


def tags_in_use(connection: Connection, begin: str, limit: int) -> list[tuple[str, int]]:
    """The most used first."""
    c = t.request_tags.c
    often = func.count().label("often")
    wanted = select(c.tag, often).where(c.tag.startswith(begin, autoescape=True)) if begin else select(c.tag, often)
    rows = connection.execute(wanted.group_by(c.tag).order_by(often.desc(), c.tag).limit(limit))
    return [(row.tag, row.often) for row in rows]


# ---------------------------------------------------------------- notes and history


def add_note(connection: Connection, values: Mapping[str, Any]) -> int:
    """Gives its id."""
    row = {**values, "text": clean(values["text"]), "author": cut(values["author"], 300)}
    key = connection.execute(insert(t.request_notes).values(**row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def notes(connection: Connection, request: int) -> Iterator[RowMapping]:
    """The oldest first."""
    c = t.request_notes.c
    wanted = select(c.id, c.request_id, c.author, c.text, c.at).where(c.request_id == request).order_by(c.id)
    yield from connection.execute(wanted).mappings()


def add_history(connection: Connection, values: Mapping[str, Any]) -> None:
    """A line."""
    row = {
        **values,
        "actor": cut(values["actor"], 300),
        "before": clean(values["before"]),
        "after": clean(values["after"]),
        "reason": cut(values["reason"], 1000),
    }
    connection.execute(insert(t.request_history), row)


def history(connection: Connection, request: int, before_id: int | None, limit: int) -> Sequence[RowMapping]:
    """The newest lines first, with those of requests that were merged into this one."""
    c = t.request_history.c
    wanted = select(t.request_history).where(or_(c.request_id == request, c.request_id.in_(merged_into(request))))
    if before_id is not None:
        wanted = wanted.where(c.id < before_id)
    return connection.execute(wanted.order_by(c.id.desc()).limit(limit)).mappings().all()


# ---------------------------------------------------------------- who looks at it


def be_there(connection: Connection, request: int, user: int, doing: str, until: datetime) -> None:
    """Until a time; again: until a later one."""
    c = t.request_viewers.c
    wanted = update(t.request_viewers).where(c.request_id == request, c.user_id == user)
    if not connection.execute(wanted.values(doing=doing, until=until)).rowcount:
        row = {"request_id": request, "user_id": user, "doing": doing, "until": until}
        insert_once(connection, t.request_viewers, row, ["request_id", "user_id"])


def leave(connection: Connection, request: int, user: int | None, now: datetime) -> None:
    """Of this request: the user, and everybody whose time is over."""
    c = t.request_viewers.c
    gone = or_(c.until <= now, c.user_id == user) if user is not None else c.until <= now
    connection.execute(delete(t.request_viewers).where(c.request_id == request, gone))


def viewers(connection: Connection, request: int, now: datetime) -> Sequence[RowMapping]:
    """Who is there, by name."""
    c, u = t.request_viewers.c, t.users.c
    wanted = select(c.user_id, u.name, c.doing, c.until).join(t.users, u.id == c.user_id)
    return connection.execute(wanted.where(c.request_id == request, c.until > now).order_by(u.name)).mappings().all()
