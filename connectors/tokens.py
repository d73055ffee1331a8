"""Where a connector keeps the tokens of a sign-in: the wiring gives it a place that is encrypted and locked."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from typing import Protocol


class TokenStore(Protocol):
    """The tokens of one account, as one text that only the connector understands."""

    def load(self) -> str:
        """What was saved last, by any process; "" when nothing was, or it was forgotten."""

    def save(self, tokens: str) -> None:
        """Keep these instead, encrypted. A refresh token that was rotated is saved before the new one is used."""

    def lock(self) -> AbstractContextManager[object]:
        """Hold while refreshing: one refresh at a time, over all threads and processes. Raises Unavailable."""


class MemoryTokens:
    """Tokens of this process only: for tests, and for sign-ins that need not be kept (client credentials)."""

    def __init__(self, tokens: str = "") -> None:
        self._tokens = tokens
        self._lock = threading.RLock()

    def load(self) -> str:
        """As `TokenStore`."""
        return self._tokens

    def save(self, tokens: str) -> None:
        """As `TokenStore`."""
        self._tokens = tokens

    def lock(self) -> AbstractContextManager[object]:
        """As `TokenStore`, within this process."""
        return self._lock
