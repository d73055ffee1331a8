"""GET /status"""

from __future__ import annotations

from typing import Any

from agendahub.api_call import Call
from agendahub.look import look, look_at_mailboxes
from storage.admin_holds import holds


def status(call: Call) -> Any:
    """How every binding and mailbox is, and what waits for an admin."""
    call.only()
    found, problems = look(call.daemon)
    with call.workspace.database.read() as unit:
        held = holds(unit.session.connection)
    boxes = look_at_mailboxes(call.daemon)
    well = all(health.is_well for health in found) and all(box.is_well for box in boxes) and not problems
    push = call.daemon.push.states.all()
    return {"ok": well, "problems": problems, "bindings": found, "mailboxes": boxes, "push": push, "held": held}
