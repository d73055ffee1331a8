"""E15: Basic, NTLM and OAuth, with and without TLS, through exchangelib and the libraries below it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from exchangelib import DELEGATE, IMPERSONATION, NTLM, OAUTH2, Identity, OAuth2Credentials
from exchangelib.errors import ErrorImpersonateUserDenied, UnauthorizedError
from requests_ntlm import HttpNtlmAuth

from tests.servers.certificates import certificates
from tests.servers.microsoft.ews import add_person
from tests.servers.microsoft.ews_client import Desk, desk, trusting
from tests.servers.microsoft.ews_xml import NAMES

_ASK = '<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id="contacts"/></m:FolderIds></m:GetFolder>'  # noqa: E501
_SPACES = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in NAMES.items())
BODY = f"<s:Envelope {_SPACES}><s:Body>{_ASK}</s:Body></s:Envelope>"


@pytest.fixture(scope="module")
def certificate_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Of the server with its key, and of the authority."""
    return certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def secure(certificate_files: tuple[Path, Path]) -> Iterator[Desk]:
    """Over TLS."""
    server, ca = certificate_files
    with trusting(ca), desk(server) as made:
        yield made


@pytest.mark.parametrize("login", ["ada", "EXAMPLE\\ada", "ada@example.com"])
def test_e15_ntlm_signs_a_connection_in(ews: Desk, login: str) -> None:
    account = ews.sign_in(login=login, scheme=NTLM)
    for _ in range(3):
        account.contacts.refresh()
    assert ews.site.handshakes == 1  # requests after the first need no header
    assert ews.site.requests.count("GetFolder") >= 3


def test_e15_ntlm_over_tls_is_bound_to_the_certificate(secure: Desk) -> None:
    assert secure.sign_in(login="EXAMPLE\\ada", scheme=NTLM).contacts.absolute
    assert secure.site.url.startswith("https://")
    secure.site.certificate_hash = b"of a man in the middle"
    with pytest.raises(UnauthorizedError):
        assert secure.sign_in(login="ada", scheme=NTLM).contacts


def test_e15_a_wrong_password_is_refused_by_ntlm_too(ews: Desk) -> None:
    for login, password in (("ada", "wrong"), ("nobody", "secret")):
        with pytest.raises(UnauthorizedError):
            assert ews.sign_in(login=login, password=password, scheme=NTLM).contacts
    assert (ews.site.handshakes, ews.site.requests) == (0, [])


def test_e15_another_connection_is_not_signed_in(ews: Desk) -> None:
    with requests.Session() as one, requests.Session() as other:
        one.auth = HttpNtlmAuth("ada", "secret")
        assert one.post(ews.site.url, BODY, timeout=5).status_code == 200
        one.auth = None
        assert one.post(ews.site.url, BODY, timeout=5).status_code == 200
        refused = other.post(ews.site.url, BODY, timeout=5)
        assert (refused.status_code, "NTLM" in refused.headers["WWW-Authenticate"]) == (401, True)


def test_e15_a_server_may_offer_ntlm_alone(ews: Desk) -> None:
    ews.site.schemes = ("NTLM",)
    with pytest.raises(UnauthorizedError):
        assert ews.sign_in().contacts
    assert ews.sign_in(login="EXAMPLE\\ada", scheme=NTLM).contacts


class _Loopback(OAuth2Credentials):  # type: ignore[misc]
    """An application's, with its token endpoint on loopback."""

    address = ""

    @property
    def token_url(self) -> str:
        """Where tokens come from."""
        return f"{self.address}/contoso/oauth2/v2.0/token"


def _application(secure: Desk, whom: str, access: str = IMPERSONATION) -> Any:
    _Loopback.address = secure.site.url.partition("/EWS")[0]
    made = _Loopback("cid", "secret", tenant_id="contoso", identity=Identity(primary_smtp_address=whom))
    return secure.sign_in(whom, scheme=OAUTH2, access=access, credentials=made)


def test_e15_an_application_gets_a_token_and_acts_for_whom_it_may(
    secure: Desk, certificate_files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate_files[1]))  # for the request of the token
    add_person(secure.site, "bob", "geheim", "bob@example.com", "Bob Builder")
    secure.site.sign_in.only = frozenset({"bob@example.com"})
    assert _application(secure, "bob@example.com").contacts.absolute
    assert [form["grant_type"] for form in secure.site.sign_in.asked] == ["client_credentials"]
    with pytest.raises(ErrorImpersonateUserDenied):
        assert _application(secure, "ada@example.com").contacts


def test_e15_impersonation_may_have_a_scope(ews: Desk) -> None:
    for name in ("bob", "eve"):
        add_person(ews.site, name, "geheim", f"{name}@example.com", name.title())
    ews.site.impersonators.add("ada")
    ews.site.scopes["ada"] = frozenset({"bob@example.com"})
    assert ews.sign_in("bob@example.com", access=IMPERSONATION).contacts
    with pytest.raises(ErrorImpersonateUserDenied):
        assert ews.sign_in("eve@example.com", access=IMPERSONATION).contacts
    assert ews.sign_in(access=DELEGATE).contacts
