"""Finding the first new mail of a folder without listing it: mails stand there in the order of their UIDs."""

from __future__ import annotations

from collections.abc import Callable


def first_after(uid: int, count: int, hint: int, uid_at: Callable[[int], int]) -> int:
    """The place, from 1, of the first of `count` mails whose UID is above `uid`; count + 1 when there is none.

    Looks at `hint` first and near it next: a folder of a million costs a few looks where the hint is good, else about
    twice the binary logarithm.
    """
    low, high = 1, count + 1  # the answer is one of these or between them
    guess, step, came = hint, 1, 0
    while low < high:
        guess = min(max(guess, low), high - 1)
        above = uid_at(guess) > uid
        low, high = (low, guess) if above else (guess + 1, high)
        turned = came not in {0, -1 if above else 1}
        came = -1 if above else 1
        step = 0 if turned or not step else step * 2
        nearby = high - step // 2 if above else low + step // 2 - 1
        guess = nearby if step else (low + high) // 2
    return low
