"""EWS <-> hub <-> Graph: meetings, series, zones and whole days."""

from __future__ import annotations

from tests.integration.microsoft.two_systems import BothMicrosoft
from tests.integration.rules.events import EventRules


class TestMicrosoft(BothMicrosoft, EventRules):
    """All of it."""
