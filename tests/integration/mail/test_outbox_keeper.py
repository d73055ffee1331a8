"""The daemon's keeper of the outbox, with a configuration, an SMTP server, and its bad days."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

import config
from agendahub.crm_settings import crm_settings
from agendahub.outbox_keeper import OutboxKeeper
from agendahub.workspace import Workspace
from crm.actor import OUTBOX
from crm.answer.model import Outgoing
from crm.answer.outbox import put
from crm.mail.model import Party
from crm.request.model import NewRequest
from crm.request.opening import open_request
from storage import tables as t
from storage.secrets import create_key_file
from tests.hub_process import wait_for
from tests.servers.smtp import PASSWORD, USER, SmtpServer, smtp

CONFIG = """
[store]
url = "{url}"

[[accounts]]
name = "imap"
connector = "imap"
url = "imaps://127.0.0.1:1"
username = "x"
secret = "env:NOT_NEEDED"

[[accounts]]
name = "out"
connector = "smtp"
url = "{smtp}"
username = "{user}"
secret = "file:out.secret"
ca_file = "{ca_file}"

[[mailboxes]]
name = "help"
account = "imap"
address = "help@example.org"
send_through = "out"
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmtpServer]:
    with smtp(tmp_path_factory.mktemp("smtp")) as running:
        yield running


class Daemon:
    """What the daemon does with a keeper; its clock goes on by `later`."""

    def __init__(self, folder: Path, url: str, server: SmtpServer) -> None:
        text = CONFIG.format(url=url, smtp=server.tls_url, user=USER, ca_file=server.ca_file)
        (folder / "agendahub.toml").write_text(text)
        self.secret = folder / "out.secret"
        self.secret.write_text(PASSWORD + "\n")
        self.file = folder / "agendahub.toml"
        self.workspace = Workspace(config.load(self.file))
        create_key_file(self.workspace.loaded.key_file)
        self._ahead = 0.0
        self.keeper = OutboxKeeper(lambda: self.workspace, clock=lambda: time.monotonic() + self._ahead)
        self.requests = 0

    def later(self, seconds: float) -> None:
        self._ahead += seconds

    def answer(self, mailbox: str = "help") -> int:
        settings = crm_settings(self.workspace)
        with self.workspace.database.begin() as unit:
            request = open_request(unit, settings, OUTBOX, NewRequest("x", customer_name="Eva", mailbox="help"))
            mail = Outgoing(request.id, "help", (Party("eva@customer.example"),), "Hello", "Hello")
            number = put(unit, settings, mail)
            if mailbox != "help":
                unit.session.connection.execute(update(t.outgoing).values(mailbox=mailbox))
        return number

    def state(self, message_id: int) -> str:
        wanted = select(t.outgoing.c.state).where(t.outgoing.c.message_id == message_id)
        with self.workspace.database.read() as unit:
            return str(unit.session.connection.execute(wanted).scalar_one())

    def looks_until(self, message_id: int, state: str) -> None:
        def there() -> bool:
            self.keeper.look()
            return self.state(message_id) == state

        wait_for(there)

    def due_again(self) -> None:
        """The store's clock is the real one: what waits is made due."""
        with self.workspace.database.begin() as unit:
            unit.session.connection.execute(update(t.outgoing).values(next_at=unit.session.now()))


@pytest.fixture
def daemon(tmp_path: Path, sqlite_url: str, server: SmtpServer) -> Iterator[Daemon]:
    server.mails.clear()
    made = Daemon(tmp_path, sqlite_url, server)
    yield made
    assert made.keeper.stop(time.monotonic() + 30)
    made.workspace.close()


def test_it_sends_through_the_account_that_the_mailbox_names(daemon: Daemon, server: SmtpServer) -> None:
    number = daemon.answer()
    daemon.looks_until(number, "sent")
    (mail,) = server.mails
    assert (mail.sender, mail.recipients) == ("help@example.org", ("eva@customer.example",))
    assert daemon.keeper.problems == []


def test_a_wrong_password_is_told_and_what_waits_goes_out_when_it_is_right(daemon: Daemon, server: SmtpServer) -> None:
    daemon.secret.write_text("wrong\n")
    number = daemon.answer()
    daemon.keeper.look()
    (problem,) = wait_for(lambda: daemon.keeper.problems)
    assert "help" in problem
    assert "refuses the sign-in" in problem
    before = server.connections
    daemon.due_again()
    for _ in range(3):
        daemon.keeper.look()
    assert server.connections == before, "a wrong password that is tried too often locks accounts"
    daemon.secret.write_text(PASSWORD + "\n")
    daemon.later(1000)
    daemon.looks_until(number, "sent")
    wait_for(lambda: not daemon.keeper.problems)
    assert len(server.mails) == 1


def test_a_new_configuration_is_followed(daemon: Daemon, server: SmtpServer) -> None:
    daemon.keeper.look()
    database = daemon.workspace.database
    daemon.file.write_text(daemon.file.read_text().replace('"help@example.org"', '"desk@example.org"'))
    daemon.workspace = Workspace(config.load(daemon.file))
    daemon.workspace.database = database
    daemon.looks_until(daemon.answer(), "sent")
    assert [mail.sender for mail in server.mails] == ["desk@example.org"]


def test_mails_in_doubt_and_those_of_no_mailbox_are_told(daemon: Daemon, server: SmtpServer) -> None:
    with server.told(loses_answers=True):
        daemon.looks_until(daemon.answer(), "doubt")
    daemon.due_again()
    daemon.later(1000)

    def told() -> bool:
        daemon.keeper.look()
        daemon.later(20)
        return any("1 mails may or may not" in problem for problem in daemon.keeper.problems)

    wait_for(told)
    assert [(one.mailbox, one.state, one.count) for one in daemon.keeper.standing] == [("help", "doubt", 1)]
    assert len(server.mails) == 1
    daemon.answer("gone")
    daemon.keeper.look()
    assert any("gone, which is not in the configuration" in one for one in daemon.keeper.problems)


def test_mails_that_wait_are_told_though_the_configuration_has_no_mailbox_any_more(daemon: Daemon) -> None:
    daemon.answer()
    without = daemon.file.read_text().partition("[[mailboxes]]")[0]
    daemon.file.write_text(without)
    database = daemon.workspace.database
    daemon.workspace = Workspace(config.load(daemon.file))
    daemon.workspace.database = database
    daemon.keeper.look()
    (problem,) = daemon.keeper.problems
    assert "help, which is not in the configuration" in problem


def test_after_begin_stop_nothing_more_is_sent(daemon: Daemon, server: SmtpServer) -> None:
    daemon.answer()
    daemon.keeper.begin_stop()
    daemon.keeper.look()
    assert daemon.keeper.stop(time.monotonic() + 5)
    assert server.mails == []
