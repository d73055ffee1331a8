"""What the daemon does by itself now and then: it forgets old history, and tries again what is in quarantine."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import structlog

from agendahub.workspace import Workspace, utc_now
from storage.errors import StoreError
from storage.pruning import prune
from storage.retrying import retry_what_is_due

log = structlog.get_logger("agendahub.housekeeping")


def tidy(workspace: Workspace) -> None:
    """Forget superseded texts, tombstones and run records that are older than [store] keep_history."""
    before = utc_now() - timedelta(seconds=workspace.settings.store.keep_history)
    try:
        gone = dataclasses.asdict(prune(workspace.database, before))
    except StoreError as err:
        log.warning("old history was not forgotten; tried again in six hours", reason=str(err))
        return
    if any(gone.values()):
        log.info("forgot what is older than keep_history", **gone)


def retry(workspace: Workspace) -> None:
    """Let what has been in quarantine for its time be tried in the next cycle (SYNC.md R09)."""
    try:
        with workspace.database.begin() as unit:
            due = retry_what_is_due(unit.session.connection, utc_now())
    except StoreError as err:
        log.warning("the quarantine was not looked at; done again in ten minutes", reason=str(err))
        return
    if due:
        log.info("items in quarantine are tried again", bindings=len(due))
