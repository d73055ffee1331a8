"""Commands for admins of customer requests: requests, rules, roles, groups, addresses, tokens of users."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path

import pytest

from agendahub.crm_settings import crm_settings
from agendahub.workspace import Workspace
from config import load
from crm import people
from crm.actor import ADMIN
from crm.audit import entries
from crm.intake.customers import Customer, provisional
from crm.request import changing, opening
from crm.request.model import NewRequest
from storage.api_tokens import tokens
from tests.commands_here import Cli


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


def test_users_get_addresses_roles_groups_and_tokens(cli: Cli) -> None:
    for name in ("ada", "bob"):
        cli.run("user", "add", name)
    assert "ada@example.org" in cli.run("user", "set-address", "ada", "Ada@Example.org")
    assert "address of ada" in cli.fails("user", "set-address", "bob", "ada@example.org")
    assert "not an address" in cli.fails("user", "set-address", "bob", "nothing")
    cli.run("group", "add", "desk")
    cli.run("group", "put", "desk", "ada", "bob")
    cli.run("group", "take", "desk", "bob")
    assert json.loads(cli.run("group", "list", "--json")) == [{"name": "desk", "members": ["ada"], "roles": []}]
    cli.run("role", "give", "operator", "--group", "desk")
    cli.run("role", "add", "closer", "request.read=group", "request.close=own")
    cli.run("role", "give", "closer", "--user", "bob")
    found = {role["name"]: role for role in json.loads(cli.run("role", "list", "--json"))}
    assert (found["operator"]["groups"], found["closer"]["users"]) == (["desk"], ["bob"])
    assert json.loads(cli.run("role", "show", "closer", "--json"))["rights"]["request.close"] == "own"
    assert "RIGHT=SCOPE" in cli.fails("role", "set", "closer", "request.read")
    assert "Somebody has" in cli.fails("role", "remove", "closer")
    cli.run("role", "take", "closer", "--user", "bob")
    cli.run("role", "remove", "closer")
    made = json.loads(cli.run("token", "add", "ada-laptop", "--user", "ada", "--json"))
    assert made["user"] == "ada"
    assert "no user" in cli.fails("token", "add", "x", "--user", "nobody")
    (listed,) = json.loads(cli.run("token", "list", "--json"))
    assert (listed["name"], listed["user"]) == ("ada-laptop", "ada")
    with Workspace(load(cli.config)).database.read() as unit:
        (kept,) = tokens(unit.session.connection)
    assert kept.user_id == listed["user_id"]


def test_requests_are_listed_shown_and_closed_for_a_reason(cli: Cli) -> None:
    workspace = Workspace(load(cli.config))
    assert "No requests" in cli.run("request", "list")
    with workspace.database.begin() as unit:
        customer = provisional(unit, crm_settings(workspace), Customer(None, "unknown", "X", "x@y.example"))
        unit.flush()
        new = NewRequest(subject="Invoice 4711", customer_id=customer.id, customer_name="X", spam=False)
        made = opening.open_request(unit, crm_settings(workspace), ADMIN, new)
    assert "Invoice 4711" in cli.run("request", "list", "--text", "4711")
    assert json.loads(cli.run("request", "list", "--text", "nothing", "--json")) == []
    assert "opened" in cli.run("request", "show", made.number)
    assert "no such request" in cli.fails("request", "show", "R-1").lower()
    assert "Say first: responsible" in cli.fails("request", "close", made.number, "--reason", "done")
    cli.run("user", "add", "ada")
    with workspace.database.begin() as unit:
        ada = next(user.id for user in people.users(unit, ADMIN))
        changing.assign(unit, ADMIN, made.id, made.version, ada)
    assert made.number in cli.run("request", "close", made.number, "--reason", "sold elsewhere")
    assert "sold elsewhere" in cli.run("request", "show", made.number)
    assert "No requests" in cli.run("request", "list")
    assert made.number in cli.run("request", "list", "--all")
    workspace.close()


def test_rules_are_written_ordered_tried_and_removed(cli: Cli, tmp_path: Path) -> None:
    rule, mail = tmp_path / "rule.json", tmp_path / "mail.eml"
    written = EmailMessage()
    written["From"], written["Subject"] = "x@customer.example", "Invoice 4711"
    written.set_content("Where is it?\n")
    mail.write_bytes(written.as_bytes())
    for number, word in enumerate(("invoice", "order"), 1):
        when = [{"field": "subject", "operator": "contains", "value": word}]
        rule.write_text(json.dumps({"name": f"Rule {number}", "when": when, "then": {"tags": [word]}}))
        cli.run("rule", "add", str(rule))
    assert "Rule 1: matches" in cli.run("rule", "test", str(mail))
    assert json.loads(cli.run("rule", "test", str(mail), "--json"))["tags"] == ["invoice"]
    assert "Rule 2: does not match" in cli.run("rule", "test", str(mail), "--rule", str(rule))
    cli.run("rule", "move", "2", "1")
    assert [found["id"] for found in json.loads(cli.run("rule", "list", "--json"))] == [2, 1]
    shown = json.loads(cli.run("rule", "show", "2"))
    rule.write_text(json.dumps(shown | {"enabled": False}))
    cli.run("rule", "set", "2", str(rule))
    assert not json.loads(cli.run("rule", "show", "2"))["enabled"]
    cli.run("rule", "remove", "2")
    assert "no rule 2" in cli.fails("rule", "show", "2").lower()
    rule.write_text("[")
    assert "not JSON" in cli.fails("rule", "add", str(rule))


def test_what_admins_do_to_users_and_tokens_stands_in_the_audit(cli: Cli) -> None:
    cli.run("user", "add", "ada")
    cli.run("user", "block", "ada")
    cli.run("token", "add", "desk", "--user", "ada")
    cli.run("token", "revoke", "desk")
    workspace = Workspace(load(cli.config))
    with workspace.database.read() as unit:
        lines = [(entry.actor, entry.object, entry.detail) for entry in entries(unit, ADMIN)]
    assert lines == [
        ("admin", "token desk", "revoked"),
        ("admin", "token desk", "made for ada"),
        ("admin", "user ada", "blocked"),
        ("admin", "user ada", "added"),
    ]
    workspace.close()
