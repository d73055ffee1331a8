"""Lists of requests, page by page, and how many there are."""

from __future__ import annotations

from crm.actor import Actor
from crm.request.model import OPEN, CardPage, Counts, Filter
from storage.unit_of_work import SqlUnitOfWork

ORDERS = ("changed", "created", "weight")  # the newest, or the heaviest, first


def page(
    unit: SqlUnitOfWork,
    actor: Actor,
    wanted: Filter = OPEN,
    *,
    order: str = "changed",
    after: str = "",
    limit: int = 50,
) -> CardPage:
    """From where the page before it ended (`CardPage.after`). Raises `Invalid` for an order or place that is none."""
    raise NotImplementedError


def counts(unit: SqlUnitOfWork, actor: Actor, wanted: Filter = OPEN) -> Counts:
    """Of all that the actor may see."""
    raise NotImplementedError


def find(unit: SqlUnitOfWork, actor: Actor, text: str, *, after: str = "", limit: int = 50) -> CardPage:
    """The search: open and closed requests, the newest first; a number alone finds that request (merged ones too)."""
    raise NotImplementedError
