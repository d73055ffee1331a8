"""Google <-> hub <-> Graph: somebody edits a series between two requests of our write of it."""

from __future__ import annotations

from tests.integration.google_workspace.google_and_cloud import GoogleAndCloud
from tests.integration.rules.between import BetweenRules


class TestGoogle(GoogleAndCloud, BetweenRules):
    """All of it."""
