"""Requests to Graph over the Connection of the O365 package: sign-in, pace, repeats.

The package's own repeats and pauses are off; `connectors.pacing` has the only ones after 429. A read is
repeated when the line broke, a write never (SYNC.md R06). Redirects are not followed: the token goes to one host.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import count
from random import SystemRandom
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from O365.connection import Connection
from O365.utils.token import MemoryTokenBackend

from connectors.broken_connections import connection_failure, never_sent
from connectors.microsoft365.answers import Answer
from connectors.microsoft365.failures import account_failure, wait_of
from connectors.pacing import Pace, Paced, pace_of
from connectors.request_log import noted
from connectors.settings import ConnectorSettings
from connectors.token_source import StandingToken, TokenSource
from sync_engine.errors import NotAuthorised, Throttled, Unavailable

PUBLIC_CLOUD = "https://graph.microsoft.com/v1.0"
IMMUTABLE = 'IdType="ImmutableId"'
READ_TRIES = 3
FIRST_PAUSE = 0.2  # seconds; doubled for each further try, plus up to the same again at random
_PASSING = frozenset({500, 502, 503, 504})
_jitter = SystemRandom()


class _NoTokens(MemoryTokenBackend):  # type: ignore[misc]
    """The package is given each token by us: it neither has any nor refreshes one."""

    def token_is_expired(self, *, username: str | None = None) -> bool:  # noqa: ARG002
        return False


class Transport:
    """One account's requests. Used by one thread at a time."""

    def __init__(
        self, settings: ConnectorSettings, sleep: Callable[[float], None] = time.sleep, *, use: str = "sync"
    ) -> None:
        """`use`: sync or mail, which have permissions of their own."""
        self.base = (settings.url or PUBLIC_CLOUD).rstrip("/")
        self.mailbox = settings.mailbox
        self.requests = 0  # sent, for status and benchmarks
        self._settings = settings
        self._sleep = sleep
        self._host = urlsplit(self.base).hostname or self.base
        self._source = _token_source(replace(settings, options={**settings.options, "use": use}))
        self._own_pace = Pace()
        self._sent_token = ""  # of the last request
        self._con = _connection(settings)

    # ------------------------------------------------------------ addresses

    def path(self, path: str, owner: str = "") -> str:
        """A path below a mailbox, as it stands in a $batch: /me/contacts."""
        mailbox = owner or self.mailbox
        return (f"/users/{quote(mailbox, safe='@')}" if mailbox else "/me") + path

    def stored(self, link: str) -> str:
        """A link that the server gave, without our address. Raises Unavailable for one that leads elsewhere."""
        if not link.startswith(f"{self.base}/"):
            raise Unavailable(f"Microsoft 365 sends us on to another address, {link[:100]!r}; check the account's URL.")
        return link.removeprefix(self.base)

    # ------------------------------------------------------------ requests

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        writing: bool | None = None,
        owner: str = "",
        slots: int = 1,
    ) -> Answer:
        """Ask, and read the answer in full. `path` is below the version: /me/contacts?$top=5.

        Raises Throttled, Unavailable (OutcomeUnknown for writes) and NotAuthorised. Any status that is not about load
        or sign-in is returned; so is one of 5xx, after some repeats of a read.
        """
        writes = method != "get" if writing is None else writing
        pace = self._pace(owner)
        paced = Paced(pace, self._settings.max_wait, self._sleep)
        send = partial(self._signed_in, method, path, body, headers or {}, pace, writes)
        for attempt in count(1):
            try:
                answer = paced.ask(send, slots=slots)
            except requests.RequestException as err:
                if writes or attempt >= READ_TRIES or not _worth_repeating(err):
                    raise connection_failure(err, self._host, writing=writes) from err
            else:
                if writes or answer.status not in _PASSING or attempt >= READ_TRIES:
                    return answer
            pause = FIRST_PAUSE * 2 ** (attempt - 1)
            self._sleep(pause + _jitter.uniform(0, pause))
        raise AssertionError("unreachable")

    def upload(self, url: str, piece: bytes, place: str) -> Answer:
        """A piece of a file to the address that Graph gave for it; that needs no token, and must get none.

        Raises Unavailable, and OutcomeUnknown when the piece may have arrived.
        """
        if not url.startswith(("https://", f"{self.base}/")):
            raise Unavailable("Microsoft 365 names no address for a large file; it is tried again later.")
        headers = {"Content-Range": place, "Content-Type": "application/octet-stream"}
        self.requests += 1
        try:
            with requests.Session() as session, noted("PUT", url) as note:
                session.trust_env = False
                session.verify, session.proxies = self._con.session.verify, self._con.session.proxies
                response = session.put(url, piece, headers=headers, timeout=self._con.timeout, allow_redirects=False)
                note.status = response.status_code
        except requests.RequestException as err:
            raise connection_failure(err, urlsplit(url).hostname or "", writing=True) from err
        return answer_of(response)

    def hold_off(self, seconds: float, owner: str = "") -> float:
        """One of a $batch was throttled: nobody asks before. Gives the seconds back when they are too many to wait."""
        self._pace(owner).hold_off(seconds)
        return seconds if seconds > self._settings.max_wait else 0.0

    def has_another_token(self) -> bool:
        """The token of the last request was refused: whether there is another one now. Raises AccountErrors."""
        refused = self._sent_token
        self._source.refused(refused)
        return self._source.token() != refused

    def close(self) -> None:
        """Give back all connections."""
        self._con.session.close()

    def _signed_in(
        self, method: str, path: str, body: Any, headers: Mapping[str, str], pace: Pace, writes: bool
    ) -> Answer:
        answer = self._once(method, path, body, headers)
        if answer.status == 401 and self.has_another_token():
            answer = self._once(method, path, body, headers)
        failure = account_failure(answer, f"{method.upper()} {path.partition('?')[0]}")
        if isinstance(failure, Throttled) and writes and answer.status != 429:  # it may have been done all the same
            pace.hold_off(wait_of(answer) or 0.0)
            return answer
        if isinstance(failure, Throttled) or (isinstance(failure, NotAuthorised) and answer.status == 401):
            raise failure
        return answer

    def _once(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Answer:
        self._sent_token = self._source.token()
        self.requests += 1
        self._con.update_session_auth_header(self._sent_token)
        more = {} if body is None else {"data": body}
        send, url = getattr(self._con, method), self.base + path
        with noted(method.upper(), url) as note:
            response: requests.Response = send(url, headers=dict(headers), allow_redirects=False, **more)
            note.status = response.status_code
        return answer_of(response)

    def _pace(self, owner: str) -> Pace:
        """Of the mailbox; where only a token says whose it is, of that token."""
        who = owner or self.mailbox or self._settings.username or self._settings.options.get("account", "")
        if not who and not self._settings.secret:
            return self._own_pace
        anonymous = hashlib.sha256(self._settings.secret.encode()).hexdigest()[:16]
        return pace_of(f"{self.base} {who.lower() or anonymous}")


def answer_of(response: requests.Response) -> Answer:
    """An answer of the library, with its JSON read.

    All errors of Graph have a name. Where "not found" has none, a proxy says so, of its own: nothing is gone (R01).
    """
    headers = {name.lower(): value for name, value in response.headers.items()}
    json = None
    if "json" in headers.get("content-type", ""):
        try:
            json = response.json()
        except ValueError:
            json = None
    answer = Answer(response.status_code, headers, json, b"" if json is not None else response.content)
    return replace(answer, status=502) if answer.status in {404, 410} and not answer.code else answer


def _worth_repeating(err: Exception) -> bool:
    """A server that does not answer has had its time; one that is not there will not be there at once."""
    return not never_sent(err) and not isinstance(err, requests.Timeout)


def _token_source(settings: ConnectorSettings) -> TokenSource:
    if settings.auth == "bearer":
        return StandingToken(settings.secret)
    from connectors.microsoft.sign_in import token_source

    return token_source(settings)


def _connection(settings: ConnectorSettings) -> Connection:
    """The package's, without its own repeats, pauses, tokens and whatever stands in the environment."""
    timeout = (min(settings.timeout, 10.0), settings.timeout)
    connection = Connection(
        (settings.client_id or "agendahub", "unused"),
        token_backend=_NoTokens(),
        request_retries=0,
        requests_delay=0,
        raise_http_errors=False,
        timeout=timeout,
        default_headers={"Prefer": IMMUTABLE, "User-Agent": "AgendaHub"},
    )
    session = connection.session = connection.get_session()
    session.trust_env = False
    session.verify = settings.ca_file or True
    session.proxies = {"http": settings.proxy, "https": settings.proxy} if settings.proxy else {}
    return connection
