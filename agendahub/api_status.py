"""GET /status"""

from __future__ import annotations

from typing import Any

from agendahub.api_call import Call
from agendahub.look import look
from storage.admin_holds import holds


def status(call: Call) -> Any:
    """How every binding is, and what waits for an admin."""
    call.only()
    found, problems = look(call.daemon)
    with call.workspace.database.read() as unit:
        held = holds(unit.session.connection)
    well = all(health.is_well for health in found) and not problems
    push = call.daemon.push.states.all()
    return {"ok": well, "problems": problems, "bindings": found, "push": push, "held": held}
