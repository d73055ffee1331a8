"""Both APIs at one address: the admin API for admins' programs and administrators, the other for all with a token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agendahub.daemon import Daemon
from agendahub.web import application
from tests.requests_api_here import ApiHere, api_here


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path) -> Iterator[ApiHere]:
    folder = tmp_path_factory.mktemp("beside")
    (folder / "hub.db").write_bytes(_sqlite_template.read_bytes())
    behind = '\n[server]\nbase_url = "https://hub.example.org/agenda/"\n'
    with api_here(folder, f"sqlite:///{folder / 'hub.db'}", behind) as found:
        found.app = application(Daemon(found.workspace))
        with found.database.begin() as unit:
            for role in ("administrator", "supervisor", "operator", "client"):
                found.user(unit, role, role)
            found.user(unit, "blocked", "administrator")
            unit.session.connection.exec_driver_sql("UPDATE users SET blocked = 1 WHERE name = 'blocked'")
            found.token(unit, "program")
            found.token(unit, "looker", access="read")
        yield found


@pytest.mark.parametrize(
    ("name", "looks", "changes"),
    [
        ("program", 200, 422),
        ("looker", 200, 403),
        ("administrator", 200, 422),
        ("supervisor", 403, 403),
        ("operator", 403, 403),
        ("client", 403, 403),
        ("blocked", 403, 403),
        ("stranger", 401, 401),
    ],
)
def test_the_admin_api_is_for_admins(here: ApiHere, name: str, looks: int, changes: int) -> None:
    client = here.client(name)
    for path in ("/status", "/holds", "/conflicts", "/history", "/deleted", "/quarantine", "/runs"):
        assert client.ask("GET", path).status == looks, path
    assert client.ask("POST", "/undo", {"nonsense": True}).status == changes


def test_both_are_below_the_prefix_of_a_proxy_too(here: ApiHere) -> None:
    for root in ("/api/v1", "/agenda/api/v1"):
        client = replace(here.client("administrator"), root=root)
        assert client.ask("GET", "/me").json()["name"] == "administrator"
        assert client.ask("GET", "/holds").json() == {"holds": []}
        assert client.ask("GET", "/openapi.json").status == 200


def test_what_is_at_neither_is_not_there_and_a_wrong_method_says_so(here: ApiHere) -> None:
    client = here.client("administrator")
    for path in ("/nothing", "/requests/17/nothing", "", "/me/", "/docs", "/redoc"):
        assert client.ask("GET", path).status == 404, path
    for method, path in (("DELETE", "/me"), ("PUT", "/requests"), ("DELETE", "/status")):
        assert client.ask(method, path).status == 405, path


def test_a_wrong_address_is_not_there_for_anybody(here: ApiHere) -> None:
    for name in ("operator", "client", "program"):
        for method, path in (("GET", "/nothing"), ("POST", "/requests/17/nothing"), ("GET", "/me/")):
            answer = here.client(name).ask(method, path)
            assert (answer.status, answer.json()["error"][:36]) == (404, "There is nothing at this address; do"), path
    assert here.client("stranger").ask("GET", "/nothing").status == 401
    assert here.client("blocked").ask("GET", "/nothing").status == 403


def test_guesses_at_one_count_at_the_other_and_lock_nobody_out_who_was_right(here: ApiHere) -> None:
    wrong = replace(here.client_with("wrong"), address="10.1.2.3")
    right = replace(here.client("operator"), address="10.1.2.3")
    assert right.ask("GET", "/me").status == 200
    statuses = [wrong.ask("GET", path).status for path in ("/me", "/status") * 11]
    assert statuses == [401] * 20 + [429] * 2
    assert right.ask("GET", "/me").status == 200
