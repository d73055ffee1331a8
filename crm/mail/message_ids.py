"""Message-IDs of headers (RFC 5322, 3.6.4)."""

from __future__ import annotations

import re

from crm.mail import limits

_ID = re.compile(r"<([^<>]*)>")
_SPACE = re.compile(r"\s+")
_BAD = re.compile(r"[\x00-\x20\x7f\ud800-\udfff]")


def message_ids(value: str) -> list[str]:
    """In the order of the header, each once, without angle brackets and white space."""
    inside = _ID.findall(value) or ([value] if "@" in value and "<" not in value else [])
    cleaned = (_BAD.sub("", _SPACE.sub("", one)) for one in inside)
    return list(dict.fromkeys(one for one in cleaned if one and len(one) <= limits.ID))


def message_id(value: str) -> str:
    """The one of a Message-ID header; "" for none."""
    found = message_ids(value)
    if found:
        return found[0]
    alone = _BAD.sub("", value).strip("<>")
    return alone if len(alone) <= limits.ID else ""
