"""Lists of the People API, page by page, and what changed since a sync token (P1-P5)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.servers.google_workspace.people_checks import invalid
from tests.servers.google_workspace.people_history import Document, History, State
from tests.servers.google_workspace.people_switches import PeopleSwitches
from tests.servers.google_workspace.protocol import Call, GoogleError, Switches, error_info

_MOVING = {"pageToken", "syncToken", "requestSyncToken", "pageSize"}  # may differ within a round, or follow from it

MOST_ROUNDS = 100  # that can be read at the same time; older ones are forgotten


@dataclass
class _Token:
    """Where the next round begins."""

    asked: Document  # the parameters that must not change
    reach: int  # the last write that it knows
    full_at: datetime  # when the list was full


@dataclass
class _Round:
    """A list that is being read."""

    asked: Document
    found: list[State]
    next: _Token


class Lists:
    """Rounds of one server."""

    def __init__(self, switches: Switches, people: PeopleSwitches, clock: Callable[[], datetime]) -> None:
        self._switches, self._people, self._clock = switches, people, clock
        self._rounds: dict[str, _Round] = {}
        self._tokens: dict[str, _Token] = {}

    def page(self, call: Call, history: History, default: int, always: bool = False) -> tuple[list[State], Document]:
        """States of one page, and the tokens that stand beside them. `always`: with a sync token unasked."""
        size = _page_size(call, default)
        asked = {"": call.method.id, "user": call.user.address}
        asked |= {name: value for name, value in call.params.items() if name not in _MOVING}
        token, _, start = call.text("pageToken").partition(".")
        if token:
            one = self._rounds.get(token)
            if one is None or not start.isdigit():
                raise invalid("Invalid page token.")
            _must_match(one.asked, asked, "page")
        else:
            token, one, start = secrets.token_hex(8), self._begin(call, history, asked), "0"
            self._rounds[token] = one
            while len(self._rounds) > MOST_ROUNDS:
                del self._rounds[next(iter(self._rounds))]
        return self._cut(call, one, token, int(start), size, always)

    def forget(self) -> None:
        """No sync token is good any more."""
        self._tokens.clear()

    def _begin(self, call: Call, history: History, asked: Document) -> _Round:
        until = history.reach()
        if not call.text("syncToken"):
            self._charge(call)
            found = history.whole(until)
            if self._switches.backwards:
                found.reverse()
            return _Round(asked, found, _Token(asked, until, self._clock()))
        token = self._tokens.get(call.text("syncToken"))
        if token is None or self._clock() >= token.full_at + self._people.token_life:
            raise _expired()
        _must_match(token.asked, asked, "sync")
        return _Round(asked, history.changes(token.reach, until), _Token(asked, until, token.full_at))

    def _charge(self, call: Call) -> None:
        """Full lists have a quota of their own (P4)."""
        if call.method.id == "people.contactGroups.list" or self._people.full_lists is None:
            return
        if self._people.full_lists <= 0:
            text = "Quota exceeded for quota metric 'FullSyncRequests' of service 'people.googleapis.com'."
            raise GoogleError(429, "rateLimitExceeded", text, domain="usageLimits")
        self._people.full_lists -= 1

    def _cut(
        self, call: Call, one: _Round, token: str, start: int, size: int, always: bool
    ) -> tuple[list[State], Document]:
        size = min(size, self._switches.page_size or size)
        if self._switches.empty_pages and not call.text("pageToken"):
            return [], {"nextPageToken": f"{token}.0"}
        end = start + max(1, size - 1 if self._switches.short_pages else size)
        if end < len(one.found):
            return one.found[start:end], {"nextPageToken": f"{token}.{end}"}
        told: Document = {}
        if always or call.yes("requestSyncToken") or call.text("syncToken"):
            told["nextSyncToken"] = self._issue(one.next)
        return one.found[start:], told

    def _issue(self, token: _Token) -> str:
        name = secrets.token_urlsafe(24)
        self._tokens[name] = token
        return name


def _page_size(call: Call, default: int) -> int:
    size = int(call.params.get("pageSize", 0))
    if not 0 <= size <= 1000:
        raise invalid("Page size must be between 1 and 1000.")
    return size or default


def _must_match(first: Document, asked: Document, kind: str) -> None:
    if first != asked:
        differ = sorted(name for name in {*first, *asked} if first.get(name) != asked.get(name))
        raise invalid(f"Request parameters must match the first call of the {kind} token; these do not: {differ}.")


def _expired() -> GoogleError:
    text = "Sync token is expired. Clear local cache and retry call without the sync token."
    info: dict[str, Any] = error_info("EXPIRED_SYNC_TOKEN", "people.googleapis.com", service="people.googleapis.com")
    return GoogleError(400, "failedPrecondition", text, rpc="FAILED_PRECONDITION", details=[info])
