"""When people have time: nothing but times is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from crm.actor import Actor
from crm.settings import CrmSettings
from storage.unit_of_work import SqlUnitOfWork


@dataclass(frozen=True, slots=True)
class Busy:
    """A time, from included to not included, UTC."""

    starts_at: datetime
    ends_at: datetime
    tentative: bool


def free_busy(
    unit: SqlUnitOfWork,
    settings: CrmSettings,
    actor: Actor,
    users: Sequence[int],
    start: datetime,
    end: datetime,
    *,
    zone: str = "UTC",
) -> Mapping[int, Sequence[Busy]]:
    """Of each user, in order and merged: his own calendars, and the activities of the shared agenda that are his."""
    raise NotImplementedError
