"""A Google of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.google_workspace.client import Desk, desk


@pytest.fixture
def google() -> Iterator[Desk]:
    """A server, and Google's library to talk to it."""
    with desk() as made:
        yield made
