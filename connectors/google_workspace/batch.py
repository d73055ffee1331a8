"""Up to 50 requests in one, each with an answer of its own.

Requests that are throttled inside are sent again after their pause; a read also when the server failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from googleapiclient.http import HttpRequest

from connectors.google_workspace.answers import Answer
from connectors.google_workspace.batch_bodies import answers_in, multipart
from connectors.google_workspace.failures import DEFAULT_WAIT, PASSING, READ_TRIES, failure, is_throttled, wait_of
from connectors.insisting import insist
from sync_engine.errors import AccountError, OutcomeUnknown, SuspectListing

MOST = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """One request in a batch."""

    request: HttpRequest
    if_match: str = ""


class Sends(Protocol):
    """What a batch needs of the transport."""

    def answer(self, request: HttpRequest, *, if_match: str = "", writing: bool) -> Answer:
        """As `Transport.answer`."""

    def send(
        self, method: str, url: str, body: str | bytes | None, headers: dict[str, str], *, writing: bool
    ) -> Answer:
        """As `Transport.send`."""

    def hold_off(self, seconds: float) -> float:
        """As `Transport.hold_off`."""

    def batch_address(self, request: HttpRequest) -> str:
        """As `Transport.batch_address`."""

    def renew(self) -> bool:
        """As `Transport.renew`."""


class Batch:
    """Sends many requests of one user to one service in few."""

    def __init__(self, transport: Sends) -> None:
        self._transport = transport

    def read(self, asked: Sequence[Asked]) -> list[Answer]:
        """The answers in the order of the requests; also those that say that the server failed at just this (500).

        Raises Throttled, Unavailable, NotAuthorised and SuspectListing (an answer is missing).
        """
        found: list[Answer] = []
        for start in range(0, len(asked), MOST):
            found += self._read(asked[start : start + MOST])
        return found

    def _read(self, asked: Sequence[Asked]) -> list[Answer]:
        if len(asked) == 1:
            answers = [self._transport.answer(asked[0].request, if_match=asked[0].if_match, writing=False)]
        else:
            answers = self._insist(asked, writing=False)
        for one, answer in zip(asked, answers, strict=True):
            if answer.status == 0:
                raise SuspectListing("Google left out an answer; everything is read again later.")
            if answer.status in {401, 429, 502, 503, 504} or is_throttled(answer):
                raise failure(answer, str(one.request.methodId), writing=False)
        return answers

    def write(self, asked: Sequence[Asked]) -> list[Answer]:
        """The answers to the writes; status 0 where none came, 429 or 403 for what was throttled and not done.

        Raises Throttled, Unavailable and NotAuthorised when nothing was done, OutcomeUnknown when all is in doubt.
        """
        found: list[Answer] = []
        for start in range(0, len(asked), MOST):
            found += self._write(asked[start : start + MOST], first=not start)
        return found

    def _write(self, asked: Sequence[Asked], *, first: bool) -> list[Answer]:
        """After a part of the writes was done, the rest is in doubt rather than an error for all."""
        try:
            if len(asked) == 1:
                (one,) = asked
                return [self._transport.answer(one.request, if_match=one.if_match, writing=True)]
            return self._insist(asked, writing=True)
        except AccountError:
            if first:
                raise
            return [Answer(0) for _ in asked]

    def _insist(self, asked: Sequence[Asked], *, writing: bool) -> list[Answer]:
        def send(some: Sequence[tuple[int, Asked]]) -> dict[int, Answer]:
            return self._signed_in(some, writing=writing)

        def again(answer: Answer, attempt: int) -> bool:
            return is_throttled(answer) or (not writing and answer.status in PASSING and attempt < READ_TRIES)

        return insist(asked, send, again, self._pause, Answer(0) if writing else None)

    def _pause(self, answer: Answer, attempt: int) -> float:
        """Note the pause that is asked for; positive when it is too long to be waited for here."""
        wait = wait_of(answer)
        if wait is None:
            return 0.0
        return self._transport.hold_off(wait or DEFAULT_WAIT * 2 ** (attempt - 1))

    def _signed_in(self, asked: Sequence[tuple[int, Asked]], *, writing: bool) -> dict[int, Answer]:
        """A token that has just run out is refused to each request in the batch, and not to the batch."""
        answers = self._once(asked, writing=writing)
        refused = [(n, one) for n, one in asked if answers[n].status == 401]
        if not refused or not self._transport.renew():
            return answers
        try:
            return answers | self._once(refused, writing=writing)
        except AccountError as err:
            if not writing or len(refused) == len(asked):
                raise
            return answers | dict.fromkeys(
                (n for n, _ in refused), Answer(0 if isinstance(err, OutcomeUnknown) else 401)
            )

    def _once(self, asked: Sequence[tuple[int, Asked]], *, writing: bool) -> dict[int, Answer]:
        kind, body = multipart([(n, *_part(one)) for n, one in asked])
        address = self._transport.batch_address(asked[0][1].request)
        answer = self._transport.send("POST", address, body, {"content-type": kind}, writing=writing)
        found = answers_in(answer.headers.get("content-type", ""), answer.content) if answer.status == 200 else {}
        if found:
            return {n: found.get(n, Answer(0)) for n, _ in asked}
        if writing and answer.status == 200:
            return {n: Answer(0) for n, _ in asked}
        if answer.status == 200:
            raise SuspectListing("Google sent something that is no answer; is the account's URL right?")
        raise failure(answer, "a batch", writing=writing)


def _part(one: Asked) -> tuple[str, str, str | None, dict[str, str]]:
    headers = {str(name): str(value) for name, value in one.request.headers.items()}
    match = {"If-Match": one.if_match} if one.if_match else {}
    return one.request.method, one.request.uri, one.request.body, headers | match
