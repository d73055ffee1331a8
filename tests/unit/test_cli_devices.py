"""agendahub device add --client and --mobileconfig, user set-password: in this process."""

from __future__ import annotations

import json
import plistlib
import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agendahub.cli import app
from storage.database import Database
from storage.web_passwords import is_right
from storage.web_sessions import person
from tests.commands_here import Cli
from tests.servers.certificates import certificates
from web_ui.pages.set_up import CLIENTS


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Of a hub with ada."""
    cli = Cli(tmp_path)
    cli.run("user", "add", "ada")
    return cli


def serve_with(cli: Cli, lines: str) -> None:
    """Lines for [server]."""
    text = cli.config.read_text()
    cli.config.write_text(text.replace("[server]\n", f"[server]\n{lines}\n", 1))


def test_each_client_gets_its_steps(cli: Cli) -> None:
    serve_with(cli, 'base_url = "https://hub.example.org"')
    for client in CLIENTS:
        shown = cli.run("device", "add", "ada", client, "--client", client)
        assert shown.startswith("1. ")
        assert re.search(r"^  Password +[a-z2-7-]{34}$", shown, re.MULTILINE)
        assert re.search(r"^  User ?name +ada$", shown, re.MULTILINE | re.IGNORECASE)
        assert "hub.example.org" in shown
        assert ("█" in shown) == (client == "android")


def test_a_device_has_a_name(cli: Cli) -> None:
    for name in ("", "  ", "a\nb", "x" * 101):
        assert "Give the device a name" in cli.fails("device", "add", "ada", name)
    assert "No devices yet" in cli.run("device", "list", "ada")
    assert "There is no user 'eve'" in cli.fails("device", "list", "eve")


def test_a_device_of_a_blocked_user_is_told_of(cli: Cli) -> None:
    cli.run("user", "block", "ada")
    done = CliRunner().invoke(app, ["-c", str(cli.config), "device", "add", "ada", "Laptop", "--json"])
    assert json.loads(done.stdout)["device"] == "Laptop"
    assert "ada is blocked" in done.stderr


def test_what_is_to_be_typed_next_can_be_typed(cli: Cli) -> None:
    shown = cli.run("user", "add", "ada byron")
    assert "agendahub device add 'ada byron' DEVICE" in shown
    assert "agendahub user set-password 'ada byron'" in shown


def test_the_list_of_clients_is_the_one_of_the_pages() -> None:
    from agendahub.commands.devices import Client

    assert tuple(Client) == CLIENTS


def test_the_profile_is_signed_where_there_is_a_certificate(cli: Cli, tmp_path: Path) -> None:
    pair, ca = certificates(tmp_path)
    serve_with(cli, f'tls_cert = "{pair}"\ntls_key = "{pair}"')
    cli.run("device", "add", "ada", "iPhone", "--mobileconfig", str(tmp_path / "profile"))
    words = ["openssl", "cms", "-verify", "-inform", "DER", "-in", "profile", "-CAfile", str(ca), "-purpose", "any"]
    verified = subprocess.run(words, cwd=tmp_path, capture_output=True, check=True)
    assert len(plistlib.loads(verified.stdout)["PayloadContent"]) == 2


def test_a_certificate_that_cannot_sign_is_told_and_the_profile_is_plain(cli: Cli, tmp_path: Path) -> None:
    serve_with(cli, 'tls_cert = "none.pem"\ntls_key = "none.pem"')
    cli.run("device", "add", "ada", "iPhone", "--mobileconfig", str(tmp_path / "profile"))
    assert plistlib.loads((tmp_path / "profile").read_bytes())["PayloadDisplayName"] == "AgendaHub"


def test_a_password_for_the_web_pages(cli: Cli, tmp_path: Path) -> None:
    assert "sign-in" in cli.run("user", "set-password", "ada", typed="a few long words\n")
    database = Database(f"sqlite:///{tmp_path}/agendahub.db")
    with database.read() as unit:
        ada = person(unit.session.connection, "Ada")
    database.dispose()
    assert ada is not None
    assert ada.user == "ada"
    assert is_right("a few long words", ada.password_hash)
    assert not is_right("a few long word", ada.password_hash)


def test_a_password_that_will_not_do(cli: Cli) -> None:
    for typed in ("short", "x" * 201, "aaaaaaaaaaaaaaaa", ""):
        assert "nothing was changed" in cli.fails("user", "set-password", "ada", typed=f"{typed}\n")
    assert "There is no user" in cli.fails("user", "set-password", "eve", typed="a few long words\n")
