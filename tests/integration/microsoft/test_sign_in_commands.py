"""agendahub account add|test|sign-in|sign-out for accounts at Microsoft, in this process."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from agendahub.cli import app
from agendahub.failure import Failure
from agendahub.new_account import local_zone
from agendahub.sign_ins import SignIns
from agendahub.workspace import Workspace
from config import load
from connectors.microsoft.sign_in_person import WrongState
from tests.integration.microsoft.app_certificate import app_certificate
from tests.integration.microsoft.browser import comes_back_with
from tests.integration.microsoft.sign_in_world import ADA, Office


class Cli:
    """Commands on one configuration."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "agendahub.toml"
        self.run("init")

    def run(self, *words: str, typed: str = "", code: int = 0) -> str:
        """What it prints."""
        done = CliRunner().invoke(app, ["-c", str(self.config), *words], input=typed)
        assert done.exit_code == code, (done.output, done.exception)
        return done.stdout

    def fails(self, *words: str, typed: str = "") -> str:
        """The sentence."""
        done = CliRunner().invoke(app, ["-c", str(self.config), *words], input=typed)
        assert done.exit_code == 1, done.output
        return str(done.exception)


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


@pytest.fixture
def at_office(office: Office) -> tuple[str, ...]:
    where = ("--url", f"{office.graph.url}/v1.0", "--authority", f"{office.graph.url}/contoso")
    return ("--connector", "microsoft365", *where, "--ca-file", str(office.ca), "--client-id", "cid")


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


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--connector", "microsoft365"), "--client-id is needed"),
        (("--connector", "microsoft365", "--auth", "app", "--client-id", "x"), "--tenant is needed"),
        (("--connector", "microsoft365", "--auth", "ntlm"), "signs in with device, web, app or bearer"),
        (("--connector", "exchange"), "--url is needed"),
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
