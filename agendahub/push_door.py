"""Where outside systems call us: /push/<key>. A call is only a hint; whatever else it says is not believed.

A call to an address that is none costs one digest, and its body is not read. One at a known address is read up to
64 KiB, and only as often as a real system calls; a wrong secret is dropped and counted, without a word to the caller.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from html import escape
from typing import Literal, TypeAlias

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from agendahub.push_hooks import Entry, Hooks
from connectors.push import Notice
from dav_gateway.answers import Refused
from dav_gateway.incoming import TooLargeError, read_body

PATH = "/push/"
BODY = 64 * 1024  # octets
MOST = 1000  # notifications of one call that are looked at
RATE = 20.0  # calls a second at one address, for long
BURST = 200.0  # calls at once
_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'",
}

Verdict: TypeAlias = Literal["taken", "asked", "unknown", "forged", "unreadable", "too_many"]
Count: TypeAlias = Callable[[Verdict], None]


class Bucket:
    """So many calls at one address, and no more."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._left, self._at = BURST, now()

    def take(self) -> bool:
        """Whether one more may pass."""
        now = self._now()
        self._left, self._at = min(BURST, self._left + (now - self._at) * RATE), now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Door:
    """Answers calls."""

    def __init__(self, hooks: Hooks, count: Count) -> None:
        self._hooks = hooks
        self._count = count
        self._buckets: dict[int, Bucket] = {}  # by binding

    def routes(self, prefix: str = "") -> list[BaseRoute]:
        """To be put beside others. `prefix`: what a proxy may put before every path."""
        starts = dict.fromkeys(("", prefix.rstrip("/")))
        return [Route(f"{start}{PATH}{{key}}", self.answer, methods=["POST"]) for start in starts]

    async def answer(self, request: Request) -> Response:
        """One call."""
        entry = self._hooks.find(request.path_params["key"])
        if entry is None:
            self._count("unknown")
            return _plain(404) if self._hooks.ready else _plain(503, {"retry-after": "10"})
        if not self._buckets.setdefault(entry.binding_id, Bucket()).take():
            self._count("too_many")
            return _plain(429, {"retry-after": "10"})
        token = entry.challenge(request.query_params)
        if token is not None:
            self._count("asked")
            return PlainTextResponse(escape(token), headers=_HEADERS)
        try:
            headers = dict(request.headers)
            notices = entry.read(headers, await read_body(request.receive, headers, BODY))
        except TooLargeError:
            self._count("unreadable")
            return _plain(413)
        except Refused as err:
            return _plain(err.status)
        except (ValueError, RecursionError):
            self._count("unreadable")
            return _plain(400)
        for notice in notices[:MOST]:
            self._take(entry, notice)
        return _plain(202)

    def _take(self, entry: Entry, notice: Notice) -> None:
        if entry.is_meant(notice):
            self._count("taken")
            entry.told(entry.binding_id, notice.event)
        else:
            self._count("forged")


def _plain(status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(status_code=status, headers=_HEADERS | (headers or {}))
