"""Mails that could not be taken in. They are kept as they came."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from crm.intake import aside
from crm.intake.model import Taken
from storage.crm.quarantined import KeptAside
from web_ui.call import Caller
from web_ui.downloads import download
from web_ui.shapes import Asked, Done, Id

router = APIRouter(tags=["quarantine of mails"])


class Which(Asked):
    """Which entries."""

    resolved: Annotated[bool, Field(description="Those that are settled, too.")] = False
    after: Annotated[int, Field(ge=0, lt=2**62, description="The id of the last one you have.")] = 0


@router.get("/mail-quarantine")
def entries(call: Caller, which: Annotated[Which, Query()]) -> list[KeptAside]:
    """The oldest first, 200 at most."""
    with call.read() as unit:
        return aside.entries(unit, call.actor, resolved=which.resolved, after=which.after)


@router.get("/mail-quarantine/{entry_id}/raw", response_class=Response)
def raw(call: Caller, entry_id: Id) -> Response:
    """The mail as it came, as a download."""
    with call.read() as unit:
        found = aside.entry_raw(unit, call.actor, entry_id)
    return download(found, f"quarantine-{entry_id}.eml")


@router.post("/mail-quarantine/{entry_id}/reprocess")
def reprocess(call: Caller, entry_id: Id) -> Taken:
    """Try it again. Nothing is answered by itself."""
    return aside.reprocess(call.hub.database, call.settings, call.actor, entry_id)


@router.post("/mail-quarantine/{entry_id}/dismiss")
def dismiss(call: Caller, entry_id: Id) -> Done:
    """Nothing is to be done about it; what is kept of the mail stays."""
    call.write(lambda unit: aside.dismiss(unit, call.actor, entry_id))
    return Done()
