"""Many requests in one, of which some are sent again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from connectors.insisting import TRIES, insist
from sync_engine.errors import OutcomeUnknown, Throttled, Unavailable

LOST = 0


class Server:
    """Answers a part by the next of its statuses; `fails` at these sendings."""

    def __init__(self, statuses: dict[str, list[int]], fails: dict[int, Exception] | None = None) -> None:
        self.statuses = statuses
        self.fails = fails or {}
        self.sent: list[list[str]] = []

    def __call__(self, parts: Sequence[tuple[int, str]]) -> dict[int, int]:
        self.sent.append([part for _, part in parts])
        if len(self.sent) in self.fails:
            raise self.fails[len(self.sent)]
        return {n: self.statuses[part].pop(0) for n, part in parts}


def told(server: Server, lost: int | None = LOST, pause: float = 0.0) -> list[int]:
    return insist(list(server.statuses), server, lambda status, _: status == 429, lambda *_: pause, lost)


def test_only_what_was_throttled_is_sent_again_and_answers_keep_their_order() -> None:
    server = Server({"a": [429, 200], "b": [201], "c": [429, 429, 204]})
    assert told(server) == [200, 201, 204]
    assert server.sent == [["a", "b", "c"], ["a", "c"], ["c"]]


def test_it_ends_after_some_tries_and_at_a_long_pause() -> None:
    server = Server({"a": [429] * 9, "b": [201]})
    assert told(server) == [429, 201]
    assert len(server.sent) == TRIES
    server = Server({"a": [429] * 9, "b": [201]})
    assert told(server, pause=1.0) == [429, 201]
    assert len(server.sent) == 1


@pytest.mark.parametrize("lost", [LOST, None])
def test_what_the_first_try_raises_is_raised(lost: int | None) -> None:
    with pytest.raises(Throttled):
        told(Server({"a": [200]}, {1: Throttled("later", retry_after=9)}), lost)


def test_r06_writes_that_were_done_keep_their_answers_when_a_later_try_fails() -> None:
    server = Server({"a": [429], "b": [201]}, {2: Unavailable("gone")})
    assert told(server) == [429, 201]
    server = Server({"a": [429], "b": [201]}, {2: OutcomeUnknown("perhaps")})
    assert told(server) == [LOST, 201]


def test_reads_raise_what_a_later_try_raises() -> None:
    with pytest.raises(Unavailable):
        told(Server({"a": [429], "b": [201]}, {2: Unavailable("gone")}), lost=None)
