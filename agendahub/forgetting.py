"""Forgets a binding's links once no worker is at it any more. Items stay on both sides (SYNC.md R34)."""

from __future__ import annotations

import time

from agendahub.failure import Failure
from agendahub.texts import _
from agendahub.workspace import Workspace
from storage.admin_config import binding_id, forget_binding

_PATIENCE = 30.0  # seconds; a daemon notices within two that the binding left the configuration
_PAUSE = 0.2


def forget(workspace: Workspace, name: str) -> None:
    """Raises Failure when a worker does not let go of the binding."""
    with workspace.database.read() as unit:
        number = binding_id(unit.session.connection, name)
    if number is None:
        return
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        with workspace.database.lease(number) as mine:
            if mine:
                with workspace.database.begin() as unit:
                    forget_binding(unit.session.connection, name)
                return
        time.sleep(_PAUSE)
    hint = _("{name} left the configuration, but a worker is still at it, so its links are kept; they do no harm.")
    raise Failure(hint.format(name=name))
