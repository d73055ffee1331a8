"""Who asks, and what he may."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from crm.actions import ACTIONS
from crm.rights import scope_of
from web_ui.call import Caller

router = APIRouter(tags=["me"])


class Me(BaseModel):
    """Whose token it is."""

    name: str = Field(description="As the history tells it: the user's name, or program and its name.")
    user_id: int | None = Field(description="null: an admin's program.")
    address: str = Field(description="Of mail; empty for none.")
    rights: dict[str, str] = Field(description="What he may, for which requests: all, group, own, part.")


@router.get("/me")
def me(call: Caller) -> Me:
    """Who asks, and what he may: what he may not is not listed."""
    given = {action: scope_of(call.actor, action) for action in ACTIONS}
    rights = {action: scope for action, scope in given.items() if scope}
    return Me(name=call.actor.name, user_id=call.actor.user_id, address=call.actor.address, rights=rights)
