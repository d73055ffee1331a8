"""Answers, turned into the errors of `sync_engine.errors` by their meaning."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

import requests

from connectors.retry_after import seconds_of
from connectors.statuses import named
from sync_engine.errors import (
    AccountError,
    CollectionGone,
    NotAuthorised,
    OutcomeUnknown,
    Rejected,
    SyncError,
    Throttled,
    Unavailable,
    VersionConflict,
)

WORDS_LENGTH = 300
DEFAULT_WAIT = 60.0  # seconds, for 429 without Retry-After
_HIDDEN = re.compile(rb"(?is)<(script|style|head)\b.*?</\1\s*>|<!--.*?-->|<\?.*?\?>")
_TAGS = re.compile(r"<[^>]*>?")
_PRECONDITION = re.compile(r"<(?:\w+:)?error\b[^>]*>\s*<(?:\w+:)?([\w-]+)")  # RFC 4918 16


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said, read in full."""

    status: int
    headers: requests.structures.CaseInsensitiveDict[str]
    body: bytes
    url: str  # after redirects

    @property
    def ok(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300

    @property
    def words(self) -> str:
        """The first readable characters of the body, without markup."""
        return readable(self.body)

    def says(self, precondition: str) -> bool:
        """Does the body name this precondition element (RFC 4918 16)?"""
        return precondition.encode() in self.body


def readable(body: bytes) -> str:
    """Text of an error page for a person."""
    text = _HIDDEN.sub(b" ", body[:65536]).decode("utf-8", "replace")
    named = _PRECONDITION.search(text)
    plain = (f"({named[1]}) " if named else "") + unescape(_TAGS.sub(" ", text))
    return " ".join("".join(c if c.isprintable() else " " for c in plain).split())[:WORDS_LENGTH]


def retry_after(answer: Answer) -> float | None:
    """Seconds of a Retry-After header."""
    return seconds_of(answer.headers.get("Retry-After", ""))


def account_failure(answer: Answer, what: str) -> AccountError | None:
    """The error for an answer that concerns the account, not one item; None when it may be about the item."""
    status, said = answer.status, answer.words
    wait = retry_after(answer)
    if status == 429 or (status == 503 and wait is not None):
        seconds = DEFAULT_WAIT if wait is None else wait
        message = f"The server asks to wait {seconds:.0f} seconds ({what}: HTTP {status})."
        return Throttled(message, retry_after=seconds, server_said=said)
    if status == 401:
        return NotAuthorised(
            f"The server refused the sign-in ({what}); check the user name and password.", server_said=said
        )
    if 300 <= status < 400:
        return Unavailable(f"The server redirects without a usable address ({what}: HTTP {status}).", server_said=said)
    return None


def read_failure(answer: Answer, what: str) -> AccountError:
    """The error for a collection that could not be read."""
    status, said = answer.status, answer.words
    if (failure := account_failure(answer, what)) is not None:
        return failure
    if status == 403:
        return NotAuthorised(
            f"The server does not allow this ({what}: HTTP 403); check the account's rights.", server_said=said
        )
    if status in {404, 410}:
        message = f"The collection does not exist at the server any more ({what}: HTTP {status}); bind another one."
        return CollectionGone(message, server_said=said)
    return Unavailable(f"The server answered HTTP {named(status)} ({what}); it is tried again later.", server_said=said)


def write_failure(answer: Answer, what: str) -> SyncError:
    """The error for a write that was refused or whose outcome is open."""
    status, said = answer.status, answer.words
    if (failure := account_failure(answer, what)) is not None:
        return failure
    if status == 412 or _uid_taken(answer):
        return VersionConflict(
            f"The item was changed, or another one stands in its place ({what}: HTTP {status}).", server_said=said
        )
    if status in {404, 410}:
        return VersionConflict(f"The item is not at the server any more ({what}: HTTP {status}).", server_said=said)
    if status == 423:  # this item only: the others go on
        return OutcomeUnknown(
            f"The item is locked at the server ({what}: HTTP 423); it is tried again later.", server_said=said
        )
    if status < 500 or status in {501, 505, 507}:
        return Rejected(f"The server refuses this item ({what}: HTTP {named(status)}).", server_said=said)
    return OutcomeUnknown(
        f"The server failed during a write ({what}: HTTP {named(status)}); it is checked by a read.", server_said=said
    )


def _uid_taken(answer: Answer) -> bool:
    return answer.status in {403, 409} and answer.says("no-uid-conflict")
