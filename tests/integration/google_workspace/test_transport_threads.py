"""Answers never get mixed up between users: one AuthorizedHttp for each thread (httplib2 is not for several)."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from connectors.google_workspace.transport import Transport
from connectors.settings import ConnectorSettings
from tests.integration.google_workspace import threads_of_users
from tests.integration.google_workspace.threads_of_users import Meeting, main
from tests.servers.google_workspace.raw_answers import raw_answers


def test_h3_each_thread_has_its_own_line_and_gets_its_own_answers() -> None:
    assert main(Transport) == []


def test_h3_with_a_shared_line_they_would_not() -> None:
    """The proof that the test above can fail."""
    called = [sys.executable, "-W", "ignore", "-m", threads_of_users.__name__, "shared"]
    try:
        ended = subprocess.run(called, capture_output=True, timeout=20, cwd=Path(__file__).parents[3], check=False)
    except subprocess.TimeoutExpired:
        return
    assert ended.returncode != 0 or ended.stdout.strip()


def test_h3_one_account_of_many_threads_gets_every_answer_right() -> None:
    """A transport is used by one thread at a time; even when it is not, nobody gets what another asked for."""
    with raw_answers(Meeting().answer) as server:
        shared = Transport(ConnectorSettings(url=server.url, secret="good", auth="bearer", timeout=5))

        def ask(name: str) -> str:
            return str(shared.ask(shared.calendar.calendars().get(calendarId=name))["id"])

        names = [f"calendar-{n}" for n in range(40)]
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(ask, names)) == names
        shared.close()
