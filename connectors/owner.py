"""Whose mailbox it is, where that decides whether an event with people in it may be made or written."""

from __future__ import annotations

from collections.abc import Callable, Iterable


class Owner:
    """By which addresses the account's mailbox is invited."""

    def __init__(self, ask: Callable[[], Iterable[str] | None]) -> None:
        """`ask` names them when they are first needed; None: the server could not tell, and is asked again."""
        self._ask = ask
        self._addresses: frozenset[str] | None = None

    def is_in(self, people: frozenset[str], owner: str = "") -> bool:
        """Whether the mailbox, or the one of `owner`, is of one of these. Raises the errors of a read."""
        if not people:
            return False
        if owner:
            return owner.lower() in people
        if self._addresses is None:
            told = self._ask()
            self._addresses = None if told is None else frozenset(one.lower() for one in told if one)
        return self._addresses is not None and bool(people & self._addresses)

    def is_known_out(self, people: frozenset[str]) -> bool:
        """Whether the mailbox is of none of these, as far as that is known without asking."""
        return self._addresses is not None and not people & self._addresses
