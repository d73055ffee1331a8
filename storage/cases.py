"""What a person may have to look at: conflicts, and the quarantine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import BindParameter, bindparam, delete, insert, select, update

from storage.limits import LONGEST_ID, clean, cut, trusted
from storage.session import Session
from storage.tables import conflicts, quarantine
from sync_engine.item import digest_of
from sync_engine.ports import FieldConflict, Trouble

_VALUES: BindParameter[Any] = bindparam("values", expanding=True)
_OF_BINDING = quarantine.c.binding_id == bindparam("binding")
_SHOWN = (
    "operation",
    "message",
    "title",
    "starts",
    "server_said",
    "raw",
    "remote_id",
    "remote_version",
    "item_id",
    "uid",
)
_TROUBLE = [quarantine.c[name] for name in _SHOWN]

_ADD_CONFLICT = insert(conflicts)
_ADD = insert(quarantine)
_RENEW = (
    update(quarantine)
    .where(_OF_BINDING, quarantine.c.subject == bindparam("about"))
    .values(
        {name: bindparam(f"new_{name}") for name in (*_SHOWN, "last_at")} | {"tries": quarantine.c.tries + 1},
    )
)
_BY_SUBJECT = select(*_TROUBLE, quarantine.c.subject).where(_OF_BINDING, quarantine.c.subject.in_(_VALUES))
_OF_TWIN = (quarantine.c.uid != "", quarantine.c.remote_id != "", quarantine.c.operation == "read")
_BY_UID = select(*_TROUBLE).where(_OF_BINDING, quarantine.c.uid.in_(_VALUES), *_OF_TWIN)
_READS = select(quarantine.c.remote_id).where(
    _OF_BINDING, quarantine.c.operation == "read", quarantine.c.remote_id != ""
)
_UNREAD = (
    select(quarantine.c.remote_id)
    .where(
        _OF_BINDING,
        quarantine.c.operation == "read",
        quarantine.c.remote_id != "",
        quarantine.c.remote_version == "",
    )
    .order_by(quarantine.c.id)
)
_RELEASE_SUBJECTS = delete(quarantine).where(_OF_BINDING, quarantine.c.subject.in_(_VALUES))
_RELEASE_ITEMS = delete(quarantine).where(_OF_BINDING, quarantine.c.item_id.in_(_VALUES))


class Cases:
    """Keeps cases until they are resolved."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_conflict(
        self,
        binding_id: int,
        item_id: int,
        fields: Sequence[FieldConflict],
        hub_revision: int,
        remote_revision: int,
        base_revision: int | None = None,
    ) -> None:
        """All texts stay in revisions."""
        row = {
            "binding_id": binding_id,
            "item_id": item_id,
            "fields": clean(json.dumps([asdict(field) for field in fields])),
            "hub_revision": hub_revision,
            "remote_revision": remote_revision,
            "base_revision": base_revision,
            "at": self._session.now(),
        }
        self._session.run(_ADD_CONFLICT, row)

    def quarantine(self, binding_id: int, trouble: Trouble) -> None:
        """Record or renew."""
        subject = _subject(trouble)
        row = _columns(trouble) | {"last_at": self._session.now()}
        named = {f"new_{name}": value for name, value in row.items()}
        if self._session.run(_RENEW, {"binding": binding_id, "about": subject, **named}).rowcount:
            return
        first = {"binding_id": binding_id, "subject": subject, "first_at": row["last_at"], "tries": 1}
        self._session.run(_ADD, {**row, **first})

    def by_remote_id(self, binding_id: int, remote_ids: Sequence[str]) -> dict[str, Trouble]:
        """Entries by remote id."""
        asked = {_of_remote(remote_id): remote_id for remote_id in remote_ids if remote_id}
        rows = self._session.rows_in(_BY_SUBJECT, "values", asked, {"binding": binding_id})
        return {asked[row.subject]: _trouble(row) for row in rows}

    def by_uid(self, binding_id: int, uids: Sequence[str]) -> dict[str, Trouble]:
        """Entries by UID."""
        rows = self._session.rows_in(_BY_UID, "values", uids, {"binding": binding_id})
        return {row.uid: _trouble(row) for row in rows}

    def unread_remote_ids(self, binding_id: int) -> list[str]:
        """Of all entries about reading."""
        return list(self._session.run(_READS, {"binding": binding_id}).scalars())

    def to_read_again(self, binding_id: int) -> list[str]:
        """Remote ids without a version."""
        return list(self._session.run(_UNREAD, {"binding": binding_id}).scalars())

    def release(self, binding_id: int, remote_ids: Sequence[str], item_ids: Sequence[int]) -> None:
        """Remove entries of these remote items, and all of these hub items."""
        where = {"binding": binding_id}
        self._session.run_in(_RELEASE_SUBJECTS, "values", [_of_remote(i) for i in remote_ids], where)
        self._session.run_in(_RELEASE_ITEMS, "values", item_ids, where)


def _subject(trouble: Trouble) -> str:
    return _of_remote(trouble.remote_id) if trouble.remote_id else f"item:{trouble.item_id}"


def _of_remote(remote_id: str) -> str:
    """The whole id, or what stands for one that no index would take."""
    if len(remote_id) <= LONGEST_ID and clean(remote_id) == remote_id:
        return f"remote:{remote_id}"
    return f"remote-digest:{digest_of(remote_id)}"


def _columns(trouble: Trouble) -> dict[str, Any]:
    return {
        "operation": cut(trouble.operation, 20),
        "message": cut(trouble.message, 2000),
        "title": cut(trouble.title, 400),
        "starts": cut(trouble.starts, 50),
        "server_said": cut(trouble.server_said, 2000),
        "raw": clean(trouble.raw),
        "remote_id": clean(trouble.remote_id),
        "remote_version": trusted(trouble.remote_version),
        "item_id": trouble.item_id,
        "uid": cut(trouble.uid, LONGEST_ID),
    }


def _trouble(row: Any) -> Trouble:
    return Trouble(**{name: getattr(row, name) for name in _SHOWN})
