"""GET /holds, GET /holds/BINDING, POST /holds/BINDING/approve, POST /holds/BINDING/discard"""

from __future__ import annotations

from typing import Any

from agendahub.api_call import ApiError, Call
from agendahub.held import SIDES, Asked, approve_held, discard_held, held_of
from agendahub.output import as_data
from agendahub.refusals import Missing
from agendahub.texts import _
from agendahub.workspace import utc_now
from storage.admin_holds import holds

_MOST = 1000  # items that are shown of each side


def list_holds(call: Call) -> Any:
    """Everything that is held."""
    call.only()
    with call.workspace.database.read() as unit:
        return {"holds": holds(unit.session.connection)}


def show_hold(call: Call) -> Any:
    """The holds of a binding with their items."""
    call.only("side", "limit")
    name, side = call.path["binding"], call.text("side", *SIDES)
    limit = min(call.number("limit") or 100, _MOST)
    with call.workspace.database.read() as unit:
        items = held_of(unit, Asked(name, side), limit)
        rows = [row for row in holds(unit.session.connection, name) if side in ("", row.side)]
    if not rows:
        raise Missing(_("Nothing is held for {name}.").format(name=name))
    return {"holds": [as_data(row) | {"items": [i for i in items if i.side == row.side]} for row in rows]}


def approve(call: Call) -> Any:
    """Let the listed deletions happen in the next cycle."""
    asked = _asked(call)
    with call.workspace.database.begin() as unit:
        return {"approved": approve_held(unit, asked, call.origin, utc_now())}


def discard(call: Call) -> Any:
    """Bring the items back where they were lost."""
    asked = _asked(call)
    with call.workspace.database.begin() as unit:
        back, problems = discard_held(unit, asked, call.origin, utc_now())
    return {"brought_back": back, "problems": problems}


def _asked(call: Call) -> Asked:
    """The mark is asked for: a program that looked a while ago must not answer for what came since."""
    call.only("side", "mark")
    mark = call.text("mark")
    if not mark:
        raise ApiError(422, _("Send the mark of the hold that you mean (GET /holds shows it)."))
    return Asked(call.path["binding"], call.text("side", *SIDES), mark)
