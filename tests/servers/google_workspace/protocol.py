"""How Google asks and answers: calls, answers, errors, and what a test may switch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.servers.google_workspace.discovery import Json, Method

_RPC = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}


class GoogleError(Exception):
    """An answer that is not 2xx. Raised by handlers; `told` is its body."""

    def __init__(
        self,
        status: int,
        reason: str,
        message: str = "",
        *,
        domain: str = "global",
        location: str = "",  # of the parameter or header that is wrong
        rpc: str = "",  # google.rpc.Code; "": the one of the status
        details: Sequence[Json] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message or reason)
        self.status, self.reason, self.domain, self.location = status, reason, domain, location
        self.rpc, self.details, self.headers = rpc or _RPC.get(status, "UNKNOWN"), list(details), dict(headers or {})

    def told(self, service: str) -> Json:
        """The body: `errors` at Calendar, `status` and `details` at People, both at the others."""
        error: Json = {"code": self.status, "message": str(self)}
        if service != "people":
            error = {"errors": [self._one()], **error}
        if service != "calendar" or self.status == 401:
            error["status"] = self.rpc
            if self.details:
                error["details"] = self.details
        return {"error": error}

    def _one(self) -> Json:
        one = {"domain": self.domain, "reason": self.reason, "message": str(self)}
        if self.location:
            header = self.location[0].isupper()
            one |= {"locationType": "header" if header else "parameter", "location": self.location}
        return one


def error_info(reason: str, domain: str, **metadata: str) -> Json:
    """A google.rpc.ErrorInfo for `details`."""
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": domain,
        "metadata": metadata,
    }


@dataclass
class Fault:
    """What befalls the next `times` calls that fit."""

    status: int = 0  # answer this; 0: the right answer
    reason: str = "rateLimitExceeded"
    message: str = "Rate Limit Exceeded"
    domain: str = "usageLimits"
    headers: Mapping[str, str] = field(default_factory=dict)  # e.g. Retry-After
    method: str = ""  # a regular expression, searched in the method's id: "events.insert"; "" is any
    path: str = ""  # a regular expression, searched in the path
    user: str = ""  # whose calls; "" is anybody's
    times: int = 1
    page: bytes = b""  # HTML of something that stands in between, with `status` (or 200)
    after: bool = False  # it is done first, and then answered with the fault: the answer is lost
    cut: bool = False  # the right answer ends in the middle
    drop: bool = False  # the connection ends without an answer; before it is done, or `after`
    hold: float = 0.0  # seconds between doing it and answering: the client gives up first
    inner: bool = False  # only befalls calls in a batch


@dataclass
class Switches:
    """How the server is in general."""

    page_size: int = 0  # most entries of a page, whatever is asked for; 0: as asked
    empty_pages: bool = False  # each listing begins with an empty page that has a nextPageToken
    short_pages: bool = False  # pages have one entry less than would fit
    backwards: bool = False  # a listing comes in another order than it was made in
    bare_tombstones: bool = False  # cancelled events have nothing but what is guaranteed (C4, C5)
    calendars_alone: bool = False  # to an import a second calendar is nobody's: its owner is no participant there
    import_duplicates: bool = False  # import of an iCalUID that stands there is 409 (seen in the wild), no update
    guests_unheard: bool = False  # a guest's change of what is the organiser's is passed over in silence, no 403
    guests_hide: bool = True  # a guest may have private extended properties; 403 was seen in the wild
    exceptions_follow: bool = False  # a change of a series reaches its exceptions where they were like it
    user_quota: int | None = None  # calls per user in a minute; Google's is 600
    gate: threading.Event | None = None  # every call waits for it, and is counted as running
    pushes: bool = True  # watch channels are called by themselves; else a test calls `push`
    channel_life: float = 7 * 86400.0  # seconds that a watch channel lives at most


@dataclass(frozen=True)
class User:
    """Somebody with an account."""

    address: str  # small letters
    name: str = ""


@dataclass
class Call:
    """One request, or one in a batch. Its parameters and body fit the discovery document."""

    method: Method
    user: User
    params: dict[str, Any]  # of path and query: str, int, bool, or list[str] for repeated ones; only those given
    body: Json  # {} if there is none
    headers: dict[str, str]  # names in small letters
    root: str  # http://127.0.0.1:4711
    app: bool = False  # a service account asks on this user's behalf
    inner: bool = False  # it is part of a batch

    def text(self, name: str, default: str = "") -> str:
        """A parameter."""
        return str(self.params.get(name, default))

    def number(self, name: str, default: int, most: int) -> int:
        """A parameter, not more than `most`."""
        return min(int(self.params.get(name, default)), most)

    def yes(self, name: str) -> bool:
        """Is it given and true?"""
        return self.params.get(name) is True

    @property
    def if_match(self) -> str:
        """The etag that the caller wants to find; "" for any."""
        tag = self.headers.get("if-match", "*")
        return "" if tag == "*" else tag

    @property
    def if_none_match(self) -> str:
        """The etag that the caller has; "" for none."""
        return self.headers.get("if-none-match", "")


@dataclass
class Answer:
    """What a call gets: JSON that fits the method's schema; None where it has none (204)."""

    body: Any = None  # JSON; bytes for what is no JSON
    status: int = 0  # 0: 200 with a body, 204 without
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def code(self) -> int:
        """The HTTP status."""
        return self.status or (204 if self.body is None else 200)


Handler = Callable[[Call], Answer]
