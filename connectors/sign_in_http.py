"""The requests of a sign-in: bounded in time, over https only, without the environment, with our errors.

msal takes this in place of its own client, which would read proxies and REQUESTS_CA_BUNDLE from the environment
and repeat by itself.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors.settings import ConnectorSettings
from sync_engine.errors import Throttled, Unavailable

_LONGEST = 60.0  # seconds: no sign-in waits longer for one answer


class SignInHttp:
    """What msal asks of an ``http_client``: get, post, close."""

    def __init__(self, settings: ConnectorSettings, *, plain_here: bool = False) -> None:
        """`plain_here`: this machine itself may be asked without encryption."""
        self._plain_here = plain_here
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = settings.ca_file or True
        if settings.proxy:
            self._session.proxies = {"http": settings.proxy, "https": settings.proxy}
        self._timeout = (min(settings.timeout, 10.0), min(settings.timeout, _LONGEST))

    def get(self, url: str, params: Any = None, headers: Any = None, **_more: Any) -> requests.Response:
        """Raises Unavailable, Throttled."""
        return self._request("GET", url, params=params, headers=headers)

    def post(
        self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_more: Any
    ) -> requests.Response:
        """Raises Unavailable, Throttled."""
        return self._request("POST", url, params=params, data=data, headers=headers)

    def close(self) -> None:
        """Give back the connections."""
        self._session.close()

    def _request(self, method: str, url: str, **what: Any) -> requests.Response:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (self._plain_here and is_here(url)):
            raise Unavailable(f"The sign-in at {parts.hostname} is not over https; nothing was sent there.")
        try:  # a redirect would take the secrets in the body along
            answer = self._session.request(method, url, timeout=self._timeout, allow_redirects=False, **what)
        except requests.RequestException as err:
            said = f"The sign-in service {parts.hostname} cannot be reached ({_reason(err)})."
            raise Unavailable(said) from None  # the error holds the request, and with it the secrets
        if answer.status_code == 429 or answer.status_code >= 500:
            raise _later(answer, str(parts.hostname))
        return answer


def is_here(url: str) -> bool:
    """An address by http of this machine, which leaves it on no wire."""
    parts = urlsplit(url)
    if parts.scheme != "http":
        return False
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.hostname == "localhost"


def _later(answer: requests.Response, host: str) -> Unavailable | Throttled:
    wait = answer.headers.get("Retry-After", "")
    if wait.isascii() and wait.isdigit():
        asked = min(float(wait), 3600.0)
        return Throttled(f"The sign-in service {host} asks to wait {wait} seconds.", retry_after=asked)
    return Unavailable(f"The sign-in service {host} has a problem (HTTP {answer.status_code}).")


def _reason(err: requests.RequestException) -> str:
    if isinstance(err, requests.exceptions.SSLError):
        return "its certificate is refused; a certificate authority of your own belongs into ca_file"
    if isinstance(err, requests.Timeout):
        return "no answer in time"
    if isinstance(err, requests.exceptions.ProxyError):
        return "the proxy refuses"
    return "no connection"
