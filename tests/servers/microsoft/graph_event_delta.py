"""Delta of a calendar: the window that a first request fixes (calendarView), and the unbounded feed (a switch)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tests.servers.microsoft import moments, series
from tests.servers.microsoft.graph_delta import Deltas, removed, thinned
from tests.servers.microsoft.graph_event_rules import render, render_occurrence
from tests.servers.microsoft.graph_events import CALENDARS, calendar_of, window
from tests.servers.microsoft.graph_protocol import Answer, Call, GraphError, Json, Route
from tests.servers.microsoft.mailbox import Change, Item


@dataclass
class EventDeltas:
    """What answers for /calendarView/delta and /events/delta."""

    deltas: Deltas

    def routes(self) -> list[Route]:
        """The paths."""
        return [
            ("GET", CALENDARS + "/calendarView/delta", self.in_window),
            ("GET", CALENDARS + "/events/delta", self.unbounded),
        ]

    def in_window(self, call: Call) -> Answer:
        """Occurrences, exceptions, singles and the masters of what is in the window."""
        _refuse_expand(call)
        where = calendar_of(call).id
        state = self.deltas.state(call, f"view {where}", call.mailbox.newest(where))
        if "window" not in state:
            state["window"] = [at.isoformat() for at in window(call)]
        start, end = (moments.parse(text) for text in state["window"])
        known = dict(self.deltas.views.get(state.get("view", ""), {}))  # a copy: the same link may be asked again
        state["view"] = f"view-{len(self.deltas.views)}"
        self.deltas.views[state["view"]] = known

        def told(call: Call, change: Change, names: frozenset[str] | None) -> list[Json]:
            item = call.mailbox.items.get(change.item)
            there = item is not None and item.collection == where
            shown = self._in_window(call, item, start, end) if item is not None and there else []
            was, now = known.get(change.item, []), [str(one["id"]) for one in shown]
            known[change.item] = now
            gone = [removed(one) for one in was if one not in now]
            if self.deltas.switches.quiet_series and was and item is not None and item.recurs:
                shown = [one for one in shown if one["id"] not in was]
            return [thinned(one, names if one["id"] in was else None) for one in shown] + gone

        changes = call.mailbox.changes(where, state["after"], state["floor"])
        return self.deltas.round(call, state, changes, told)

    def _in_window(self, call: Call, item: Item, start: datetime, end: datetime) -> list[Json]:
        found = list(series.occurrences(item, start, end))
        if not item.recurs:
            return [render(call, item, self.deltas.switches) for _ in found]
        shown = [render_occurrence(call, one, brief=True) for one in found]
        return [render(call, item, self.deltas.switches), *shown] if found else []

    def unbounded(self, call: Call) -> Answer:
        """Singles, masters and exceptions, wherever they are in time."""
        if not self.deltas.switches.events_delta:
            raise GraphError(400, "BadRequest", "Resource not found for the segment 'delta'.")
        _refuse_expand(call)
        where = calendar_of(call).id
        state = self.deltas.state(call, f"events {where}", call.mailbox.newest(where))
        changes = call.mailbox.changes(where, state["after"], state["floor"])
        return self.deltas.round(call, state, changes, self._unbounded)

    def _unbounded(self, call: Call, change: Change, names: frozenset[str] | None) -> list[Json]:
        item = call.mailbox.items.get(change.item)
        if item is None or item.collection != calendar_of(call).id:
            return [removed(change.item if call.immutable else change.folder_id)]
        made = [series.occurrence(item, day) for day in sorted(item.exceptions)]
        shown = [render_occurrence(call, one) for one in made if one is not None]
        return [thinned(render(call, item, self.deltas.switches), names), *shown]


def _refuse_expand(call: Call) -> None:
    if any(name in call.query for name in ("$expand", "$filter", "$orderby", "$search")):
        raise GraphError(400, "ErrorInvalidUrlQuery", "These parameters are not supported with change tracking.")
