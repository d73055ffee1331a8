"""Google <-> hub <-> Graph: meetings, series, zones and whole days."""

from __future__ import annotations

from tests.integration.google_workspace.google_and_cloud import GoogleAndCloud
from tests.integration.rules.events import EventRules


class TestGoogle(GoogleAndCloud, EventRules):
    """All of it."""
