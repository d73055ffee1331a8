"""App passwords: one for each device, random, shown once and stored as a hash.

They are random with 140 bits, so that one round of SHA-256 is as safe as a slow hash and costs a request nothing.
"""

from __future__ import annotations

import hashlib
import secrets

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"  # base32: no 0, 1, 8 or 9 to mistake for a letter
_LENGTH = 28  # 5 bits each
_GROUP = 4


def new() -> tuple[str, str]:
    """A new password as it is shown (``abcd-efgh-...``) and the hash to store."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    shown = "-".join(letters[i : i + _GROUP] for i in range(0, _LENGTH, _GROUP))
    return shown, hash_of(shown)


def hash_of(shown: str) -> str:
    """The stored form, 64 hexadecimal digits. How a person types it does not matter: dashes, spaces, upper case."""
    typed = "".join(shown.split()).replace("-", "").lower()
    return hashlib.sha256(typed.encode("utf-8", "surrogatepass")).hexdigest()
