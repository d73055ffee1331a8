"""Google <-> hub <-> Graph: edits, deletions, and what a server will not take."""

from __future__ import annotations

from tests.integration.google_workspace.google_and_cloud import GoogleAndCloud
from tests.integration.rules.edits import EditRules


class TestGoogle(GoogleAndCloud, EditRules):
    """All of it."""
