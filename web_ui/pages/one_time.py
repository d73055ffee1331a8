"""Documents with a secret in them that can be fetched once, for some minutes, by whoever has the link.

Kept in memory, and sealed with the link: without it nobody can read them, not even here.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

LASTS = timedelta(minutes=10)
AT_MOST = 200  # the oldest go first
_ONCE = b"\0" * 12  # as a nonce: each key is used once


@dataclass(frozen=True, slots=True)
class _Kept:
    sealed: bytes
    until: datetime


class OneTime:
    """Safe to share between threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._lock = Lock()

    def put(self, document: bytes, now: datetime) -> str:
        """Keep it; gives the secret part of its link."""
        token = secrets.token_urlsafe(32)
        sealed = AESGCM(_key(token)).encrypt(_ONCE, document, None)
        with self._lock:
            for name in [name for name, kept in self._kept.items() if kept.until <= now]:
                del self._kept[name]
            while len(self._kept) >= AT_MOST:
                self._kept.popitem(last=False)
            self._kept[_name(token)] = _Kept(sealed, now + LASTS)
        return token

    def is_there(self, token: str, now: datetime) -> bool:
        """Whether it can still be taken."""
        kept = self._kept.get(_name(token))
        return kept is not None and kept.until > now

    def take(self, token: str, now: datetime) -> bytes | None:
        """The document, once; None when it is gone."""
        with self._lock:
            kept = self._kept.pop(_name(token), None)
        if kept is None or kept.until <= now:
            return None
        try:
            return AESGCM(_key(token)).decrypt(_ONCE, kept.sealed, None)
        except InvalidTag:
            return None


def _key(token: str) -> bytes:
    return hashlib.sha256(b"key " + token.encode("utf-8", "replace")).digest()


def _name(token: str) -> bytes:
    return hashlib.sha256(b"name " + token.encode("utf-8", "replace")).digest()
