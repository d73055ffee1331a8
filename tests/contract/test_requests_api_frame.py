"""The door of the API for customer requests: who gets in, what is told, what is bounded, what is done once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from structlog.testing import capture_logs

from crm import people
from crm.actor import ADMIN
from storage import tables as t
from tests.requests_api_here import ApiHere, api_here


@pytest.fixture
def here(tmp_path: Path, sqlite_url: str) -> Iterator[ApiHere]:
    with api_here(tmp_path, sqlite_url) as found:
        with found.database.begin() as unit:
            found.user(unit, "ada", "administrator")
            found.user(unit, "nobody")
            found.token(unit, "helpdesk")
            found.token(unit, "monitoring", access="read")
        yield found


def test_who_asks_is_told_who_he_is_and_what_he_may(here: ApiHere) -> None:
    me = here.client("ada").ask("GET", "/me")
    assert me.status == 200
    assert (me.json()["name"], me.json()["user_id"]) == ("ada", here.users["ada"])
    assert me.json()["rights"]["request.close"] == "all"
    assert here.client("nobody").ask("GET", "/me").json()["rights"] == {}
    assert here.client("helpdesk").ask("GET", "/me").json()["name"] == "program helpdesk"
    assert me.headers["cache-control"] == "no-store"
    assert me.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in me.headers


def test_without_a_right_token_nobody_gets_in_and_guessing_ends(here: ApiHere) -> None:
    assert here.client("stranger").ask("GET", "/me").status == 401
    wrong = here.client_with("wrong")
    for _ in range(20):
        assert wrong.ask("GET", "/me").status == 401
    answer = wrong.ask("GET", "/me")
    assert (answer.status, answer.headers["retry-after"]) == (429, "600")
    assert answer.json()["error"].endswith(".")


def test_a_blocked_user_and_a_revoked_right_are_out_with_the_next_request(here: ApiHere) -> None:
    ada, nobody = here.client("ada"), here.client("nobody")
    assert nobody.ask("GET", "/users").status == 403
    assert ada.ask("PUT", "/roles/administrator/users/nobody").status == 200
    assert nobody.ask("GET", "/users").status == 200
    assert ada.ask("DELETE", "/roles/administrator/users/nobody").status == 200
    assert nobody.ask("GET", "/users").status == 403
    assert ada.ask("PATCH", "/users/nobody", {"blocked": True}).status == 200
    refused = nobody.ask("GET", "/me")
    assert (refused.status, refused.json()) == (403, {"error": "nobody is blocked."})


def test_a_token_that_may_only_look_changes_nothing(here: ApiHere) -> None:
    monitoring = here.client("monitoring")
    assert monitoring.ask("GET", "/users").status == 200
    assert monitoring.ask("POST", "/groups", {"name": "sales"}).json() == {"error": "This token may only look."}
    assert here.client("ada").ask("GET", "/groups").json() == []


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b'{"name": "sales", "nmae": 1}', "There is no nmae here."),
        (b"{}", "name: say this too."),
        (b"[1, 2]", "The body:"),
        (b"{", "not JSON"),
        (b'{"name": "a\\u0000b"}', "control characters"),
        (b'{"name": "a\\ud800b"}', "half characters"),
        (b'{"name": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", ""),
        (b'{"name": ' + b"[" * 900 + b"]" * 900 + b"}", ""),
        (b'{"name": ' + b"9" * 5000 + b"}", ""),
        (b"\xff\xfe{}", ""),
    ],
)
def test_what_cannot_be_understood_is_422_with_one_sentence(here: ApiHere, raw: bytes, told: str) -> None:
    answer = here.client("ada").ask("POST", "/groups", raw=raw, headers={"content-type": "application/json"})
    assert answer.status == 422, answer.body
    assert told in answer.json()["error"]
    assert answer.json()["error"].endswith(".")


def test_a_body_is_bounded_before_it_is_read_as_json(here: ApiHere) -> None:
    ada, long = here.client("ada"), b'{"name": "' + b"x" * 70_000 + b'"}'
    assert ada.ask("POST", "/groups", raw=long).status == 413
    lying = ada.ask("POST", "/groups", raw=long, headers={"content-length": "5"})
    assert lying.status == 413
    assert ada.ask("POST", "/groups", raw=b"{}", headers={"content-length": "-1"}).status == 413
    assert "64 KiB" in lying.json()["error"]


def test_errors_have_one_form_whatever_they_are(here: ApiHere) -> None:
    ada = here.client("ada")
    for method, path, status in (
        ("DELETE", "/groups/none", 404),
        ("DELETE", "/me", 405),
        ("GET", "/audit?limit=100000", 422),
        ("PATCH", "/users/ada", 422),
        ("DELETE", "/roles/client", 409),
    ):
        answer = ada.ask(method, path)
        assert (answer.status, "error" in answer.json()) == (status, True), (path, answer.body)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_what_was_asked_with_a_key_is_done_once(here: ApiHere) -> None:
    ada, key = here.client("ada"), {"idempotency-key": "k1"}
    first = ada.ask("POST", "/groups", {"name": "sales"}, headers=key)
    again = ada.ask("POST", "/groups", {"name": "sales"}, headers=key)
    assert (first.status, again.status, again.body) == (201, 201, first.body)
    other = ada.ask("POST", "/groups", {"name": "other"}, headers=key)
    assert other.status == 422
    assert "Idempotency-Key" in other.json()["error"]
    assert here.client("helpdesk").ask("POST", "/groups", {"name": "other"}, headers=key).status == 201
    refused = ada.ask("POST", "/groups", {"name": "sales"}, headers={"idempotency-key": "k2"})
    assert refused.status == 409
    with here.database.read() as unit:
        assert unit.session.connection.execute(select(func.count()).select_from(t.api_answers)).scalar() == 2


def test_users_change_only_as_a_whole(here: ApiHere) -> None:
    answer = here.client("ada").ask("PATCH", "/users/ada", {"address": "new@example.org", "blocked": True})
    assert answer.status == 409
    with here.database.read() as unit:
        found = {user.name: user.address for user in people.users(unit, ADMIN)}
    assert found["ada"] == "ada@example.org"


def test_a_failure_nobody_foresaw_is_one_sentence_without_its_secrets(
    here: ApiHere, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("canary-secret")

    monkeypatch.setattr(people, "users", broken)
    with capture_logs() as lines:
        answer = here.client("ada").ask("GET", "/users")
    assert [line["log_level"] for line in lines] == ["error"]
    assert answer.status == 500
    assert b"canary" not in answer.body
    assert "RuntimeError" in answer.json()["error"]


def test_the_description_is_open_and_loads_nothing_from_elsewhere(here: ApiHere) -> None:
    nobody = here.client_with("")
    found = nobody.ask("GET", "/openapi.json")
    assert found.status == 200
    assert "/roles/{name}" in found.json()["paths"]
    request = found.json()["components"]["schemas"]["Request"]["properties"]
    assert request["meaning"]["description"] == "of the status: new, open, waiting, completed"
    assert "send it back" in request["version"]["description"]
    assert set(found.json()["components"]["schemas"]["Problem"]["properties"]) == {
        *("error", "missing", "fields", "version"),
    }
    for path in ("/docs", "/redoc", "/docs/oauth2-redirect"):
        assert nobody.ask("GET", path).status in (401, 404)


def test_a_damaged_store_is_503_and_says_when_to_try_again(here: ApiHere, monkeypatch: pytest.MonkeyPatch) -> None:
    from storage.errors import StoreBusy

    def broken(*_: object) -> None:
        raise StoreBusy("The database is locked.")

    monkeypatch.setattr(people, "users", broken)
    answer = here.client("ada").ask("GET", "/users")
    assert (answer.status, answer.headers["retry-after"]) == (503, "10")


def test_a_user_is_known_by_his_number_when_he_was_renamed(here: ApiHere) -> None:
    with here.database.begin() as unit:
        unit.session.connection.execute(update(t.users).where(t.users.c.name == "ada").values(name="ada.l"))
    assert here.client("ada").ask("GET", "/me").json()["name"] == "ada.l"
