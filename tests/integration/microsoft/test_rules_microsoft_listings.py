"""EWS <-> hub <-> Graph: what is listed, held, lost, late, or not allowed just now."""

from __future__ import annotations

from tests.integration.microsoft.two_systems import BothMicrosoft
from tests.integration.rules.listings import ListingRules


class TestMicrosoft(BothMicrosoft, ListingRules):
    """All of it."""
