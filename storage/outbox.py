"""Intents: writes to be made at a remote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, delete, insert, select, update

from storage.session import Session
from storage.tables import intents
from sync_engine.ports import Intent, IntentState, Operation

_FIELDS = [f.name for f in fields(Intent)]
_INTENT = [intents.c[name] for name in _FIELDS]
_VALUES: BindParameter[Any] = bindparam("values", expanding=True)
_OF_BINDING = intents.c.binding_id == bindparam("binding")
_SENT = str(IntentState.SENT)

_OF_ITEMS = (_OF_BINDING, intents.c.item_id.in_(_VALUES))
_REPLACED = delete(intents).where(*_OF_ITEMS, intents.c.state != _SENT)
_UNDER_WAY = select(intents.c.item_id).where(*_OF_ITEMS)
_INSERT = insert(intents)
_OLDEST = (
    select(*_INTENT)
    .where(_OF_BINDING, intents.c.state.in_(bindparam("states", expanding=True)))
    .order_by(intents.c.id)
    .limit(bindparam("most"))
)
_SET_STATE = update(intents).where(intents.c.id.in_(_VALUES)).values(state=bindparam("new"))
_SET_SENT = (
    update(intents)
    .where(intents.c.id.in_(_VALUES))
    .values(state=_SENT, tries=intents.c.tries + 1, sent_at=bindparam("at"))
)
_DELETE = delete(intents).where(intents.c.id.in_(_VALUES))


class Outbox:
    """The queue of writes of all bindings."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, new: Iterable[Intent]) -> None:
        """One for each binding and item: the last one, unless one is under way already."""
        by_binding: dict[int, dict[int, Intent]] = defaultdict(dict)
        for intent in new:
            by_binding[intent.binding_id][intent.item_id] = intent
        for binding_id, by_item in by_binding.items():
            self._add(binding_id, by_item)

    def _add(self, binding_id: int, by_item: dict[int, Intent]) -> None:
        where = {"binding": binding_id}
        self._session.run_in(_REPLACED, "values", by_item, where)
        under_way = {row.item_id for row in self._session.rows_in(_UNDER_WAY, "values", by_item, where)}
        rows = [_row(intent) for item_id, intent in by_item.items() if item_id not in under_way]
        if rows:
            self._session.run(_INSERT, rows)

    def intents(self, binding_id: int, states: Sequence[IntentState], limit: int) -> list[Intent]:
        """Oldest first."""
        where = {"binding": binding_id, "states": [str(s) for s in states], "most": limit}
        return [_intent(row) for row in self._session.run(_OLDEST, where)]

    def set_state(self, intent_ids: Sequence[int], state: IntentState, at: datetime | None = None) -> None:
        """SENT counts a try, and keeps when it was."""
        if state is IntentState.SENT:
            self._session.run_in(_SET_SENT, "values", intent_ids, {"at": at})
        else:
            self._session.run_in(_SET_STATE, "values", intent_ids, {"new": str(state)})

    def delete(self, intent_ids: Sequence[int]) -> None:
        """Done."""
        self._session.run_in(_DELETE, "values", intent_ids)


def _row(intent: Intent) -> dict[str, Any]:
    row = {name: getattr(intent, name) for name in _FIELDS if name != "id"}
    return row | {"operation": str(intent.operation), "state": str(intent.state)}


def _intent(row: Any) -> Intent:
    return Intent(**{**row._mapping, "operation": Operation(row.operation), "state": IntentState(row.state)})
