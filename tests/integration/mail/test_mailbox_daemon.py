"""The whole program reads a real mailbox: configuration, daemon, IMAP, commands, status, metrics (REQUESTS.md 1, 2)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.utils import format_datetime, localtime
from pathlib import Path
from typing import Any

import pytest
import requests
from imapclient import IMAPClient
from typer.testing import CliRunner

from agendahub.cli import app
from storage import tables as t
from tests.commands_here import Cli
from tests.hub_process import Hub, wait_for
from tests.intake_here import intake_in
from tests.mails_here import mail
from tests.servers import dovecot as servers
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.processes import free_port

pytestmark = pytest.mark.skipif(bool(servers.why_not()), reason=servers.why_not())


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with servers.dovecot() as found:
        yield found


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    Cli(tmp_path)
    return Hub(tmp_path)


def command(hub: Hub, *words: str) -> Any:
    """One of agendahub's, in this process; with --json what it prints."""
    done = CliRunner().invoke(app, ["-c", str(hub.config), *words])
    assert done.exit_code == 0, (done.output, done.exception)
    return json.loads(done.stdout) if "--json" in words else None


def configure(hub: Hub, dovecot: Dovecot, user: str, *, url: str = "", **values: Any) -> None:
    """An account and its mailbox, as an admin with an editor writes them."""
    (hub.folder / "mail.secret").write_text(PASSWORD + "\n")
    account = {"name": "mail", "connector": "imap", "url": url or dovecot.url, "username": user}
    box = {"name": "support", "account": "mail", "address": f"{user}@example.org", "interval": 2, **values}
    text = ""
    for section, entry in (("accounts", {**account, "secret": "file:mail.secret"}), ("mailboxes", box)):
        lines = [f"{key} = {json.dumps(value)}" for key, value in entry.items()]
        text += "\n".join([f"\n[[{section}]]", *lines, ""])
    hub.config.write_text(hub.config.read_text() + text)


def now(subject: str, user: str, **more: Any) -> bytes:
    return mail(subject, to=f"{user}@example.org", **more).replace(
        b"Date: Mon, 02 Mar 2026 09:00:00 +0000", f"Date: {format_datetime(localtime())}".encode()
    )


def store(hub: Hub) -> Any:
    return intake_in(f"sqlite:///{hub.folder}/agendahub.db")


def keywords(dovecot: Dovecot, user: str) -> list[tuple[bytes, ...]]:
    """Of every mail in the INBOX, as another program sees them."""
    client = IMAPClient("127.0.0.1", port=dovecot.port, ssl=False, timeout=10)
    client.login(user, PASSWORD)
    client.select_folder("INBOX", readonly=True)
    found = client.fetch(client.search(), ["FLAGS"])
    client.logout()
    return [entry[b"FLAGS"] for entry in found.values()]


def test_mails_become_requests_while_the_daemon_runs(hub: Hub, dovecot: Dovecot) -> None:
    """The first one lay there; of the second one the server tells: nobody would look for it for ten minutes."""
    user = "support1"
    dovecot.deliver(mail("before", to=f"{user}@example.org"), [f"{user}@example.org"])
    configure(hub, dovecot, user, interval=600)
    [before] = command(hub, "mailbox", "read", "support", "--dry-run", "--json")
    assert (before["subject"], before["what"], before["sender"]) == ("before", "opened", "eva@customer.example")
    steps = command(hub, "mailbox", "test", "support", "--json")
    assert [step["ok"] for step in steps] == [True] * len(steps)
    with store(hub) as intake:
        assert not intake.count(t.requests), "nothing was taken in until now"
        with hub.serving():
            wait_for(lambda: intake.count(t.requests) == 1)
            wait_for(lambda: _box(hub)["state"] == "ok")
            dovecot.deliver(now("after", user), [f"{user}@example.org"])
            wait_for(lambda: intake.count(t.requests) == 2)
            wait_for(lambda: all(b"AgendaHub" in flags for flags in keywords(dovecot, user)))
            assert not any(b"\\Seen" in flags for flags in keywords(dovecot, user)), "people see what they did not read"
            wait_for(lambda: not _box(hub)["to_settle"])
            page = requests.get(f"{hub.url}/metrics", timeout=10).text
            assert 'agendahub_mails_total{mailbox="support",what="opened"} 2.0' in page
            assert 'agendahub_mailbox_ok{mailbox="support"} 1.0' in page
            assert "<caption>Mailboxes" in requests.get(f"{hub.url}/status", timeout=10).text
        assert intake.exactly_once() == {"before": 1, "after": 1}
    assert "ERROR" not in hub.log().upper()
    assert "in the middle" not in hub.log(), "it ends at once, though it waited for mail"
    assert PASSWORD not in hub.log()
    [listed] = command(hub, "mailbox", "list", "--json")
    assert (listed["mailbox"], listed["state"], listed["kept_aside"]) == ("support", "ok", 0)


def test_a_mailbox_that_cannot_be_reached_is_told_and_works_again(hub: Hub, dovecot: Dovecot) -> None:
    user, wrong = "support2", f"imap://127.0.0.1:{free_port()}"
    dovecot.deliver(mail("waiting", to=f"{user}@example.org"), [f"{user}@example.org"])
    configure(hub, dovecot, user, url=wrong, paused=True)
    with store(hub) as intake:
        with hub.serving():
            assert _box(hub)["state"] == "paused"
            command(hub, "mailbox", "resume", "support")
            wait_for(lambda: _box(hub)["state"] == "failed")
            assert not hub.status()["ok"]
            [row] = intake.rows(t.mail_cursors)
            assert (row.cursor, bool(row.problem)) == (None, True), "a failure moves no cursor"
            hub.edit(wrong, dovecot.url)
            wait_for(lambda: intake.count(t.requests) == 1)
            wait_for(lambda: _box(hub)["state"] == "ok")
            command(hub, "mailbox", "pause", "support")
            wait_for(lambda: _box(hub)["state"] == "paused")
        assert hub.log().count("the mailbox could not be read") == 1, "told once"
        dovecot.deliver(now("by hand", user), [f"{user}@example.org"])
        assert command(hub, "mailbox", "read", "support", "--json")["opened"] == 1
        assert intake.exactly_once() == {"waiting": 1, "by hand": 1}


def _box(hub: Hub) -> dict[str, Any]:
    found: dict[str, Any] = next(iter(hub.status()["mailboxes"]))
    return found
