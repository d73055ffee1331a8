"""One connector's way to Exchange: accounts of exchangelib, and every request of theirs at the mailbox's pace."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from exchangelib import DELEGATE, IMPERSONATION, Account, EWSTimeZone
from exchangelib.configuration import Configuration
from exchangelib.errors import EWSError, UnknownTimeZone

from connectors.broken_connections import never_sent
from connectors.exchange.asking import VERSION
from connectors.exchange.connection import Connection, HttpRefused, connect
from connectors.exchange.failures import failure, said
from connectors.pacing import Pace, Paced, pace_of
from connectors.settings import ConnectorSettings
from sync_engine.errors import NotAuthorised, Rejected, SyncError, Unavailable

NOBODY = "somebody@unknown.invalid"
"""Stands for an address that is not known: the library wants one, and it is not sent."""
_AUTH = frozenset({"basic", "ntlm", "bearer", "device", "web", "app"})

T = TypeVar("T")

# What goes wrong is told by our errors. The library logs passwords and tokens at DEBUG, and whole items at ERROR.
logging.getLogger("exchangelib").setLevel(logging.CRITICAL)
logging.getLogger("exchangelib.util").setLevel(logging.CRITICAL)


class Transport:
    """The account, and others that it may open. Used by one thread at a time."""

    def __init__(self, settings: ConnectorSettings, sleep: Callable[[float], None] = time.sleep) -> None:
        if settings.auth not in _AUTH:
            raise ValueError(f"auth is {settings.auth!r}; for Exchange it must be one of {', '.join(sorted(_AUTH))}.")
        self._settings = settings
        self._sleep = sleep
        self.zone = _zone(settings.zone)
        self.mailbox = settings.mailbox or (settings.username if "@" in settings.username else "")
        self.username = settings.username
        self.connection = connect(settings)
        self._host = urlsplit(self.connection.service_endpoint).hostname or ""
        self._accounts: dict[str, Any] = {}

    @property
    def requests(self) -> int:
        """Sent, for status and benchmarks."""
        return self.connection.sent

    @property
    def acts_for_another(self) -> bool:
        """Whether another mailbox than that of the user who signs in is opened."""
        return bool(self._settings.mailbox)

    def account(self, owner: str = "") -> Any:
        """exchangelib's account of the mailbox, or of another one that is opened by rights of its owner's giving."""
        if owner not in self._accounts:
            self._accounts[owner] = self._opened(owner, self.connection)
        return self._accounts[owner]

    def account_alone(self) -> Any:
        """One whose connections nobody else uses, for streams that hold them."""
        return self._opened("", connect(self._settings))

    def _opened(self, owner: str, connection: Connection) -> Any:
        settings = self._settings
        impersonates = bool(settings.mailbox) and not owner and settings.options.get("access") != DELEGATE
        account = Account(
            owner or self.mailbox or NOBODY,
            access_type=IMPERSONATION if impersonates else DELEGATE,
            config=Configuration(service_endpoint=connection.service_endpoint, version=VERSION),
            default_timezone=self.zone,
            locale="en",
        )
        account.protocol = connection
        account.version = VERSION
        return account

    # ------------------------------------------------------------ requests

    def read(self, call: Callable[[], T], owner: str = "") -> T:
        """One request that changes nothing; once more on a connection that broke. Raises AccountErrors."""
        try:
            return self._ask(call, owner, writing=False, repeat=True)
        except Unavailable as err:
            if not _broke(err):
                raise
        return self._ask(call, owner, writing=False, repeat=True)

    def write(self, call: Callable[[], T], owner: str = "", *, repeat: bool = True) -> T:
        """One request that writes. `repeat`: whether it may be sent again after the server said that it was busy.

        Raises AccountErrors, OutcomeUnknown among them, and Rejected when all of it was refused, or not even sent.
        """
        return self._ask(call, owner, writing=True, repeat=repeat)

    def close(self) -> None:
        """Give back all connections."""
        self.connection.close()

    def _ask(self, call: Callable[[], T], owner: str, *, writing: bool, repeat: bool) -> T:
        paced = Paced(self._pace(owner), self._settings.max_wait, self._sleep)
        return paced.ask(lambda: self._signed_in(call, writing), repeat=repeat)

    def _pace(self, owner: str) -> Pace:
        who = owner or self.mailbox or self._settings.username or str(hash(self._settings.secret))
        return pace_of(f"{self.connection.service_endpoint.lower()} {who.lower()}")

    def _signed_in(self, call: Callable[[], T], writing: bool) -> T:
        """With another token when the first one is refused."""
        bearer = self.connection.bearer
        if bearer is not None:
            bearer.source.token()  # its errors are not the library's business
        try:
            return self._once(call, writing)
        except NotAuthorised as err:
            if bearer is None or not isinstance(err.__cause__, HttpRefused) or err.__cause__.status != 401:
                raise
        refused = bearer.last
        bearer.source.refused(refused)
        if bearer.source.token() == refused:
            raise NotAuthorised("Exchange refuses the token of this account (HTTP 401); sign in again.")
        return self._once(call, writing)

    def _once(self, call: Callable[[], T], writing: bool) -> T:
        """Vendor errors end here."""
        before = self.requests
        try:
            return call()
        except SyncError:
            raise
        except (EWSError, HttpRefused) as err:
            raise failure(err, self._host, writing=writing) from err
        except Exception as err:  # the library trips over what it cannot write, or read
            if writing and self.requests == before:
                raise Rejected("This item cannot be written for Exchange.", server_said=said(err)) from err
            raise failure(err, self._host, writing=writing) from err


def _broke(err: Unavailable) -> bool:
    """A kept connection that the server had closed; not a server that is down, slow or has a wrong certificate."""
    cause = err.__cause__.__context__ if err.__cause__ is not None else None
    if not isinstance(cause, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
        return False
    return not never_sent(cause) and not isinstance(cause, requests.Timeout)


def _zone(name: str) -> EWSTimeZone:
    try:
        return EWSTimeZone(name)
    except UnknownTimeZone as err:
        raise ValueError(f"zone is {name!r}, of which Windows knows nothing; name another IANA time zone.") from err
