"""One mail becomes a message of a request, in one transaction (REQUESTS.md 1 to 9)."""

from __future__ import annotations

from crm.intake.model import Delivered, Taken
from crm.settings import CrmSettings
from storage.unit_of_work import SqlUnitOfWork


def take(unit: SqlUnitOfWork, settings: CrmSettings, delivered: Delivered) -> Taken:
    """Take a mail in. Taking it again, from wherever it lies, changes nothing but that its place is noted.

    Raises what went wrong, and then nothing of it may be committed: `crm.intake.aside.take_or_keep` is for callers.
    """
    raise NotImplementedError
