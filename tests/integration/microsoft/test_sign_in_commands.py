"""agendahub account add|test|sign-in|sign-out for accounts at Microsoft, in this process."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from agendahub.account_zone import local_zone
from agendahub.cli import app
from agendahub.failure import Failure
from agendahub.sign_ins import SignIns
from agendahub.workspace import Workspace
from config import load
from connectors.microsoft.sign_in_person import PersonSignIn
from connectors.microsoft.sign_in_scopes import Resource
from connectors.person_sign_in import WrongState
from connectors.registry import connect
from connectors.settings import ConnectorSettings
from connectors.tokens import MemoryTokens
from tests.commands_here import Cli
from tests.integration.microsoft.app_certificate import app_certificate
from tests.integration.microsoft.browser import comes_back_with
from tests.integration.microsoft.sign_in_world import ADA, Office
from tests.servers.certificates import certificates
from tests.servers.microsoft.ews_client import Desk, desk

ZONE = ("--zone", "Europe/Prague")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


@pytest.fixture
def at_office(office: Office) -> tuple[str, ...]:
    where = ("--url", f"{office.graph.url}/v1.0", "--authority", f"{office.graph.url}/contoso")
    return ("--connector", "microsoft365", *where, "--ca-file", str(office.ca), "--client-id", "cid", *ZONE)


def test_by_a_code(cli: Cli, office: Office, at_office: tuple[str, ...]) -> None:
    assert "Next: agendahub account sign-in office" in cli.run("account", "add", "office", *at_office)
    assert "FAILED  sign-in: Needs sign-in" in cli.run("account", "test", "office", code=1)
    office.graph.sign_in.consented = True
    shown = cli.run("account", "sign-in", "office")
    assert "    https://localhost/device\n" in shown
    assert "    ABCD-1234\n" in shown
    assert f"Signed in as {ADA}" in shown
    steps = json.loads(cli.run("account", "test", "office", "--json"))
    names = ["name lookup", "connection", "encryption"]
    first = [f"sign-in service, {name}" for name in names]
    assert [step["name"] for step in steps] == [*first, "sign-in", *names, "mailbox", "read", "write and delete"]
    assert "Not tried" in steps[-1]["detail"]
    _probe_leaves_nothing(cli, office)
    rows = sqlite3.connect(cli.config.parent / "agendahub.db").execute("SELECT name FROM secrets").fetchall()
    assert rows == [("tokens of office",)]
    cli.run("account", "sign-out", "office")
    assert "Nobody is signed in" in cli.fails("account", "sign-out", "office")


def _probe_leaves_nothing(cli: Cli, office: Office) -> None:
    ada = office.graph.server.mailbox(ADA)
    where = ada.well_known("contacts").id
    before = len(list(ada.in_collection(where)))
    written: Any = json.loads(cli.run("account", "test", "office", "--write", "--collection", "Contacts", "--json"))[-1]
    assert (written["ok"], "and deleted" in written["detail"]) == (True, True), written
    assert len(list(ada.in_collection(where))) == before


def test_r24_one_sync_without_a_daemon_says_so_too(cli: Cli, office: Office, at_office: tuple[str, ...]) -> None:
    cli.run("account", "add", "office", *at_office)
    office.graph.sign_in.consented = True
    cli.run("account", "sign-in", "office")
    cli.run("binding", "add", "people", "--account", "office", "--remote", "Contacts", "--collection", "People")
    cli.run("sync", "people")
    office.graph.sign_in.revoked = True
    office.graph.sign_in.grants.clear()
    cli.run("sync", "people", code=1)
    assert [row["state"] for row in json.loads(cli.run("account", "list", "--json"))] == ["needs_sign_in"]
    asked = len(office.graph.sign_in.asked)
    cli.run("sync", "people", code=1)
    assert len(office.graph.sign_in.asked) == asked
    assert json.loads(cli.run("status", "--json", code=1))["bindings"][0]["state"] == "needs_sign_in"


def test_exchange_step_by_step(cli: Cli, ews: Desk) -> None:
    words = ("--connector", "exchange", "--url", ews.site.url, "--username", "ada", "--auth", "ntlm", *ZONE)
    cli.run("account", "add", "mail", *words, typed="secret\n")
    steps = json.loads(cli.run("account", "test", "mail", "--write", "--collection", "Contacts", "--json"))
    names = ["name lookup", "connection", "encryption", "mailbox", "read", "write and delete"]
    assert [(step["name"], step["ok"]) for step in steps] == [(name, True) for name in names]
    cli.run("account", "secret", "mail", typed="not-the-one\n")
    last = json.loads(cli.run("account", "test", "mail", "--json", code=1))[-1]
    assert (last["name"], last["ok"]) == ("mailbox", False)
    assert "not-the-one" not in json.dumps(last)


def test_exchange_with_a_sign_in_at_microsoft(tmp_path: Path) -> None:
    """A token that the server refuses is renewed, and the next is kept."""
    key, ca = certificates(tmp_path)
    with desk(key) as ews:
        where, sign_in, tokens = ews.site.url, ews.site.sign_in, MemoryTokens()
        more: dict[str, Any] = {
            "authority": f"{where.partition('/EWS')[0]}/contoso",
            "ca_file": str(ca),
            "timeout": 10.0,
        }
        settings = ConnectorSettings(url=where, auth="device", client_id="cid", tokens=tokens, **more)
        signing = PersonSignIn(settings, Resource.EWS)
        code = signing.device_code()
        sign_in.consented = True
        assert signing.typed(code) == ADA
        connector = connect("exchange", settings)
        assert connector.collections()
        sign_in.grants.clear()
        assert connector.collections()
        connector.close()
        assert [form["grant_type"] for form in sign_in.asked if "grant_type" in form][1:] == ["refresh_token"]
        assert "EWS.AccessAsUser.All" in sign_in.asked[-1]["scope"]


def test_a_certificate_is_kept_in_the_store_if_the_account_says_so(cli: Cli, office: Office, tmp_path: Path) -> None:
    pem, _public = app_certificate("of the key")
    (tmp_path / "app.pem").write_text(pem)
    where = f'url = "{office.graph.url}/v1.0"\nauthority = "{office.graph.url}/contoso"\nca_file = "{office.ca}"\n'
    own = f'connector = "microsoft365"\nauth = "app"\nclient_id = "cid"\nmailbox = "{ADA}"\n{where}'
    own += 'certificate = "store:its certificate"\nsecret = "store:its password"\n'
    cli.config.write_text(f'{cli.config.read_text()}\n[[accounts]]\nname = "all"\n{own}')
    cli.run("account", "secret", "all", "--certificate", str(tmp_path / "app.pem"))
    cli.run("account", "secret", "all", typed="of the key\n")
    (tmp_path / "app.pem").unlink()
    cli.run("account", "sign-in", "all")
    assert "client_assertion" in office.asked("client_credentials")[-1]


def test_as_an_app(cli: Cli, office: Office, at_office: tuple[str, ...], tmp_path: Path) -> None:
    pem, _public = app_certificate()
    (tmp_path / "app.pem").write_text(pem)
    more = ("--auth", "app", "--certificate", f"file:{tmp_path}/app.pem", "--mailbox", ADA)
    cli.run("account", "add", "all", *at_office, *more)
    assert "mailbox" in cli.run("account", "test", "all")
    cli.run("account", "sign-in", "all")
    assert "secret" not in cli.config.read_text().partition("[[accounts]]\nname = ")[2]
    cli.run("account", "remove", "all")
    rows = sqlite3.connect(tmp_path / "agendahub.db").execute("SELECT name FROM secrets").fetchall()
    assert rows == []


def test_an_app_with_a_secret_is_asked_for_it(cli: Cli, office: Office, at_office: tuple[str, ...]) -> None:
    cli.run("account", "add", "all", *at_office, "--auth", "app", "--mailbox", ADA, typed="the app's\n")
    assert 'secret = "store:all"' in cli.config.read_text()
    cli.run("account", "sign-in", "all")
    assert office.asked("client_credentials")[-1]["client_secret"] == "the app's"


def test_nobody_signs_in_for_a_password(cli: Cli) -> None:
    cli.run("account", "add", "a", "--url", "https://dav.example.org")
    assert "its auth is basic" in cli.fails("account", "sign-in", "a")
    assert "has no password that could be changed" in cli.fails("account", "secret", "a")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--connector", "microsoft365"), "--client-id is needed"),
        (("--connector", "microsoft365", "--auth", "app", "--client-id", "x"), "--tenant is needed"),
        (("--connector", "microsoft365", "--auth", "ntlm"), "signs in with device, web, app or bearer"),
        (("--connector", "exchange"), "--url is needed"),
        (("--connector", "exchange", "--url", "https://x"), "--username is needed"),
        (("--url", "https://x", "--mailbox", "a@b.c"), "mailbox is only of use with"),
        (("--connector", "microsoft365", "--client-id", "x", "--zone", "Mars/Sea"), "no time zone of this name"),
        (("--connector", "microsoft365", "--client-id", "x", "--certificate", "app.pem"), "use env:NAME"),
    ],
)
def test_an_account_that_cannot_work_is_not_added(cli: Cli, words: tuple[str, ...], expected: str) -> None:
    before = cli.config.read_text()
    assert expected in cli.fails("account", "add", "a", *words)
    assert cli.config.read_text() == before


def test_nothing_is_asked_for_that_would_be_refused(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(_what: str) -> str:
        raise AssertionError("A secret was asked for.")

    monkeypatch.setattr("agendahub.new_account.read_secret", asked)
    words = ("--url", "https://x", "--username", "ada", "--auth", "ntlm")
    assert "dav signs in with basic, digest or bearer" in cli.fails("account", "add", "a", *words)


def test_the_zone_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":Europe/Prague")
    assert local_zone() == "Europe/Prague"
    monkeypatch.delenv("TZ")
    assert local_zone()


@pytest.mark.parametrize("zone", ["Europe/Prague", ""])
def test_the_zone_of_an_account_is_that_of_the_machine_or_asked_for(
    cli: Cli, ews: Desk, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setattr("agendahub.new_account.local_zone", lambda: zone or "UTC")
    words = ("--connector", "exchange", "--url", ews.site.url, "--username", "ada")
    cli.run("account", "add", "mail", *words, typed="secret\n")
    assert (f'zone = "{zone}"\n' in cli.config.read_text().partition("[[accounts]]\nname = ")[2]) is bool(zone)
    last = json.loads(cli.run("account", "test", "mail", "--json"))[-1]
    open_question = 'Set zone = "' in last["advice"]
    [looked] = [c for c in json.loads(cli.run("doctor", "--json", code=0 if zone else 1)) if "of accounts" in c["name"]]
    assert (open_question, looked["ok"]) == (not zone, bool(zone))
    if not zone:
        cli.config.write_text(f'{cli.config.read_text()}zone = "UTC"\n')
        assert "time zone" not in cli.run("account", "test", "mail")


def test_an_app_of_no_mailbox_is_for_fan_outs(cli: Cli, office: Office, at_office: tuple[str, ...]) -> None:
    cli.run("account", "add", "all", *at_office, "--auth", "app", typed="the app's\n")
    last = json.loads(cli.run("account", "test", "all", "--json"))[-1]
    assert (last["name"], last["ok"]) == ("mailbox", True)
    assert "fanout add" in last["advice"]
    assert json.loads(cli.run("doctor", "--accounts", "--json"))[-1]["detail"].startswith("signs in, for fan-outs")
    done = CliRunner().invoke(app, ["-c", str(cli.config), "collections", "all"])
    assert "set the account's mailbox" in str(done.exception)


def test_failure_is_what_commands_raise(cli: Cli) -> None:
    done = CliRunner().invoke(app, ["-c", str(cli.config), "account", "sign-in", "none"])
    assert isinstance(done.exception, Failure)


def test_a_sign_in_that_was_begun_ends_after_ten_minutes_or_when_its_account_changed(
    cli: Cli, office: Office, at_office: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agendahub.sign_ins._MOST", 3)
    for name in ("one", "two"):
        cli.run("account", "add", name, *at_office)
    now = [0.0]
    sign_ins, workspace = SignIns(lambda: now[0]), Workspace(load(cli.config))

    def begun(name: str) -> dict[str, str]:
        url = sign_ins.begin(workspace, workspace.account(name), "https://hub.example.org/back")
        return comes_back_with(url, str(office.ca))[1]

    late, changed, forgotten = begun("one"), begun("two"), begun("one")
    now[0] = 599.0
    assert sign_ins.finish(workspace, forgotten) == ("one", ADA)
    cli.config.write_text(cli.config.read_text().replace('name = "two"', 'name = "two"\nmailbox = "eva@example.com"'))
    with pytest.raises(WrongState, match="was changed meanwhile"):
        sign_ins.finish(Workspace(load(cli.config)), changed)
    now[0] = 601.0
    with pytest.raises(WrongState, match="took too long"):
        sign_ins.finish(workspace, late)
    answers = [begun("one") for _ in range(4)]
    with pytest.raises(WrongState):
        sign_ins.finish(workspace, answers[0])
    assert sign_ins.finish(workspace, answers[1]) == ("one", ADA)
    workspace.close()
