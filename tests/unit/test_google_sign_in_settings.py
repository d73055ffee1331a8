"""What an account at Google is told, what is asked for at its sign-in, and what of it no log shows."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from agendahub import api_sign_in
from agendahub.api_call import ApiError
from agendahub.library_logs import FLOORS
from agendahub.redaction import redact, sentence
from config import ConfigError, parse
from connectors.google_workspace.sign_in_client import client_of, downloaded, key_of, made_for
from connectors.google_workspace.sign_in_places import auth_uri, authority_of, token_uri
from connectors.google_workspace.sign_in_refusals import not_consented, refusal
from connectors.google_workspace.sign_in_scopes import DIRECTORY, SERVICES, Right, named, offers, scopes_of
from connectors.settings import ConnectorSettings
from sync_engine.errors import NoAccess, NotAuthorised, Unavailable

DESKTOP = 'connector = "google_workspace"\nauth = "desktop"\nclient_id = "x"\nsecret = "env:S"\n'
APP = 'connector = "google_workspace"\nauth = "app"\nsecret = "file:key.json"\n'
BASE = "https://www.googleapis.com/auth/"


def account(text: str) -> str:
    return f'[[accounts]]\nname = "a"\n{text}'


@pytest.mark.parametrize(
    "text",
    [
        DESKTOP,
        DESKTOP.replace("desktop", "web") + 'username = "ada@example.org"\nzone = "Europe/Prague"\n',
        DESKTOP + f'authority = "https://accounts.example.org"\nscopes = ["{BASE}contacts"]\n',
        APP,
        APP + 'mailbox = "ada@example.org"\n',
        'connector = "google_workspace"\nauth = "bearer"\nsecret = "env:T"\n',
    ],
)
def test_accounts_that_can_work(text: str) -> None:
    assert parse(account(text)).accounts


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('connector = "google_workspace"\n', "auth: google_workspace signs in with desktop, web, app or bearer"),
        (DESKTOP.replace("desktop", "device"), "signs in with desktop, web, app or bearer"),
        (DESKTOP.replace('client_id = "x"\n', ""), 'client_id: auth = "desktop" needs the id of the OAuth client'),
        (DESKTOP.replace('secret = "env:S"\n', ""), 'secret: auth = "desktop" needs the secret of the OAuth client'),
        (DESKTOP + 'mailbox = "a@b.c"\n', 'at Google only auth = "app" opens the mailbox of somebody else'),
        (DESKTOP + 'tenant = "t"\n', "tenant is of no use at Google"),
        (DESKTOP + 'certificate = "file:x"\n', "certificate is of no use at Google"),
        (DESKTOP + 'authority = "http://accounts.example.org"\n', "over https only"),
        (DESKTOP + 'access = "delegate"\n', "access is only of use with the connector exchange"),
        (APP.replace('secret = "file:key.json"\n', ""), 'secret: auth = "app" needs the JSON key of a service account'),
        (APP + 'client_id = "x"\n', "takes everything from the JSON key in secret"),
        (APP + 'username = "ada@example.org"\n', 'username is of no use with auth = "app" at Google'),
        (APP + 'mailbox = "Ada Nová"\n', "a mailbox is named by one e-mail address"),
        ('connector = "microsoft365"\nauth = "desktop"\nclient_id = "x"\n', "signs in with device, web, app or bearer"),
        ('connector = "dav"\nauth = "desktop"\n', "dav signs in with basic, digest or bearer"),
    ],
)
def test_what_does_not_go_together_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(account(text))
    assert said in str(refused.value)
    assert "line " in str(refused.value)


@pytest.mark.parametrize(
    ("text", "way_back", "said"),
    [
        (DESKTOP, "https://hub.example.org/sign-in/google/callback", "sends people back to their own machine only"),
        (DESKTOP, "http://127.0.0.1:8008/sign-in/google/callback", ""),
        (DESKTOP.replace("desktop", "web"), "https://hub.example.org/sign-in/google/callback", ""),
        (
            DESKTOP.replace("desktop", "web"),
            "http://hub.example.org/sign-in/google/callback",
            "Google sends people back",
        ),
    ],
)
def test_a_browser_comes_back_over_https_and_to_clients_of_the_web_only(text: str, way_back: str, said: str) -> None:
    found = parse(account(text)).accounts[0]
    if not said:
        api_sign_in.check_way_back(found, way_back)
        return
    with pytest.raises(ApiError, match=said) as refused:
        api_sign_in.check_way_back(found, way_back)
    assert refused.value.status == 422


def settings(**more: Any) -> ConnectorSettings:
    return ConnectorSettings(**{"url": "", "auth": "desktop", "client_id": "cid", "secret": "s"} | more)


def test_a_person_is_asked_for_no_more_than_the_account_needs() -> None:
    who = ["openid", f"{BASE}userinfo.email"]
    names = ["contacts", "contacts.other.readonly", "calendar", "tasks"]
    assert scopes_of(settings()) == [*(BASE + name for name in names), *who]
    assert scopes_of(settings(options={"directory": "groups"})) == scopes_of(settings())
    assert scopes_of(settings(options={"scopes": f"{BASE}tasks email"})) == [f"{BASE}tasks", who[1], who[0]]


def test_a_service_account_is_asked_for_the_directory_where_a_fanout_needs_it() -> None:
    assert scopes_of(settings(auth="app")) == list(SERVICES)
    assert scopes_of(settings(auth="app", options={"directory": "users"})) == [*SERVICES, Right.USERS]
    assert scopes_of(settings(auth="app", options={"directory": "groups"})) == [*SERVICES, *DIRECTORY]
    assert scopes_of(settings(auth="app", options={"directory": "groups", "scopes": "x"})) == ["x"]


def test_what_was_left_out_of_the_scopes_is_not_offered() -> None:
    only = settings(options={"scopes": f"{BASE}calendar"})
    assert [offers(only, right) for right in SERVICES] == [False, False, True, False]
    less = settings(options={"scopes": f"{BASE}contacts.other.readonly {BASE}tasks.readonly"})
    assert [offers(less, right) for right in SERVICES] == [False, True, False, True]
    assert all(offers(settings(auth="bearer", options={"scopes": "x"}), right) for right in SERVICES)
    assert named([Right.CALENDAR, "x"]) == f"calendars ({BASE}calendar), x"


def test_places() -> None:
    assert auth_uri(settings()) == "https://accounts.google.com/o/oauth2/v2/auth"
    assert token_uri(settings()) == "https://oauth2.googleapis.com/token"
    own = settings(authority="https://login.example.org/")
    assert (authority_of(own), token_uri(own)) == ("https://login.example.org", "https://login.example.org/token")


def test_the_files_that_google_offers() -> None:
    client = {"client_id": "c", "client_secret": "s", "redirect_uris": []}
    assert downloaded(json.dumps({"installed": client})) == ("installed", client)
    assert downloaded(f"\n {json.dumps({'web': client})}\n") == ("web", client)
    assert downloaded('{"type": "service_account"}')[0] == "service_account"
    assert [downloaded(text)[0] for text in ("GOCSPX-x", "", "{", '{"type": "x"}', '{"web": 1}')] == [
        "",
        "",
        *["other"] * 3,
    ]
    assert client_of(settings(secret=json.dumps({"web": client}))).secret == "s"
    assert client_of(settings(secret=" GOCSPX-x\n")).secret == "GOCSPX-x"
    assert "secret" not in repr(client_of(settings(secret="GOCSPX-x"))).replace("secret=", "")
    key = {"type": "service_account", "client_email": "e", "private_key": "k"}
    assert key_of(settings(secret=json.dumps(key)))["token_uri"] == "https://oauth2.googleapis.com/token"
    told = json.dumps({**key, "token_uri": "https://a/token"})
    assert key_of(settings(secret=told))["token_uri"] == "https://a/token"
    assert key_of(settings(secret=told, authority="https://b"))["token_uri"] == "https://b/token"


def test_a_token_is_made_for_its_client_and_at_service_accounts_for_its_mailbox() -> None:
    different = [
        {}, {"client_id": "x"}, {"secret": "x"}, {"authority": "https://x"}, {"auth": "app"},
        {"auth": "app", "mailbox": "a@b.c"}, {"auth": "app", "mailbox": "d@b.c"},
    ]  # fmt: skip
    assert len({made_for(settings(**more)) for more in different}) == len(different)
    assert made_for(settings(auth="app", mailbox="A@b.c")) == made_for(settings(auth="app", mailbox="a@b.c"))
    assert made_for(settings(username="ada")) == made_for(settings())


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ({"error": "invalid_grant", "error_description": "Bad Request"}, NotAuthorised, "not accepted any more"),
        ({"error": "invalid_grant", "error_description": "Account has been deleted"}, NotAuthorised, "is deleted"),
        ({"error": "invalid_grant", "error_subtype": "rapt_required"}, NotAuthorised, "after some hours"),
        ({"error": "redirect_uri_mismatch"}, NotAuthorised, '"Desktop app"'),
        ({"error": "org_internal"}, NotAuthorised, "another organisation only"),
        ({"error": "server_error"}, Unavailable, "cannot answer now"),
        ({}, NotAuthorised, "no error code"),
    ],
)
def test_each_refusal_says_what_to_do(answer: dict[str, str], kind: type[Exception], words: str) -> None:
    err = refusal(answer, settings(options={"account": "my gmail"}))
    assert type(err) is kind
    assert words in str(err)
    assert err.server_said == answer.get("error_description", "")


def test_a_person_for_whom_a_service_account_may_not_act_is_one_mailbox_that_is_not_open() -> None:
    answer = {"error": "unauthorized_client", "error_description": "Client is unauthorized"}
    assert isinstance(refusal(answer, settings(auth="app", mailbox="a@b.c")), NoAccess)
    assert not isinstance(refusal(answer, settings()), NoAccess)


def test_what_a_person_did_not_allow_has_two_ways_out() -> None:
    told = str(not_consented([Right.TASKS], settings(options={"account": "my gmail"})))
    assert f"no permission was given for tasks ({BASE}tasks)" in told
    assert 'agendahub account sign-in "my gmail"' in told


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("code=4/0Adeu5BWexampleABC123xyz&scope=x", "0Adeu5BW"),
        ("GET /sign-in/google/callback?code=4%2F0Adeu5BWexampleABC123xyz&state=x", "0Adeu5BW"),
        ("{'code': '4/0Adeu5BWexampleABC123xyz'}", "0Adeu5BW"),
        ("got ya29.a0AfH6SMBx-abc_DEF.123 for it", "a0AfH6SMBx"),
        ("b'refresh_token=1%2F%2F09abcDEF-_xyzxyzxyz&grant_type=refresh_token'", "09abcDEF"),
        ("kept 1//09abcdefghijkl_mnopqr in it", "09abcdef"),
        ("the client has GOCSPX-abc_DEF-12", "abc_DEF"),
        ("assertion=eyJ0eXAiOiJKV1QiLCJhbGciOi.eyJpc3MiOiJ4In0.c2ln&grant_type=x", "eyJpc3M"),
        ('{"private_key": "-----BEGIN PRIVATE KEY-----\\nMIIEvQ\\n-----END PRIVATE KEY-----\\n"}', "MIIEvQ"),
        ("X-Goog-Channel-Token: of-the-channel", "of-the-channel"),
    ],
)
def test_nothing_secret_is_shown(line: str, secret: str) -> None:
    assert secret in line
    assert secret not in redact(line)
    assert secret not in sentence(line)


def test_plain_words_stay_what_they_are() -> None:
    for line in ("on 1/2 and 4/5", "HTTP 404, code: notFound", "https://a.example/calendar/v3/x", "ya29 and GOCSPX"):
        assert redact(line) == line


def test_googles_libraries_are_held_back() -> None:
    for name in (
        "google.auth.transport.requests",
        "google.oauth2.credentials",
        "googleapiclient.http",
        "oauthlib.oauth2",
    ):
        floor = next(level for logger, level in FLOORS.items() if name.startswith(logger))
        assert floor >= logging.WARNING
