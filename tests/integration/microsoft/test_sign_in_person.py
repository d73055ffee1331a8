"""A person signs in, with a code on another screen or in a browser, through the real msal."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from starlette.responses import Response

from agendahub.failure import Failure
from agendahub.loopback import Loopback
from connectors.kept_sign_in import Kept
from connectors.microsoft.sign_in import token_source
from connectors.microsoft.sign_in_person import PersonSignIn
from connectors.person_sign_in import WrongState
from connectors.tokens import MemoryTokens
from sync_engine.errors import NotAuthorised
from tests.integration.microsoft.browser import comes_back_with
from tests.integration.microsoft.sign_in_world import ADA, Office

BACK = "https://hub.example.org/back"


class Watch:
    """Time passes when somebody sleeps."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.slept = 0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += 1


def test_a_code_is_typed_on_another_screen(office: Office) -> None:
    tokens = MemoryTokens()
    signing = PersonSignIn(office.settings(tokens))
    code = signing.device_code()
    assert (code.code, code.url) == ("ABCD-1234", "https://localhost/device")
    assert "flow" not in repr(code)
    watch, left = Watch(code.expires_at - 900), list[float]()

    def tick(seconds: float) -> None:
        left.append(seconds)
        office.graph.sign_in.consented = len(left) > 5

    assert signing.wait(code, tick, watch, watch.sleep) == ADA
    assert left == sorted(left, reverse=True)
    assert office.works(token_source(office.settings(tokens)).token())


def test_a_code_that_nobody_types_ends(office: Office) -> None:
    signing = PersonSignIn(office.settings(MemoryTokens()))
    code = signing.device_code()
    watch = Watch(code.expires_at - 3)
    with pytest.raises(NotAuthorised, match="not typed in time"):
        signing.wait(code, clock=watch, sleep=watch.sleep)


def test_the_network_may_fail_while_the_person_types(office: Office) -> None:
    signing = PersonSignIn(office.settings(MemoryTokens()))
    code = signing.device_code()
    office.graph.sign_in.consented = True
    office.gate.trouble["/token"] = Response("", 503)
    watch = Watch(code.expires_at - 900)

    def tick(_left: float) -> None:
        if watch.slept > 5:
            office.gate.trouble.clear()

    assert signing.wait(code, tick, watch, watch.sleep) == ADA


def test_somebody_who_says_no_is_told_so(office: Office) -> None:
    signing = PersonSignIn(office.settings(MemoryTokens()))
    code = signing.device_code()
    office.gate.trouble["/token"] = Response('{"error": "authorization_declined"}', 400)
    watch = Watch(code.expires_at - 900)
    with pytest.raises(NotAuthorised, match="the person said no"):
        signing.wait(code, clock=watch, sleep=watch.sleep)


def test_an_app_that_is_no_public_client_is_told_what_to_change(office: Office) -> None:
    said = '{"error": "invalid_client", "error_description": "AADSTS7000218: The request body must contain: ..."}'
    office.gate.trouble["/devicecode"] = Response(said, 401)
    with pytest.raises(NotAuthorised, match="Allow public client flows"):
        PersonSignIn(office.settings(MemoryTokens())).device_code()


def test_a_browser_comes_back_with_a_form_and_the_code_is_good_once(office: Office) -> None:
    tokens = MemoryTokens()
    signing = PersonSignIn(office.settings(tokens, username=ADA, auth="web", secret="of the app"))
    begun = signing.browser(BACK)
    asked = dict(parse_qsl(urlsplit(begun.url).query))
    assert (asked["response_mode"], asked["code_challenge_method"]) == ("form_post", "S256")
    assert asked["login_hint"] == ADA
    assert len(begun.state) >= 40
    assert begun.flow["code_verifier"] not in begun.url + repr(begun)
    where, answer = comes_back_with(begun.url, str(office.ca))
    assert where == BACK
    assert signing.came_back(begun, answer) == ADA
    assert office.asked("authorization_code")[-1]["client_secret"] == "of the app"
    token = token_source(office.settings(tokens, auth="web", secret="of the app")).token()
    assert office.works(token)
    assert office.asked("refresh_token") == []
    with pytest.raises(NotAuthorised):
        signing.came_back(begun, answer)


def test_an_answer_with_another_state_is_none(office: Office) -> None:
    tokens = MemoryTokens()
    signing = PersonSignIn(office.settings(tokens))
    begun = signing.browser(BACK)
    _where, answer = comes_back_with(begun.url, str(office.ca))
    for state in ("", "x", signing.browser(BACK).state):
        with pytest.raises(WrongState):
            signing.came_back(begun, {**answer, "state": state})
    assert tokens.load() == ""
    assert office.asked("authorization_code") == []


def test_a_code_is_worth_nothing_with_the_verifier_of_another_sign_in(office: Office) -> None:
    tokens = MemoryTokens()
    signing = PersonSignIn(office.settings(tokens))
    begun, other = signing.browser(BACK), signing.browser(BACK)
    _where, stolen = comes_back_with(begun.url, str(office.ca))
    with pytest.raises(NotAuthorised):
        signing.came_back(other, {**stolen, "state": other.state})
    assert tokens.load() == ""


def test_what_the_service_says_in_place_of_a_code_is_told(office: Office) -> None:
    signing = PersonSignIn(office.settings(MemoryTokens()))
    begun = signing.browser(BACK)
    answer = {"state": begun.state, "error": "access_denied", "error_description": "AADSTS65004: User declined."}
    with pytest.raises(NotAuthorised, match="the person said no"):
        signing.came_back(begun, answer)


@pytest.mark.parametrize(
    ("before", "username", "words"),
    [
        (Kept(identity="t1.u2", person="eva@example.com", refresh_token="r"), "", "this account is eva@example.com's"),
        (Kept(), "eva@example.com", "the account's username is eva@example.com"),
    ],
)
def test_another_persons_sign_in_is_not_taken(office: Office, before: Kept, username: str, words: str) -> None:
    """A browser picks whom it knows; her mailbox would flow into what this account has synced."""
    tokens = MemoryTokens(before.written())
    signing = PersonSignIn(office.settings(tokens, username=username))
    code = signing.device_code()
    office.graph.sign_in.consented = True
    watch = Watch(code.expires_at - 900)
    with pytest.raises(NotAuthorised, match=words):
        signing.wait(code, clock=watch, sleep=watch.sleep)
    assert Kept.read(tokens.load()) == before


# ---------------------------------------------------------------- the loopback


def waiting(back: Loopback, finish: Any, patience: float = 20.0) -> tuple[threading.Thread, list[Any]]:
    """In a thread; the list gets what came of it."""
    ended: list[Any] = []

    def run() -> None:
        try:
            ended.append(back.wait(finish, patience))
        except (Failure, NotAuthorised) as err:
            ended.append(err)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, ended


def test_a_browser_on_this_machine_comes_back_to_a_free_port(office: Office) -> None:
    tokens = MemoryTokens()
    signing = PersonSignIn(office.settings(tokens))
    with Loopback() as back:
        begun = signing.browser(back.address)
        thread, ended = waiting(back, lambda answer: signing.came_back(begun, answer))
        where, answer = comes_back_with(begun.url, str(office.ca))
        assert where.startswith("http://localhost:")
        where = where.replace("localhost", "127.0.0.1")
        assert requests.get(f"{where}favicon.ico", timeout=10).status_code == 404
        assert requests.post(where, data={"code": "x"}, timeout=10).status_code == 400
        assert requests.post(where, data={**answer, "state": "forged"}, timeout=10).status_code == 400
        assert requests.post(where, data="x" * 70_000, timeout=10).status_code == 400
        socket.create_connection(("127.0.0.1", int(where.rpartition(":")[2].strip("/"))), 10).close()
        assert ended == []
        shown = requests.post(where, data=answer, timeout=10)
        thread.join(20)
    assert shown.status_code == 200
    assert f"Signed in as {ADA}" in shown.text
    assert shown.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer["code"] not in shown.text
    assert ended == [ADA]
    assert Kept.read(tokens.load()).person == ADA


def test_a_refusal_is_shown_in_the_browser_and_ends_the_wait(office: Office) -> None:
    def refuse(_answer: Mapping[str, str]) -> str:
        raise NotAuthorised("<b>no</b>")

    with Loopback() as back:
        thread, ended = waiting(back, refuse)
        shown = requests.get(back.address.replace("localhost", "127.0.0.1"), {"state": "s", "code": "c"}, timeout=10)
        thread.join(20)
    assert shown.status_code == 400
    assert "&lt;b&gt;no" in shown.text
    assert [type(one) for one in ended] == [NotAuthorised]


def test_nobody_comes_back_and_a_port_in_use_is_told() -> None:
    with Loopback() as back:
        with pytest.raises(Failure, match="Nobody signed in"):
            back.wait(lambda _answer: "", 0.1)
        with pytest.raises(Failure, match="choose another with --port"):
            Loopback(int(back.address.rpartition(":")[2].strip("/")))
