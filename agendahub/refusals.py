"""Failures that the API tells apart."""

from __future__ import annotations

from agendahub.failure import Failure


class Missing(Failure):
    """There is no such thing (404)."""


class Stale(Failure):
    """It is not any more as the asker saw it, or cannot be done as things are (409)."""
