"""Passwords that people type at the web pages: argon2id, salted, as the argon2 library recommends (RFC 9106).

App passwords of devices are another thing (app_passwords.py): random, and asked for with every request.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from threading import BoundedSemaphore

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher

SHORTEST, LONGEST = 12, 200  # characters
_AT_ONCE = BoundedSemaphore(2)  # of 64 MiB each: guesses take no more, however many come
_FEWEST = 5  # different characters: "aaaaaaaaaaaa" is none


def hash_of(password: str) -> str:
    """The stored form. Takes some 50 ms and 64 MiB on purpose."""
    with _AT_ONCE:
        return _argon2().hash(_as_typed_anywhere(password))


def is_right(password: str, stored: str) -> bool:
    """Whether it is the one. Takes as long when there is none (``stored`` empty) or it cannot be read: no."""
    with _AT_ONCE:
        instead = _nobodys()
        try:
            right = _argon2().verify(_as_typed_anywhere(password), stored or instead)
        except PwdlibError:
            right = _argon2().verify("", instead)
    return right and bool(stored)


def weakness(password: str, user: str) -> str:
    """Why it cannot be taken: "short", "long", "simple", "name"; "" when it can."""
    lowered = password.lower()
    if len(password) < SHORTEST:
        return "short"
    if len(password) > LONGEST:
        return "long"
    if len(set(lowered)) < _FEWEST:
        return "simple"
    return "name" if len(user) >= 3 and len(lowered.replace(user.lower(), "")) < SHORTEST // 2 else ""


def _as_typed_anywhere(password: str) -> str:
    """One keyboard sends an accented letter as one character, another one as two (RFC 8265 4.2)."""
    return unicodedata.normalize("NFC", password[: LONGEST + 1]).encode("utf-8", "replace").decode()


@cache
def _argon2() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))


@cache
def _nobodys() -> str:
    """Compared with when there is no password, so that the answer takes as long."""
    return _argon2().hash("nobody's")
