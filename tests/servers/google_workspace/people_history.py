"""Every state that the records of one kind ever had, so that lists can show the past (P5)."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

Document = dict[str, Any]
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class State:
    """A record after one write."""

    name: str  # people/c12, otherContacts/c13, contactGroups/1a
    number: int  # of the write, over all records of this history
    at: datetime
    fields: Document  # as the owner wrote them: no metadata, nothing that is only read
    deleted: bool = False
    photo: str = ""  # digest of its bytes; "" without one
    profile: Document = field(default_factory=dict)  # what the person's own Google profile adds: never ours to write
    formerly: tuple[str, ...] = ()  # names that it had

    @property
    def id(self) -> int:
        """Of a contact: it stays whatever the name becomes."""
        return int((*self.formerly, self.name)[0].rpartition("/")[2].removeprefix("c"))

    @property
    def etag(self) -> str:
        """Of the whole record."""
        return f"%{_digest('record', self.name, self.number)}"

    @property
    def source_etag(self) -> str:
        """Of what the owner wrote."""
        return f"#{_digest('source', self.name, self.number)}"


class History:
    """Reads by name find the newest state; lists show what has got around: after `lag`, in the order of writes."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        lag: Callable[[], timedelta] = timedelta,
        held: Callable[[], bool] = lambda: False,  # nothing that is written meanwhile gets around
    ) -> None:
        self._clock, self._lag, self._held = clock, lag, held
        self._states: dict[str, list[State]] = {}
        self._log: list[State] = []
        self._seen_from: list[datetime] = []  # of each state of the log: from when lists show it; never falls
        self._names: dict[str, str] = {}  # former name: the name now

    def put(self, name: str, fields: Document, **more: Any) -> State:
        """A new state; what `more` does not say (photo, profile, ...) stays."""
        before = self._states.get(name, [State(name, 0, self._clock(), {})])[-1]
        return self._add(replace(before, number=len(self._log) + 1, at=self._clock(), fields=fields, **more))

    def remove(self, name: str) -> State:
        """Lists tell of it; reads by name do not find it. Raises KeyError if it is not there."""
        state = self.get(name)
        return self.put(state.name, {}, deleted=True, photo="", profile={})

    def rename(self, name: str, new: str, profile: Document) -> State:
        """As happens when a contact is linked with a person's profile. Raises KeyError."""
        state = self.get(name)
        self._states[new] = [replace(one, name=new) for one in self._states.pop(state.name)]
        self._names[state.name] = new
        return self.put(new, state.fields, profile=profile, formerly=(*state.formerly, state.name))

    def get(self, name: str) -> State:
        """The newest, also by a former name. Raises KeyError for what is not, or not any more."""
        state = self._states[self.name(name)][-1]
        if state.deleted:
            raise KeyError(name)
        return state

    def name(self, name: str) -> str:
        """The one that it has now."""
        while name in self._names:
            name = self._names[name]
        return name

    def shown(self, name: str, until: int) -> State | None:
        """As it was after this write, if it was."""
        states = self._states.get(self.name(name), [])
        found = bisect_right(states, until, key=lambda state: state.number)
        return states[found - 1] if found else None

    def living(self) -> list[State]:
        """The newest of all that are there, in the order of their making."""
        return [states[-1] for states in self._states.values() if not states[-1].deleted]

    def reach(self) -> int:
        """Number of the last write that lists show by now."""
        self._let_go()
        return bisect_right(self._seen_from, self._clock())

    def catch_up(self) -> None:
        """All that was written gets around at once."""
        self._seen_from = [min(seen, self._clock()) for seen in self._seen_from]

    def whole(self, until: int) -> list[State]:
        """All that were there after this write, the least recently changed first."""
        found = (self.shown(name, until) for name in self._states)
        return sorted((one for one in found if one and not one.deleted), key=lambda state: state.number)

    def changes(self, since: int, until: int) -> list[State]:
        """What was written between, each record once; deleted ones too."""
        names = dict.fromkeys(self.name(state.name) for state in self._log[since:until])
        found = (self.shown(name, until) for name in names)
        return sorted((one for one in found if one), key=lambda state: state.number)

    def _let_go(self) -> None:
        if self._seen_from[-1:] == [_NEVER] and not self._held():
            self.catch_up()

    def _add(self, state: State) -> State:
        self._states.setdefault(state.name, []).append(state)
        self._log.append(state)
        self._let_go()
        seen = _NEVER if self._held() else self._clock() + self._lag()
        self._seen_from.append(max([seen, *self._seen_from[-1:]]))
        return state


def _digest(*parts: object) -> str:
    return b64encode(hashlib.sha256(repr(parts).encode()).digest()[:9]).decode()
