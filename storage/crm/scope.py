"""The reach of a right as a WHERE: must say the same as `crm.rights.authorise` does of one request."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, false, or_, select, true, union

from storage import tables as t


def within(scope: str, *, user_id: int | None, address: str, groups: Collection[int]) -> ColumnElement[bool]:
    """Of rows of `requests`: those that a scope (`crm.rights.scope_of`) reaches. "": none."""
    if scope == "all":
        return true()
    if scope not in ("group", "own", "part"):
        return false()
    ways = [*_taking_part(address)]
    if scope in ("own", "group") and user_id is not None:
        ways.append(t.requests.c.responsible_id == user_id)
    if scope == "group" and groups:
        ways.append(t.requests.c.responsible_id.in_(_members(groups)))
    return or_(*ways) if ways else false()


def _taking_part(address: str) -> list[ColumnElement[bool]]:
    """By a list of ids, each half of it from an index: an OR of the two is read row by row by every database."""
    if not address:
        return []
    people, mine = t.request_people.c, t.requests.alias("mine")
    named = select(people.request_id).where(people.address == address)
    return [t.requests.c.id.in_(union(named, select(mine.c.id).where(mine.c.customer_address == address)))]


def _members(groups: Collection[int]) -> Select[int]:
    m = t.group_members.c
    return select(m.user_id).where(m.group_id.in_(sorted(groups)))
