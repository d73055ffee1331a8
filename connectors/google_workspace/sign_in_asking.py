"""google-auth's way to a token endpoint: bounded in time, without the environment, with our errors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from google.auth import exceptions, transport

from connectors.google_workspace.sign_in_refusals import passes, refusal
from connectors.settings import ConnectorSettings
from connectors.sign_in_http import SignInHttp
from sync_engine.errors import Unavailable

NONSENSE = "The sign-in service gave an answer that cannot be understood; it is tried again."


@dataclass(frozen=True, slots=True)
class _Response(transport.Response):
    status: int
    headers: Mapping[str, str]
    data: bytes


class Asking(transport.Request):
    """For one conversation. `answer`: what the last request was told."""

    def __init__(self, settings: ConnectorSettings) -> None:
        self._http = SignInHttp(settings, plain_here=True)
        self._settings = settings
        self.answer: dict[str, Any] = {}

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002 - ours is shorter than the library's
        **_more: Any,
    ) -> transport.Response:
        """Raises Unavailable, Throttled. The library would try again by itself what is only not possible now."""
        sent = {**(headers or {}), "Accept-Encoding": "identity"}
        got = self._http.post(url, data=body, headers=sent) if method == "POST" else self._http.get(url, headers=sent)
        self.answer = answer_of(got.content)
        if passes(self.answer):
            raise refusal(self.answer, self._settings)
        if not self.answer.get("error") and not isinstance(self.answer.get("access_token"), str):
            raise Unavailable(NONSENSE)
        return _Response(got.status_code, got.headers, got.content)

    def close(self) -> None:
        """Give back the connection."""
        self._http.close()


@contextmanager
def asking(settings: ConnectorSettings) -> Iterator[Asking]:
    """One conversation. Raises NotAuthorised, Unavailable, Throttled."""
    request = Asking(settings)
    try:
        yield request
    except (exceptions.GoogleAuthError, ValueError):  # its text holds the whole answer
        if request.answer.get("error"):
            raise refusal(request.answer, settings) from None
        raise Unavailable(NONSENSE) from None
    finally:
        request.close()


def answer_of(body: bytes) -> dict[str, Any]:
    """Of a token endpoint; nothing for what is no JSON object."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
