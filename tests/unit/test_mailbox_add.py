"""agendahub mailbox add and remove: into the configuration and out of it, or a clear sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import load
from tests.commands_here import Cli


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    made = Cli(tmp_path)
    with made.config.open("a") as file:
        for kind in ("imap", "smtp"):
            file.write(f'\n[[accounts]]\nname = "{kind}"\nconnector = "{kind}"\nurl = "{kind}s://mail.example.org"\n')
            file.write('username = "a"\nsecret = "env:A"\n')
        file.write('\n[[accounts]]\nname = "dav"\nurl = "https://dav.example.org"\n')
    return made


def add(account: str = "imap", *more: str) -> tuple[str, ...]:
    return ("mailbox", "add", "support", "--account", account, "--address", "support@example.org", *more)


def test_a_mailbox_is_added_listed_and_removed(cli: Cli) -> None:
    said = cli.run(*add("imap", "--send-through", "smtp", "--folder", "INBOX", "--folder", "Web forms"))
    assert "agendahub mailbox test support" in said
    box = load(cli.config).settings.mailbox("support")
    assert box is not None
    assert (box.send_through, box.folders, box.after) == ("smtp", ("INBOX", "Web forms"), "keyword")
    assert "support@example.org" in cli.run("mailbox", "list")
    cli.run("mailbox", "remove", "support", "--yes")
    assert load(cli.config).settings.mailboxes == ()
    assert "mailbox add" in cli.run("mailbox", "list")


def test_what_cannot_be_is_not_added(cli: Cli) -> None:
    before = cli.config.read_text()
    assert "dav has no mails; choose an account of" in cli.fails(*add("dav"))
    assert "There is no account nobody" in cli.fails(*add("nobody"))
    assert "after" in cli.fails(*add("imap", "--send-through", "smtp", "--after", "delete"))
    assert cli.config.read_text() == before
    cli.run(*add("imap", "--send-through", "smtp"))
    assert "already" in cli.fails(*add("imap", "--send-through", "smtp"))
    assert "no mailbox other" in cli.fails("mailbox", "remove", "other", "--yes")
    assert "--yes" in cli.fails("mailbox", "remove", "support")


def test_the_next_step_is_a_command_and_no_way_for_answers_is_told(cli: Cli) -> None:
    for kind, way in (("imap", "--account"), ("smtp", "--send-through")):
        words = (
            "--connector",
            kind,
            "--url",
            f"{kind}s://mail.example.org",
            "--username",
            "a",
            "--secret-from",
            "env:A",
        )
        assert f"agendahub mailbox add ... {way} new-{kind}" in cli.run("account", "add", f"new-{kind}", *words)
    assert "No answers can go out from it: set send_through" in cli.run(*add("imap"))
    cli.run("mailbox", "remove", "support", "--yes")
    assert "No answers" not in cli.run(*add("imap", "--send-through", "smtp"))
