"""No token, code, secret or key of Google's in any log, message, traceback or database file.

The libraries are as loud as they can be. The canaries are what the test server gave and got.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.responses import Response

from agendahub.kept_tokens import KeptTokens
from agendahub.library_logs import FLOORS
from connectors.google_workspace.connector import GoogleWorkspaceConnector
from connectors.google_workspace.sign_in import token_source
from connectors.google_workspace.sign_in_person import PersonSignIn
from connectors.google_workspace.sign_in_scopes import SERVICES
from storage import secrets
from storage.database import Database
from tests.integration.google_workspace.sign_in_world import ADA, GoogleOffice
from tests.log_of import Heard, nowhere_in, told

LIBRARIES = ["google", "google_auth_httplib2", "googleapiclient", "oauthlib", "requests_oauthlib", "urllib3"]
HALF = "half-an-answer-with-a-to"


@pytest.fixture
def loud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Somebody asks the libraries for all they can tell."""
    names = {*LIBRARIES, *FLOORS, "google.auth.transport.requests"}
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    monkeypatch.setenv("GOOGLE_SDK_PYTHON_LOGGING_SCOPE", "google")
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def canaries(office: GoogleOffice) -> set[str]:
    """All that must not be seen."""
    tokens = office.google.sign_in.tokens
    given = {*office.google.world.grants, *tokens._refresh, *tokens._access, office.client.secret, HALF}
    names = ("refresh_token", "code", "code_verifier", "client_secret", "assertion")
    plain = {*given, *(form.get(name, "") for form in office.google.sign_in.asked for name in names)} - {""}
    return {*plain, *(quote(word, safe="") for word in plain)}


def life_of_a_person(office: GoogleOffice, tokens: KeptTokens) -> tuple[str, set[str]]:
    """Sign-in, work, renewal, refusals; gives the texts of all errors, and what must not be seen."""
    settings = office.settings(tokens)
    signing = PersonSignIn(settings)
    begun = signing.browser("http://127.0.0.1:8123/")
    _where, answer = office.browse(begun.url)
    assert signing.came_back(begun, answer) == ADA
    connector = GoogleWorkspaceConnector(settings)
    assert connector.collections()
    secret = canaries(office)
    for token in [*office.google.world.grants]:
        office.google.world.revoke(token)  # each token is refused with 401, and renewed
    assert connector.collections()
    connector.close()
    office.gate.trouble["/token"] = Response(f'{{"access_token": "{HALF}', 200)
    source = token_source(settings)
    source.refused(source.token())
    errors = told(source.token)
    office.gate.trouble.clear()
    secret |= canaries(office)
    office.google.sign_in.take_back(ADA)
    errors += told(source.token, source.token, lambda: signing.came_back(begun, answer))
    return errors, secret | canaries(office)


@pytest.fixture
def tokens(sqlite_url: str, tmp_path: Path) -> Iterator[KeptTokens]:
    secrets.create_key_file(tmp_path / "hub.key")
    made = Database(sqlite_url)
    yield KeptTokens(made, tmp_path / "hub.key", "gmail")
    made.dispose()


@pytest.mark.usefixtures("loud")
def test_nothing_of_a_persons_sign_in_is_seen(
    office: GoogleOffice,
    tokens: KeptTokens,
    sqlite_url: str,
    log: StringIO,
    heard: Heard,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name in LIBRARIES:  # after our log was set up, which holds them back
        logging.getLogger(name).setLevel(logging.DEBUG)
    errors, secret = life_of_a_person(office, tokens)
    written, shown = log.getvalue(), "".join(capfd.readouterr())
    assert "/calendar/v3/users/me/calendarList" in written, "the log is empty: this test proves nothing"
    assert len(secret) > 8
    assert any(word in heard.text for word in secret), "the libraries told nothing: this test proves nothing"
    nowhere_in(secret, written + shown, errors, sqlite_url, "gmail")
    assert "Token has been expired or revoked" in errors


@pytest.mark.usefixtures("loud")
def test_nothing_of_a_service_accounts_key_is_seen(
    office: GoogleOffice, log: StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    key = office.key()
    office.google.sign_in.delegate(key, *SERVICES)
    connector = GoogleWorkspaceConnector(office.app(key, mailbox=ADA))
    assert connector.collections()
    connector.close()
    broken = {**key, "private_key": key["private_key"][:200]}
    half = json.dumps(key)[:-3]
    errors = told(
        token_source(office.app(broken, mailbox=ADA)).token,
        token_source(office.settings(None, auth="app", secret=half)).token,
        token_source(office.app(key, mailbox="nobody@example.com")).token,
    )
    assert errors.count("NotAuthorised") + errors.count("NoAccess") >= 3
    seen = log.getvalue() + "".join(capfd.readouterr()) + errors
    assert "/calendar/v3/users/me/calendarList" in seen
    lines = [line for line in key["private_key"].splitlines() if len(line) > 40 and "KEY" not in line]
    for word in (*lines, *canaries(office)):
        assert word not in seen, word
