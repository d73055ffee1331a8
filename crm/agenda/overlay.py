"""The agenda of some people over each other: single occurrences in a time range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from crm.actor import Actor
from crm.settings import CrmSettings
from storage.unit_of_work import SqlUnitOfWork


@dataclass(frozen=True, slots=True)
class Shown:
    """One occurrence of an event, or a task. What is private to somebody else has no words, only its time."""

    item_id: int
    collection_id: int
    kind: str  # event, task
    title: str
    location: str
    status: str  # upper case: TENTATIVE, COMPLETED ...
    starts_at: datetime | None  # UTC; a task: its start, else its due time; None: none is set
    ends_at: datetime | None  # UTC, not included
    all_day: bool  # from midnight UTC to midnight UTC: days have no zone
    recurring: bool
    owner_id: int | None  # whose calendar it is in; None: the company's
    owner: str
    busy_only: bool
    writable: bool
    activity_id: int | None = None
    request_id: int | None = None
    request_number: str = ""


@dataclass(frozen=True, slots=True)
class Agenda:
    """What `overlay` gives."""

    shown: tuple[Shown, ...]  # by start, tasks without a time last
    complete: bool  # False: there is more than the limit; ask for a shorter range


def overlay(
    unit: SqlUnitOfWork,
    settings: CrmSettings,
    actor: Actor,
    start: datetime,
    end: datetime,
    *,
    users: Sequence[int] = (),
    shared: bool = True,
    kinds: Sequence[str] = ("event", "task"),
    zone: str = "UTC",
    limit: int = 2000,
) -> Agenda:
    """What overlaps `start` to `end` (at most 400 days) in these users' own calendars and in the shared agenda.

    Details of another user's are shown where the actor has a grant; else, and where one is private, it is busy only.
    `zone`: of floating times. Raises `Invalid`.
    """
    raise NotImplementedError
