"""Every mail as it came, byte for byte. Nothing here is ever changed or deleted."""

from __future__ import annotations

import hashlib
import zlib
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select

from storage.tables import mail_raws

_LEVEL = 1  # mail is text and base64: higher levels cost four times the CPU for some per cent
_THERE = select(mail_raws.c.digest).where(mail_raws.c.digest == bindparam("digest"))
_PACKED = select(mail_raws.c.packed).where(mail_raws.c.digest == bindparam("digest"))
_ADD = insert(mail_raws)


def keep(connection: Connection, raw: bytes, now: datetime) -> str:
    """Gives its digest. A mail that is kept already is not kept twice."""
    digest = hashlib.sha256(raw).hexdigest()
    if connection.execute(_THERE, {"digest": digest}).first() is None:
        row = {"digest": digest, "size": len(raw), "packed": zlib.compress(raw, _LEVEL), "at": now}
        connection.execute(_ADD, row)
    return digest


def raw_of(connection: Connection, digest: str) -> bytes | None:
    """The mail; None for a digest that nobody has."""
    packed = connection.execute(_PACKED, {"digest": digest}).scalar()
    return None if packed is None else zlib.decompress(packed)
