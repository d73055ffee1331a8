"""How Graph asks and answers: calls, answers, errors, pages, and what a test may switch."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from tests.servers.microsoft.directory import READ, WRITE
from tests.servers.microsoft.mailbox import Collection, Item, Mailbox

Json = dict[str, Any]
Thing = TypeVar("Thing")
_SELECT_ALWAYS = {"id", "@odata.etag", "@removed", "singleValueExtendedProperties", "exceptionOccurrences"}


class GraphError(Exception):
    """An answer that is not 2xx."""

    def __init__(self, status: int, code: str, message: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(message or code)
        self.status, self.code, self.headers = status, code, headers or {}


@dataclass
class Fault:
    """What befalls the next `times` calls whose method and path fit."""

    status: int = 0  # answer this; 0: the right answer
    code: str = "ApplicationThrottled"
    headers: dict[str, str] = field(default_factory=dict)
    method: str = ""  # "" is any
    path: str = ""  # a regular expression, searched in the path
    times: int = 1
    hold: float = 0.0  # seconds between doing it and answering: the client gives up first
    inner: bool = False  # only befalls calls in a $batch
    page: bytes = b""  # with `status`: HTML of something that stands in between, a portal or a proxy


@dataclass
class Switches:
    """How the server is in general."""

    events_delta: bool = False  # unbounded /events/delta in v1.0 (documented for beta only)
    page_size: int = 0  # of delta rounds, when the client names none; 0: 50
    empty_pages: bool = False  # each round begins with an empty page
    sparse: bool = False  # a changed item has its id and the changed fields only
    quiet_series: bool = False  # a view tells those occurrences only that came or went
    early_tombstones: bool = False  # a first round tells what was deleted before it
    removed_reason: str = "deleted"  # or "changed": it may come back
    backwards: bool = False  # changes come in another order than they were made in
    expanded: int = 0  # most exceptions of a series that are told with it, the rest by a link; 0: all
    repeats: bool = False  # the first item of a round comes twice
    expired_status: int = 410  # for a token that was forgotten; clients also see 400
    expired_code: str = "syncStateNotFound"
    mail_sizes: bool = True  # may a message delta be asked for extended properties?
    plain_batches: bool = False  # what is no JSON stands in a $batch as text, not as base64
    transaction_conflict: bool = False  # a repeated transactionId is 409, else the event that is there
    concurrent: int = 4  # calls per mailbox at once
    quota: int | None = None  # calls per mailbox in ten minutes: Graph's is 10,000, and years pass quickly in tests
    gate: threading.Event | None = None  # every call waits for it, and is counted as running
    subscription_cap: timedelta = timedelta(minutes=4230)
    directory: bool = True  # may the application read people and groups?
    recurrence_zone: str | None = None  # what recurrenceTimeZone says, e.g. "" as some mailboxes do


@dataclass
class Call:
    """One request, or one in a $batch."""

    method: str
    path: str  # without version, mailbox and query: /contacts/AAk...
    query: dict[str, str]
    headers: dict[str, str]  # names in small letters
    body: Any  # JSON, or bytes
    prefix: str  # http://127.0.0.1:1/v1.0/me
    mailbox: Mailbox
    args: tuple[str, ...] = ()  # what the route's expression caught
    guest: str = ""  # who is in somebody else's mailbox, with what was shared and no more

    @property
    def prefers(self) -> str:
        """The Prefer header."""
        return self.headers.get("prefer", "")

    @property
    def immutable(self) -> bool:
        """Does this call speak of immutable ids?"""
        return bool(re.search(r'IdType\s*=\s*"ImmutableId"', self.prefers, re.IGNORECASE))

    @property
    def zone(self) -> str:
        """The zone that times are wanted in."""
        found = re.search(r'outlook\.timezone\s*=\s*"([^"]*)"', self.prefers, re.IGNORECASE)
        return found[1] if found else "UTC"

    @property
    def page_size(self) -> int:
        """What Prefer: odata.maxpagesize says; 0 for nothing."""
        found = re.search(r"odata\.maxpagesize\s*=\s*(\d+)", self.prefers, re.IGNORECASE)
        return int(found[1]) if found else 0

    @property
    def if_match(self) -> str | None:
        """The change key that If-Match names."""
        tag = self.headers.get("if-match", "*")
        return None if tag == "*" else tag.removeprefix("W/").strip('"')

    def may(self, collection: Collection, wanted: str = READ) -> bool:
        """Is it open to the caller?"""
        return not self.guest or self.mailbox.server.directory.may(self.guest, collection.id, wanted)

    def collection(self, key: str) -> Collection:
        """By id or well-known name; GraphError 403 if it is not open for what this call does."""
        found = self.mailbox.collection(key)
        if not self.may(found, READ if self.method == "GET" else WRITE):
            raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        return found

    def name_of(self, field_name: str) -> str:
        """Of a new collection, from the body; GraphError 400 if there is none."""
        name = self.json().get(field_name)
        if not isinstance(name, str) or not name.strip():
            raise GraphError(400, "ErrorInvalidArgument", f"{field_name} must not be empty.")
        return name

    def add_collection(self, kind: str, name: str, parent: str = "") -> Collection:
        """A folder; GraphError 409 if its parent has one of this name."""
        if self.guest:
            raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        if any(one.name.lower() == name.lower() and one.parent == parent for one in self.mailbox.of_kind(kind)):
            raise GraphError(409, "ErrorFolderExists", "A folder with the specified name already exists.")
        return self.mailbox.add_collection(kind, name, parent)

    def json(self) -> Json:
        """The body, which must be an object."""
        if not isinstance(self.body, dict):
            raise GraphError(400, "BadRequest", "Unable to read JSON request payload.")
        return self.body

    def link(self, **more: str) -> str:
        """An absolute address of this path with other query parameters."""
        return f"{self.prefix}{self.path}?{urlencode(more)}"

    def id_of(self, item: Item) -> str:
        """The kind of id that was asked for."""
        return item.id if self.immutable else item.folder_id


@dataclass
class Answer:
    """What a call gets."""

    status: int = 200
    body: Any = None  # JSON, bytes, or None
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Answer]
Route = tuple[str, str, Handler]  # method, expression of the whole path, who answers


def etag(item: Item) -> str:
    """Weak, and nothing but the change key."""
    return f'W/"{item.change_key}"'


def pack(state: Json) -> str:
    """An opaque token."""
    return base64.urlsafe_b64encode(json.dumps(state).encode()).decode().rstrip("=")


def unpack(token: str) -> Json:
    """Raises GraphError for what we never gave."""
    try:
        state = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError as error:
        raise GraphError(400, "syncStateInvalid", "The sync state is not one of ours.") from error
    if not isinstance(state, dict):
        raise GraphError(400, "syncStateInvalid", "The sync state is not one of ours.")
    return state


def selected(record: Json, select: str) -> Json:
    """Only what $select names."""
    if not select:
        return record
    names = _SELECT_ALWAYS | {name.strip() for name in select.split(",")}
    return {name: value for name, value in record.items() if name in names}


def named(call: Call, records: Sequence[Json]) -> list[Json]:
    """Folders that $filter=displayName eq '...' (or name) lets through."""
    text = call.query.get("$filter", "")
    found = re.fullmatch(r"(displayName|name) eq '((?:[^']|'')*)'", text)
    if text and found is None:
        raise GraphError(400, "ErrorInvalidUrlQueryFilter", f"The filter is not understood: {text}")
    wanted = found[2].replace("''", "'").lower() if found else ""
    return [one for one in records if found is None or str(one.get(found[1], "")).lower() == wanted]


def page(call: Call, records: Sequence[Json]) -> Answer:
    """A page of a list of records."""
    return page_of(call, records, _as_it_is)


def _as_it_is(record: Json) -> Json:
    return record


def page_of(call: Call, things: Sequence[Thing], render: Callable[[Thing], Json]) -> Answer:
    """A page of a list: $top of 1 to 999, 10 if it says nothing; the next one by an opaque link with $skip."""
    try:
        top, skip = int(call.query.get("$top", "10")), int(call.query.get("$skip", "0"))
    except ValueError as error:
        raise GraphError(400, "BadRequest", "Invalid $top or $skip.") from error
    if not 1 <= top <= 999:
        raise GraphError(400, "ErrorInvalidUrlQuery", "The limit of '999' for Top query has been exceeded.")
    shown = [selected(render(one), call.query.get("$select", "")) for one in things[skip : skip + top]]
    body: Json = {"value": shown}
    if skip + top < len(things):
        body["@odata.nextLink"] = call.link(**{**call.query, "$top": str(top), "$skip": str(skip + top)})
    return Answer(200, body)
