"""One hub for all clients; each client is started once, as a user of its own with collections of its own."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients import evolution_client, syncevolution_client, thunderbird_client, vdirsyncer_client
from tests.clients.client import Account, Client, Elsewhere, Program
from tests.databases import Postgres, postgres
from tests.servers.gateway import Hub, running_hub

__all__ = ["postgres"]

PROGRAMS = {
    "vdirsyncer": Program("vdirsyncer", vdirsyncer_client.missing, vdirsyncer_client.running),
    "syncevolution": Program("syncevolution", syncevolution_client.missing, syncevolution_client.running),
    "evolution": Program("evolution", evolution_client.missing, evolution_client.running),
    "thunderbird": Program("thunderbird", thunderbird_client.missing, thunderbird_client.running),
}
KINDS = ("event", "series", "task", "contact")
ALL = bool(os.environ.get("AGENDAHUB_TEST_CLIENTS"))  # `make test-clients`
collect_ignore = [] if ALL else ["test_client_invitations.py", "test_clients_with_many_items.py"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """With `make test-clients` each client with each kind of items, so that the tests' names are a table."""
    metafunc.parametrize("started", list(PROGRAMS) if ALL else ["vdirsyncer"], indirect=True, scope="session")
    if "kinds" in metafunc.fixturenames:
        kinds = [(kind,) for kind in KINDS] if ALL else [KINDS]
        metafunc.parametrize("kinds", kinds, ids=["+".join(some) for some in kinds])


@pytest.fixture(scope="session")
def store_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """SQLite; PostgreSQL with `make test-clients STORE=postgresql`."""
    if os.environ.get("AGENDAHUB_TEST_CLIENTS") != "postgresql":
        yield ""
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    url = postgres.lend()
    yield url
    postgres.take_back(url)


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory, store_url: str) -> Iterator[Hub]:
    with running_hub(tmp_path_factory.mktemp("hub"), url=store_url) as running:
        yield running


@pytest.fixture(autouse=True)
def _the_gateway_never_fails(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A client may hide it from its user when it is answered with 500; its log does not."""
    yield
    failures = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not failures, [record.getMessage() for record in failures]


@pytest.fixture(scope="session")
def started(
    hub: Hub, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, Elsewhere]]:
    """The client that runs, and another device of the same user."""
    program = PROGRAMS[request.param]
    if sentence := program.missing():
        pytest.skip(sentence)
    account = _account(hub, program.name, tmp_path_factory.mktemp(program.name))
    with program.running(account) as running:
        yield running, Elsewhere(hub.phone(account.user, "Elsewhere"), account.user)


def _user(hub: Hub, name: str) -> str:
    user = f"{name}@example.org"
    owner = hub.user(user)
    for slug, kinds in {"events": "event", "tasks": "task", "people": "contact"}.items():
        hub.collection(slug, kinds, owner)
    return user


def _account(hub: Hub, name: str, folder: Path) -> Account:
    user = _user(hub, name)
    return Account(hub.url, user, hub.phone(user, "The client").password, folder)


@pytest.fixture(scope="session")
def colleague(hub: Hub, started: tuple[Client, Elsewhere]) -> Elsewhere:
    """Somebody else's device, for invitations between the two."""
    user = _user(hub, f"colleague-of-{started[1].user.partition('@')[0]}")
    return Elsewhere(hub.phone(user, "Phone"), user)


@pytest.fixture
def client(started: tuple[Client, Elsewhere]) -> Client:
    return started[0]


@pytest.fixture
def elsewhere(started: tuple[Client, Elsewhere]) -> Elsewhere:
    return started[1]
