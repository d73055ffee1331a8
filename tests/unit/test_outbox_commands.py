"""agendahub outbox: what is not sent yet, and what a person says of it."""

from __future__ import annotations

import json
from pathlib import Path

import config
from agendahub.crm_settings import crm_settings
from agendahub.workspace import Workspace
from crm.actor import OUTBOX
from crm.answer.model import Outgoing
from crm.answer.outbox import put
from crm.mail.model import Party
from crm.request.model import NewRequest
from crm.request.opening import open_request
from storage.crm import outbox as rows
from tests.commands_here import Cli

MAILBOX = """
[[accounts]]
name = "imap"
connector = "imap"
url = "imaps://mail.example.org"
username = "x"
secret = "env:NOT_NEEDED"

[[accounts]]
name = "out"
connector = "smtp"
url = "smtps://mail.example.org"
username = "x"
secret = "env:NOT_NEEDED"

[[mailboxes]]
name = "help"
account = "imap"
address = "help@example.org"
send_through = "out"
"""


def test_a_mail_in_doubt_is_shown_and_decided(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    cli.config.write_text(cli.config.read_text() + MAILBOX)
    assert "Everything was sent." in cli.run("outbox", "list")
    mails = _in_doubt(cli)
    assert json.loads(cli.run("outbox", "list", "--state", "waiting", "--json")) == []
    listed = json.loads(cli.run("outbox", "list", "--json"))
    assert [(one["message_id"], one["state"], one["recipients"]) for one in listed] == [
        (mail, "doubt", ["eva@customer.example"]) for mail in reversed(mails)
    ]
    cli.run("outbox", "sent", str(mails[0]))
    cli.run("outbox", "again", str(mails[1]))
    states = {one["message_id"]: one["state"] for one in json.loads(cli.run("outbox", "list", "--json"))}
    assert states == {mails[1]: "waiting"}
    assert "only what is in doubt or failed" in cli.fails("outbox", "again", str(mails[0]))
    assert "no such mail" in cli.fails("outbox", "sent", "99")
    assert "never 'lost'" in cli.fails("outbox", "list", "--state", "lost")


def test_the_status_tells_of_mails_that_a_person_must_decide(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    cli.config.write_text(cli.config.read_text() + MAILBOX)
    assert "outbox" not in cli.run("status")
    mails = _in_doubt(cli)
    assert "2 mails may or may not have been sent; a person decides: agendahub outbox list" in cli.run("status", code=1)
    for mail in mails:
        cli.run("outbox", "sent", str(mail))
    assert "outbox" not in cli.run("status")


def test_the_status_names_mails_that_failed(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    cli.config.write_text(cli.config.read_text() + MAILBOX)
    _in_doubt(cli)
    workspace = Workspace(config.load(cli.config))
    with workspace.database.begin() as unit:
        for row in rows.listed(unit.session.connection, ("doubt",), 9):
            rows.move(unit.session.connection, row.id, "doubt", "failed", error="550 no such user")
    workspace.close()
    assert "2 mails of help could not be sent; why, and what can be done: agendahub outbox list" in cli.run("status")
    for one in json.loads(cli.run("outbox", "list", "--json")):
        assert "is not sent any more" in cli.run("outbox", "give-up", str(one["message_id"]))
    assert "outbox" not in cli.run("status")
    assert len(json.loads(cli.run("outbox", "list", "--state", "given_up", "--json"))) == 2


def _in_doubt(cli: Cli) -> list[int]:
    workspace = Workspace(config.load(cli.config))
    settings = crm_settings(workspace)
    with workspace.database.begin() as unit:
        request = open_request(unit, settings, OUTBOX, NewRequest("x", customer_name="Eva", mailbox="help"))
        mail = Outgoing(request.id, "help", (Party("eva@customer.example"),), "Hello", "Hello")
        numbers = [put(unit, settings, mail) for _ in range(2)]
        for row in rows.due(unit.session.connection, "help", unit.session.now(), 9):
            rows.move(unit.session.connection, row.id, "waiting", "doubt", next_at=None, error="Nobody knows.")
    workspace.close()
    return numbers
