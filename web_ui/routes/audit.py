"""Who did what to users, roles, rules and the catalogue."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from crm import audit
from crm.audit import Entry
from web_ui.call import Caller
from web_ui.shapes import Asked, Key, Limit

router = APIRouter(tags=["audit"])


class Wanted(Asked):
    """Which lines."""

    actor: Annotated[str, Field(max_length=300, description="Only his.")] = ""
    action: Annotated[str, Field(max_length=60, description="Only this one.")] = ""
    before: Annotated[Key | None, Field(description="The id of the last one you have.")] = None
    limit: Limit = 100


@router.get("/audit")
def entries(call: Caller, wanted: Annotated[Wanted, Query()]) -> list[Entry]:
    """The newest first."""
    about = wanted.model_dump(exclude={"actor"})
    with call.read() as unit:
        return audit.entries(unit, call.actor, who=wanted.actor, **about)
