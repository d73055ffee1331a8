"""The failure of a run."""

from __future__ import annotations


class Violation(AssertionError):
    """Something that must hold does not."""
