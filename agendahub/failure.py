"""How a command ends when it cannot do what it was asked."""

from __future__ import annotations


class Failure(Exception):
    """``str(failure)`` is one clear sentence with the way out. Ends the program with exit code 1."""
