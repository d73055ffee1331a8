"""agendahub account add|test, doctor and collections for accounts at mail servers, in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agendahub.cli import app
from tests.commands_here import Cli
from tests.servers import dovecot as servers
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.processes import free_port
from tests.servers.scripted import Imap, scripted
from tests.servers.smtp import PASSWORD as SMTP_PASSWORD
from tests.servers.smtp import TOKEN, USER, smtp


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    if servers.why_not():
        pytest.skip(servers.why_not())
    with servers.dovecot() as found:
        yield found


def steps(cli: Cli, *words: str, code: int = 0) -> dict[str, str]:
    found = json.loads(cli.run("account", "test", *words, "--json", code=code))
    return {step["name"]: f"{step['ok']}: {step['detail']} {step['advice']}".strip() for step in found}


def test_an_imap_account_is_added_and_tested(cli: Cli, dovecot: Dovecot) -> None:
    dovecot.deliver(b"Subject: x\r\n\r\nhi\r\n", ["ada@example.org"])
    words = ("--connector", "imap", "--url", dovecot.tls_url, "--username", "ada", "--ca-file", str(dovecot.ca_file))
    said = cli.run("account", "add", "in", *words, typed=PASSWORD + "\n")
    assert "agendahub account test in" in said
    assert (cli.account("in").secret, cli.secrets()) == ("store:in", ["in"])
    found = steps(cli, "in")
    assert list(found) == ["name lookup", "connection", "encryption", "sign-in", "server", "folders", "read", "write"]
    assert found["sign-in"] == "True: Signed in, encrypted."
    assert "INBOX" in found["folders"]
    assert "INBOX holds 1 mails" in found["read"]
    assert "Junk at all" in steps(cli, "in", "--collection", "Junk at all", code=1)["read"]
    doctor = CliRunner().invoke(app, ["-c", str(cli.config), "doctor", "--accounts"])  # the gateway's port may be taken
    assert "in: Signed in, encrypted." in doctor.stdout
    assert "for mail only" in cli.fails("collections", "in")


def test_a_wrong_password_says_what_to_do(cli: Cli, dovecot: Dovecot) -> None:
    words = ("--connector", "imap", "--url", dovecot.url, "--username", "ada")
    cli.run("account", "add", "in", *words, typed="wrong-9876\n")
    found = steps(cli, "in", code=1)
    assert list(found)[-1] == "sign-in"
    assert "app password" in found["sign-in"]
    assert "wrong-9876" not in str(found)


def test_an_smtp_account_is_added_and_tested(cli: Cli, tmp_path: Path) -> None:
    with smtp(tmp_path) as server:
        words = ("--connector", "smtp", "--url", server.url, "--ca-file", str(server.ca_file))
        cli.run("account", "add", "out", *words, "--username", USER, typed=SMTP_PASSWORD + "\n")
        found = steps(cli, "out")
        assert list(found) == ["name lookup", "connection", "sign-in", "server", "send"]
        assert found["sign-in"] == "True: Signed in, encrypted."
        assert "up to 2 MiB, to addresses with letters beyond ASCII" in found["server"]
        cli.run("account", "add", "token", *words, "--username", USER, "--auth", "bearer", typed=TOKEN + "\n")
        assert "True" in steps(cli, "token")["sign-in"]
        assert server.mails == []


def test_an_smtp_server_without_a_sign_in(cli: Cli, tmp_path: Path) -> None:
    with smtp(tmp_path) as server:
        cli.run("account", "add", "out", "--connector", "smtp", "--url", server.url)
        assert "without a sign-in" in steps(cli, "out")["sign-in"]


def test_what_a_server_lacks_is_said(cli: Cli) -> None:
    with scripted(Imap(capabilities=b"IMAP4rev1 AUTH=PLAIN")) as server:
        words = ("--connector", "imap", "--url", f"imap://127.0.0.1:{server.port}", "--username", "ada")
        cli.run("account", "add", "in", *words, typed="pw-1234\n")
        found = steps(cli, "in")
    assert "IDLE (tells of new mail at once)" in found["server"]
    assert "not encrypted" in found["sign-in"]


def test_nobody_listens(cli: Cli) -> None:
    words = ("--connector", "imap", "--url", f"imaps://127.0.0.1:{free_port()}", "--username", "ada")
    cli.run("account", "add", "in", *words, typed="pw-1234\n")
    found = steps(cli, "in", code=1)
    assert list(found)[-1] == "connection"
    assert "Check the port" in found["connection"]


def test_what_is_missing_is_asked_for(cli: Cli) -> None:
    assert "--url is needed" in cli.fails("account", "add", "in", "--connector", "imap")
    assert "--username is needed" in cli.fails(
        "account", "add", "in", "--connector", "imap", "--url", "imaps://x.example"
    )
    assert "imap, " in cli.fails("account", "add", "in", "--connector", "pop3")
