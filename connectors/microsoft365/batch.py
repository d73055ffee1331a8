"""$batch: up to 20 requests in one, answered in any order, each with a status of its own (G11).

Requests that are throttled inside are sent again after their pause; a read also when the server failed. Those whose
token ran out in the middle are sent once more with another one. A picture is base64 there, both ways.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from connectors.insisting import insist
from connectors.microsoft365.answers import Answer
from connectors.microsoft365.failures import is_without_mailbox, read_failure, wait_of
from connectors.microsoft365.transport import IMMUTABLE, READ_TRIES, Transport
from connectors.pacing import AT_ONCE
from sync_engine.errors import AccountError, NotAuthorised, OutcomeUnknown, SuspectListing

MOST = 20
_PASSING = frozenset({500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Part:
    """One request in a batch."""

    method: str  # get, post, patch, put, delete
    path: str  # below the version: /me/contacts/AAkA
    body: Any = None  # JSON, or bytes
    headers: Mapping[str, str] = field(default_factory=dict)


_Numbered: TypeAlias = tuple[int, Part]


class Batch:
    """Sends many requests to one mailbox in few."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def read(self, parts: Sequence[Part], owner: str = "") -> list[Answer]:
        """The answers in the order of the parts; also those that say that the server failed at just this (500).

        Raises Throttled, Unavailable, NotAuthorised and SuspectListing.
        """
        found: list[Answer] = []
        for start in range(0, len(parts), MOST):
            found += self._read(parts[start : start + MOST], owner)
        return found

    def _read(self, parts: Sequence[Part], owner: str) -> list[Answer]:
        if len(parts) == 1 and not isinstance(parts[0].body, bytes):
            answers = [self._transport.ask("get", parts[0].path, headers=parts[0].headers, owner=owner)]
        else:
            answers = self._insist(parts, owner, writing=False)
        for part, answer in zip(parts, answers, strict=True):
            if answer.status == 0:
                raise SuspectListing("Microsoft 365 left out an answer; everything is read again later.")
            if answer.status in {401, 429, 502, 503, 504} or is_without_mailbox(answer):
                raise read_failure(answer, f"{part.method.upper()} {part.path.partition('?')[0]}")
        return answers

    def write(self, parts: Sequence[Part], owner: str = "") -> list[Answer]:
        """The answers to at most 20 writes; status 0 where none came, 429 for what was throttled and not done.

        Raises Throttled, Unavailable and NotAuthorised when nothing was done, OutcomeUnknown when all is in doubt.
        """
        if len(parts) == 1:
            (part,) = parts
            headers = dict(part.headers)
            return [self._transport.ask(part.method, part.path, part.body, headers, owner=owner)]
        return self._insist(parts, owner, writing=True)

    def _insist(self, parts: Sequence[Part], owner: str, *, writing: bool) -> list[Answer]:
        def send(some: Sequence[_Numbered]) -> dict[int, Answer]:
            return self._signed_in(some, owner, writing=writing)

        def again(answer: Answer, attempt: int) -> bool:
            return answer.status == 429 or (not writing and answer.status in _PASSING and attempt < READ_TRIES)

        return insist(parts, send, again, lambda answer, _: self._pause(answer, owner), Answer(0) if writing else None)

    def _pause(self, answer: Answer, owner: str) -> float:
        """Note the pause that is asked for; positive when it is too long to be waited for here."""
        wait = wait_of(answer)
        return self._transport.hold_off(wait, owner) if wait is not None else 0.0

    def _signed_in(self, parts: Sequence[_Numbered], owner: str, *, writing: bool) -> dict[int, Answer]:
        """With another token for those that met the end of the first one (401): nothing of them was done."""
        answers = self._once(parts, owner, writing=writing)
        refused = [(n, part) for n, part in parts if answers[n].status == 401]
        try:
            if refused and self._transport.has_another_token():
                answers |= self._once(refused, owner, writing=writing)
        except AccountError as err:
            if not writing or len(refused) == len(parts):
                raise
            if not isinstance(err, NotAuthorised):  # nobody has to sign in: a read will tell what was done
                answers |= {n: Answer(0) for n, _ in refused}
        return answers

    def _once(self, parts: Sequence[_Numbered], owner: str, *, writing: bool) -> dict[int, Answer]:
        body = {"requests": [_asked(n, part) for n, part in parts]}
        answer = self._transport.ask("post", "/$batch", body, writing=writing, owner=owner, slots=AT_ONCE)
        told = answer.document.get("responses")
        if not answer.ok or not isinstance(told, list):
            if writing and answer.ok:
                return dict.fromkeys((n for n, _ in parts), Answer(0))
            raise _refused(answer, writing=writing)
        found = {str(one.get("id")): _told(one) for one in told if isinstance(one, dict)}
        return {n: found.get(str(n), Answer(0)) for n, _ in parts}


def _refused(answer: Answer, *, writing: bool) -> Exception:
    if writing and answer.status >= 500:
        return OutcomeUnknown("Microsoft 365 failed during several writes; they are checked by a read.")
    if answer.ok:
        return SuspectListing("Microsoft 365 sent something that is no answer; is the account's URL right?")
    return read_failure(answer, "POST /$batch")


def _asked(number: int, part: Part) -> dict[str, Any]:
    headers = {"Prefer": IMMUTABLE, **part.headers}
    asked: dict[str, Any] = {"id": str(number), "method": part.method.upper(), "url": part.path, "headers": headers}
    if isinstance(part.body, bytes):
        return asked | {"body": base64.b64encode(part.body).decode()}
    if part.body is not None:
        headers.setdefault("Content-Type", "application/json")
        return asked | {"body": part.body}
    return asked


def _told(one: Mapping[str, Any]) -> Answer:
    headers = {str(name).lower(): str(value) for name, value in (one.get("headers") or {}).items()}
    body = one.get("body")
    if isinstance(body, str):
        octets = _octets(body)
        plain = (None, octets) if octets is not None else (body, body.encode())
        return Answer(int(one.get("status") or 0), headers, *plain)
    return Answer(int(one.get("status") or 0), headers, body)


def _octets(text: str) -> bytes | None:
    """None of what is no base64: its octets may have suffered as text."""
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return None
