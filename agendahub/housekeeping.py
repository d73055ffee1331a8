"""What the daemon tidies up by itself: history that is older than the admin wants to keep."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import structlog

from agendahub.workspace import Workspace, utc_now
from storage.errors import StoreError
from storage.pruning import prune

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
