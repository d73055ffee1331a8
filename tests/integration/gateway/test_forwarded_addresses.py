"""Whose address counts against guessing: what a proxy says is believed of those proxies only that an admin named."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anyio.from_thread import start_blocking_portal

from agendahub.daemon import Daemon
from agendahub.server import _config
from agendahub.workspace import Workspace
from config import load
from dav_gateway.auth import PER_ADDRESS
from storage.database import Database
from storage.secrets import create_key_file
from storage.tables import metadata
from tests.asgi_here import Client

WRONG = "Basic " + base64.b64encode(b"ada:wrong").decode()


@contextmanager
def served(folder: Path, proxies: str) -> Iterator[Client]:
    """What `agendahub serve` serves, as it configures its server; the client is at 127.0.0.1."""
    file = folder / "agendahub.toml"
    file.write_text(f"[server]\nproxies = [{proxies}]\n")
    workspace = Workspace(load(file))
    create_key_file(workspace.loaded.key_file)
    database = Database(workspace.loaded.database_url)
    metadata.create_all(database.engine)
    configured = _config(workspace, Daemon(workspace))
    configured.load()
    with start_blocking_portal() as portal:
        yield Client(configured.loaded_app, portal, root="")
    database.dispose()
    workspace.close()


def guess(client: Client, claimed: str, number: int) -> int:
    headers = {"authorization": WRONG, "x-forwarded-for": claimed, "forwarded": f"for={claimed}", "x-real-ip": claimed}
    return client.ask("PROPFIND", f"/dav/?{number}", headers=headers).status


def test_a_guesser_who_claims_another_address_each_time_is_stopped(tmp_path: Path) -> None:
    with served(tmp_path, "") as client:
        found = [guess(client, f"203.0.113.{number}", number) for number in range(PER_ADDRESS + 3)]
    assert found == [401] * PER_ADDRESS + [429] * 3


def test_behind_a_named_proxy_each_address_counts_on_its_own(tmp_path: Path) -> None:
    with served(tmp_path, '"127.0.0.1"') as client:
        found = [guess(client, "203.0.113.7", number) for number in range(PER_ADDRESS + 1)]
        assert found[-2:] == [401, 429]
        assert guess(client, "203.0.113.8", 0) == 401
        spoofed = [guess(client, f"198.51.100.{n}, 203.0.113.9", n) for n in range(PER_ADDRESS + 1)]
        assert spoofed[-1] == 429  # the last address is what the proxy saw; what stands before it anybody can write
