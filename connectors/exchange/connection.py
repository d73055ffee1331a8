"""HTTP sessions for exchangelib, of one connector alone.

The library keeps its connections in a cache of the whole process, with the errors it once met, and its limits in class
attributes. Here everything is an instance's: nothing is shared, nothing is read from the environment, and a session
signs its requests itself, so that tokens come from one place.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests
from exchangelib.configuration import Configuration
from exchangelib.protocol import FailFast, Protocol
from exchangelib.transport import DEFAULT_HEADERS, NOAUTH
from exchangelib.util import is_xml
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth
from requests_ntlm import HttpNtlmAuth

from connectors.exchange.asking import VERSION
from connectors.request_log import noted
from connectors.settings import ConnectorSettings
from connectors.token_source import TokenSource

PATH = "/EWS/Exchange.asmx"
_FIRST_IN_BODY = re.compile(r":Body>\s*<(?:\w+:)?(\w+)")


class HttpRefused(Exception):
    """An answer that is no answer of EWS."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(f"HTTP {response.status_code}")
        self.status = response.status_code
        self.headers = response.headers
        self.body = response.content


class Answers(FailFast):  # type: ignore[misc]
    """Takes every answer for what it is; the library would guess what to do about it."""

    def raise_response_errors(self, response: requests.Response) -> None:
        """Raises HttpRefused for all but answers of EWS: 200, and 500 with XML (errors of SOAP)."""
        fault = response.status_code == 500 and response.content and is_xml(response.content)
        if response.status_code != 200 and not fault:
            raise HttpRefused(response)


class Bearer(AuthBase):
    """Signs with the token that is good now."""

    def __init__(self, source: TokenSource) -> None:
        self.source = source
        self.last = ""  # the token that was sent last

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Raises NotAuthorised, Unavailable."""
        self.last = self.source.token()
        request.headers["Authorization"] = f"Bearer {self.last}"
        return request


class _Counting(HTTPAdapter):
    """One connection; counts what is sent on it."""

    def __init__(self, owner: Connection) -> None:
        self._owner = owner
        super().__init__(pool_connections=1, pool_maxsize=1, pool_block=True, max_retries=0)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        self._owner.sent += 1
        with noted("POST", request.url or "", lambda: _operation(request.body)) as note:
            response = super().send(request, *args, **kwargs)
            note.status = response.status_code
        return response


def _operation(body: Any) -> str:
    """What a request asks of the one address that all go to: GetItem, FindFolder ..."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")
    found = _FIRST_IN_BODY.search(text)
    return found[1] if found else ""


class Connection(Protocol):  # type: ignore[misc]
    """The sessions of one connector. Made by `connect`, past the library's cache."""

    settings: ConnectorSettings
    bearer: Bearer | None
    sent = 0  # requests, with those of a sign-in by NTLM

    def create_session(self) -> requests.Session:
        """A connection of its own for each session, as NTLM signs connections."""
        settings = self.settings
        session = requests.Session()
        session.trust_env = False
        session.headers.update({**DEFAULT_HEADERS, "User-Agent": "AgendaHub"})
        session.mount(self.service_endpoint, _Counting(self))
        session.verify = settings.ca_file or True
        session.proxies = {"http": settings.proxy, "https": settings.proxy} if settings.proxy else {}
        session.auth = self.bearer or _password(settings)
        session.session_id = id(session)  # type: ignore[attr-defined]
        session.usage_count = 0  # type: ignore[attr-defined]
        return session

    @classmethod
    def raw_session(cls, *_args: object, **_kwargs: object) -> NoReturn:
        """The library's way to a session that is not ours."""
        raise AssertionError("Sessions are made by create_session.")


def _password(settings: ConnectorSettings) -> AuthBase:
    if settings.auth == "ntlm":
        name = settings.username
        made: AuthBase = HttpNtlmAuth(f"\\{name}" if "@" in name else name, settings.secret)
        return made
    return HTTPBasicAuth(settings.username.encode(), settings.secret.encode())


def connect(settings: ConnectorSettings) -> Connection:
    """A connection that nobody else has. Sends nothing yet. Raises ValueError for an unknown `auth`."""
    config = Configuration(
        service_endpoint=endpoint(settings.url),
        auth_type=NOAUTH,  # sessions sign by themselves
        version=VERSION,
        retry_policy=Answers(),
        max_connections=settings.pool_size,
    )
    made: Connection = type.__call__(Connection, config=config)
    made.settings = settings
    made.TIMEOUT = (min(settings.timeout, 10.0), settings.timeout)
    made.bearer = _bearer(settings)
    return made


def _bearer(settings: ConnectorSettings) -> Bearer | None:
    if settings.auth in {"basic", "ntlm"}:
        return None
    from connectors.microsoft.sign_in import token_source  # msal is slow to load, and only needed here
    from connectors.microsoft.sign_in_scopes import Resource

    return Bearer(token_source(settings, Resource.EWS))


def endpoint(url: str) -> str:
    """The address of EWS: of a server that is named alone, the usual one."""
    parts = urlsplit(url if "//" in url else f"https://{url}")
    path = parts.path if parts.path.strip("/") else PATH
    return f"{parts.scheme}://{parts.netloc}{path}"
