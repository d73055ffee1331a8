"""How a cycle ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from agendahub.texts import _
from sync_engine.errors import NoAccess, NotAuthorised, SyncError
from sync_engine.ports import RunCounts


class Result(StrEnum):
    """How a cycle ended."""

    OK = "ok"
    FAILED = "failed"
    STOPPED = "stopped"  # at a safe place, because the program ends
    BUSY = "busy"  # another worker has this binding


def in_words(error: Exception) -> str:
    """An error, with what the server said."""
    said = error.server_said if isinstance(error, SyncError) else ""
    return f"{error} ({_('the server said')}: {said})" if said and said not in str(error) else str(error)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one cycle did."""

    result: Result
    started_at: datetime
    finished_at: datetime
    counts: RunCounts = field(default_factory=RunCounts)
    error: SyncError | None = None

    def in_numbers(self) -> dict[str, int]:
        """What was done, for the log."""
        counts = self.counts
        return {
            "pulled": counts.pulled_new + counts.pulled_changed + counts.pulled_deleted,
            "pushed": counts.pushed_new + counts.pushed_changed + counts.pushed_deleted,
            "conflicts": counts.conflicts,
            "quarantined": counts.quarantined,
            "held": counts.held,
        }

    @property
    def message(self) -> str:
        """The error in words, with the server's own; empty when there is none."""
        return "" if self.error is None else in_words(self.error)

    @property
    def needs_sign_in(self) -> bool:
        """Whether the account's sign-in is refused, and not just one mailbox or collection closed to it."""
        return isinstance(self.error, NotAuthorised) and not isinstance(self.error, NoAccess)
