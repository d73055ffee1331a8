"""Sign-in: HTTP Basic (RFC 7617) with a user's name and the app password of one device.

Guessing is limited by address and by account: after too many failures the store is not asked any more. A device that
was right before is never locked out by somebody else's failures, and neither is an account's owner at an address that
did not fail itself.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from collections import OrderedDict
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Lock

from dav_gateway.answers import Refused
from dav_gateway.first_look import FirstLook
from dav_gateway.limiter import FailureWindow
from storage.app_passwords import hash_of
from storage.database import Database
from storage.dav_store import SignedIn, signed_in, touch_device
from storage.errors import StoreError
from sync_engine.ports import Clock

WINDOW = timedelta(minutes=10)
PER_ADDRESS = 20  # failures in the window
PER_ACCOUNT = 50
TOUCH_AFTER = timedelta(hours=1)  # the last use of a device is written no more often
_REMEMBERED = 10_000
_CHALLENGE = {"www-authenticate": 'Basic realm="AgendaHub", charset="UTF-8"'}


class Doorkeeper:
    """Checks sign-ins. Safe to share between threads."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._by_address = FailureWindow(PER_ADDRESS, WINDOW)
        self._by_account = FailureWindow(PER_ACCOUNT, WINDOW)
        self._right: OrderedDict[str, datetime] = (
            OrderedDict()
        )  # hashes that were right, and when their use was written
        self._lock = Lock()

    def admit(self, authorization: str, client: str, first: FirstLook | None = None) -> SignedIn:
        """The user and device of an Authorization header. Raises `Refused` with 401, or 429 after too many failures.

        `first`: the transaction to look in; it stays open, unless the use of the device is to be written.
        """
        user, password = credentials(authorization)
        now, address = self._clock(), network(client)
        token = hash_of(password)
        self._check_limits(user, address, token, now)
        who = self._look(token, first)
        if who is None or not _same(who.user, user) or not _same(who.token_hash, token):
            self._failed(user, address, now)
            raise Refused(401, "Wrong user name or app password.", headers=_CHALLENGE)
        if self._remember(who, now):
            if first is not None:
                first.close()  # nobody holds one connection while he waits for another
            self._touch(who, now)
        return who

    def _look(self, token: str, first: FirstLook | None) -> SignedIn | None:
        if first is not None:
            return signed_in(first.begin().session.connection, token)
        with self._database.read() as unit:
            return signed_in(unit.session.connection, token)

    def _check_limits(self, user: str, address: str, token: str, now: datetime) -> None:
        if token in self._right:
            return
        crowded = self._by_account.exceeded(user.lower(), now) and self._by_address.count(address, now)
        if crowded or self._by_address.exceeded(address, now):
            seconds = str(int(WINDOW.total_seconds()))
            raise Refused(429, "Too many wrong sign-ins; wait some minutes.", headers={"retry-after": seconds})

    def _failed(self, user: str, address: str, now: datetime) -> None:
        self._by_address.add(address, now)
        self._by_account.add(user.lower(), now)

    def _remember(self, who: SignedIn, now: datetime) -> bool:
        """Whether its use is to be written."""
        with self._lock:
            written = self._right.get(who.token_hash) or who.last_used_at
            due = written is None or now - written >= TOUCH_AFTER
            self._right[who.token_hash] = now if due or written is None else written
            self._right.move_to_end(who.token_hash)
            while len(self._right) > _REMEMBERED:
                self._right.popitem(last=False)
        return due

    def _touch(self, who: SignedIn, now: datetime) -> None:
        # A full disk must not keep people from reading.
        with suppress(StoreError), self._database.begin() as unit:
            touch_device(unit.session.connection, who.device_id, now)


def credentials(authorization: str) -> tuple[str, str]:
    """User name and password of an Authorization header. Raises `Refused` (401)."""
    scheme, _, encoded = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        raise Refused(401, "Sign in with your user name and the app password of this device.", headers=_CHALLENGE)
    try:
        octets = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        octets = b""
    try:
        both = octets.decode("utf-8")
    except UnicodeDecodeError:
        both = octets.decode("latin-1")
    user, _, password = both.partition(":")
    return user.strip()[:200], password


def network(client: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 network of an IPv6 one."""
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _same(one: str, other: str) -> bool:
    """Whether two names or hashes are the same; phones like to begin a name with a capital. In constant time."""
    return hmac.compare_digest(one.lower().encode("utf-8", "replace"), other.lower().encode("utf-8", "replace"))
