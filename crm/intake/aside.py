"""What cannot be taken in is kept as it came, with the reason, and can be tried again (REQUESTS.md 2)."""

from __future__ import annotations

from crm.actor import Actor
from crm.intake.model import Delivered, Taken
from crm.settings import CrmSettings
from storage.database import Database


def take_or_keep(database: Database, settings: CrmSettings, delivered: Delivered) -> Taken:
    """Take a mail in, committed. Whatever goes wrong with this mail: it is rolled back, and the mail kept aside.

    Raises `StoreError` when the store itself fails: the mail is then to be offered again.
    """
    raise NotImplementedError


def reprocess(database: Database, settings: CrmSettings, actor: Actor, entry_id: int) -> Taken:
    """Try a mail again that was kept aside. Nothing is answered by itself.

    Raises `NotThere`, and `Refused` for one that its server never gave.
    """
    raise NotImplementedError
