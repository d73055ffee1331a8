"""Statuses of HTTP, for people."""

from __future__ import annotations

from http import HTTPStatus


def named(status: int) -> str:
    """With its usual phrase: 404 Not Found."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
