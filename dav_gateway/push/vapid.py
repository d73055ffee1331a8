"""VAPID (RFC 8292): one key pair for this server, by which push services know that a message is ours.

The private key is a secret of the store, encrypted by the key file like the passwords of accounts. Clients bind their
subscriptions to the public one; a new pair makes all of them worthless, so it is made once.
"""

from __future__ import annotations

import base64
import ipaddress
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from storage import dav_push, secrets
from storage.database import Database, run
from storage.errors import StoreError, StoreRefused
from storage.unit_of_work import SqlUnitOfWork

log = logging.getLogger(__name__)

NAME = "push vapid key"  # of the secret
VALID = timedelta(hours=12)  # of a signature; RFC 8292 2 allows a day


class Vapid:
    """The key pair."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private
        self.public = _base64(
            private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        )

    def authorization(self, audience: str, subject: str, now: datetime) -> str:
        """The Authorization header for a push service. `audience`: its origin; `subject`: whom it can turn to."""
        from py_vapid import Vapid02

        signer = Vapid02(self._private, conf={"no-strict": True})
        claims = {"aud": audience, "sub": subject, "exp": int((now + VALID).timestamp())}
        return str(signer.sign(claims)["Authorization"])


class Keys:
    """The key file's key and the VAPID pair, read when they are first needed. Safe to share between threads."""

    def __init__(self, database: Database, read_key: Callable[[], bytes]) -> None:
        """`read_key` reads the key file; raises `KeyProblem`."""
        self._database, self._read_key = database, read_key
        self._key: bytes | None = None
        self._vapid: Vapid | None = None
        self._lock = Lock()

    @property
    def key(self) -> bytes:
        """The key that encrypts what clients gave. Raises `KeyProblem`."""
        if self._key is None:
            self._key = self._read_key()
        return self._key

    def public(self) -> str:
        """The public VAPID key, base64url; "" while there is none: push is not offered then. Writes nothing."""
        if self._vapid is None:
            with suppress(StoreError), self._database.read() as unit:
                self._known(unit)
        return self._vapid.public if self._vapid else ""

    def vapid(self) -> Vapid:
        """The pair, made when there is none yet. Raises `KeyProblem` and other `storage.errors`."""
        with self._lock:
            if self._vapid is None:
                try:
                    run(self._database, self._make)
                except StoreRefused:  # another process was quicker
                    with self._database.read() as unit:
                        self._known(unit)
            assert self._vapid is not None
            return self._vapid

    def _make(self, unit: SqlUnitOfWork) -> None:
        """A new pair, unless there is one that the key file opens. One that it does not is of no use to anybody."""
        key, connection = self.key, unit.session.connection
        try:
            if self._known(unit):
                return
        except secrets.KeyProblem:
            log.warning("the VAPID key was encrypted with another key file: it is made anew, and phones register again")
            dav_push.forget_all(connection)
        private = ec.generate_private_key(ec.SECP256R1())
        written = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode("ascii")
        secrets.put(connection, key, NAME, written, unit.session.now())
        self._vapid = Vapid(private)

    def _known(self, unit: SqlUnitOfWork) -> bool:
        written = secrets.get(unit.session.connection, self.key, NAME)
        if written is None:
            return False
        private = serialization.load_pem_private_key(written.encode("ascii"), None)
        assert isinstance(private, ec.EllipticCurvePrivateKey)
        self._vapid = Vapid(private)
        return True


def subject_of(base_url: str) -> str:
    """Whom push services can turn to (RFC 8292 2.1): this server's address, where the internet can know it."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if parts.scheme == "https" and "." in host:
            return f"https://{host}"
    return "mailto:agendahub@localhost"


def _base64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")
