"""What a tag looks like."""

from __future__ import annotations

from crm.errors import Invalid

_LONGEST = 100


def fit_tag(tag: str) -> str:
    """Lower case, single blanks. Raises `Invalid`."""
    fitting = " ".join(tag.split()).lower()
    if not fitting or len(fitting) > _LONGEST or not fitting.isprintable():
        raise Invalid(f"A tag has 1 to {_LONGEST} characters.")
    return fitting
