"""GET /quarantine, GET /quarantine/ID, POST /quarantine/ID/retry, POST /quarantine/retry"""

from __future__ import annotations

import time
from typing import Any

from agendahub.api_call import Call
from agendahub.refusals import Missing
from agendahub.texts import _
from agendahub.troubles import troubles
from storage.admin_actions import retry_quarantined
from storage.admin_config import binding_id
from storage.admin_lists import quarantine


def list_entries(call: Call) -> Any:
    """Items that could not be read or written."""
    call.only()
    with call.workspace.database.read() as unit:
        return {"entries": troubles(quarantine(unit.session.connection))}


def show_entry(call: Call) -> Any:
    """One, with the text as it came."""
    call.only()
    with call.workspace.database.read() as unit:
        found = troubles(quarantine(unit.session.connection, entry_id=call.path["number"]), raw=True)
    if not found:
        raise _missing(call)
    return found[0]


def retry(call: Call) -> Any:
    """Try one again, at once."""
    call.only()
    return _retried(call, [call.path["number"]])


def retry_all(call: Call) -> Any:
    """Try all again, at once."""
    call.only()
    with call.workspace.database.read() as unit:
        ids = [row.id for row in quarantine(unit.session.connection)]
    return _retried(call, ids)


def _retried(call: Call, ids: list[int]) -> Any:
    with call.workspace.database.begin() as unit:
        names = {retry_quarantined(unit.session.connection, number) for number in ids}
        if names == {None}:
            raise _missing(call)
        bindings = {binding_id(unit.session.connection, name) for name in names if name}
    call.daemon.board.hurry([number for number in bindings if number is not None], time.monotonic())
    return {"retried": len(ids)}


def _missing(call: Call) -> Missing:
    return Missing(_("There is no entry {id}.").format(id=call.path.get("number", "")))
