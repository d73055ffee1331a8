"""What came of many writes, told in their order, where some were not sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sync_engine.errors import AccountError, OutcomeUnknown
from sync_engine.ports import Written


def in_order(told: Sequence[Written | AccountError]) -> Iterator[Written]:
    """As `BatchWrites.write` answers: an error of the account is raised where nothing that was done comes after it.

    What was not sent, and stands before something that was, can only be told as in doubt: it is looked at again.
    """
    last = max((n for n, one in enumerate(told) if not _not_done(one)), default=-1)
    for n, one in enumerate(told):
        if isinstance(one, AccountError) and not isinstance(one, OutcomeUnknown):
            if n > last:
                raise one
            yield OutcomeUnknown(f"It was not done for now, and is looked at again: {one}")
        else:
            yield one


def _not_done(one: object) -> bool:
    return isinstance(one, AccountError) and not isinstance(one, OutcomeUnknown)
