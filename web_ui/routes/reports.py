"""Reports: how well requests are answered, what was planned and done, what was sold."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from crm.report.effectiveness import Effectiveness
from crm.report.effectiveness import effectiveness as effectiveness_of
from crm.report.period import Period
from crm.report.sold import Sold
from crm.report.sold import sold as sold_in
from crm.report.work import Work
from crm.report.work import work as work_in
from web_ui.call import Caller
from web_ui.shapes import Asked, Moment

router = APIRouter(tags=["reports"])


class Wanted(Asked):
    """A period, and by what its rows are grouped."""

    since: Moment
    until: Annotated[Moment, Field(description="Not included.")]
    by: Annotated[str, Field(max_length=20, description="type, responsible, customer, month ...")]
    zone: Annotated[str, Field(max_length=100, description="IANA: months begin there.")] = "UTC"

    def period(self) -> Period:
        """As the services take it."""
        return Period(self.since, self.until, self.by, self.zone)


@router.get("/reports/effectiveness")
def effectiveness(call: Caller, wanted: Annotated[Wanted, Query()]) -> list[Effectiveness]:
    """First answer, resolution, reopened: by type, responsible, customer or month of opening."""
    with call.read() as unit:
        return effectiveness_of(unit, call.actor, wanted.period())


@router.get("/reports/work")
def work(call: Caller, wanted: Annotated[Wanted, Query()]) -> list[Work]:
    """Planned and done activities: by kind, user, type, customer or month."""
    with call.read() as unit:
        return work_in(unit, call.actor, wanted.period())


@router.get("/reports/sold")
def sold(call: Caller, wanted: Annotated[Wanted, Query()]) -> list[Sold]:
    """Sales, the largest first within each currency."""
    with call.read() as unit:
        return sold_in(unit, call.actor, wanted.period())
