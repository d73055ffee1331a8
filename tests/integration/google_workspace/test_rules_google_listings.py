"""Google <-> hub <-> Graph: what is listed, held, lost, late, or not allowed just now."""

from __future__ import annotations

from typing import ClassVar

from tests.integration.google_workspace.google_and_cloud import GoogleAndCloud
from tests.integration.rules.listings import ListingRules


class TestGoogle(GoogleAndCloud, ListingRules):
    """Of what is at Google."""

    sides: ClassVar = ("google",)
