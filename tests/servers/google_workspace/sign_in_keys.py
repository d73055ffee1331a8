"""Keys and signed tokens: Google's own for id tokens, and those of service accounts (RFC 7519, RS256)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import crypt, jwt

ISSUER = "https://accounts.google.com"
KEY_ID = "agenda1"
GRACE = 300.0  # seconds that clocks may differ
Claims = dict[str, Any]


class Untrusted(Exception):
    """A signed token that is not accepted; says why as Google does."""


@cache
def key(owner: str) -> rsa.RSAPrivateKey:
    """One for each owner, in this process."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(owner: str) -> str:
    """As it stands in the JSON file of a service account."""
    form, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key(owner).private_bytes(form, kind, serialization.NoEncryption()).decode()


@cache
def certificate(owner: str) -> str:
    """With the public key, PEM."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "federated-signon.system.gserviceaccount.com")])
    start = datetime.now(UTC) - timedelta(days=1)
    made = x509.CertificateBuilder(name, name, key(owner).public_key(), 1, start, start + timedelta(days=30))
    return made.sign(key(owner), hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def signed(claims: Claims, owner: str = ISSUER, key_id: str = KEY_ID) -> str:
    """A token. Times are of this machine's clock, because clients look at it."""
    now = int(time.time())
    signer = crypt.RSASigner.from_string(private_pem(owner), key_id)  # type: ignore[no-untyped-call]
    token: bytes = jwt.encode(signer, {"iat": now, "exp": now + 3600, **claims})  # type: ignore[no-untyped-call]
    return token.decode()


def unverified(token: str) -> Claims:
    """What it says. Raises Untrusted if it is no token."""
    try:
        return dict(jwt.decode(token, verify=False))  # type: ignore[no-untyped-call]
    except ValueError as error:
        raise Untrusted("Invalid JWT: Token is malformed.") from error


def verified(token: str, owner: str, audiences: set[str], skew: float) -> Claims:
    """What it says, if its owner signed it for one of these audiences. `skew`: seconds that our clock is ahead."""
    claims = unverified(token)
    try:
        jwt.decode(token, certs=certificate(owner), verify=True, clock_skew_in_seconds=86400 * 365)  # type: ignore[no-untyped-call]
    except ValueError as error:
        raise Untrusted("Invalid JWT Signature.") from error
    now = time.time() + skew
    start, end = float(claims["iat"]), float(claims["exp"])
    if not (end - start <= 3600 + GRACE and start <= now + GRACE and now <= end + GRACE):
        text = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
        raise Untrusted(f"{text} Check your iat and exp values in the JWT claim.")
    if claims.get("aud") not in audiences:
        raise Untrusted("Invalid JWT: Failed audience check.")
    return claims
