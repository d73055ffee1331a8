"""The caldav library, for what it knows best: where servers of all makes keep a user's calendars.

It asks through our own transport, so that its requests are signed, bounded and redirected by the same rules as all
others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin

from caldav.davclient import DAVClient
from caldav.lib.error import DAVError
from caldav.response import DAVResponse
from requests.structures import CaseInsensitiveDict

from connectors.dav.failures import Answer, read_failure
from connectors.dav.transport import Transport
from connectors.dav.xml_reader import MultistatusReader
from sync_engine.errors import Unavailable


@dataclass(frozen=True, slots=True)
class _Spoken:
    """An answer, in the form in which the library takes it."""

    status_code: int
    headers: CaseInsensitiveDict[str]
    content: bytes
    reason: str = ""

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")


class LibraryClient(DAVClient):
    """A client of the library that speaks through a `Transport`."""

    def __init__(self, url: str, transport: Transport) -> None:
        super().__init__(url=url, enable_rfc6764=False)
        self._transport = transport

    def request(
        self,
        url: str,
        method: str = "GET",
        body: str = "",
        headers: Mapping[str, str] | None = None,
        rate_limit_time_slept: float = 0,  # noqa: ARG002  # the library's signature
    ) -> DAVResponse:
        """Replaces the library's own HTTP. Raises our errors, which pass through the library."""
        target = urljoin(str(self.url), str(url))
        sent = body.encode() if isinstance(body, str) else body
        content_type = {"Content-Type": "application/xml; charset=utf-8"}
        answer = self._transport.request(method, target, sent, {**content_type, **(headers or {})})
        if answer.status in {401, 403}:
            raise read_failure(answer, f"{method} {target}")
        return DAVResponse(_safe(answer), self)


def _safe(answer: Answer) -> _Spoken:
    if answer.status == 207:
        MultistatusReader()(iter((answer.body,)))  # the library's parser is more trusting than ours
    return _Spoken(answer.status, answer.headers, answer.body)


def calendar_urls(url: str, transport: Transport) -> list[str]:
    """Absolute addresses of all calendars of the user who is signed in. Raises the errors of a read."""
    try:
        with LibraryClient(url, transport) as client:
            calendars = client.get_calendars()
            return [urljoin(url, str(calendar.url)) for calendar in calendars]
    except DAVError as err:
        raise Unavailable("The server does not say where its calendars are.", server_said=str(err)[:300]) from err
