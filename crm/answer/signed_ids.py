"""Message-IDs that tell, to us alone, which request a mail of ours is about.

`r<request>.<nonce>.<signature>@<domain>`: the signature is an HMAC of the two before it, so nobody can make one for a
request that he guesses. Only lower-case letters, digits and dots: some programs fold the case of Message-IDs.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

_FORM = re.compile(r"r([1-9][0-9]{0,17})\.([a-z2-7]{16})\.([a-z2-7]{26})@[^@\s<>]+")
_NONCE = 10  # octets
_SIGNATURE = 16  # octets, of 32
_PURPOSE = b"message id\0"
_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"  # base 32 (RFC 4648), lower case


def make(key: bytes, request_id: int, domain: str) -> str:
    """A new one, without the angle brackets. Raises ValueError for an empty key or a domain that no mail has."""
    if not key:
        raise ValueError("a Message-ID cannot be signed without a key")
    if not re.fullmatch(r"[A-Za-z0-9.\-]+", domain):
        raise ValueError(f"{domain!r} is no domain of mail")
    nonce = _letters(secrets.token_bytes(_NONCE))
    return f"r{request_id}.{nonce}.{_signature(key, str(request_id), nonce)}@{domain.lower()}"


def request_of(key: bytes, message_id: str) -> int | None:
    """The request's id where the Message-ID is one of ours; None for all others, however alike."""
    found = _FORM.fullmatch(message_id.strip().strip("<>").lower())
    if found is None or not key:
        return None
    number, nonce, signature = found.groups()
    return int(number) if hmac.compare_digest(signature, _signature(key, number, nonce)) else None


def _signature(key: bytes, number: str, nonce: str) -> str:
    said = _PURPOSE + number.encode() + b"." + nonce.encode()
    return _letters(hmac.digest(key, said, hashlib.sha256)[:_SIGNATURE])


def _letters(octets: bytes) -> str:
    """Base 32, lower case, without padding."""
    value, bits = int.from_bytes(octets), len(octets) * 8
    short = -bits % 5
    value <<= short
    return "".join(_DIGITS[value >> shift & 31] for shift in range(bits + short - 5, -1, -5))
