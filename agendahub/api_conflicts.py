"""GET /conflicts, GET /conflicts/ID"""

from __future__ import annotations

from typing import Any

from agendahub.api_call import Call
from agendahub.refusals import Missing
from agendahub.texts import _
from storage.admin_lists import conflicts


def list_conflicts(call: Call) -> Any:
    """Those nobody looked at yet; with all=true the resolved ones too."""
    call.only("all")
    everything = call.flag("all", default=False)
    with call.workspace.database.read() as unit:
        return {"conflicts": conflicts(unit.session.connection, all_of_them=everything)}


def show_conflict(call: Call) -> Any:
    """Both versions of every field."""
    call.only()
    with call.workspace.database.read() as unit:
        found = conflicts(unit.session.connection, conflict_id=call.path["number"])
    if not found:
        raise Missing(_("There is no conflict {id}.").format(id=call.path["number"]))
    return found[0]
