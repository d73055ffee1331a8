"""Bindings, their cursors and what the deletion brake holds."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import and_, bindparam, delete, false, insert, select, true, update

from storage.errors import StoreRefused
from storage.limits import clean, cut
from storage.session import Session
from storage.tables import accounts, bindings, hold_answers, holds
from sync_engine.ports import Binding, Cursor

_OF_BINDING = bindings.c.id == bindparam("binding")
_BINDING = (
    select(
        bindings.c.id,
        bindings.c.name,
        accounts.c.name.label("account"),
        bindings.c.collection_id,
        bindings.c.remote_id,
        bindings.c.cursor,
        bindings.c.hub_cursor,
        bindings.c.approved,
    )
    .join(accounts, accounts.c.id == bindings.c.account_id)
    .where(_OF_BINDING)
)
_SET_CURSOR = update(bindings).where(_OF_BINDING).values(cursor=bindparam("new"))
_SET_HUB_CURSOR = update(bindings).where(_OF_BINDING).values(hub_cursor=bindparam("new"))
_USE_UP_APPROVAL = update(bindings).where(_OF_BINDING, bindings.c.approved == true()).values(approved=false())
_OF_SIDE = and_(holds.c.binding_id == bindparam("binding"), holds.c.side == bindparam("on"))
_HELD = select(holds.c.item_ids).where(_OF_SIDE)
_DROP_HOLD = delete(holds).where(_OF_SIDE)
_HOLD = insert(holds)
_ANSWERED = select(hold_answers.c.item_ids).where(
    hold_answers.c.binding_id == bindparam("binding"),
    hold_answers.c.side == bindparam("on"),
    hold_answers.c.verdict == bindparam("said"),
)
_DROP_ANSWERS = delete(hold_answers).where(hold_answers.c.binding_id == bindparam("binding"))


class Bindings:
    """State of bindings."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def binding(self, binding_id: int) -> Binding:
        """As stored."""
        row = self._session.run(_BINDING, {"binding": binding_id}).first()
        if row is None:
            raise StoreRefused(f"There is no binding {binding_id}.")
        return Binding(**row._mapping)

    def set_cursor(self, binding_id: int, cursor: Cursor | None) -> None:
        """Of the remote's feed."""
        self._session.run(_SET_CURSOR, {"binding": binding_id, "new": cursor})

    def set_hub_cursor(self, binding_id: int, seq: int) -> None:
        """Of the hub's changes."""
        self._session.run(_SET_HUB_CURSOR, {"binding": binding_id, "new": seq})

    def hold(self, binding_id: int, side: str, reason: str, samples: Sequence[str], item_ids: Sequence[int]) -> None:
        """Replaces an older record of that side."""
        self._session.run(_DROP_HOLD, {"binding": binding_id, "on": side})
        row = {
            "binding_id": binding_id,
            "side": side,
            "reason": cut(reason, 1000),
            "samples": clean(json.dumps(list(samples))),
            "item_ids": json.dumps(list(item_ids)),
            "count": len(item_ids),
            "at": self._session.now(),
        }
        self._session.run(_HOLD, row)

    def held(self, binding_id: int, side: str) -> frozenset[int]:
        """Hub items whose deletion waits."""
        return _ids(self._session.run(_HELD, {"binding": binding_id, "on": side}).scalar())

    def approved_items(self, binding_id: int, side: str) -> frozenset[int]:
        """Hub items whose deletion may pass."""
        return self._answered(binding_id, side, "approve")

    def refused_items(self, binding_id: int) -> frozenset[int]:
        """Hub items that are to be made again at the remote."""
        return self._answered(binding_id, "hub", "discard")

    def _answered(self, binding_id: int, side: str, verdict: str) -> frozenset[int]:
        where = {"binding": binding_id, "on": side, "said": verdict}
        return _ids(self._session.run(_ANSWERED, where).scalar())

    def release_hold(self, binding_id: int, side: str) -> None:
        """Nothing waits any more on that side."""
        self._session.run(_DROP_HOLD, {"binding": binding_id, "on": side})

    def use_up_approval(self, binding_id: int) -> None:
        """A one-time approval is over."""
        self._session.run(_USE_UP_APPROVAL, {"binding": binding_id})
        self._session.run(_DROP_ANSWERS, {"binding": binding_id})


def _ids(written: str | None) -> frozenset[int]:
    return frozenset(json.loads(written or "[]"))
