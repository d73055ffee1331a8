"""HTTP: a bounded pool of kept-alive connections, sign-in, redirects and repeats.

Redirects are followed here and not by the library: the method is kept, and the password goes to no other host than
the account's (or one the admin named). Reads are repeated with growing pauses; a write is repeated only after 429,
which says that it was not done (SYNC.md R06). The environment (proxies, netrc, REQUESTS_CA_BUNDLE) is not read: it
would override `ca_file`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from random import SystemRandom
from urllib.parse import urljoin

import requests
import urllib3.exceptions
from requests.cookies import extract_cookies_to_jar
from requests.structures import CaseInsensitiveDict

from connectors.broken_connections import connection_failure, never_sent
from connectors.dav.adapter import Adapter
from connectors.dav.auth import SignIn
from connectors.dav.failures import Answer, account_failure, retry_after
from connectors.dav.hrefs import Origin
from connectors.request_log import noted
from connectors.settings import ConnectorSettings
from sync_engine.errors import NotAuthorised, Throttled, Unavailable

MAX_BODY = 8 << 20  # octets of an answer that is kept as one piece
MAX_REDIRECTS = 5
READ_TRIES = 3
LOCKED_TRIES = 3  # of a write that met a lock (423): it was not done; Xandikos locks the whole store for each write
FIRST_PAUSE = 0.2  # seconds; doubled for each further try, plus up to the same again at random
_PASSING = frozenset({502, 503, 504})
_FAILED = (requests.RequestException, urllib3.exceptions.HTTPError)
_WRITES = frozenset({"PUT", "DELETE", "MKCOL", "MKCALENDAR", "PROPPATCH"})
_jitter = SystemRandom()


class TooLarge(Exception):
    """An answer is larger than the reader wanted to take."""

    def __init__(self, tag: str = "") -> None:
        super().__init__(tag)
        self.tag = tag  # its ETag header


Sink = Callable[[Iterator[bytes]], None]
"""Takes the pieces of a 2xx body as they come. May be called again when a read is repeated."""


class Transport:
    """One account's HTTP. Used by one thread at a time."""

    def __init__(self, settings: ConnectorSettings, sleep: Callable[[float], None] = time.sleep) -> None:
        self.home = Origin.of(settings.url)
        self._home_prefix = f"{self.home}/"
        self.requests = 0  # sent, for status and benchmarks
        self._settings = settings
        self._sleep = sleep
        self._sign_in = SignIn(settings)
        self._verify: bool | str = settings.ca_file or True
        self._timeout = (min(settings.timeout, 10.0), settings.timeout)
        self._proxies = {"http": settings.proxy, "https": settings.proxy} if settings.proxy else {}
        self._adapter = Adapter(settings.pool_size)
        self._session = _session(self._adapter)

    def request(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        sink: Sink | None = None,
        max_body: int = MAX_BODY,
    ) -> Answer:
        """Ask, and read the answer in full; a 2xx body goes to `sink` when there is one.

        Raises Throttled, Unavailable (OutcomeUnknown for writes) and NotAuthorised; TooLarge for a body above
        `max_body`. Any status that is not about load, sign-in or redirects is returned.
        """
        writing = method in _WRITES
        for attempt in count(1):
            try:
                answer = self._follow(method, url, body, headers or {}, sink, max_body)
            except _FAILED as err:
                if writing or attempt >= READ_TRIES or not _worth_repeating(err):
                    raise connection_failure(err, Origin.of(url).host, writing=writing) from err
                self._pause(attempt)
                continue
            if not self._again(answer, attempt, writing=writing):
                break
        return self._checked(answer, f"{method} {url}")

    def close(self) -> None:
        """Give back all connections."""
        self._session.close()

    def _again(self, answer: Answer, attempt: int, *, writing: bool) -> bool:
        """Wait as long as the server or good manners ask; True when the request may then be repeated."""
        wait = retry_after(answer) if answer.status in {429, 503} else None
        if wait is not None:
            if wait > self._settings.max_wait or attempt > 1 or (writing and answer.status != 429):
                return False
            self._sleep(wait)
            return True
        locked = writing and answer.status == 423 and attempt < LOCKED_TRIES
        if not locked and (writing or answer.status not in _PASSING or attempt >= READ_TRIES):
            return False
        self._pause(attempt)
        return True

    def _pause(self, attempt: int) -> None:
        pause = FIRST_PAUSE * 2 ** (attempt - 1)
        self._sleep(pause + _jitter.uniform(0, pause))

    @staticmethod
    def _checked(answer: Answer, what: str) -> Answer:
        failure = account_failure(answer, what)
        if isinstance(failure, Throttled | NotAuthorised):
            raise failure
        return answer

    # ------------------------------------------------------------ one request

    def _follow(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], sink: Sink | None, max_body: int
    ) -> Answer:
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._once(method, url, body, headers, sink, max_body)
            target = answer.headers.get("Location", "")
            if answer.status not in {301, 302, 307, 308} or not target:
                return answer
            url = self._redirected(url, target)
        raise Unavailable(f"The server at {self.home} redirects in a circle; check the account's address.")

    def _redirected(self, url: str, target: str) -> str:
        """The address to go on at. Raises Unavailable when the password may not go there."""
        new = urljoin(url, target)
        self.allow(new)
        origin = Origin.of(new)
        if (
            origin != self.home
            and origin.host == self.home.host
            and (self.home.scheme, origin.scheme) == ("http", "https")
        ):
            self.home, self._home_prefix = origin, f"{origin}/"  # from now on everything goes encrypted
        return new

    def allow(self, url: str) -> None:
        """Raises Unavailable unless the account's password may be sent to this address."""
        try:
            origin = Origin.of(url)
        except ValueError as err:
            raise Unavailable(f"The server names an address that cannot be used: {url[:200]!r}.") from err
        upgrade = origin.host == self.home.host and origin.scheme == "https" and self.home.scheme == "http"
        if origin == self.home or upgrade:
            return
        secure = origin.scheme == "https" or self.home.scheme == "http"
        if not secure or not any(_within(origin.host, host) for host in self._settings.other_hosts):
            raise Unavailable(
                f"The server sends us on to {origin}, and the password goes to no other host; "
                f"if that is right, use this address for the account or add the host to other_hosts."
            )

    def _once(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], sink: Sink | None, max_body: int
    ) -> Answer:
        if not url.startswith(self._home_prefix):
            self.allow(url)
        request = self._prepared(method, url, body, headers)
        self.requests += 1
        with noted(method, url) as note:
            response = self._send(request)
            note.status = response.status_code
        pieces = _Pieces(response, max_body, time.monotonic() + 20 * self._timeout[1])
        try:
            if sink is not None and 200 <= response.status_code < 300:
                sink(iter(pieces))
                content = b""
            else:
                content = b"".join(pieces) if response.status_code < 300 else pieces.beginning()
            pieces.give_back()
        except BaseException:
            response.close()
            raise
        return Answer(response.status_code, response.headers, content, url)

    def _send(self, request: requests.PreparedRequest) -> requests.Response:
        """Only digest needs the session, which calls it back with the challenge."""
        timeout, verify, proxies = self._timeout, self._verify, self._proxies
        if request.hooks["response"]:
            return self._session.send(
                request, stream=True, timeout=timeout, verify=verify, proxies=proxies, allow_redirects=False
            )
        response = self._adapter.send(request, stream=True, timeout=timeout, verify=verify, proxies=proxies)
        if "set-cookie" in response.headers:
            extract_cookies_to_jar(self._session.cookies, request, response.raw)  # type: ignore[no-untyped-call]
        return response

    def _prepared(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> requests.PreparedRequest:
        """Built by hand: the library's own preparation costs more than all the rest of a small PUT."""
        request = requests.PreparedRequest()
        request.method, request.url, request.body = method, url, body
        request.headers = CaseInsensitiveDict(headers)
        request.headers["User-Agent"] = "AgendaHub"
        request.headers["Accept-Encoding"] = "gzip, deflate"
        if body is not None:
            request.headers["Content-Length"] = str(len(body))
        request.hooks = {"response": []}
        request._cookies = self._session.cookies  # type: ignore[attr-defined]  # digest copies the request, with them
        if self._session.cookies:
            request.prepare_cookies(self._session.cookies)
        self._sign_in.add(request)
        return request


class _Pieces:
    """The body of an answer, decompressed, in pieces; bounded in size and time."""

    def __init__(self, response: requests.Response, max_body: int, deadline: float) -> None:
        self._response, self._max, self._deadline = response, max_body, deadline
        self._read_to_end = False

    def __iter__(self) -> Iterator[bytes]:
        if int(self._response.headers.get("Content-Length") or 0) > self._max:
            raise TooLarge(self._response.headers.get("ETag", ""))
        size = 0
        for piece in self._response.iter_content(65536):
            size += len(piece)
            if size > self._max:
                raise TooLarge(self._response.headers.get("ETag", ""))
            if time.monotonic() > self._deadline:
                raise requests.Timeout("The answer trickles in too slowly.")
            yield piece
        self._read_to_end = True

    def beginning(self) -> bytes:
        """Of an error page only the first part is of interest."""
        taken, size = [], 0
        for piece in self._response.iter_content(16384):
            taken.append(piece)
            size += len(piece)
            if size > 262144:
                return b"".join(taken)
        self._read_to_end = True
        return b"".join(taken)

    def give_back(self) -> None:
        """The connection returns to the pool if its body was read to the end; else it cannot be used again."""
        if self._read_to_end:
            self._response.raw.release_conn()
        else:
            self._response.close()


def _session(adapter: Adapter) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _within(host: str, parent: str) -> bool:
    return host == parent.lower() or host.endswith("." + parent.lower())


def _worth_repeating(err: Exception) -> bool:
    """A kept-alive connection that broke; not a server that is down, slow or has a wrong certificate."""
    return not never_sent(err) and not isinstance(err, requests.Timeout)
