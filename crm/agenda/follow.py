"""What people change in the agenda, on a phone or in Outlook, comes back to the activities."""

from __future__ import annotations

from crm.settings import CrmSettings
from storage.database import Database


def follow(database: Database, settings: CrmSettings) -> int:
    """Read what changed in the agenda since the last time; gives how many activities changed by it.

    Writes nothing into the agenda, so that nothing can go back and forth. Cheap when nothing changed.
    """
    raise NotImplementedError
