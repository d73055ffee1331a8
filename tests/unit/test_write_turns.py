"""Many writes in few requests, and what is told of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from connectors.write_turns import Alone, Prepared, Ready, WriteTurns
from sync_engine.errors import NoAccess, NotAuthorised, OutcomeUnknown, Rejected, VersionConflict
from sync_engine.ports import RemoteRef, Written

Told = str | Exception
OK, OTHER = RemoteRef("a", "1"), RemoteRef("b", "2")


class System:
    """Answers a part with what it says; notes what is sent together."""

    def __init__(self, fails: Exception | None = None, *, writable: bool = False) -> None:
        self.sent: list[list[Told]] = []
        self.fails = fails
        self.turns = WriteTurns[Told, Told](self.send, lambda: writable, "Not this one.")

    def send(self, parts: Sequence[Told]) -> Sequence[Told]:
        self.sent.append(list(parts))
        if self.fails is not None:
            raise self.fails
        return parts

    def write(self, *writes: Prepared[Told, Told]) -> Iterator[Written]:
        return self.turns.answers(writes)


def ready(part: Told) -> Ready[Told, Told]:
    def judge(answer: Told) -> RemoteRef:
        if isinstance(answer, Exception):
            raise answer
        return RemoteRef(answer)

    return Ready(part, judge)


def alone(answer: RemoteRef | Exception) -> Alone:
    def carry_out() -> RemoteRef:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Alone(carry_out)


def test_what_is_one_request_goes_together_up_to_what_is_more() -> None:
    system = System()
    told = system.write(ready("1"), OK, ready("2"), alone(OTHER), ready("3"), None)
    assert [one.id if isinstance(one, RemoteRef) else one for one in told] == ["1", "a", "2", "b", "3", None]
    assert system.sent == [["1", "2"], ["3"]]


def test_r09_what_is_refused_stops_no_other() -> None:
    refused, conflict = Rejected("no"), VersionConflict("other")
    told = list(System().write(ready(refused), alone(conflict), ready("1"), refused))
    assert told == [refused, conflict, RemoteRef("1"), refused]


def test_r06_a_lost_answer_leaves_all_of_its_request_in_doubt_and_the_next_goes_on() -> None:
    lost = OutcomeUnknown("lost")
    told = list(System(lost).write(ready("1"), OK, ready("2"), alone(OTHER)))
    assert told == [lost, OK, lost, OTHER]


def test_an_error_of_the_account_ends_it_after_what_was_done() -> None:
    told = System().write(ready("1"), ready(NotAuthorised("sign in")), ready("2"), ready(NotAuthorised("sign in")))
    found = [next(told) for _ in range(3)]
    assert isinstance(found[1], OutcomeUnknown)  # it stands before something that was done
    assert (found[0], found[2]) == (RemoteRef("1"), RemoteRef("2"))
    with pytest.raises(NotAuthorised):
        next(told)


@pytest.mark.parametrize("write", [ready, alone])
def test_r09_a_missing_right_is_the_items_own_trouble_where_the_collection_can_be_written(write: object) -> None:
    err = NoAccess("no right", server_said="403")
    with pytest.raises(NoAccess):
        list(System().write(write(err)))  # type: ignore[operator]
    (told,) = System(writable=True).write(write(err))  # type: ignore[operator]
    assert isinstance(told, Rejected)
    assert (str(told), told.server_said) == ("Not this one.", "403")


def test_r09_a_missing_right_is_the_items_own_trouble_where_others_were_written() -> None:
    first, second = System().write(ready(NoAccess("no right")), ready("1"))
    assert isinstance(first, Rejected)
    assert second == RemoteRef("1")
