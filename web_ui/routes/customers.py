"""The company's contacts, to be chosen as customers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from crm import customers
from storage.crm.customer_search import CustomerFound
from web_ui.call import Caller
from web_ui.shapes import Asked, Id, Limit

router = APIRouter(tags=["customers"])


class Search(Asked):
    """Who is looked for."""

    q: Annotated[str, Field(min_length=1, max_length=200, description="Words of name, organisation or address.")]
    limit: Limit = 20


@router.get("/customers")
def find(call: Caller, wanted: Annotated[Search, Query()]) -> list[CustomerFound]:
    """By name. Nobody's personal address book is looked into."""
    with call.read() as unit:
        return customers.find(unit, call.actor, wanted.q, limit=wanted.limit)


@router.get("/customers/{customer_id}")
def customer(call: Caller, customer_id: Id) -> CustomerFound:
    """One."""
    with call.read() as unit:
        return customers.customer(unit, call.actor, customer_id)
