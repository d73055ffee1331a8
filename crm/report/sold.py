"""What was sold, by kind, type, customer, person or month. Currencies are never added up."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import tzinfo

from crm.actor import Actor
from crm.report.period import Period, month
from crm.rights import authorise
from storage.crm.report_rows import Sale, sales_between
from storage.unit_of_work import SqlUnitOfWork


@dataclass(slots=True)
class Sold:
    """Sales of one group in one currency."""

    group: str
    currency: str
    count: int = 0
    quantity_thousandths: int = 0
    net_cents: int = 0


def sold(unit: SqlUnitOfWork, actor: Actor, period: Period) -> list[Sold]:
    """The largest first within each currency. Raises Forbidden, Invalid."""
    authorise(actor, "report.read")
    by, zone = period.grouped("kind", "type", "customer", "user", "month"), period.tz()
    groups: dict[tuple[str, str], Sold] = defaultdict(lambda: Sold("", ""))
    for sale in sales_between(unit.session.connection, period.since, period.until):
        group = groups[sale.currency, _group_of(sale, by, zone)]
        group.count += 1
        group.quantity_thousandths += sale.quantity_thousandths
        group.net_cents += sale.net_cents
    for (currency, name), group in groups.items():
        group.currency, group.group = currency, name
    return sorted(groups.values(), key=lambda g: (g.currency, g.group if by == "month" else "", -g.net_cents, g.group))


def _group_of(sale: Sale, by: str, zone: tzinfo) -> str:
    if by == "month":
        return month(sale.sold_at, zone)
    return sale.request_type if by == "type" else str(getattr(sale, by))
