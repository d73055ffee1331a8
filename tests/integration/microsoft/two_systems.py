"""A company with its own Exchange and Microsoft 365: the hub between the two.

Ada's mailbox is in Exchange, Bob's in the cloud.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sync_engine.model import Kind
from tests.integration.microsoft import cloud_system, exchange_system
from tests.integration.rules.two_systems import Rules


class BothMicrosoft(Rules):
    """The pair."""

    openings: ClassVar = {"exchange": exchange_system.opened, "cloud": cloud_system.opened}
    sides: ClassVar = ("exchange", "cloud")
    corners: ClassVar[Sequence[tuple[Kind, str]]] = (
        (Kind.CONTACT, "exchange"),
        (Kind.EVENT, "cloud"),
        (Kind.EVENT, "exchange"),
        (Kind.TASK, "cloud"),
    )
