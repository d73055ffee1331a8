"""The addresses of ours that outside systems call, found by a digest of their last part, which is a secret."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from connectors.push import Event, Notice

LONGEST_KEY = 100  # characters of the last part; ours have 43


@dataclass(frozen=True, slots=True)
class Entry:
    """What a call at one address is for."""

    binding_id: int
    account: str
    secret_hash: str
    challenge: Callable[[Mapping[str, str]], str | None]
    read: Callable[[Mapping[str, str], bytes], Sequence[Notice]]
    told: Callable[[int, Event], None]

    def is_meant(self, notice: Notice) -> bool:
        """Whether the caller knows the secret; takes as long for a wrong one."""
        return hmac.compare_digest(digest(notice.secret), self.secret_hash)


class Hooks:
    """All of them. Looking one up takes the same work whether there is one or not."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[str, Entry] = {}
        self.ready = False  # the first look at the store is over

    def put(self, address_hash: str, entry: Entry) -> None:
        """Open an address."""
        with self._lock:
            self._entries[address_hash] = entry

    def keep_only(self, account: str, address_hashes: set[str]) -> None:
        """Close all others of this account."""
        with self._lock:
            self._entries = {
                key: entry for key, entry in self._entries.items() if entry.account != account or key in address_hashes
            }

    def find(self, key: str) -> Entry | None:
        """By the last part of the address that was called."""
        if len(key) > LONGEST_KEY:
            return None
        with self._lock:
            return self._entries.get(digest(key))


def digest(secret: str) -> str:
    """SHA-256, hex: enough for secrets of 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
