"""The outbox under kill -9, with a real SMTP server: no second mail, none lost (REQUESTS.md 11).

`OUTBOX_KILLS=500 pytest tests/integration/mail/test_outbox_kills.py` kills more often.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from sqlalchemy import select

from crm.actor import OUTBOX
from crm.answer.model import Outgoing
from crm.answer.outbox import decide, put
from crm.mail.model import Party
from crm.request.model import NewRequest
from crm.request.opening import open_request
from crm.settings import CrmSettings, Mailbox
from storage import tables as t
from storage.database import Database
from tests.servers.smtp import PASSWORD, USER, SmtpServer, smtp

ROOT = Path(__file__).parents[3]
SETTINGS = CrmSettings(mailboxes={"help": Mailbox("help", USER)}, signing_key=b"k" * 32)
KILLS = int(os.environ.get("OUTBOX_KILLS", "24"))
CALLS_OF_A_MAIL = 200  # of our functions, about: where one is killed is drawn up to twice of it


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmtpServer]:
    with smtp(tmp_path_factory.mktemp("smtp")) as running:
        yield running


class Worker:
    """The process that is killed over and over."""

    def __init__(self, talk: subprocess.Popen[str]) -> None:
        assert talk.stdin is not None
        assert talk.stdout is not None
        self._in: IO[str] = talk.stdin
        self._out: IO[str] = talk.stdout
        assert self._out.readline() == "ready\n"

    def look(self, last_call: int = 0) -> str:
        """Once; "killed" or "ended 0"."""
        self._in.write(f"{last_call}\n")
        self._in.flush()
        return self._out.readline().strip()


@contextmanager
def worker(url: str, server: SmtpServer) -> Iterator[Worker]:
    command = [sys.executable, str(Path(__file__).with_name("outbox_process.py")), url, server.url, USER, PASSWORD]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as talk:
        try:
            yield Worker(talk)
        finally:
            talk.kill()


def fill(database: Database, number: int) -> None:
    with database.begin() as unit:
        request = open_request(unit, SETTINGS, OUTBOX, NewRequest("x", customer_name="Eva", mailbox="help"))
        for n in range(number):
            put(unit, SETTINGS, Outgoing(request.id, "help", (Party("eva@customer.example"),), f"mail {n}", "Hello"))


def states(database: Database) -> dict[str, tuple[str, int]]:
    """By Message-ID: the state in the outbox and the id of the message."""
    wanted = select(t.messages.c.message_id, t.outgoing.c.state, t.messages.c.id).join_from(t.outgoing, t.messages)
    with database.read() as unit:
        return {one: (state, number) for one, state, number in unit.session.connection.execute(wanted)}


def taken(server: SmtpServer) -> Counter[str]:
    """How often the server took each Message-ID."""
    found = (re.search(rb"^Message-ID: <(.*)>\r$", mail.raw, re.MULTILINE) for mail in server.mails)
    return Counter(one[1].decode() for one in found if one)


def settle(database: Database, server: SmtpServer) -> int:
    """A person looks into the far mailbox and says what became of each mail in doubt."""
    arrived, doubtful = taken(server), 0
    for header_id, (state, number) in states(database).items():
        if state == "doubt":
            doubtful += 1
            with database.begin() as unit:
                decide(unit, OUTBOX, number, was_sent=bool(arrived[header_id]))
    return doubtful


@pytest.mark.parametrize(("store_fixture", "kills"), [("sqlite_url", KILLS), ("postgres_url", KILLS // 2)])
def test_q11_under_kill_9_no_mail_goes_out_twice_and_none_is_lost(
    request: pytest.FixtureRequest, server: SmtpServer, store_fixture: str, kills: int
) -> None:
    database = Database(request.getfixturevalue(store_fixture))
    server.mails.clear()
    drawn = random.Random(kills)
    fill(database, kills // 2)
    killed = doubtful = 0
    with worker(database.url.render_as_string(hide_password=False), server) as process:
        for _turn in range(kills):
            killed += process.look(drawn.randrange(1, 2 * CALLS_OF_A_MAIL)) == "killed"
            arrived = taken(server)
            assert max(arrived.values(), default=0) <= 1, "sent twice"
            for header_id, (state, _number) in states(database).items():
                assert (state != "sent") or arrived[header_id], "called sent, but it was not"
                assert (state != "waiting") or not arrived[header_id], "it would be sent again"
            if drawn.random() < 0.3:
                doubtful += settle(database, server)
        for _turn in range(100):
            assert process.look() == "ended 0"
            if {state for state, _number in states(database).values()} == {"sent"}:
                break
            doubtful += settle(database, server)
    assert Counter(states(database).keys()) == taken(server)
    assert killed > kills // 2
    assert doubtful > 0
    database.dispose()
