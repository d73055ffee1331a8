"""A Google with its sign-in on one https address, and accounts that sign in there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from connectors.google_workspace.sign_in_scopes import scopes_of
from connectors.kept_sign_in import Kept
from connectors.settings import ConnectorSettings
from connectors.tokens import MemoryTokens, TokenStore
from tests.integration.microsoft.sign_in_world import Gate
from tests.servers.certificates import certificates
from tests.servers.google_workspace.server import Google
from tests.servers.google_workspace.sign_in_grants import OAuthClient
from tests.servers.google_workspace.world import World
from tests.servers.microsoft.serving import serving

ADA = "ada@example.com"


class Clock:
    """Of the server, and of whoever is given it. Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).timestamp()

    def __call__(self) -> float:
        return self.now

    def moment(self) -> datetime:
        """As the server wants it."""
        return datetime.fromtimestamp(self.now, UTC)


@dataclass
class GoogleOffice:
    """The server, and what an account must be told."""

    google: Google
    ca: Path
    gate: Gate
    clock: Clock
    client: OAuthClient

    @property
    def root(self) -> str:
        """Of everything, with a slash at its end."""
        return self.google.url

    def settings(self, tokens: TokenStore | None, **more: Any) -> ConnectorSettings:
        """Of an account."""
        common = ConnectorSettings(
            url=self.root,
            auth="desktop",
            client_id=self.client.id,
            secret=self.client.secret,
            ca_file=str(self.ca),
            timeout=10,
            authority=self.root.rstrip("/"),
            tokens=tokens,
            options={"account": "gmail"},
        )
        return replace(common, **more)

    def signed_in(self, *scopes: str) -> MemoryTokens:
        """As if Ada had signed in; with all scopes if none are named."""
        return MemoryTokens(self.kept(*scopes).written())

    def kept(self, *scopes: str) -> Kept:
        """What a sign-in of Ada leaves, a refresh token."""
        wanted = scopes or tuple(scopes_of(self.settings(None)))
        return Kept(refresh_token=self.google.sign_in.refresh_token(self.client, ADA, *wanted))

    def key(self) -> dict[str, Any]:
        """Of a new service account."""
        return self.google.sign_in.service_account(self.root)

    def app(self, key: dict[str, Any], **more: Any) -> ConnectorSettings:
        """An account that uses it."""
        common = {"auth": "app", "secret": json.dumps(key), "client_id": "", "authority": ""}
        return self.settings(None, **(common | more))

    def asked(self, grant: str) -> list[dict[str, str]]:
        """Requests for a token that came, by the kind of grant."""
        return [form for form in self.google.sign_in.asked if form.get("grant_type", "").endswith(grant)]

    def works(self, token: str) -> bool:
        """Can calendars be read with it?"""
        where, headers = f"{self.root}calendar/v3/users/me/calendarList", {"Authorization": f"Bearer {token}"}
        return requests.get(where, headers=headers, verify=str(self.ca), timeout=10).status_code == 200

    def browse(self, url: str) -> tuple[str, dict[str, str]]:
        """A person opens the address and says yes: where the browser is sent, and with what."""
        shown = requests.get(url, verify=str(self.ca), timeout=10, allow_redirects=False)
        assert shown.status_code == 302, (shown.status_code, shown.text)
        back = urlsplit(shown.headers["Location"])
        return f"{back.scheme}://{back.netloc}{back.path}", dict(parse_qsl(back.query))


@pytest.fixture(name="office")
def office_at_google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GoogleOffice]:
    """With a certificate of its own, and Ada in the company example.com."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(tmp_path / "nothing.pem"))  # what is in the environment must not matter
    key, ca = certificates(tmp_path)
    clock = Clock()
    google = Google(World(clock.moment))
    google.directory.company.domains.append("example.com")
    google.directory.company.person(ADA)
    gate = Gate(google.app())
    with serving(gate, key) as address:
        google.url = address + "/"
        yield GoogleOffice(google, ca, gate, clock, google.sign_in.client())
    assert not google.broken, google.broken


HOUR = timedelta(hours=1).total_seconds()
