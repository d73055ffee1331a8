"""Who did what to users, roles, rules and the catalogue."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from crm import audit
from crm.audit import Entry
from web_ui.call import Caller
from web_ui.shapes import MOST, Limit

router = APIRouter(tags=["audit"])


@router.get("/audit")
def entries(
    call: Caller,
    actor: Annotated[str, Query(description="Only his.", max_length=300)] = "",
    action: Annotated[str, Query(description="Only this one.", max_length=60)] = "",
    before: Annotated[int | None, Query(gt=0, lt=MOST, description="The id of the last one you have.")] = None,
    limit: Limit = 100,
) -> list[Entry]:
    """The newest first."""
    with call.read() as unit:
        return audit.entries(unit, call.actor, who=actor, action=action, before=before, limit=limit)
