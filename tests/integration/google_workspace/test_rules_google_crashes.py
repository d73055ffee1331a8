"""Google <-> hub <-> Graph: the process ends, or an answer gets lost, anywhere in the middle."""

from __future__ import annotations

from tests.integration.google_workspace.google_and_cloud import GoogleAndCloud
from tests.integration.rules.crashes import CrashRules, KillRules


class TestGoogleKilled(GoogleAndCloud, KillRules):
    """Of what is at Google."""


class TestGoogle(GoogleAndCloud, CrashRules):
    """Of what is at Google."""
