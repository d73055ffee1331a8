"""What a store has from the start: the usual types and statuses of requests, and the roles that are always there."""

from __future__ import annotations

from storage.database import Database


def put_first_rows(database: Database) -> None:
    """Twice is fine: what an admin changed stays. Raises `StoreError`."""
    from crm import roles
    from crm.request import catalogue

    with database.begin() as unit:
        roles.seed(unit)
        catalogue.seed(unit)
