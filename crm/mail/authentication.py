"""What our own mail server says of a mail's origin (RFC 8601). Words of other servers are nobody's proof."""

from __future__ import annotations

from collections.abc import Iterator

from authres import AuthenticationResultsHeader

from crm.mail.headers import Headers

_SHOWN = ("spf", "dkim", "dmarc", "arc")
_LONGEST = 8_000
_MOST = 20  # headers that are read: our server's are the topmost, and reading one may take 30 ms


def authentication_of(headers: Headers, trusted: frozenset[str]) -> str:
    """ "spf=pass dkim=pass dmarc=fail" of the topmost Authentication-Results of a trusted server; "" for none.

    A server may write one header for each method: those above the next Received are of the same moment.
    """
    found: dict[str, None] = {}
    server, left = "", _MOST
    for name, value in headers.fields:
        if name == "received" and server:
            break
        if name != "authentication-results":
            continue
        left -= 1
        if left < 0:
            break
        told, results = _read(value)
        if told not in trusted or told != (server or told):
            continue
        server = told
        found |= dict.fromkeys(results)
    order = sorted(found, key=lambda result: _SHOWN.index(result.partition("=")[0]))
    return " ".join(order)[:1000]


def _read(value: str) -> tuple[str, list[str]]:
    try:
        header = AuthenticationResultsHeader.parse(f"Authentication-Results: {value[:_LONGEST]}")
        return str(header.authserv_id or "").lower(), list(_results(header))
    except Exception:  # whatever a stranger's header makes that reader do, it is no result
        return "", []


def _results(header: AuthenticationResultsHeader) -> Iterator[str]:
    for one in header.results:
        method, result = str(one.method).lower(), str(one.result).lower()
        if method in _SHOWN and result.isalpha() and len(result) < 20:
            yield f"{method}={result}"
