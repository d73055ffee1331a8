"""EWS <-> hub <-> Graph: edits, deletions, and what a server will not take."""

from __future__ import annotations

from tests.integration.microsoft.two_systems import BothMicrosoft
from tests.integration.rules.edits import EditRules


class TestMicrosoft(BothMicrosoft, EditRules):
    """All of it."""
