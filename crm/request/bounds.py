"""What a database can be asked for: ids that can exist, and texts that can be stored. All else finds nothing."""

from __future__ import annotations

MOST_ID = 2**63 - 1


def is_id(number: int) -> bool:
    """Whether a row can have it."""
    return 0 < number <= MOST_ID


def is_plain(text: str) -> bool:
    """One line without control characters and half characters, which PostgreSQL and the drivers refuse."""
    return not text or text.isprintable()
