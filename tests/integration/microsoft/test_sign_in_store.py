"""Where tokens are kept: encrypted, bound to their account, renewed once however many want one."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from agendahub import kept_tokens
from agendahub.kept_tokens import KeptTokens, name_of
from agendahub.redaction import redact
from connectors.kept_sign_in import Kept
from connectors.microsoft.sign_in import refreshed
from connectors.microsoft.sign_in_scopes import Resource
from storage import secrets
from storage.database import Database
from storage.errors import StoreBusy
from storage.named_locks import named_lock
from sync_engine.errors import Unavailable
from tests.integration.microsoft.refreshing import THREADS
from tests.integration.microsoft.sign_in_world import Office

ROOT = Path(__file__).parents[3]
PROCESSES = 2


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    made = Database(url)
    yield made
    made.dispose()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    secrets.create_key_file(tmp_path / "hub.key")
    return tmp_path / "hub.key"


def test_many_threads_of_two_processes_make_one_refresh(
    office: Office, database: Database, url: str, key: Path, tmp_path: Path
) -> None:
    KeptTokens(database, key, "office").save(Kept(refresh_token=office.graph.sign_in.refresh_token()).written())
    office.gate.delay = 0.1  # long enough for all to stand in line
    go = tmp_path / "go"
    words = [url, str(key), f"{office.graph.url}/contoso", str(office.ca), str(go)]
    command = [sys.executable, "-m", "tests.integration.microsoft.refreshing", *words]
    started = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    try:
        end = time.monotonic() + 60
        while len(list(tmp_path.glob("go.*"))) < PROCESSES and time.monotonic() < end:
            time.sleep(0.02)
        go.touch()
        told = [process.communicate(timeout=60)[0].split() for process in started]
    finally:
        for process in started:
            process.kill()
    assert [len(tokens) for tokens in told] == [THREADS] * PROCESSES
    assert len({token for tokens in told for token in tokens}) == 1
    assert len(office.asked("refresh_token")) == 1
    assert office.works(told[0][0])


def test_the_store_holds_nothing_that_can_be_read(database: Database, key: Path) -> None:
    kept = KeptTokens(database, key, "office")
    canary = "canary-of-the-refresh-token"
    kept.save(Kept(refresh_token=canary, access_token="canary-access").written())
    assert Kept.read(KeptTokens(database, key, "office").load()).refresh_token == canary
    with database.read() as unit:
        rows = unit.session.connection.execute(text("SELECT name, ciphertext FROM secrets")).all()
    assert [row.name for row in rows] == [name_of("office")]
    assert "canary" not in str(rows)
    assert redact(f"a {canary} b canary-access") == "a *** b ***"
    with database.begin() as unit:  # whoever can write the database gives them to another account
        change = text("UPDATE secrets SET name = :name")
        unit.session.connection.execute(change, {"name": name_of("another")})
    with pytest.raises(secrets.KeyProblem):
        KeptTokens(database, key, "another").load()


def test_signed_out_is_signed_out(database: Database, key: Path) -> None:
    kept = KeptTokens(database, key, "office")
    assert kept.load() == ""
    assert not kept.forget()
    kept.save(Kept(refresh_token="r").written())
    assert kept.forget()
    assert kept.load() == ""


def test_a_lock_has_one_holder_and_ends_when_it_is_given_back(database: Database) -> None:
    holders, most = [0], [0]

    def hold(_number: int) -> None:
        with named_lock(database, "one", 30):
            holders[0] += 1
            most[0] = max(most[0], holders[0])
            time.sleep(0.01)
            holders[0] -= 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(hold, range(8)))
    assert (most, holders) == ([1], [0])


def test_a_lock_is_waited_for_and_then_told(database: Database, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_tokens, "PATIENCE", 0.2)
    held, done = threading.Event(), threading.Event()

    def holder() -> None:
        with KeptTokens(database, key, "office").lock():
            held.set()
            done.wait(20)

    thread = threading.Thread(target=holder)
    thread.start()
    try:
        assert held.wait(20)
        with pytest.raises(Unavailable, match="renewing the sign-in of account office"):
            KeptTokens(database, key, "office").lock().__enter__()
        with KeptTokens(database, key, "another").lock():
            pass
        with pytest.raises(StoreBusy, match="another lock"), KeptTokens(database, key, "another").lock():
            raise StoreBusy("of another lock")
    finally:
        done.set()
        thread.join(20)
    with KeptTokens(database, key, "office").lock():
        pass


def test_a_sign_in_elsewhere_is_seen(office: Office, database: Database, key: Path) -> None:
    now = [office.graph.server.clock().timestamp()]
    kept = KeptTokens(database, key, "office")
    kept.save(Kept(refresh_token=office.graph.sign_in.refresh_token()).written())
    source = refreshed(office.settings(kept), Resource.GRAPH, lambda: now[0])
    first = source.token()
    kept.forget()
    kept.save(Kept(refresh_token=office.graph.sign_in.refresh_token()).written())
    now[0] += 61
    assert source.token() != first
