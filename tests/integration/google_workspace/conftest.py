"""A Google of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.google_workspace.events_desk import adas_calendar, adas_connector, desk_of_events
from tests.integration.google_workspace.fanout_world import company_at_google, front_at_google
from tests.integration.google_workspace.sign_in_world import office_at_google
from tests.log_of import heard_by_log, log_at_debug
from tests.servers.google_workspace.client import Desk, desk

__all__ = [
    "adas_calendar",
    "adas_connector",
    "company_at_google",
    "desk_of_events",
    "front_at_google",
    "google",
    "heard_by_log",
    "log_at_debug",
    "office_at_google",
]


@pytest.fixture
def google() -> Iterator[Desk]:
    """A server, and Google's library to talk to it."""
    with desk() as made:
        yield made
