"""agendahub mailbox, agendahub mail: what they say where there is no server to talk to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agendahub.cli import app
from crm.intake.aside import keep_delivered, keep_unread
from crm.intake.model import Delivered
from storage.database import Database
from tests.commands_here import Cli
from tests.mails_here import mail
from tests.servers.processes import free_port

BOX = """
[[accounts]]
name = "mail"
connector = "imap"
url = "imap://127.0.0.1:{port}"
username = "support"
secret = "file:mail.secret"
timeout = 2

[[mailboxes]]
name = "support"
account = "mail"
address = "support@example.org"
"""


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    made = Cli(tmp_path)
    (tmp_path / "mail.secret").write_text("secret-4711\n")
    made.config.write_text(made.config.read_text() + BOX.format(port=free_port()))
    return made


@pytest.fixture
def database(cli: Cli, tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path}/agendahub.db")


def test_a_mailbox_is_listed_paused_resumed_and_tried(cli: Cli) -> None:
    [row] = json.loads(cli.run("mailbox", "list", "--json"))
    assert (row["mailbox"], row["address"], row["state"], row["last_ok_at"]) == (
        "support", "support@example.org", "new", None,
    )  # fmt: skip
    assert "support: new" in cli.run("status")
    assert "the configuration has: support" in cli.fails("mailbox", "test", "sales")
    cli.run("mailbox", "pause", "support")
    assert json.loads(cli.run("mailbox", "list", "--json"))[0]["state"] == "paused"
    cli.run("mailbox", "resume", "support")
    assert json.loads(cli.run("mailbox", "list", "--json"))[0]["state"] == "new"
    steps = json.loads(cli.run("mailbox", "test", "support", "--json", code=1))
    assert (steps[0]["ok"], steps[-1]["ok"]) == (True, False)
    assert "agendahub account test mail" in steps[-1]["advice"]
    cli.fails("mailbox", "read", "support", "--dry-run")


def test_what_was_kept_aside_is_listed_written_tried_and_dismissed(
    cli: Cli, database: Database, tmp_path: Path
) -> None:
    raw = mail(text="è\n") + b"\xff\x00"
    with database.begin() as unit:
        keep_delivered(unit, Delivered("support", "INBOX", "1/1", raw), "The reason.")
        keep_unread(unit, "support", "INBOX", "1/2", 12, "Its server said no.")
    database.dispose()
    assert [row["reason"] for row in json.loads(cli.run("mail", "quarantine", "--json"))] == [
        "The reason.", "Its server said no.",
    ]  # fmt: skip
    cli.run("mail", "raw", "1", "--quarantined", "--to", str(tmp_path / "mail.eml"))
    assert (tmp_path / "mail.eml").read_bytes() == raw
    assert "server never gave it" in cli.fails("mail", "raw", "2", "--quarantined")
    assert "no such mail" in cli.fails("mail", "raw", "7")
    assert "2 mails could not be taken in" in cli.run("status", code=1)

    assert json.loads(cli.run("mail", "reprocess", "1", "--json"))["what"] == "opened"
    assert CliRunner().invoke(app, ["-c", str(cli.config), "mail", "raw", "1"]).stdout_bytes == raw
    assert "no such mail" in cli.fails("mail", "reprocess", "9").lower()
    cli.fails("mail", "reprocess", "2")
    cli.run("mail", "dismiss", "2")
    assert "All mails could be taken in." in cli.run("mail", "quarantine")
    assert len(json.loads(cli.run("mail", "quarantine", "--all", "--json"))) == 2
