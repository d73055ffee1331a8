"""What operators do first: junk goes, colleagues become responsible, wrong addresses and files are refused."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm import people
from crm.actor import ADMIN, INTAKE
from crm.request.model import NewRequest
from crm.request.opening import open_request
from crm.settings import CrmSettings
from tests.contract.requests_api_world import CONFIGURED
from tests.requests_api_here import ApiHere, api_here

MAIL = {"mailbox": "info", "to": [{"address": "eva@customer.example"}], "text": "See the file."}


@pytest.fixture
def here(tmp_path: Path, _sqlite_template: Path) -> Iterator[ApiHere]:
    (tmp_path / "hub.db").write_bytes(_sqlite_template.read_bytes())
    with api_here(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}", CONFIGURED) as found:
        with found.database.begin() as unit:
            for role in ("supervisor", "operator", "client"):
                found.user(unit, role, role)
            open_request(unit, CrmSettings(), INTAKE, NewRequest(subject="You have won"))
        yield found


def ask(here: ApiHere, method: str, path: str, body: Any = None, *, who: str = "supervisor") -> tuple[int, Any]:
    answer = here.client(who).ask(method, path, body)
    return answer.status, answer.json()


@pytest.mark.parametrize(("who", "closing"), [("supervisor", 422), ("operator", 403)])  # the one needs a customer
def test_junk_of_nobody_is_marked_as_spam_and_comes_back(here: ApiHere, who: str, closing: int) -> None:
    assert ask(here, "POST", "/requests/1/close", {"version": 1, "reason": "junk"}, who=who)[0] == closing
    status, found = ask(here, "POST", "/requests/1/spam", {"version": 1, "spam": True}, who=who)
    assert (status, found["spam"], found["is_open"]) == (200, True, False)
    assert [card["id"] for card in ask(here, "GET", "/requests?spam=true&open=all")[1]["cards"]] == [1]
    status, found = ask(here, "POST", "/requests/1/spam", {"version": found["version"], "spam": False}, who=who)
    assert (status, found["spam"], found["is_open"]) == (200, False, True)


def test_a_client_does_not_become_responsible(here: ApiHere) -> None:
    status, told = ask(here, "POST", "/requests/1/assign", {"version": 1, "user_id": here.users["client"]})
    assert (status, "choose a colleague" in told["error"]) == (422, True)
    assert ask(here, "POST", "/requests/1/assign", {"version": 1, "user_id": here.users["supervisor"]})[0] == 200


@pytest.mark.parametrize("whom", ["client", "newcomer"])
def test_work_is_given_to_who_may_answer_customers_alone(here: ApiHere, whom: str) -> None:
    """Not to a client, nor to one without a role."""
    with here.database.begin() as unit:
        here.user(unit, "newcomer")
    assert ask(here, "POST", "/requests/1/assign", {"version": 1, "user_id": here.users[whom]})[0] == 422
    wanted = {"kind": "call", "title": "Call back", "assigned_id": here.users[whom]}
    status, told = ask(here, "POST", "/activities", wanted)
    assert (status, "choose a colleague" in told["error"]) == (422, True)
    status, made = ask(here, "POST", "/activities", wanted | {"assigned_id": here.users["operator"]})
    assert status == 201
    path, change = f"/activities/{made['id']}", {"version": made["version"]}
    assert ask(here, "PATCH", path, change | {"assigned_id": here.users[whom]})[0] == 422
    with here.database.begin() as unit:
        people.set_blocked(unit, ADMIN, "operator", blocked=True)
    assert ask(here, "PATCH", path, change | {"title": "Call again"})[0] == 200, "whoever had it before has it still"
    assert whom not in {one["name"] for one in ask(here, "GET", "/colleagues")[1]}


def test_a_number_may_be_short(here: ApiHere) -> None:
    number = ask(here, "GET", "/requests/1")[1]["number"]
    head = number.rsplit("-", 1)[0]
    for typed in (number, f"{head}-1", f"{head.lower()}-01"):
        assert ask(here, "GET", f"/requests/by-number/{typed}")[1]["id"] == 1, typed
    assert ask(here, "GET", f"/requests/by-number/{head}-2")[0] == 404


def test_a_customer_has_an_address_that_mail_can_go_to(here: ApiHere) -> None:
    status, told = ask(here, "PATCH", "/requests/1", {"version": 1, "customer_address": "nonsense"})
    assert (status, "write it as name@example.org" in told["error"]) == (422, True)
    assert ask(here, "POST", "/requests", {"subject": "Call", "customer_address": "nonsense"})[0] == 422
    for good in ("Eva@Customer.example", ""):
        version = ask(here, "GET", "/requests/1")[1]["version"]
        status, found = ask(here, "PATCH", "/requests/1", {"version": version, "customer_address": good})
        assert (status, found["customer_address"]) == (200, good.lower())


def test_a_rule_names_what_is_there(here: ApiHere) -> None:
    for name, value, said in (
        ("type", "suport", "There is no type 'suport'; choose one of Commercial, Support"),
        ("responsible", "eve", "There is no user 'eve'"),
        ("group", "Sales", "There is no group 'Sales'"),
    ):
        status, told = ask(here, "POST", "/rules", {"rule": {"name": "Pumps", "then": {name: value}}})
        assert (status, told["error"].startswith(said)) == (422, True), told
    good = {"name": "Pumps", "then": {"type": "support", "responsible": "supervisor"}}
    status, made = ask(here, "POST", "/rules", {"rule": good})
    assert status == 201, made
    bad = {**good, "then": {"responsible": "eve"}}
    assert ask(here, "PUT", f"/rules/{made['id']}", {"rule": bad})[0] == 422


def test_a_file_that_is_no_base64_does_not_go_out_empty(here: ApiHere) -> None:
    for wrong in ("%%%", "not base64!", "b2ZmZ*XI="):
        files = [{"name": "offer.txt", "content": wrong}]
        status, told = ask(here, "POST", "/requests/1/answers", {**MAIL, "files": files})
        assert (status, told["error"].startswith("files.0.content: this is not Base64")) == (422, True), wrong
    lines = base64.encodebytes(b"offer" * 40).decode()  # folded, as many programs write it
    files = [{"name": "offer.txt", "content": lines}]
    assert ask(here, "POST", "/requests/1/answers", {**MAIL, "files": files})[0] == 202


def test_refusals_of_values_are_words_for_people(here: ApiHere) -> None:
    body = {"subject": "", "priority": 9, "type_id": "x"}
    assert ask(here, "POST", "/requests", body)[1]["error"] == (
        "subject: too short, 1 or more; type_id: a whole number; priority: at most 5."
    )
    told = ask(here, "POST", "/activities", {"kind": "party", "starts_at": "2026-01-31T09:00:00"})[1]["error"]
    assert told.startswith("kind: one of 'service', ")
    assert "title: say this too; starts_at: say the time zone too, as in 2026" in told
