"""How a command ends when it cannot do what it was asked, and what is no account's fault."""

from __future__ import annotations

from sync_engine.errors import Unavailable


class Failure(Exception):
    """``str(failure)`` is one clear sentence with the way out. Ends the program with exit code 1."""


class StoreTrouble(Unavailable):
    """A cycle ended because the hub's own store failed: no account is to blame, and the pause is short."""
