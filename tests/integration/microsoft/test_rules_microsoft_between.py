"""EWS <-> hub <-> Graph: somebody edits a series between two requests of our write of it."""

from __future__ import annotations

from tests.integration.microsoft.two_systems import BothMicrosoft
from tests.integration.rules.between import BetweenRules


class TestMicrosoft(BothMicrosoft, BetweenRules):
    """All of it."""
