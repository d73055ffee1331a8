"""Names for items in their collection's URL, where nobody gave one. Opaque keys, never paths."""

from __future__ import annotations

import hashlib
import re

from sync_engine.model import Kind

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@=+-]{0,150}")
_ENDING = {Kind.CONTACT: ".vcf", Kind.EVENT: ".ics", Kind.TASK: ".ics"}


def href_for(uid: str, kind: Kind) -> str:
    """From the UID when every server and client can live with its characters, else from its digest."""
    stem = uid if _SAFE.fullmatch(uid) else _digest(uid)
    return stem + _ENDING[kind]


def other_href(uid: str, kind: Kind, seq: int) -> str:
    """Another one, where that is taken; `seq` is the number of the change, which no other change has."""
    return f"{_digest(uid)}-{seq}{_ENDING[kind]}"


def buried_href(item_id: int) -> str:
    """The name of a tombstone whose own name was given to a new item. ":" appears in no name that we choose."""
    return f"buried:{item_id}"


def _digest(uid: str) -> str:
    return hashlib.sha256(uid.encode("utf-8", "surrogatepass")).hexdigest()[:32]
