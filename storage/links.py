"""Links: which hub item is which remote item."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import BindParameter, bindparam, delete, func, insert, select, update

from storage.errors import StoreRefused
from storage.limits import check_remote, trusted
from storage.session import Session
from storage.tables import links
from sync_engine.ports import Link, LinkState, Role

_FIELDS = [f.name for f in fields(Link)]
_LINK = [links.c[name] for name in _FIELDS]
_VALUES: BindParameter[Any] = bindparam("values", expanding=True)
_OF_BINDING = links.c.binding_id == bindparam("binding")
_MISSING, _LEFT = str(LinkState.MISSING), str(LinkState.LEFT)

_BY_REMOTE_ID = select(*_LINK).where(_OF_BINDING, links.c.remote_id.in_(_VALUES))
_BY_ITEM = select(*_LINK).where(_OF_BINDING, links.c.item_id.in_(_VALUES))
_REMOTE_IDS = select(links.c.remote_id).where(_OF_BINDING, links.c.state.not_in([_MISSING, _LEFT])).order_by(links.c.id)
_MISSING_LINKS = select(*_LINK).where(_OF_BINDING, links.c.state == _MISSING).order_by(links.c.id)
_COUNT = select(func.count()).select_from(links).where(_OF_BINDING, links.c.state != _LEFT)
_MEETINGS = (
    select(*_LINK)
    .where(
        links.c.item_id.in_(_VALUES),
        links.c.binding_id != bindparam("binding"),
        links.c.role != str(Role.NONE),
        links.c.state != _LEFT,
    )
    .order_by(links.c.id)
)
_LET_GO = update(links).where(links.c.item_id.in_(_VALUES), links.c.role == str(Role.GUEST)).values(state=_LEFT)
_INSERT = insert(links).returning(links.c.id)
_UPDATE = (
    update(links)
    .where(links.c.id == bindparam("link"))
    .values({name: bindparam(f"new_{name}") for name in _FIELDS if name != "id"})
)
_DELETE = delete(links).where(links.c.id == bindparam("link"))


class Links:
    """Finds and keeps links."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def links(self, binding_id: int, remote_ids: Sequence[str]) -> dict[str, Link]:
        """By remote id."""
        rows = self._session.rows_in(_BY_REMOTE_ID, "values", remote_ids, {"binding": binding_id})
        return {row.remote_id: _link(row) for row in rows}

    def links_of_items(self, binding_id: int, item_ids: Sequence[int]) -> dict[int, Link]:
        """By hub item id."""
        rows = self._session.rows_in(_BY_ITEM, "values", item_ids, {"binding": binding_id})
        return {row.item_id: _link(row) for row in rows}

    def meetings(self, binding_id: int, item_ids: Sequence[int]) -> dict[int, list[Link]]:
        """Of other bindings, by hub item id."""
        found: dict[int, list[Link]] = defaultdict(list)
        for row in self._session.rows_in(_MEETINGS, "values", item_ids, {"binding": binding_id}):
            found[row.item_id].append(_link(row))
        return dict(found)

    def let_go(self, item_ids: Sequence[int]) -> None:
        """Of guests, in all bindings."""
        self._session.run_in(_LET_GO, "values", item_ids)

    def linked_remote_ids(self, binding_id: int) -> list[str]:
        """All but those that are missing or were left."""
        return list(self._session.run(_REMOTE_IDS, {"binding": binding_id}).scalars())

    def missing(self, binding_id: int) -> list[Link]:
        """Links in state MISSING."""
        return [_link(row) for row in self._session.run(_MISSING_LINKS, {"binding": binding_id})]

    def count(self, binding_id: int) -> int:
        """All that are there for both sides, missing ones too: they are what a percentage of deletions is about."""
        return int(self._session.run(_COUNT, {"binding": binding_id}).scalar_one())

    def save(self, link: Link) -> Link:
        """Insert (id 0) or update."""
        check_remote(link.remote_id, link.remote_uid)
        link = replace(link, remote_version=trusted(link.remote_version))
        row = {name: getattr(link, name) for name in _FIELDS if name != "id"} | {
            "state": str(link.state),
            "role": str(link.role),
        }
        if not link.id:
            return replace(link, id=int(self._session.run(_INSERT, row).scalar_one()))
        named = {f"new_{name}": value for name, value in row.items()}
        if self._session.run(_UPDATE, {"link": link.id, **named}).rowcount != 1:
            raise StoreRefused(f"There is no link {link.id}.")
        return link

    def delete(self, link_id: int) -> None:
        """Forget."""
        self._session.run(_DELETE, {"link": link_id})


def _link(row: Any) -> Link:
    return Link(**{**row._mapping, "state": LinkState(row.state), "role": Role(row.role)})
