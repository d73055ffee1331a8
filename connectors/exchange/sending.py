"""Sending writes of one sort together, and taking down what came of each (E18)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from sync_engine.errors import ItemError, OutcomeUnknown, Rejected
from sync_engine.ports import Written


class _Numbered(Protocol):
    @property
    def number(self) -> int:
        """The place of a write in its batch."""


N = TypeVar("N", bound=_Numbered)


@dataclass(slots=True)
class Answers:
    """What came of the writes of a batch, by their place in it."""

    found: dict[int, Written] = field(default_factory=dict)

    def note(self, number: int, act: Callable[[], Written]) -> None:
        """Do what is left of one write; its own errors are its answer."""
        try:
            self.found[number] = act()
        except (ItemError, OutcomeUnknown) as err:
            self.found[number] = err

    def prepare(self, number: int, act: Callable[[], N | None]) -> list[N]:
        """What is to be sent for one write: nothing where that fails, which is its answer."""
        try:
            made = act()
        except ItemError as err:
            self.found[number] = err
            return []
        return [] if made is None else [made]


def send(
    answers: Answers, group: Sequence[N], ask: Callable[[Sequence[N]], list[Any]], settle: Callable[[N, Any], Written]
) -> None:
    """One request for all; one for each where the server, or the library, refuses them as a whole.

    `settle` turns the server's answer to a single write into ours. Raises AccountErrors of what was not sent.
    """
    if not group:
        return
    try:
        told = ask(group)
    except Rejected as err:
        if len(group) == 1:
            answers.found[group[0].number] = err
        else:
            for one in group:
                send(answers, [one], ask, settle)
        return
    except OutcomeUnknown as err:
        answers.found.update({one.number: err for one in group})
        return
    if len(told) != len(group):
        lost = OutcomeUnknown("Exchange did not answer to every write; they are checked by a read.")
        told = [lost] * len(group)
    for one, answer in zip(group, told, strict=True):
        answers.note(one.number, lambda one=one, answer=answer: settle(one, answer))  # type: ignore[misc]
