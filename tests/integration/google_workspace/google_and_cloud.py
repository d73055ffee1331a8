"""Google and Microsoft 365: the hub between the two. Ada's account is at Google, Bob's mailbox in the cloud."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sync_engine.model import Kind
from tests.integration.google_workspace import google_system
from tests.integration.microsoft import cloud_system
from tests.integration.rules.two_systems import KINDS, Rules


class GoogleAndCloud(Rules):
    """The pair."""

    openings: ClassVar = {"google": google_system.opened, "cloud": cloud_system.opened}
    sides: ClassVar[Sequence[str]] = ("google", "cloud")
    corners: ClassVar[Sequence[tuple[Kind, str]]] = tuple((kind, "google") for kind in KINDS)
