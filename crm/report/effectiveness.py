"""How well requests are answered and solved: first answer, resolution, what came back, what reviews say."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import tzinfo

from crm.actor import Actor
from crm.report.figures import Spread, share, spread
from crm.report.period import Period, month
from crm.rights import authorise
from storage.crm.report_rows import RequestTimes, ReviewMarks, requests_between, reviews_between
from storage.unit_of_work import SqlUnitOfWork


@dataclass(frozen=True, slots=True)
class Effectiveness:
    """Of the requests that were opened in the period, in one group."""

    group: str
    opened: int
    closed: int
    answered: int
    first_answer: Spread  # from opening to the first answer of a person
    resolution: Spread  # from opening to (the last) closing
    reopened: int  # requests that were opened again at least once
    reopened_share: float | None  # of those that were closed or opened again
    effective: float | None  # mean mark of reviews, 1 to 5
    efficient: float | None


@dataclass(slots=True)
class _Group:
    answers: list[float] = field(default_factory=list)
    resolutions: list[float] = field(default_factory=list)
    effective: list[int] = field(default_factory=list)
    efficient: list[int] = field(default_factory=list)
    opened: int = 0
    ever_closed: int = 0
    reopened: int = 0


def effectiveness(unit: SqlUnitOfWork, actor: Actor, period: Period) -> list[Effectiveness]:
    """By type, responsible, customer or month (of opening); groups in alphabetical order. Raises Forbidden, Invalid."""
    authorise(actor, "report.read")
    by, zone = period.grouped("type", "responsible", "customer", "month"), period.tz()
    groups: dict[str, _Group] = defaultdict(_Group)
    for times in requests_between(unit.session.connection, period.since, period.until):
        _add(groups[_group_of(times, by, zone)], times)
    for marks in reviews_between(unit.session.connection, period.since, period.until):
        group = groups[_group_of(marks, by, zone)]
        group.effective += [marks.effective] if marks.effective is not None else []
        group.efficient += [marks.efficient] if marks.efficient is not None else []
    return [_told(name, groups[name]) for name in sorted(groups)]


def _group_of(row: RequestTimes | ReviewMarks, by: str, zone: tzinfo) -> str:
    if by == "month":
        return month(row.created_at if isinstance(row, RequestTimes) else row.opened_at, zone)
    return str(getattr(row, by))


def _add(group: _Group, times: RequestTimes) -> None:
    group.opened += 1
    group.reopened += times.reopened > 0
    group.ever_closed += times.closed_at is not None or times.reopened > 0
    if times.first_answer_at is not None:
        group.answers.append((times.first_answer_at - times.created_at).total_seconds())
    if times.closed_at is not None:
        group.resolutions.append((times.closed_at - times.created_at).total_seconds())


def _told(name: str, group: _Group) -> Effectiveness:
    return Effectiveness(
        group=name,
        opened=group.opened,
        closed=len(group.resolutions),
        answered=len(group.answers),
        first_answer=spread(group.answers),
        resolution=spread(group.resolutions),
        reopened=group.reopened,
        reopened_share=share(group.reopened, group.ever_closed),
        effective=spread(group.effective).mean,
        efficient=spread(group.efficient).mean,
    )
