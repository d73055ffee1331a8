"""Sign-in against our token endpoint, through msal inside O365, over TLS: msal wants it."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msal
import pytest
import requests
from O365 import Account, Connection, MSGraphProtocol
from O365.utils.token import MemoryTokenBackend

from tests.servers.certificates import certificates
from tests.servers.microsoft.graph import Graph
from tests.servers.microsoft.mailbox import Exchange
from tests.servers.microsoft.serving import serving

ADA = "ada@example.com"


@dataclass
class Secure:
    """A Graph and its token endpoint on one https address."""

    graph: Graph
    ca: str

    @property
    def authority(self) -> str:
        """Of the tenant."""
        return f"{self.graph.url}/contoso"

    def public(self) -> Any:
        """msal for a program without a secret."""
        return msal.PublicClientApplication(
            "cid", authority=self.authority, instance_discovery=False, validate_authority=False, verify=self.ca
        )


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Secure]:
    """With a certificate of our own."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)  # these would win over session.verify
    key, ca = certificates(tmp_path)
    exchange = Exchange()
    exchange.add_mailbox(ADA).create("contacts", {"displayName": "Eva"})
    graph = Graph(exchange)
    with serving(graph.app(), key) as graph.url:
        yield Secure(graph, str(ca))


def test_a_device_is_signed_in_when_the_person_has_typed_the_code(secure: Secure) -> None:
    app = secure.public()
    flow = app.initiate_device_flow(scopes=["Contacts.ReadWrite"])
    assert flow["user_code"] == "ABCD-1234"
    flow["expires_at"] = 0  # ask once
    assert app.acquire_token_by_device_flow(flow)["error"] == "authorization_pending"
    secure.graph.sign_in.consented = True
    token = app.acquire_token_by_device_flow(flow)
    assert _status(secure, token["access_token"]) == 200


def _consent(secure: Secure, app: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """The flow as msal keeps it, and what the browser brings back."""
    flow = app.initiate_auth_code_flow(
        ["Contacts.ReadWrite"], redirect_uri="http://localhost:9/back", response_mode="form_post"
    )
    shown = requests.get(flow["auth_uri"], verify=secure.ca, timeout=10).text
    return flow, dict(re.findall(r'name="(\w+)" value="([^"]*)"', shown))


def test_a_code_becomes_a_token_once(secure: Secure) -> None:
    app = secure.public()
    flow, back = _consent(secure, app)
    token = app.acquire_token_by_auth_code_flow(flow, back)
    assert token["id_token_claims"]["preferred_username"] == ADA
    assert _status(secure, token["access_token"]) == 200
    assert app.acquire_token_by_auth_code_flow(flow, back)["error"] == "invalid_grant"


def test_a_code_is_worth_nothing_without_its_verifier(secure: Secure) -> None:
    app = secure.public()
    flow, back = _consent(secure, app)
    answer = app.acquire_token_by_auth_code_flow({**flow, "code_verifier": "wrong"}, back)
    assert answer["error"] == "invalid_grant"


def test_a_refresh_token_is_good_once_and_then_revoked(secure: Secure) -> None:
    app, old = secure.public(), secure.graph.sign_in.refresh_token()
    fresh = app.acquire_token_by_refresh_token(old, scopes=["Contacts.ReadWrite"])
    assert _status(secure, fresh["access_token"]) == 200
    assert app.acquire_token_by_refresh_token(old, scopes=["Contacts.ReadWrite"])["error"] == "invalid_grant"
    secure.graph.sign_in.revoked = True
    answer = app.acquire_token_by_refresh_token(fresh["refresh_token"], scopes=["Contacts.ReadWrite"])
    assert answer["error"] == "invalid_grant"


def test_o365_refreshes_an_application_by_itself(secure: Secure) -> None:
    class Loopback(Connection):  # type: ignore[misc]
        """Asks our token endpoint; the library's own authority is fixed."""

        _msal_client: Any

        @property
        def msal_client(self) -> Any:
            if self._msal_client is None:
                self._msal_client = msal.ConfidentialClientApplication(
                    "cid",
                    client_credential="secret",
                    authority=secure.authority,
                    instance_discovery=False,
                    validate_authority=False,
                    verify=secure.ca,
                    token_cache=self.token_backend,
                )
            return self._msal_client

    class Signed(Account):  # type: ignore[misc]
        connection_constructor = Loopback

    protocol = type("Graph", (MSGraphProtocol,), {"_protocol_url": f"{secure.graph.url}/"})(timezone="UTC")
    app = Signed(
        ("cid", "secret"),
        protocol=protocol,
        token_backend=MemoryTokenBackend(),
        auth_flow_type="credentials",
        tenant_id="contoso",
        verify_ssl=secure.ca,
        requests_delay=0,
        request_retries=0,
        timeout=10,
    )
    assert app.authenticate(scopes=["https://graph.microsoft.com/.default"])
    found = app.con.get(f"{secure.graph.url}/v1.0/users/{ADA}/contacts").json()["value"]
    assert [one["displayName"] for one in found] == ["Eva"]
    assert secure.graph.sign_in.asked[-1]["grant_type"] == "client_credentials"


def test_the_certificate_is_looked_at(secure: Secure) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{secure.authority}/v2.0/.well-known/openid-configuration", timeout=10)
    assert ssl.create_default_context(cafile=secure.ca).check_hostname
    told = requests.get(f"{secure.authority}/v2.0/.well-known/openid-configuration", verify=secure.ca, timeout=10)
    assert json.loads(told.text)["token_endpoint"] == f"{secure.authority}/oauth2/v2.0/token"


def _status(secure: Secure, token: str) -> int:
    where, headers = f"{secure.graph.url}/v1.0/me/contacts", {"Authorization": f"Bearer {token}"}
    return requests.get(where, headers=headers, verify=secure.ca, timeout=10).status_code
