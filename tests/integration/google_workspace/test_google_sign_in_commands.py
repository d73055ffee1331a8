"""agendahub account add|sign-in|sign-out|test for accounts at Google, in this process."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest
import requests

from agendahub.commands import account_sign_in
from agendahub.fanout import expanded
from agendahub.kept_tokens import name_of
from agendahub.workspace import Workspace
from config import load
from connectors.google_workspace.sign_in_scopes import SERVICES, Right
from connectors.kept_sign_in import Kept
from tests.commands_here import Cli
from tests.integration.google_workspace.sign_in_world import ADA, GoogleOffice
from tests.servers.processes import free_port


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


@pytest.fixture
def at_google(office: GoogleOffice) -> tuple[str, ...]:
    where = ("--url", office.root, "--authority", office.root, "--ca-file", str(office.ca))
    return ("--connector", "google_workspace", *where)


def client_file(office: GoogleOffice, folder: Path, kind: str = "installed") -> Path:
    """As it is downloaded from the console."""
    file = folder / "client_secret.json"
    client = office.client if kind == "installed" else office.google.sign_in.client(kind)
    file.write_text(json.dumps(office.google.sign_in.config(client, office.root)))
    return file


def test_from_the_downloaded_file(cli: Cli, office: GoogleOffice, at_google: tuple[str, ...], tmp_path: Path) -> None:
    file = client_file(office, tmp_path)
    shown = cli.run("account", "add", "gmail", *at_google, "--secret-from", f"file:{file}", "--username", ADA)
    assert "Next: agendahub account sign-in gmail" in shown
    account = cli.account("gmail")
    assert (account.auth, account.client_id, account.secret) == ("desktop", office.client.id, f"file:{file}")
    assert office.client.secret not in cli.config.read_text()


def test_what_is_piped_goes_into_the_store(cli: Cli, office: GoogleOffice, at_google: tuple[str, ...]) -> None:
    whole = json.dumps(office.google.sign_in.config(office.client, office.root), indent=2)
    cli.run("account", "add", "gmail", *at_google, typed=whole)
    assert cli.account("gmail").secret == "store:gmail"
    assert cli.account("gmail").client_id == office.client.id
    workspace = Workspace(load(cli.config))
    assert json.loads(workspace.secret(cli.account("gmail"))) == json.loads(whole)
    workspace.close()
    cli.run("account", "add", "plain", *at_google, "--client-id", office.client.id, typed="GOCSPX-typed\n")
    cli.run("account", "secret", "plain", typed=whole)
    assert "Signed in as" in sign_in(cli, office, "plain", "--port", "0")


@pytest.mark.parametrize(
    ("kind", "words", "said"),
    [
        ("installed", ("--auth", "web"), "This file is for --auth desktop, not for --auth web"),
        ("installed", ("--auth", "app"), "needs the JSON key of a service account"),
        ("installed", ("--client-id", "another"), "of another OAuth client"),
        ("web", ("--auth", "desktop"), "This file is for --auth web"),
        ("service_account", ("--auth", "desktop"), "This file is for --auth app"),
        ("none", (), "Nothing was given|No password was given|--client-id is needed"),
        ("installed", ("--mailbox", ADA), 'at Google only auth = "app" opens the mailbox'),
        ("installed", ("--tenant", "x"), "tenant is of no use at Google"),
        ("installed", ("--auth", "device"), "This file is for --auth desktop"),
        (
            "text",
            ("--auth", "device", "--client-id", "x"),
            "google_workspace signs in with desktop, web, app or bearer",
        ),
        ("text", ("--auth", "device"), "google_workspace signs in with desktop, web, app or bearer"),
        ("cut", (), "This is no file of an OAuth client"),
        ("cut", ("--auth", "desktop"), "This is no file of an OAuth client"),
        ("cut", ("--auth", "app"), "needs the JSON key of a service account"),
        ("service_account", ("--username", ADA), "mailbox says for whom it acts"),
    ],
)
def test_what_does_not_fit_is_told_and_not_added(
    cli: Cli, office: GoogleOffice, at_google: tuple[str, ...], kind: str, words: tuple[str, ...], said: str
) -> None:
    sign_in_server, before = office.google.sign_in, cli.config.read_text()
    texts = {"service_account": json.dumps(office.key()), "none": "", "text": "GOCSPX-x", "cut": '{"web":'}
    typed = texts[kind] if kind in texts else json.dumps(sign_in_server.config(sign_in_server.client(kind), "/"))
    told = cli.fails("account", "add", "gmail", *at_google, *words, typed=typed)
    assert any(one in told for one in said.split("|")), told
    assert cli.config.read_text() == before
    assert cli.secrets() == []


def sign_in(cli: Cli, office: GoogleOffice, name: str, *words: str, code: int = 0) -> str:
    """With a browser on this machine: it opens what the command shows."""
    shown: list[str] = []
    urls: list[str] = []
    show = account_sign_in._show

    def browser() -> None:
        end = time.monotonic() + 20
        while not urls and time.monotonic() < end:
            time.sleep(0.01)
        requests.get(urls[0], verify=str(office.ca), timeout=10)

    def watched(what: str, url: str) -> None:
        urls.append(url)
        show(what, url)

    person = threading.Thread(target=browser)
    person.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(account_sign_in, "_show", watched)
        shown.append(cli.run("account", "sign-in", name, *words, code=code))
    person.join(20)
    return shown[0]


def add(cli: Cli, office: GoogleOffice, at_google: tuple[str, ...], *words: str) -> None:
    file = client_file(office, cli.config.parent)
    cli.run("account", "add", "gmail", *at_google, "--secret-from", f"file:{file}", *words)


def test_sign_in_and_out(cli: Cli, office: GoogleOffice, at_google: tuple[str, ...]) -> None:
    add(cli, office, at_google)
    shown = sign_in(cli, office, "gmail")
    assert "Open this address in a browser on this machine:" in shown
    assert f"Signed in as {ADA}" in shown
    assert cli.secrets() == [name_of("gmail")]
    workspace = Workspace(load(cli.config))
    kept = Kept.read(workspace.tokens(cli.account("gmail")).load())
    workspace.close()
    assert (kept.person, bool(kept.refresh_token)) == (ADA, True)
    assert kept.refresh_token not in shown
    assert "https://myaccount.google.com/connections" in cli.run("account", "sign-out", "gmail")
    assert cli.secrets() == []


def test_a_browser_on_another_machine(cli: Cli, office: GoogleOffice, at_google: tuple[str, ...]) -> None:
    """The address that it could not open is pasted."""
    add(cli, office, at_google)
    pasted: list[str] = []

    class Person:
        """Reads the address from the screen, and types the other one."""

        def __call__(self) -> str:
            shown = requests.get(pasted.pop(), verify=str(office.ca), timeout=10, allow_redirects=False)
            return shown.headers["Location"] + "\n"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(account_sign_in, "_show", lambda _what, url: pasted.append(url))
        patch.setattr("builtins.input", Person())
        shown = cli.run("account", "sign-in", "gmail", "--paste")
    assert f"Signed in as {ADA}" in shown
    assert "belongs to no sign-in" in cli.fails("account", "sign-in", "gmail", "--paste", typed="https://x/?code=1\n")
    assert "belongs to no sign-in" in cli.fails("account", "sign-in", "gmail", "--paste", typed="what?\n")


@pytest.mark.parametrize("more", [(), ("--paste",)])
def test_a_client_of_the_web_needs_a_port(
    cli: Cli, office: GoogleOffice, at_google: tuple[str, ...], more: tuple[str, ...]
) -> None:
    """Google would show an error page, and nobody would come back."""
    sign_in_server = office.google.sign_in
    whole = json.dumps(sign_in_server.config(sign_in_server.client("web"), office.root))
    cli.run("account", "add", "gmail", *at_google, typed=whole)
    assert "--port 8765" in cli.fails("account", "sign-in", "gmail", *more)
    assert sign_in_server.pages == []


def test_a_client_of_the_web_comes_back_to_the_port_that_it_names(
    cli: Cli, office: GoogleOffice, at_google: tuple[str, ...]
) -> None:
    port = free_port()
    client = office.google.sign_in.client("web", redirect_uris=(f"http://127.0.0.1:{port}/",))
    cli.run("account", "add", "gmail", *at_google, typed=json.dumps(office.google.sign_in.config(client, office.root)))
    assert cli.account("gmail").auth == "web"
    assert f"Signed in as {ADA}" in sign_in(cli, office, "gmail", "--port", str(port))


def test_step_by_step(cli: Cli, office: GoogleOffice, at_google: tuple[str, ...]) -> None:
    add(cli, office, at_google)
    failed = json.loads(cli.run("account", "test", "gmail", "--json", code=1))[-1]
    assert (failed["name"], failed["ok"]) == ("sign-in", False)
    assert "nobody has signed in" in failed["detail"]
    sign_in(cli, office, "gmail")
    steps = json.loads(cli.run("account", "test", "gmail", "--write", "--collection", f"calendars/{ADA}", "--json"))
    names = ["name lookup", "connection", "encryption"]
    first = [f"sign-in service, {name}" for name in names]
    assert [step["name"] for step in steps] == [*first, "sign-in", *names, "mailbox", "read", "write and delete"]
    assert all(step["ok"] for step in steps), steps
    assert "calendars (https://www.googleapis.com/auth/calendar)" in steps[3]["detail"]
    assert "and deleted" in steps[-1]["detail"]


def test_a_sign_in_that_ends_by_itself_is_told(cli: Cli, office: GoogleOffice, at_google: tuple[str, ...]) -> None:
    """An app in "Testing" works for a week: the trap that everybody falls into."""
    add(cli, office, at_google)
    [looked] = [one for one in json.loads(cli.run("doctor", "--json")) if one["name"] == "sign-ins"]
    assert looked["ok"]
    office.client.testing = True
    shown = sign_in(cli, office, "gmail")
    assert "The sign-in of account gmail ends by itself on" in shown
    assert "publish the app" in shown
    [looked] = [one for one in json.loads(cli.run("doctor", "--json", code=1)) if one["name"] == "sign-ins"]
    assert not looked["ok"]
    [step] = [
        one for one in json.loads(cli.run("account", "test", "gmail", "--json")) if one["name"] == "sign-in lasts"
    ]
    assert (step["ok"], "ends by itself on" in step["detail"]) == (True, True)
    office.client.testing = False
    assert "ends by itself" not in sign_in(cli, office, "gmail")
    assert "sign-in lasts" not in cli.run("account", "test", "gmail")


def test_only_what_the_scopes_open_is_offered(cli: Cli, office: GoogleOffice, at_google: tuple[str, ...]) -> None:
    add(cli, office, at_google)
    cli.config.write_text(f'{cli.config.read_text()}scopes = ["{Right.CALENDAR}"]\n')
    sign_in(cli, office, "gmail")
    found = json.loads(cli.run("collections", "gmail", "--json"))
    assert {kind for one in found for kind in one["kinds"]} == {"event"}


def test_a_service_account_step_by_step(cli: Cli, office: GoogleOffice, at_google: tuple[str, ...]) -> None:
    key = office.key()
    words = at_google[:4] + at_google[6:]
    cli.run("account", "add", "all", *words, "--auth", "app", typed=json.dumps(key))
    steps = json.loads(cli.run("account", "test", "all", "--json"))
    assert steps[0] == {"name": "key", "ok": True, "detail": f"The key is of {key['client_email']}.", "advice": ""}
    assert (steps[-1]["name"], steps[-1]["ok"]) == ("mailbox", True)
    assert "fanout add" in steps[-1]["advice"]
    assert json.loads(cli.run("doctor", "--accounts", "--json"))[-1]["detail"].startswith("signs in, for fan-outs")
    cli.config.write_text(f'{cli.config.read_text()}mailbox = "{ADA}"\n')
    last = json.loads(cli.run("account", "test", "all", "--json", code=1))[-1]
    assert (last["name"], last["ok"], "docs/google.md" in last["advice"]) == ("sign-in", False, True)


def test_what_is_asked_for_in_a_fanout(cli: Cli, office: GoogleOffice, at_google: tuple[str, ...]) -> None:
    """The directory by whoever reads it, as far as it is read; not by each mailbox."""
    words = at_google[:4] + at_google[6:]
    cli.run("account", "add", "all", *words, "--auth", "app", typed=json.dumps(office.key()))
    fanout = '[[fanouts]]\nname = "book"\naccount = "all"\ncollection = "People"\n'
    base = cli.config.read_text()
    for how, expected in (('group = "a@b.c"', "groups"), ('pattern = "*@b.c"', "users"), ('mailboxes = ["a@b.c"]', "")):
        cli.config.write_text(f"{base}\n{fanout}{how}\n")
        workspace = Workspace(load(cli.config))
        assert workspace.connector_settings(workspace.account("all")).options["directory"] == expected
        mailbox = expanded(workspace.settings, {"book": ["ada@b.c"]}).accounts[-1]
        settings = workspace.connector_settings(mailbox)
        assert (settings.mailbox, settings.options["directory"], settings.tokens) == ("ada@b.c", "", None)
        workspace.close()


def test_paste_is_for_google_only(cli: Cli) -> None:
    cli.run("account", "add", "office", "--connector", "microsoft365", "--client-id", "x", "--zone", "UTC")
    assert "sign in with a code" in cli.fails("account", "sign-in", "office", "--paste")


def test_a_sign_in_that_was_refused_says_why(cli: Cli, office: GoogleOffice, at_google: tuple[str, ...]) -> None:
    add(cli, office, at_google)
    office.google.sign_in.switches.says = "access_denied"
    sign_in(cli, office, "gmail", code=1)
    assert cli.secrets() == []


def test_as_a_service_account(cli: Cli, office: GoogleOffice, at_google: tuple[str, ...], tmp_path: Path) -> None:
    key = office.key()
    office.google.sign_in.delegate(key, *SERVICES)
    words = at_google[:4] + at_google[6:]  # the key names its own place
    cli.run("account", "add", "all", *words, "--mailbox", ADA, typed=json.dumps(key, indent=2))
    account = cli.account("all")
    assert (account.auth, account.client_id, account.secret) == ("app", "", "store:all")
    assert f"Signed in as {key['client_email']} ({ADA})" in cli.run("account", "sign-in", "all")
    assert len(office.asked("jwt-bearer")) == 1
    assert cli.secrets() == ["all", name_of("all")]
    office.google.sign_in.delegate(key)
    assert "may not act for this person" in cli.fails("account", "sign-in", "all")
    file = tmp_path / "key.json"
    file.write_text(json.dumps(key, indent=2))
    cli.run("account", "add", "again", *words, "--secret-from", f"file:{file}")
    assert cli.account("again").auth == "app"
    assert f"Signed in as {key['client_email']}." in cli.run("account", "sign-in", "again")
