"""The life of a token against our token endpoint, through the real msal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest
import requests
from starlette.responses import Response

from connectors.kept_sign_in import Kept
from connectors.mail_registry import mail_source
from connectors.microsoft.sign_in import refreshed, token_source
from connectors.microsoft.sign_in_scopes import Resource
from connectors.microsoft365.connector import Microsoft365Connector
from connectors.refreshed_token import RefreshedToken
from connectors.tokens import MemoryTokens
from sync_engine.errors import NotAuthorised, Unavailable
from tests.integration.microsoft.app_certificate import app_certificate
from tests.integration.microsoft.sign_in_world import Office
from tests.integration.token_life import ANSWERS, Dies, Killed, outlives_trouble, reacts, renewed_once


class Clock:
    """Of the token's source and of the server."""

    def __init__(self, office: Office) -> None:
        self.now = office.graph.server.clock().timestamp()

    def __call__(self) -> float:
        return self.now


def signed_in(office: Office) -> MemoryTokens:
    """With a refresh token that is good once."""
    return MemoryTokens(Kept(refresh_token=office.graph.sign_in.refresh_token()).written())


def source_of(office: Office, tokens: MemoryTokens, clock: Clock, **more: Any) -> RefreshedToken:
    return refreshed(office.settings(tokens, **more), Resource.GRAPH, clock)


def test_a_token_is_used_as_long_as_it_is_good_and_renewed_before_it_ends(office: Office) -> None:
    clock = Clock(office)
    source = source_of(office, signed_in(office), clock)
    token = source.token()
    assert office.works(token)
    clock.now += 3600 - 301
    assert source.token() == token
    clock.now += 2
    renewed = source.token()
    assert renewed != token
    assert office.works(renewed)
    assert len(office.asked("refresh_token")) == 2


def test_another_connector_of_the_account_asks_for_none(office: Office) -> None:
    tokens = signed_in(office)
    assert len({token_source(office.settings(tokens)).token() for _ in range(3)}) == 1
    assert len(office.asked("refresh_token")) == 1


def test_a_rotated_refresh_token_is_kept_before_the_new_token_is_used(office: Office) -> None:
    """Killed right after the save, nothing is lost: the old one is worth nothing at this server."""
    old = office.graph.sign_in.refresh_token()
    tokens = Dies(Kept(refresh_token=old).written())
    with pytest.raises(Killed):
        token_source(office.settings(tokens)).token()
    kept = Kept.read(tokens.load())
    assert kept.refresh_token != old
    after = token_source(office.settings(MemoryTokens(tokens.load()))).token()
    assert after == kept.access_token
    assert office.works(after)
    assert len(office.asked("refresh_token")) == 1


def test_r24_a_refusal_is_remembered_and_the_endpoint_is_left_alone(office: Office) -> None:
    tokens = signed_in(office)
    office.graph.sign_in.revoked = True
    for _ in range(3):
        with pytest.raises(NotAuthorised, match=r"^Needs sign-in: .*AADSTS700082.*account sign-in office") as refused:
            token_source(office.settings(tokens)).token()
        assert refused.value.server_said.startswith("AADSTS700082")
    assert len(office.asked("refresh_token")) == 1
    tokens.save(Kept(refresh_token=office.graph.sign_in.refresh_token()).written())  # somebody signed in
    office.graph.sign_in.revoked = False
    assert office.works(token_source(office.settings(tokens)).token())


def test_a_refusal_counts_for_the_app_and_secret_that_was_refused(office: Office) -> None:
    tokens = signed_in(office)
    office.graph.sign_in.revoked = True
    with pytest.raises(NotAuthorised):
        token_source(office.settings(tokens)).token()
    office.graph.sign_in.revoked = False
    with pytest.raises(NotAuthorised):
        token_source(office.settings(tokens)).token()
    assert office.works(token_source(office.settings(tokens, auth="web", secret="another")).token())


def test_an_apps_refusal_is_asked_about_again_after_an_hour(office: Office) -> None:
    clock, tokens = Clock(office), MemoryTokens()
    source = source_of(office, tokens, clock, auth="app", secret="s")
    denied = '{"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}'
    office.gate.trouble["/token"] = Response(denied, 401, media_type="application/json")
    for _ in range(2):
        with pytest.raises(NotAuthorised, match="value is asked for, not its id"):
            source.token()
    office.gate.trouble.clear()
    with pytest.raises(NotAuthorised):
        source.token()
    clock.now += 3601
    assert office.works(source.token())


def test_nobody_signed_in(office: Office) -> None:
    with pytest.raises(NotAuthorised, match=r"nobody has signed in for this account; agendahub account sign-in office"):
        token_source(office.settings(MemoryTokens())).token()
    assert office.graph.sign_in.asked == []


def test_a_service_that_is_down_costs_nothing_while_the_token_is_good(office: Office) -> None:
    clock = Clock(office)
    source = source_of(office, signed_in(office), clock)
    outlives_trouble(source, office.gate.trouble, clock, 3600)


@pytest.mark.parametrize(
    ("answer", "expected", "words"),
    ANSWERS,
)
def test_each_answer_has_its_reaction(office: Office, answer: Response, expected: type[Exception], words: str) -> None:
    office.gate.trouble["/token"] = answer
    reacts(token_source(office.settings(signed_in(office))), expected, words)


def test_a_service_that_cannot_be_reached_or_is_somebody_else(office: Office) -> None:
    nowhere = office.settings(signed_in(office), authority="https://127.0.0.1:1/contoso")
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1 cannot be reached \(no connection\)"):
        token_source(nowhere).token()
    with pytest.raises(Unavailable, match="certificate is refused"):
        token_source(office.settings(signed_in(office), ca_file="")).token()
    with pytest.raises(NotAuthorised, match="check the tenant and the authority"):
        token_source(office.settings(signed_in(office), authority=f"{office.graph.url}/no/such/tenant/x")).token()
    assert office.graph.sign_in.asked == []


def test_a_token_that_the_server_refuses_is_renewed_once(office: Office) -> None:
    source = token_source(office.settings(signed_in(office)))
    renewed_once(source)
    assert len(office.asked("refresh_token")) == 2


def test_connectors_with_other_scopes_do_not_undo_each_others_work(office: Office) -> None:
    tokens = signed_in(office)
    own, others = (office.settings(tokens, **more) for more in ({}, {"mailbox": "eva@example.com"}))
    for _ in range(3):
        for settings in (own, others):
            token_source(settings).token()
    assert len(office.asked("refresh_token")) == 2
    assert "Contacts.ReadWrite.Shared" in office.asked("refresh_token")[-1]["scope"]


def test_who_has_not_consented_to_mails_goes_on_with_the_rest(office: Office) -> None:
    """A mailbox was added to an account, and nobody has signed in since."""
    tokens = signed_in(office)
    office.graph.sign_in.not_consented = "Mail."
    settings = office.settings(tokens, options={"account": "office", "mail": "read send"})
    mails, rest = (
        token_source(replace(settings, options={**settings.options, "use": use})) for use in ("mail", "sync")
    )
    before = rest.token()
    with pytest.raises(NotAuthorised, match="nobody consented"):
        mails.token()
    rest.refused(before)
    assert office.works(rest.token())
    assert "Mail." not in office.asked("refresh_token")[-1]["scope"]
    connector, source = Microsoft365Connector(settings), mail_source("microsoft365", settings)
    assert connector.collections()
    with pytest.raises(NotAuthorised, match="nobody consented"):
        source.folders()
    connector.close()
    source.close()


def test_an_app_signs_in_with_its_secret(office: Office) -> None:
    token = token_source(office.settings(None, auth="app", secret="s3cret")).token()
    assert office.works(token)
    form = office.asked("client_credentials")[-1]
    assert (form["client_secret"], form["scope"]) == ("s3cret", "https://graph.microsoft.com/.default")


@pytest.mark.parametrize("password", ["", "open sesame"])
def test_an_app_signs_in_with_its_certificate(office: Office, password: str) -> None:
    pem, public = app_certificate(password)
    settings = office.settings(None, auth="app", certificate=pem, secret=password)
    assert office.works(token_source(settings, Resource.EWS).token())
    form = office.asked("client_credentials")[-1]
    assert "client_secret" not in form
    assert form["scope"] == "https://outlook.office365.com/.default"
    claims = jwt.decode(
        form["client_assertion"],
        public,
        algorithms=["PS256", "RS256"],
        audience=f"{office.graph.url}/contoso/oauth2/v2.0/token",
    )
    assert claims["iss"] == "cid"


def test_a_certificate_that_cannot_be_used_is_told_in_one_sentence(office: Office) -> None:
    pem, _public = app_certificate("right")
    for certificate, secret, words in (
        ("nonsense", "", "both the private key and the certificate"),
        (pem[: pem.index("-----BEGIN CERT")], "", "both the private key and the certificate"),
        (pem, "wrong", "is its password right"),
    ):
        settings = office.settings(None, auth="app", certificate=certificate, secret=secret)
        with pytest.raises(NotAuthorised, match=words):
            token_source(settings).token()
    assert office.graph.sign_in.asked == []


def test_a_standing_token_stays_what_it_is(office: Office) -> None:
    source = token_source(office.settings(None, auth="bearer", secret="standing"))
    source.refused("standing")
    assert source.token() == "standing"
    with pytest.raises(ValueError, match="works without tokens"):
        token_source(office.settings(None, auth="ntlm"))


def test_a_short_life_is_no_reason_to_ask_each_time(office: Office) -> None:
    office.graph.sign_in.lifetime = timedelta(minutes=2)
    source = token_source(office.settings(signed_in(office)))
    assert len({source.token() for _ in range(3)}) == 1


def test_the_environment_is_not_read(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with pytest.raises(requests.ConnectionError):
        requests.get(office.graph.url, verify=str(office.ca), timeout=5)
    assert token_source(office.settings(signed_in(office))).token()
