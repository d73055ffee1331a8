"""How everything is: what the store knows, and what the running daemon knows better."""

from __future__ import annotations

from dataclasses import replace

from agendahub.daemon import Daemon
from agendahub.health import Health, health_of
from agendahub.mailbox_health import MailboxHealth, mailbox_health
from agendahub.workspace import utc_now
from storage.admin_config import account_states
from storage.admin_lists import bindings
from storage.errors import StoreError


def look(daemon: Daemon) -> tuple[list[Health], list[str]]:
    """Every binding of the configuration, and problems that are about no single one."""
    problems = daemon.problems
    try:
        with daemon.workspace.database.read() as unit:
            rows = {row.name: row for row in bindings(unit.session.connection)}
            accounts = account_states(unit.session.connection)
    except StoreError as err:
        return [], [*problems, str(err)]
    for slot in daemon.board.slots():  # what is not written to the store yet
        row = rows.get(slot.settings.name)
        if row is not None and slot.finished_at is not None and not slot.failures:
            latest = max(slot.finished_at, row.last_ok_at or slot.finished_at)
            rows[row.name] = replace(row, last_ok_at=latest)
    return health_of(daemon.workspace.settings, rows, accounts, utc_now()), problems


def look_at_mailboxes(daemon: Daemon) -> list[MailboxHealth]:
    """Every mailbox of the configuration; none while the store cannot be asked, which `look` tells."""
    workspace = daemon.workspace
    try:
        with workspace.database.read() as unit:
            return mailbox_health(unit.session.connection, workspace.settings, utc_now(), daemon.crm.live())
    except StoreError:
        return []
