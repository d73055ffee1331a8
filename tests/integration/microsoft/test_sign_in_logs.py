"""No token and no password in any log, message, traceback or database file, whatever level the libraries log at.

The canaries are what the test servers gave and got: tokens, codes, secrets, passwords.
"""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path

import pytest
from starlette.responses import Response

from agendahub.kept_tokens import KeptTokens
from agendahub.library_logs import FLOORS, for_commands
from agendahub.redaction import redact, sentence
from connectors.exchange.connector import ExchangeConnector
from connectors.kept_sign_in import Kept
from connectors.microsoft.sign_in_person import PersonSignIn
from connectors.microsoft365.connector import Microsoft365Connector
from connectors.settings import ConnectorSettings
from storage import secrets
from storage.database import Database
from tests.integration.microsoft.browser import comes_back_with
from tests.integration.microsoft.sign_in_world import ADA, Office
from tests.log_of import Heard, nowhere_in, told
from tests.servers.microsoft.ews_client import Desk
from tests.servers.microsoft.sign_in import SignIn

PASSWORD = "pa55word-canary"
SECRET = "s3cret-of-the-app-canary"
LIBRARIES = ["O365", "exchangelib", "msal", "urllib3", "requests_oauthlib", "oauthlib", "requests_ntlm"]


def loud() -> None:
    """Somebody asks the libraries for all they can tell."""
    for name in (*LIBRARIES, *FLOORS):
        logging.getLogger(name).setLevel(logging.DEBUG)


def canaries(sign_in: SignIn) -> set[str]:
    """All that must not be seen."""
    given = {*sign_in.grants, *sign_in._refresh, PASSWORD, SECRET}
    got = {form.get(name, "") for form in sign_in.asked for name in ("refresh_token", "code", "code_verifier")}
    return {*given, *got} - {"", "device"}  # which is no secret of any worth


def run_out(office: Office) -> None:
    """All tokens, and nobody knows it yet."""
    for grant in office.graph.sign_in.grants.values():
        grant.expires = office.graph.server.clock()


def life(office: Office, tokens: KeptTokens) -> str:
    """Sign-in by code and browser, work, renewal, refusals; gives the texts of all errors."""
    settings = office.settings(tokens, auth="web", secret=SECRET)
    office.graph.sign_in.consented = True
    device = PersonSignIn(office.settings(tokens))
    code = device.device_code()
    assert device.typed(code) == ADA
    signing = PersonSignIn(settings)
    begun = signing.browser("https://hub.example.org/back")
    _where, answer = comes_back_with(begun.url, str(office.ca))
    signing.came_back(begun, answer)
    connector = Microsoft365Connector(settings)
    people = next(one.id for one in connector.collections() if one.name == "Contacts")
    run_out(office)  # each token is refused with 401, and renewed
    assert len(next(connector.changes(people, None, lambda _: {})).changes) == 1
    office.gate.trouble["/token"] = Response('{"access_token": "half-an-answer-with-a-to', 200)
    connector.close()
    run_out(office)
    connector = Microsoft365Connector(settings)
    errors = told(connector.collections)
    office.gate.trouble.clear()
    office.graph.sign_in.revoked = True
    errors += told(connector.collections, connector.collections, lambda: signing.came_back(begun, answer))
    connector.close()
    return errors


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "hub.db"


@pytest.fixture
def tokens(database: Path, sqlite_url: str, tmp_path: Path) -> Iterator[KeptTokens]:
    secrets.create_key_file(tmp_path / "hub.key")
    made = Database(sqlite_url)
    yield KeptTokens(made, tmp_path / "hub.key", "office")
    made.dispose()


@pytest.mark.parametrize("all_can_tell", [False, True])
def test_no_token_of_graph_is_seen(
    office: Office,
    tokens: KeptTokens,
    sqlite_url: str,
    log: StringIO,
    heard: Heard,
    capfd: pytest.CaptureFixture[str],
    all_can_tell: bool,
) -> None:
    if all_can_tell:
        loud()
    errors = life(office, tokens)
    written, shown = log.getvalue(), "".join(capfd.readouterr())
    assert "/me/contactFolders" in written, "the log is empty: this test proves nothing"
    secret = canaries(office.graph.sign_in) | {"half-an-answer-with-a-to"}
    assert len(secret) > 8
    if all_can_tell:
        assert any(word in heard.text for word in secret), "the libraries told nothing: this test proves nothing"
    nowhere_in(secret, written + shown, errors, sqlite_url, "office")
    assert "AADSTS700082" in errors


@pytest.mark.parametrize("auth", ["basic", "ntlm", "bearer"])
def test_no_password_of_exchange_is_seen(
    ews: Desk, log: StringIO, capfd: pytest.CaptureFixture[str], auth: str
) -> None:
    loud()
    ews.site.people["ada"] = (PASSWORD, ADA)
    ews.site.tokens["bearer-canary"] = ADA
    from agendahub.redaction import learn

    secret = "bearer-canary" if auth == "bearer" else PASSWORD
    learn(secret)  # as the wiring does
    settings = ConnectorSettings(ews.site.url, "ada", secret, auth=auth, timeout=10)
    connector = ExchangeConnector(settings)
    assert connector.collections()
    connector.close()
    wrong = ExchangeConnector(ConnectorSettings(ews.site.url, "ada", f"{secret}-wrong", auth=auth, timeout=10))
    errors = told(wrong.collections)
    wrong.close()
    assert errors
    written = log.getvalue() + "".join(capfd.readouterr())
    assert "/EWS/Exchange.asmx" in written, "the log is empty: this test proves nothing"
    basic = b64encode(f"ada:{PASSWORD}".encode()).decode()
    for word in (secret, basic):
        assert word not in written
        assert word not in errors
    assert "TlRMTVNT" not in written


def test_commands_show_no_secret_of_a_librarys_warning(capfd: pytest.CaptureFixture[str]) -> None:
    before = logging.lastResort.formatter if logging.lastResort else None
    levels = {name: logging.getLogger(name).level for name in FLOORS}
    root = logging.getLogger()
    handlers, root.handlers[:] = root.handlers[:], []
    try:
        for_commands()
        logging.getLogger("msal").error("Token response is not in json format: %s", '{"access_token":"abc.def"')
        logging.getLogger("msal").debug("nothing of this")
    finally:
        root.handlers[:] = handlers
        if logging.lastResort:
            logging.lastResort.setFormatter(before)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
    shown = capfd.readouterr().err
    assert "not in json format" in shown
    assert "abc.def" not in shown
    assert "nothing of this" not in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"access_token": "a.b-c_d", "expires_in": 3599}', '{"access_token": "***", "expires_in": 3599}'),
        ("grant_type=refresh_token&refresh_token=0.AX-y&x=1", "grant_type=refresh_token&refresh_token=***&x=1"),
        ("{\\\"id_token\\\":\\\"abc\\\"}", "{\\\"id_token\\\":\\\"***\\\"}"),
        ("POST /?code=0.AXoAq3_22_xyz-abc&state=1", "POST /?code=***&state=1"),
        ("{'code_verifier': 'abc', 'user_code': 'ABCD'}", "{'code_verifier': '***', 'user_code': 'ABCD'}"),
        ("a eyJhbGciOiJub25l.eyJ4IjoxfQ.sig b", "a *** b"),
        ("Authorization: NTLM TlRMTVNTUAABAAAA", "Authorization: NTLM ***"),
        ("NTLM step input: TlRMTVNTUAABAAAAN4II4g==", "NTLM step input: ***"),
        ("x -----BEGIN PRIVATE KEY-----\nMII\n-----END ", "x -----BEGIN PRIVATE KEY-----***-----END "),
        ('{"code": "ErrorIrresolvableConflict"}', '{"code": "ErrorIrresolvableConflict"}'),
        ("error code: 404; the account uses NTLM sign-in", "error code: 404; the account uses NTLM sign-in"),
    ],
)  # fmt: skip
def test_secrets_are_known_by_their_shape(text: str, shown: str) -> None:
    assert redact(text) == shown
    assert sentence("choose basic, digest or bearer") == "choose basic, digest or bearer"


def test_only_the_latest_tokens_of_an_account_are_compared_with_each_line(tokens: KeptTokens) -> None:
    from agendahub import redaction

    before = len(redaction._known)
    for number in range(20):
        tokens.save(Kept(access_token=f"token-number-{number:03}").written())
    assert redact("token-number-019") == "***"
    assert len(redaction._known) == before
    assert all(len(series) <= 3 for series in redaction._series.values())
    with suppress(KeyError):
        del redaction._series["office access_token"]
