"""What was planned and what was done: activities and their minutes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, tzinfo

from crm.actor import Actor
from crm.report.figures import share
from crm.report.period import Period, month
from crm.rights import authorise
from storage.crm.report_rows import ActivityTimes, activities_between
from storage.unit_of_work import SqlUnitOfWork


@dataclass(slots=True)
class Work:
    """Activities of one group. All that were planned are done, cancelled, late or still to come."""

    group: str
    planned: int = 0  # all of them
    done: int = 0
    cancelled: int = 0
    late: int = 0  # neither done nor cancelled, though their time is over
    to_come: int = 0
    minutes_planned: int = 0
    minutes_done: int = 0
    minutes_done_as_planned: int = 0  # planned minutes of those that are done and say how long they took
    minutes_compared: int = 0  # what those took
    done_share: float | None = None  # of all but those to come
    efficiency: float | None = None  # planned over taken, of those that say both; above 1: quicker than planned


def work(unit: SqlUnitOfWork, actor: Actor, period: Period) -> list[Work]:
    """By kind, user, type (of the request), customer or month; in alphabetical order. Raises Forbidden, Invalid."""
    authorise(actor, "report.read")
    by, zone = period.grouped("kind", "user", "type", "customer", "month"), period.tz()
    now = unit.session.now()
    groups: dict[str, Work] = defaultdict(lambda: Work(""))
    for row in activities_between(unit.session.connection, period.since, period.until):
        _add(groups[_group_of(row, by, zone)], row, now)
    for name, group in groups.items():
        group.group = name
        group.done_share = share(group.done, group.planned - group.to_come)
        group.efficiency = share(group.minutes_done_as_planned, group.minutes_compared)
    return [groups[name] for name in sorted(groups)]


def _group_of(row: ActivityTimes, by: str, zone: tzinfo) -> str:
    if by == "month":
        return month(row.at, zone)
    return row.request_type if by == "type" else str(getattr(row, by))


def _add(group: Work, row: ActivityTimes, now: datetime) -> None:
    planned = _minutes_planned(row)
    group.planned += 1
    group.minutes_planned += planned
    group.minutes_done += row.minutes_done or 0
    if row.state == "done":
        group.done += 1
        if row.minutes_done and planned:
            group.minutes_done_as_planned += planned
            group.minutes_compared += row.minutes_done
    elif row.state == "cancelled":
        group.cancelled += 1
    elif (row.ends_at or row.starts_at or now) < now:
        group.late += 1
    else:
        group.to_come += 1


def _minutes_planned(row: ActivityTimes) -> int:
    """As said; else as long as the appointment lasts."""
    if row.minutes_planned is not None:
        return row.minutes_planned
    if row.starts_at is None or row.ends_at is None:
        return 0
    return round((row.ends_at - row.starts_at).total_seconds() / 60)
