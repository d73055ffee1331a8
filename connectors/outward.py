"""HTTP to addresses that other people chose: push services of phones, feeds.

A name is looked up once, and the connection is made to the very address that was judged (`outward_rules`): an answer
that changes between the two (DNS rebinding) changes nothing. Every redirect is judged anew, and takes no password to
another origin. The whole request has one deadline, and an answer a largest size; no proxy is asked, for it would look
the name up by itself.
"""

from __future__ import annotations

import base64
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from http.client import HTTPException
from ipaddress import ip_address
from urllib.parse import urljoin

import certifi
import urllib3.exceptions
from urllib3.connection import HTTPConnection, HTTPSConnection

from connectors.broken_connections import connection_failure
from connectors.outward_rules import Rules, Target, inside_only
from sync_engine.errors import Unavailable

MAX_BODY = 8 << 20  # octets of an answer
TIMEOUT = 20.0  # seconds for all of a request, redirects included
MAX_REDIRECTS = 5
_CONNECT = 5.0  # seconds for a connection to one address
_ADDRESSES = 4  # of one name that are tried
_PIECE = 64 * 1024
_AGENT = "AgendaHub"
_FAILED = (OSError, HTTPException, urllib3.exceptions.HTTPError)
_MOVED = frozenset({301, 302, 303, 307, 308})
_SECRET = frozenset({"authorization", "cookie"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, read in full. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str  # that answered, after redirects; without name and password


class AnswerTooLarge(Unavailable):
    """The answer is larger than was asked for."""


LookUp = Callable[[str, int], list[str]]
"""Addresses of a host name, as text. Raises OSError."""


def look_up(host: str, port: int) -> list[str]:
    """Ask the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class Outward:
    """Makes guarded requests. Safe to share between threads; keeps no connections."""

    def __init__(
        self,
        allowed: Iterable[str] = (),
        *,
        schemes: Iterable[str] = ("https",),
        ca_file: str = "",
        timeout: float = TIMEOUT,
        look_up: LookUp = look_up,
    ) -> None:
        """`allowed`: hosts, addresses and networks inside that may be called ([server] outward_hosts).

        `ca_file`: PEM of an authority of one's own, beside the public ones.
        """
        self.rules = Rules(allowed, schemes)
        self._timeout = timeout
        self._look_up = look_up
        self._trust = ssl.create_default_context(cafile=certifi.where())
        if ca_file:
            self._trust.load_verify_locations(cafile=ca_file)

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        max_body: int = MAX_BODY,
        redirects: int = MAX_REDIRECTS,
    ) -> Answer:
        """Send a request and read the answer, whatever its status. Redirects are followed for GET and HEAD only.

        Raises `NotAllowedOut`, Unavailable (`AnswerTooLarge` too), and ValueError for what is no URL.
        """
        until = time.monotonic() + self._timeout
        target, sent = self.rules.target(url), {name.lower(): value for name, value in (headers or {}).items()}
        for _ in range(redirects + 1):
            answer = self._once(method, target, _signed(sent, target), body, max_body, until)
            where = answer.headers.get("location", "")
            if method not in {"GET", "HEAD"} or answer.status not in _MOVED or not where:
                return answer
            onward = self.rules.target(urljoin(target.url, where))
            if onward.origin != target.origin:
                sent = {name: value for name, value in sent.items() if name not in _SECRET}
            elif not onward.user:
                onward = replace(onward, user=target.user, password=target.password)
            target = onward
        raise Unavailable(f"{target.host} sends us from one address to the next and never answers.")

    def _once(
        self, method: str, target: Target, headers: Mapping[str, str], body: bytes, max_body: int, until: float
    ) -> Answer:
        try:
            with self._connected(target, until) as connection, _deadline(connection, until):
                connection.request(
                    method, target.path, body=body or None, headers=headers, preload_content=False, decode_content=False
                )
                response = connection.getresponse()
                return Answer(
                    response.status,
                    {name.lower(): value for name, value in response.headers.items()},
                    _read(response, max_body, target.host),
                    target.url,
                )
        except _FAILED as err:
            raise connection_failure(err, target.host, writing=False) from err

    @contextmanager
    def _connected(self, target: Target, until: float) -> Iterator[HTTPConnection]:
        connection = self._connect(target, until)
        try:
            yield connection
        finally:
            connection.close()

    def _connect(self, target: Target, until: float) -> HTTPConnection:
        """A connection to the first of the host's addresses that may be called and takes one."""
        addresses = [one for one in self._addresses(target) if self.rules.may_reach(target.host, one)]
        if not addresses:
            raise inside_only(target.host)
        failure: Exception = TimeoutError()
        for address in addresses[:_ADDRESSES]:
            left = until - time.monotonic()
            if left <= 0:
                break
            connection = self._connection(target, address, min(_CONNECT, left))
            try:
                connection.connect()
            except _FAILED as err:
                connection.close()
                failure = err
            else:
                connection.sock.settimeout(left)
                return connection
        raise failure

    def _addresses(self, target: Target) -> list[str]:
        try:
            return [str(ip_address(target.host))]
        except ValueError:
            return self._look_up(target.host, target.port)

    def _connection(self, target: Target, address: str, timeout: float) -> HTTPConnection:
        if target.scheme == "http":
            return HTTPConnection(address, target.port, timeout=timeout)
        return HTTPSConnection(
            address,
            target.port,
            timeout=timeout,
            ssl_context=self._trust,
            server_hostname=target.host,
        )


def _signed(headers: Mapping[str, str], target: Target) -> dict[str, str]:
    """With what every request carries, and the name and password that stand in the URL."""
    sent = {"user-agent": _AGENT, "accept-encoding": "identity", **headers}
    sent["host"] = target.origin.partition("//")[2]
    if target.user and "authorization" not in sent:
        both = f"{target.user}:{target.password}".encode()
        sent["authorization"] = "Basic " + base64.b64encode(both).decode("ascii")
    return sent


def _read(response: urllib3.BaseHTTPResponse, most: int, host: str) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while piece := response.read(_PIECE, decode_content=True):
        size += len(piece)
        if size > most:
            raise AnswerTooLarge(f"The answer of {host} has more than {most:,} octets.")
        pieces.append(piece)
    return b"".join(pieces)


@contextmanager
def _deadline(connection: HTTPConnection, until: float) -> Iterator[None]:
    """Cut the connection at this moment of the monotonic clock: a socket's own patience begins anew with each octet."""
    over, line = threading.Event(), connection.sock  # the connection forgets its socket before the answer is read

    def cut() -> None:
        over.set()
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, until - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except _FAILED as err:
        raise TimeoutError if over.is_set() else err  # noqa: B904 - the same failure, by its true name
    finally:
        timer.cancel()
    if over.is_set():  # a body without a length, which only seems to be complete
        raise TimeoutError
