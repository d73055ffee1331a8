"""What a database can be asked for: ids that can exist, and texts that can be stored. All else finds nothing."""

from __future__ import annotations

import re

MOST_ID = 2**63 - 1
_ADDRESS = re.compile(r"[^\s@<>,;\"()\[\]\\]+@[^\s@<>,;\"()\[\]\\]+")


def is_id(number: int) -> bool:
    """Whether a row can have it."""
    return 0 < number <= MOST_ID


def is_plain(text: str) -> bool:
    """One line without control characters and half characters, which PostgreSQL and the drivers refuse."""
    return not text or text.isprintable()


def is_address(text: str) -> bool:
    """Something with an @ that a mail could go to."""
    return _ADDRESS.fullmatch(text) is not None and len(text) <= 320 and text.isprintable()
