"""Many requests in one: those that were throttled, or met a passing failure, are sent again without the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from sync_engine.errors import AccountError, OutcomeUnknown

TRIES = 4  # of a request that is throttled again and again
Part = TypeVar("Part")
Told = TypeVar("Told")


def insist(
    parts: Sequence[Part],
    send: Callable[[Sequence[tuple[int, Part]]], Mapping[int, Told]],
    worth_repeating: Callable[[Told, int], bool],
    pause: Callable[[Told, int], float],
    lost: Told | None = None,
) -> list[Told]:
    """The answers in the order of the parts. `send` takes numbered parts and gives their answers by number.

    `worth_repeating` and `pause` are asked with the number of the try, from 1; `pause` notes how long the server wants
    to be left alone, and gives something positive when that is too long to be waited for here. `lost`: of writes, the
    answer that leaves the outcome open. What they raised after the first try is not told: it has answers.
    """
    answers: dict[int, Told] = {}
    left = list(range(len(parts)))
    for attempt in range(1, TRIES + 1):
        try:
            answers |= send([(n, parts[n]) for n in left])
        except AccountError as err:
            if attempt == 1 or lost is None:
                raise
            if isinstance(err, OutcomeUnknown):
                answers |= dict.fromkeys(left, lost)
            break
        left = [n for n in left if worth_repeating(answers[n], attempt)]
        if max((pause(answers[n], attempt) for n in left), default=1.0) > 0:
            break
    return [answers[n] for n in range(len(parts))]
