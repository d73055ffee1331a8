"""EWS <-> hub <-> Graph: the process ends, or an answer gets lost, anywhere in the middle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sync_engine.model import Kind
from tests.integration.microsoft.two_systems import BothMicrosoft
from tests.integration.rules.crashes import CrashRules, KillRules


class TestKilled(BothMicrosoft, KillRules):
    """Series with exceptions, and single events."""

    corners: ClassVar[Sequence[tuple[Kind, str]]] = ((Kind.EVENT, "exchange"), (Kind.EVENT, "cloud"))


class TestMicrosoft(BothMicrosoft, CrashRules):
    """Where an item takes several requests."""

    corners: ClassVar[Sequence[tuple[Kind, str]]] = ((Kind.EVENT, "cloud"), (Kind.CONTACT, "exchange"))
