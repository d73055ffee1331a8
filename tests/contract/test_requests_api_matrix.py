"""Every route x every role x an own and a foreign object (QUALITY.md: IDOR). A route without a row is a failure.

What is expected is told here from the roles' rights, apart from the code that decides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from crm.actions import BUILTIN, OF_REQUESTS
from tests.asgi_here import Answer
from tests.contract.requests_api_rows import ANYONE, FILTERED, LISTED, ROWS, Row
from tests.contract.requests_api_world import CONFIGURED, OTHERS, OWN, SCOPES, World, make_world
from tests.requests_api_here import api_here
from web_ui.app import all_routes

pytestmark = pytest.mark.slow
REACHED = {  # scopes that reach a request that is an identity's own in this way
    "own": {"all", "group", "own"},
    "group": {"all", "group"},
    "part": {"all", "group", "own", "part"},
    "": {"all"},  # somebody else's
}
RIGHTS = {name: dict(BUILTIN.get(name, {})) for name in (*OWN, *OTHERS)} | {
    name: dict.fromkeys(OF_REQUESTS, scope) for name, scope in SCOPES.items()
}
ABSENT = 10**12


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Any) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("matrix")
    (folder / "hub.db").write_bytes(_sqlite_template.read_bytes())
    with api_here(folder, f"sqlite:///{folder / 'hub.db'}", CONFIGURED) as here:
        made = make_world(here)
        here.database.undoing = True
        yield made


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    known = {(method, route.path) for route in all_routes() for method in route.methods or ()}
    assert known == set(ROWS)


@pytest.mark.parametrize("identity", [*OWN, *OTHERS])
def test_who_may_does_and_who_may_not_is_refused(world: World, identity: str) -> None:
    wrong = []
    for (method, path), row in ROWS.items():
        for whose in ("foreign",) if _is_general(row) or identity not in OWN else (identity, "foreign"):
            answer = _ask(world, identity, method, path, row, world.ids[whose])
            expected = _expected(identity, method, row, OWN[identity] if whose == identity else "")
            if not (200 <= answer.status < 300 if expected == 200 else answer.status == expected):
                wrong.append((method, path, whose, expected, answer.status, answer.body[:200]))
    assert wrong == []


@pytest.mark.parametrize("identity", ["client", "deskhand", "helper", "deskclient", "nobody"])
def test_what_is_foreign_sounds_as_what_is_not_there(world: World, identity: str) -> None:
    foreign = world.ids["foreign"]
    absent = foreign | {name: ABSENT for name in foreign if name.endswith("_id")} | {"request_number": "R-2026-999999"}
    different = []
    for (method, path), row in ROWS.items():
        if row.right in OF_REQUESTS and not _is_general(row):
            found = [_ask(world, identity, method, path, row, ids) for ids in (foreign, absent)]
            if (found[0].status, found[0].body) != (found[1].status, found[1].body):
                different.append((method, path, *((one.status, one.body[:200]) for one in found)))
    assert different == []


@pytest.mark.parametrize("identity", list(OWN))
def test_lists_hold_what_is_his_and_nothing_foreign(world: World, identity: str) -> None:
    client, mine, foreign = world.here.client(identity), world.ids[identity], world.ids["foreign"]
    sees_all = RIGHTS[identity]["request.read"] == "all"
    for path in ("/requests?open=all", "/search?q=question", "/requests?text=question"):
        listed = {card["id"] for card in client.ask("GET", path).json()["cards"]}
        assert mine["request_id"] in listed
        assert (foreign["request_id"] in listed) is sees_all
    counted = client.ask("GET", "/requests/counts?open=all").json()["total"]
    assert counted == (18 if sees_all else 3)
    board = client.ask("GET", "/board").json()
    assert mine["request_id"] in {card["id"] for column in board for card in column["cards"]}
    assert (foreign["request_id"] in {c["id"] for column in board for c in column["cards"]}) is sees_all
    documents = {document["id"] for document in client.ask("GET", "/documents").json()}
    assert mine["document_id"] in documents
    assert (foreign["document_id"] in documents) is sees_all
    activities = {activity["id"] for activity in client.ask("GET", "/activities").json()}
    sees_some = "activity.read" in RIGHTS[identity]
    assert (mine["activity_id"] in activities, foreign["activity_id"] in activities) == (sees_some, sees_all)


def test_a_client_reads_his_mails_and_nothing_internal(world: World) -> None:
    client, mine = world.here.client("client"), world.ids["client"]
    seen = client.ask("GET", f"/requests/{mine['request_id']}/messages").json()
    assert [message["id"] for message in seen] == [mine["message_id"]]
    assert client.ask("GET", f"/messages/{mine['draft_id']}").status == 404
    assert client.ask("GET", f"/messages/{mine['sent_id']}").status == 404
    for path in ("", "/summary", "/messages", "/documents", "/links"):
        assert b"canary" not in client.ask("GET", f"/requests/{mine['request_id']}{path}").body
    summary = client.ask("GET", f"/requests/{mine['request_id']}/summary").json()
    assert (summary["notes"], summary["viewers"], summary["planned"]) == (0, [], 0)
    assert (summary["messages"], summary["last_text"], summary["last_direction"]) == (1, "Hello", "in")
    for_us = world.here.client("operator").ask("GET", f"/requests/{mine['request_id']}/summary").json()
    assert (for_us["messages"] > 1, for_us["last_direction"]) == (True, "out")


def test_the_search_tells_a_client_nothing_of_mails_that_are_not_his(world: World) -> None:
    mine = world.ids["client"]["request_id"]
    for path in ("/search?q=", "/requests?text="):
        found = [card["id"] for card in world.here.client("client").ask("GET", f"{path}question").json()["cards"]]
        assert found == [mine]
        assert world.here.client("client").ask("GET", f"{path}secretword").json()["cards"] == []
        for_us = world.here.client("operator").ask("GET", f"{path}secretword").json()["cards"]
        assert mine in {card["id"] for card in for_us}


def test_attachments_are_downloads_that_no_browser_runs(world: World) -> None:
    mine = world.ids["operator"]
    path = f"/messages/{mine['message_id']}/attachments/{mine['number']}"
    answer = world.here.client("operator").ask("GET", path)
    assert answer.body.strip() == b"<script>alert(1)</script>"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert "/" not in answer.headers["content-disposition"].replace("%2F", "/").split("filename*=")[1].replace(
        "UTF-8''", ""
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    page = world.here.client("operator").ask("GET", f"/messages/{mine['message_id']}/page.html")
    assert "script" not in page.body.decode()
    assert page.headers["content-security-policy"].startswith("default-src 'none'; img-src data:;")


def test_customers_are_found_by_words_and_wildcards_are_letters(world: World) -> None:
    client, mine = world.here.client("operator"), world.ids["operator"]
    for words in ("CUSTOMER-operator", "operator customer.example"):
        assert [one["id"] for one in client.ask("GET", f"/customers?q={quote(words)}").json()] == [mine["customer_id"]]
    found = client.ask("GET", f"/customers/{mine['customer_id']}").json()
    assert found["addresses"] == ["customer-operator@customer.example"]
    for words in ("%", "_perator", "nobody"):
        assert client.ask("GET", f"/customers?q={quote(words)}").json() == []
    assert client.ask("GET", "/customers?q=%20").status == 422


def _is_general(row: Row) -> bool:
    return row.general or row.right not in OF_REQUESTS


def _expected(identity: str, method: str, row: Row, own: str) -> int:
    """200 for any success."""
    if identity == "stranger":
        return 401
    if identity == "blocked" or (identity == "looker" and method != "GET"):
        return 403
    if identity in ("looker", "administrator") or row.right in (ANYONE, FILTERED):
        return 200
    rights = RIGHTS[identity]
    if row.right == LISTED:
        return 200 if "request.read" in rights else 403
    if row.right not in OF_REQUESTS:
        return 200 if row.right in rights else 403
    if rights.get(row.right) in REACHED[own] and all(right in rights for right in row.also):
        return 200
    return 403 if rights.get("request.read") in REACHED[own] else 404


def _ask(world: World, identity: str, method: str, path: str, row: Row, ids: dict[str, Any]) -> Answer:
    known: dict[str, Any] = {**world.general, **ids}
    address = filled(row.instead or path, known) + (f"?{filled(row.query, known)}" if row.query else "")
    return world.here.client(identity).ask(method, address, with_ids(row.body, known))


def filled(text: str, known: dict[str, Any]) -> str:
    """Words in braces become ids."""
    return re.sub(r"\{(\w+)\}", lambda found: str(known[found[1]]), text)


def with_ids(body: Any, known: dict[str, Any]) -> Any:
    """Words in braces become numbers."""
    if body is None:
        return None
    written = json.dumps(body)
    return json.loads(re.sub(r'"\{(\w+)\}"', lambda found: json.dumps(known[found[1]]), written))
