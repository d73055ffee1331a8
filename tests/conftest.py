"""Real servers, one of each for a test process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import settings

from tests import statements
from tests.servers import processes
from tests.servers.microsoft.no_mail import no_mail
from tests.servers.processes import Server
from tests.servers.unkind_dav import UnkindDav, unkind_dav

# What decides whether work lands draws the same examples each time; LONG=1 draws new ones.
settings.register_profile("the same each time", derandomize=True, database=None)
if "LONG" not in os.environ and settings.get_current_profile_name() == "default":
    settings.load_profile("the same each time")

_LONG_FIRST = ("torture", "acceptance", "integration", "simulation", "fuzz", "property", "contract", "unit")


# Hundreds of short tests are long together: of customer requests `make test-fast` runs those of the main way.
_OF_REQUESTS = ("activities", "agenda", "answers", "customer", "documents", "intake", "invitations", "mail", "requests")
_QUICK = {"test_answers_written", "test_intake_places", "test_requests_life"}
_LONG_TOGETHER = {
    "test_activity_laws",
    "test_cli_mailboxes",
    "test_cli_requests",
    "test_imap_any_answer",
    "test_intake_laws",
    "test_mail_limits",
    "test_mailbox_add",
    "test_outbox_commands",
    "test_outbox_laws",
    "test_written_mails",
}


def _long_together(path: Path) -> bool:
    name = path.stem
    of_requests = path.parent.name == "contract" and name.startswith(tuple(f"test_{one}" for one in _OF_REQUESTS))
    return name in _LONG_TOGETHER or (of_requests and name not in _QUICK)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for processes for minutes comes first, so that no worker is left alone with it at the end."""
    for item in items:
        if _long_together(item.path):
            item.add_marker(pytest.mark.slow)
    rank = {room: place for place, room in enumerate(_LONG_FIRST)}
    items.sort(key=lambda item: rank.get(Path(item.path).relative_to(Path(__file__).parent).parts[0], len(rank)))


@pytest.fixture(scope="session", autouse=True)
def _every_statement_is_one_for_all_databases() -> Iterator[None]:
    """On whatever database a test runs: what it sends must compile for the others too (tests/statements.py)."""
    with statements.watched():
        yield


@pytest.fixture(autouse=True)
def _nobody_is_mailed(request: pytest.FixtureRequest) -> Iterator[None]:
    """No request to servers of Microsoft's or Google's kind may mail anybody (R10), unless the test is about that."""
    with nullcontext() if request.node.get_closest_marker("mails") else no_mail():
        yield


@pytest.fixture(scope="session")
def radicale_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Radicale, from PyPI."""
    folder: Path = tmp_path_factory.mktemp("radicale")
    with processes.radicale(folder) as server:
        yield server


@pytest.fixture(scope="session")
def xandikos_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Xandikos, from PyPI."""
    folder: Path = tmp_path_factory.mktemp("xandikos")
    with processes.xandikos(folder) as server:
        yield server


@pytest.fixture
def unkind_server() -> Iterator[UnkindDav]:
    """Our own, which fails on demand; a new one for each test."""
    with unkind_dav() as server:
        yield server
