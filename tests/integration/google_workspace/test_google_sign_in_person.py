"""People sign in at Google in a browser: what is asked for, what comes back, and who must not slip in."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from starlette.responses import Response

from agendahub.loopback import Loopback
from connectors.google_workspace.sign_in import token_source
from connectors.google_workspace.sign_in_person import PersonSignIn
from connectors.google_workspace.sign_in_scopes import SERVICES, Right, scopes_of
from connectors.kept_sign_in import Kept
from connectors.person_sign_in import WrongState
from connectors.tokens import MemoryTokens
from sync_engine.errors import NotAuthorised, Unavailable
from tests.integration.google_workspace.sign_in_world import ADA, GoogleOffice

BACK = "http://127.0.0.1:8123/"
EVA = "eva@example.com"


def signed_in(office: GoogleOffice, tokens: MemoryTokens, **more: Any) -> str:
    """Who it was, after the whole way through a browser."""
    signing = PersonSignIn(office.settings(tokens, **more))
    begun = signing.browser(BACK)
    where, answer = office.browse(begun.url)
    assert where == BACK
    return signing.came_back(begun, answer)


def test_the_whole_way_on_this_machine(office: GoogleOffice) -> None:
    tokens = MemoryTokens()
    settings = office.settings(tokens, username=ADA)
    signing = PersonSignIn(settings)
    with Loopback(host="127.0.0.1") as back:
        assert urlsplit(back.address).hostname == "127.0.0.1"
        begun = signing.browser(back.address)
        shown: list[requests.Response] = []

        def browser() -> None:
            shown.append(requests.get(begun.url, verify=str(office.ca), timeout=10))

        person = threading.Thread(target=browser)
        person.start()
        who = back.wait(lambda answer: signing.came_back(begun, answer), 20.0)
        person.join(20)
    assert who == ADA
    assert "Signed in as ada@example.com" in shown[0].text
    assert office.works(token_source(settings).token())
    assert office.asked("refresh_token") == []  # the token of the sign-in itself


def test_what_is_asked_for(office: GoogleOffice) -> None:
    signing = PersonSignIn(office.settings(MemoryTokens(), username=ADA))
    begun = signing.browser(BACK)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.url).query).items()}
    assert asked["scope"].split() == [*map(str, SERVICES), "openid", Right.ADDRESS]
    assert asked["access_type"] == "offline"
    assert asked["prompt"] == "consent"
    assert asked["include_granted_scopes"] == "true"
    assert asked["login_hint"] == ADA
    assert asked["state"] == begun.state
    assert asked["code_challenge_method"] == "S256"
    digest = hashlib.sha256(begun.flow["verifier"].encode()).digest()
    assert asked["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert begun.flow["verifier"] not in begun.url
    assert office.client.secret not in begun.url
    other = signing.browser(BACK)
    assert len({begun.state, other.state, begun.flow["verifier"], other.flow["verifier"]}) == 4
    nobody = PersonSignIn(office.settings(MemoryTokens())).browser(BACK)
    assert "prompt=select_account+consent" in nobody.url
    assert "login_hint" not in nobody.url


def test_in_the_web_with_a_client_of_that_kind(office: GoogleOffice) -> None:
    client = office.google.sign_in.client("web", redirect_uris=(BACK,))
    tokens = MemoryTokens()
    more = {"auth": "web", "client_id": client.id, "secret": client.secret}
    assert signed_in(office, tokens, **more) == ADA
    assert office.works(token_source(office.settings(tokens, **more)).token())
    form = office.asked("authorization_code")[0]
    assert (form["client_id"], form["client_secret"], form["redirect_uri"]) == (client.id, client.secret, BACK)
    assert form["code_verifier"]


def test_a_second_consent_brings_a_refresh_token_too(office: GoogleOffice) -> None:
    """Google gives one only at the first consent, unless it is asked to show its page again."""
    signed_in(office, MemoryTokens())
    tokens = MemoryTokens()
    signed_in(office, tokens)
    assert Kept.read(tokens.load()).refresh_token


def test_what_was_allowed_before_may_come_too(office: GoogleOffice) -> None:
    """`include_granted_scopes`: the library takes scopes ill that it did not ask for."""
    everything, one = MemoryTokens(), MemoryTokens()
    signed_in(office, everything)
    fewer = {"account": "gmail", "scopes": str(Right.CONTACTS)}
    assert signed_in(office, one, options=fewer) == ADA
    assert set(scopes_of(office.settings(None))) <= set(Kept.read(one.load()).scopes)


def test_r24_who_signs_in_again_goes_on_where_it_was(office: GoogleOffice) -> None:
    tokens = MemoryTokens()
    signed_in(office, tokens)
    office.google.sign_in.take_back(ADA)
    source = token_source(office.settings(tokens))
    source.refused(source.token())
    with pytest.raises(NotAuthorised, match="Needs sign-in"):
        source.token()
    assert signed_in(office, tokens) == ADA
    assert office.works(token_source(office.settings(tokens)).token())


def test_a_box_that_was_not_ticked_is_told_by_its_name(office: GoogleOffice) -> None:
    tokens = MemoryTokens()
    office.google.sign_in.switches.unticked = {Right.TASKS, Right.OTHER_CONTACTS}
    with pytest.raises(NotAuthorised, match=r"no permission was given for contact info .*, tasks \(https") as refused:
        signed_in(office, tokens)
    assert "tick all boxes (agendahub account sign-in gmail)" in str(refused.value)
    assert "account's scopes" in str(refused.value)
    assert tokens.load() == ""
    wanted = {"account": "gmail", "scopes": f"{Right.CONTACTS} {Right.CALENDAR}"}
    assert signed_in(office, tokens, options=wanted) == ADA


@pytest.mark.parametrize(
    ("says", "words"),
    [("access_denied", "said no"), ("admin_policy_enforced", "administrator forbids it"), ("oh_no", r"\(oh_no\)")],
)
def test_a_person_who_says_no(office: GoogleOffice, says: str, words: str) -> None:
    office.google.sign_in.switches.says = says
    with pytest.raises(NotAuthorised, match=words):
        signed_in(office, MemoryTokens())
    assert office.google.sign_in.asked == []


def test_an_answer_that_is_not_ours(office: GoogleOffice) -> None:
    signing = PersonSignIn(office.settings(MemoryTokens()))
    begun = signing.browser(BACK)
    _where, answer = office.browse(begun.url)
    for state in ({"state": "other"}, {"state": ""}, {"state": "höh"}):
        with pytest.raises(WrongState):
            signing.came_back(begun, {**answer, **state})
    with pytest.raises(NotAuthorised, match="no error code"):
        signing.came_back(begun, {"state": begun.state})
    assert office.google.sign_in.asked == []
    assert signing.came_back(begun, answer) == ADA
    with pytest.raises(NotAuthorised, match="invalid_grant"):
        signing.came_back(begun, answer)  # a code is good once


def test_a_stolen_code_is_worth_nothing_without_the_verifier(office: GoogleOffice) -> None:
    signing = PersonSignIn(office.settings(MemoryTokens()))
    begun, other = signing.browser(BACK), signing.browser(BACK)
    _where, answer = office.browse(begun.url)
    with pytest.raises(NotAuthorised, match="invalid_grant"):
        signing.came_back(other, {**answer, "state": other.state})


def test_somebody_else_is_refused(office: GoogleOffice) -> None:
    tokens = MemoryTokens()
    signed_in(office, tokens)
    before = tokens.load()
    office.google.sign_in.person = EVA
    with pytest.raises(NotAuthorised, match=r"eva@example\.com signed in, but this account is ada@example\.com's"):
        signed_in(office, tokens)
    assert tokens.load() == before
    with pytest.raises(NotAuthorised, match=r"but the account's username is ada@example\.com"):
        signed_in(office, MemoryTokens(), username=ADA)
    kept = Kept.read(before)  # the address may change; the number stays
    tokens.save(Kept(identity=kept.identity, person="old@example.com", refresh_token="1//x").written())
    office.google.sign_in.person = ADA
    assert signed_in(office, tokens) == ADA


def id_token(**claims: Any) -> str:
    """Unsigned: it comes from the token endpoint itself."""
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in [*parts, b"x"])


def told(office: GoogleOffice, **more: Any) -> Response:
    """A token endpoint's answer that is right but for `more`."""
    scope = " ".join(scopes_of(office.settings(None)))
    body = {"access_token": "ya29.x", "expires_in": 3599, "token_type": "Bearer", "scope": scope}
    return Response(json.dumps({**body, "refresh_token": "1//x", **more}), 200, media_type="application/json")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"aud": "another"}, "to another program"),
        ({"iss": "https://evil.example"}, "to another program"),
        ({"exp": 1000}, "clock is wrong"),
        ({"exp": "x"}, "clock is wrong"),
        ({"nonce": "another"}, "to another program"),
        (None, "did not tell clearly who"),
    ],
)
def test_an_id_token_that_is_not_for_us(office: GoogleOffice, wrong: dict[str, Any] | None, words: str) -> None:
    signing = PersonSignIn(office.settings(MemoryTokens()))
    begun = signing.browser(BACK)
    right = {"aud": office.client.id, "iss": "https://accounts.google.com", "exp": 4e9, "nonce": begun.flow["nonce"]}
    person = {"sub": "1", "email": ADA}
    answer = {"state": begun.state, "code": "4/0x"}
    office.gate.trouble["/token"] = told(office, id_token=id_token(**right, **person))
    assert signing.came_back(begun, answer) == ADA
    token = "nonsense" if wrong is None else id_token(**{**right, **person, **wrong})
    office.gate.trouble["/token"] = told(office, id_token=token)
    with pytest.raises(NotAuthorised, match=words):
        signing.came_back(begun, answer)


@pytest.mark.parametrize(
    ("answer", "expected", "words"),
    [
        (Response("<html>", 200), Unavailable, "cannot be understood"),
        (Response("{}", 200), Unavailable, "cannot be understood"),
        (Response('{"access_token": "x", "expires_in": "soon"}', 200), Unavailable, "cannot be understood"),
        (Response("", 503), Unavailable, "HTTP 503"),
        (Response("", 302, {"Location": "https://127.0.0.1:1/"}), Unavailable, "cannot be understood"),
        (Response('{"error": "invalid_client"}', 401), NotAuthorised, "proof of the OAuth client"),
    ],
)
def test_a_token_endpoint_in_trouble(office: GoogleOffice, answer: Response, expected: Any, words: str) -> None:
    tokens = MemoryTokens()
    signing = PersonSignIn(office.settings(tokens))
    begun = signing.browser(BACK)
    _where, back = office.browse(begun.url)
    office.gate.trouble["/token"] = answer
    with pytest.raises(expected, match=words):
        signing.came_back(begun, back)
    assert tokens.load() == ""


def test_no_refresh_token_is_no_sign_in(office: GoogleOffice) -> None:
    signing = PersonSignIn(office.settings(MemoryTokens()))
    begun = signing.browser(BACK)
    office.gate.trouble["/token"] = told(office, refresh_token="")
    with pytest.raises(NotAuthorised, match="Google gave no refresh token"):
        signing.came_back(begun, {"state": begun.state, "code": "4/0x"})


def test_a_sign_in_goes_over_https_only(office: GoogleOffice) -> None:
    signing = PersonSignIn(office.settings(MemoryTokens(), authority=office.root.replace("https", "http")))
    with pytest.raises(Unavailable, match="not over https; nothing was sent"):
        signing.browser(BACK)


def test_a_place_for_tokens_is_needed(office: GoogleOffice) -> None:
    with pytest.raises(ValueError, match="no place to keep"):
        PersonSignIn(office.settings(None))
