"""Properties of a card that have one field and one line, so that a group can only be told beside them.

``item1.NOTE`` and ``item1.X-ABLabel`` become the note, and an extra line X-ABLabel with a companion NOTE without value:
it says with which property the line goes, whatever the group is called in one text or another.
"""

from __future__ import annotations

SINGLE_VALUED = frozenset(
    ("FN", "N", "NICKNAME", "ORG", "TITLE", "ROLE", "BDAY", "ANNIVERSARY", "NOTE", "CATEGORIES", "PHOTO")
)
