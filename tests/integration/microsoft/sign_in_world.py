"""A Graph with its token endpoint on one https address, and accounts that sign in there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import requests
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.settings import ConnectorSettings
from connectors.tokens import TokenStore
from tests.servers.certificates import certificates
from tests.servers.microsoft.graph import Graph
from tests.servers.microsoft.mailbox import Exchange
from tests.servers.microsoft.serving import serving
from tests.servers.microsoft.sign_in import Form

ADA = "ada@example.com"


class Gate:
    """Before the server: `trouble` answers in its place, for paths that end so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.trouble: dict[str, Response] = {}
        self.delay = 0.0  # seconds before each answer
        self.seen: list[str] = []  # addresses that were asked for, with their queries

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http":
            self.seen.append(f"{scope['path']}?{scope['query_string'].decode()}")
        found = next((answer for end, answer in self.trouble.items() if scope.get("path", "").endswith(end)), None)
        await asyncio.sleep(self.delay)
        await (found or self._app)(scope, receive, send)


@dataclass
class Office:
    """The server, and what an account must be told."""

    graph: Graph
    ca: Path
    gate: Gate

    def settings(self, tokens: TokenStore | None, **more: Any) -> ConnectorSettings:
        """Of an account."""
        common = ConnectorSettings(
            url=f"{self.graph.url}/v1.0",
            auth="device",
            client_id="cid",
            ca_file=str(self.ca),
            timeout=10,
            authority=f"{self.graph.url}/contoso",
            tokens=tokens,
            options={"account": "office"},
        )
        return replace(common, **more)

    def asked(self, grant: str) -> list[Form]:
        """Requests for a token that came, by the kind of grant."""
        return [form for form in self.graph.sign_in.asked if form.get("grant_type", "").endswith(grant)]

    def works(self, token: str) -> bool:
        """Can Ada's contacts be read with it?"""
        where, headers = f"{self.graph.url}/v1.0/users/{ADA}/contacts", {"Authorization": f"Bearer {token}"}
        return requests.get(where, headers=headers, verify=str(self.ca), timeout=10).status_code == 200


@pytest.fixture(name="office")
def office_of_ada(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """With a certificate of its own."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(tmp_path / "nothing.pem"))  # what is in the environment must not matter
    key, ca = certificates(tmp_path)
    exchange = Exchange()
    exchange.add_mailbox(ADA).create("contacts", {"displayName": "Eva"})
    graph = Graph(exchange)
    gate = Gate(graph.app())
    with serving(gate, key) as graph.url:
        yield Office(graph, ca, gate)
