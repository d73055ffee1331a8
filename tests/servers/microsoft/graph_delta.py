"""Delta rounds: a token holds the floor of its round, the place in it, and the query of its first request (G1-G4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.servers.microsoft.graph_protocol import Answer, Call, GraphError, Json, Switches, pack, selected, unpack
from tests.servers.microsoft.mailbox import Change

Render = Callable[[Call, Change, frozenset[str] | None], list[Json]]
_KEPT = {"id", "@odata.etag", "@odata.type", "type", "seriesMasterId"}  # what even a sparse record has


@dataclass
class Deltas:
    """What the server remembers about delta tokens."""

    switches: Switches
    epoch: int = 0  # tokens of another epoch are forgotten
    views: dict[str, dict[str, list[str]]] = field(default_factory=dict)  # calendar views: master -> ids it was told as

    def forget(self) -> None:
        """Every token that was given is worthless now."""
        self.epoch += 1

    def state(self, call: Call, about: str, newest: int) -> Json:
        """Of this request: from its token, or a new round's."""
        token = call.query.get("$deltatoken") or call.query.get("$skiptoken")
        if not token:
            query = {name: value for name, value in call.query.items() if not name.startswith("$deltatoken")}
            return {"about": about, "after": 0, "floor": newest, "at": 0, "query": query, "epoch": self.epoch}
        state = unpack(token)
        if state.get("about") != about or state.get("epoch") != self.epoch:
            raise self._expired(call)
        if "$deltatoken" in call.query:
            state.update(after=state["floor"], floor=max(newest, state["floor"]), at=0)
        return state

    def _expired(self, call: Call) -> GraphError:
        where = {"Location": call.link(**{"$deltatoken": ""})} if self.switches.expired_status == 410 else {}
        return GraphError(self.switches.expired_status, self.switches.expired_code, "Resync is needed.", where)

    def round(self, call: Call, state: Json, changes: Sequence[Change], render: Render) -> Answer:
        """One page of a round."""
        first = state["after"] == 0
        if first and not self.switches.early_tombstones:
            changes = [change for change in changes if change.verb != "delete"]
        if self.switches.backwards:
            changes = changes[::-1]
        if self.switches.repeats and changes:
            changes = [*changes, changes[0]]
        size = call.page_size or self.switches.page_size or 50
        at = state["at"]
        if self.switches.empty_pages and at == 0:
            return self._answer(call, {**state, "at": -1}, [], last=False)
        at = max(at, 0)
        values = []
        for change in changes[at : at + size]:
            names = change.names if self.switches.sparse and not first and change.verb == "update" else None
            values += [self._reasoned(one) for one in render(call, change, names)]
        return self._answer(call, {**state, "at": at + size}, values, last=at + size >= len(changes))

    def _reasoned(self, one: Json) -> Json:
        return removed(one["id"], self.switches.removed_reason) if "@removed" in one else one

    def _answer(self, call: Call, state: Json, values: list[Json], last: bool) -> Answer:
        values = [selected(one, state["query"].get("$select", "")) for one in values]
        name, kind = ("@odata.deltaLink", "$deltatoken") if last else ("@odata.nextLink", "$skiptoken")
        return Answer(200, {"value": values, name: call.link(**{kind: pack(state)})})


def removed(item_id: str, reason: str = "deleted") -> Json:
    """A tombstone."""
    return {"id": item_id, "@removed": {"reason": reason}}


def thinned(record: Json, names: frozenset[str] | None) -> Json:
    """A sparse record, if `names` are given."""
    if names is None:
        return record
    return {name: value for name, value in record.items() if name in names | _KEPT}
