"""Connections that failed, as errors of one clear sentence; for all connectors that speak HTTP."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import requests
import urllib3.exceptions

from sync_engine.errors import OutcomeUnknown, Unavailable

_CERTIFICATE = {
    9: "is not valid yet",
    10: "has expired",
    18: "is self-signed and not trusted",
    19: "comes from an authority that is not trusted",
    20: "comes from an authority that is not trusted",
    21: "comes from an authority that is not trusted",
    62: "is for another host name",
    64: "is for another address",
}


class NotConnected(OSError):
    """No connection was made; what was to be sent was not."""


def never_sent(err: Exception) -> bool:
    """Is it sure that the request did not reach the server?"""
    early = NotConnected | requests.ConnectTimeout | requests.exceptions.ProxyError | requests.exceptions.SSLError
    if isinstance(err, early):
        return True
    refused = urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError
    return any(isinstance(cause, refused) for cause in _causes(err))


def connection_failure(err: Exception, host: str, *, writing: bool) -> Unavailable:
    """The error for a connection that failed: `OutcomeUnknown` when a write may have arrived."""
    if writing and not never_sent(err):
        return OutcomeUnknown(
            f"The connection to {host} broke before the answer to a write came; it is checked by a read."
        )
    return Unavailable(_sentence(err, host))


def _sentence(err: Exception, host: str) -> str:
    causes = list(_causes(err))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            how = _CERTIFICATE.get(cause.verify_code, f"is not accepted ({cause.verify_message})")
            return f"The certificate of {host} {how}; renew it, or name your own authority in ca_file."
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return f"No encrypted connection to {host} could be made; check that the port speaks TLS."
    if any(isinstance(cause, urllib3.exceptions.NameResolutionError | socket.gaierror) for cause in causes):
        return f"The name {host} cannot be looked up; check the address and the network."
    if isinstance(err, requests.Timeout) or any(isinstance(cause, TimeoutError) for cause in causes):
        return f"{host} did not answer in time; it is tried again later."
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return f"{host} refuses the connection; is the server running, and the port right?"
    return f"The connection to {host} failed; it is tried again later."


def _causes(err: BaseException) -> Iterator[BaseException]:
    """All exceptions that an exception was made of: requests and urllib3 hide them in arguments."""
    seen: set[int] = set()
    queue: list[BaseException] = [err]
    while queue:
        cause = queue.pop()
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        inner = (cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args)
        queue.extend(c for c in inner if isinstance(c, BaseException))
