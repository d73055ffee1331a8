"""Many writes in few requests: what is one request goes together, what is more goes alone in its turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from connectors.outcomes import in_order
from sync_engine.errors import AccountError, ItemError, NoAccess, OutcomeUnknown, Rejected
from sync_engine.ports import RemoteRef, Written

Part = TypeVar("Part")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Ready(Generic[Part, Answer]):
    """One request, and what its answer means."""

    part: Part
    judge: Callable[[Answer], RemoteRef | None]

    def judged(self, answer: Answer | OutcomeUnknown) -> Written | AccountError:
        """What came of it."""
        if isinstance(answer, OutcomeUnknown):
            return answer
        try:
            return self.judge(answer)
        except (ItemError, AccountError) as err:
            return err


@dataclass(frozen=True, slots=True)
class Alone:
    """A write that is more than one request."""

    carry_out: Callable[[], RemoteRef | None]


Prepared: TypeAlias = Ready[Part, Answer] | Alone | RemoteRef | ItemError | OutcomeUnknown | None
"""What is to be done; or what came of it without any request."""


class WriteTurns(Generic[Part, Answer]):
    """The writes of one call."""

    def __init__(
        self, send: Callable[[Sequence[Part]], Sequence[Answer]], is_writable: Callable[[], bool], not_allowed: str
    ) -> None:
        """`send` as `insist`; `is_writable`: the collection, as far as the system says it; `not_allowed`: one item."""
        self._send = send
        self._is_writable = is_writable
        self._not_allowed = not_allowed

    def answers(self, writes: Iterable[Prepared[Part, Answer]]) -> Iterator[Written]:
        """One answer for each write, in their order. Each is prepared when its turn comes."""
        finished: list[Written | Ready[Part, Answer]] = []  # since the last request
        for prepared in writes:
            if isinstance(prepared, Alone):
                yield from self._flush(finished)
                finished = []
                yield self._carried_out(prepared)
            else:
                finished.append(prepared)
        yield from self._flush(finished)

    def _flush(self, finished: Sequence[Written | Ready[Part, Answer]]) -> Iterator[Written]:
        """Send what waits, and answer all that came since the last request."""
        parts = [one.part for one in finished if isinstance(one, Ready)]
        answers = iter(self._sent(parts) if parts else ())
        told = [one.judged(next(answers)) if isinstance(one, Ready) else one for one in finished]
        yield from in_order(self._items_own(told))

    def _sent(self, parts: Sequence[Part]) -> Sequence[Answer | OutcomeUnknown]:
        try:
            return self._send(parts)
        except OutcomeUnknown as err:
            return [err] * len(parts)

    def _carried_out(self, alone: Alone) -> Written:
        try:
            return alone.carry_out()
        except (ItemError, OutcomeUnknown) as err:
            return err
        except NoAccess as err:
            (own,) = self._items_own([err])
            if not isinstance(own, ItemError):
                raise
            return own

    def _items_own(self, told: Sequence[Written | AccountError]) -> list[Written | AccountError]:
        """Where others could be written, or the calendar could, a missing right is the item's own trouble (R09)."""
        if not any(isinstance(one, NoAccess) for one in told):
            return list(told)
        if not any(isinstance(one, RemoteRef) for one in told) and not self._is_writable():
            return list(told)
        return [self._refused(one) if isinstance(one, NoAccess) else one for one in told]

    def _refused(self, err: NoAccess) -> Rejected:
        return Rejected(self._not_allowed, server_said=err.server_said)
