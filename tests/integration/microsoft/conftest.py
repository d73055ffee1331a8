"""Servers of Microsoft's kind, one for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.microsoft.sign_in_world import office_of_ada
from tests.log_of import heard_by_log, log_at_debug
from tests.servers.microsoft.ews_client import Desk, desk

__all__ = ["ews", "heard_by_log", "log_at_debug", "office_of_ada"]


@pytest.fixture
def ews() -> Iterator[Desk]:
    """An Exchange server with Ada's mailbox, and exchangelib to talk to it."""
    with desk() as made:
        yield made
