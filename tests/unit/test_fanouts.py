"""Fan-outs without a server: what the configuration becomes, and how the daemon keeps the members."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agendahub.connections import Connections
from agendahub.fanout import FanoutBinding, binding_name, expanded, service_of
from agendahub.fanout_keeper import TRY_AGAIN, FanoutKeeper
from agendahub.workspace import Workspace
from config import Settings, load, parse
from connectors import memory
from connectors.capabilities import Directory, MakesCollections, Person
from storage import schema

CONFIG = """
[[accounts]]
name = "service"
connector = "memory"
url = "http://company.example"
connections = 2
shared = []

[[fanouts]]
name = "book"
account = "service"
collection = "Contacts"
pattern = "*"
except = ["printer@example.org"]
"""
ADA, BOB = "ada@example.org", "bob@example.org"


def test_each_mailbox_becomes_a_binding_and_an_account_and_nothing_else_changes() -> None:
    settings = parse(CONFIG)
    found = expanded(settings, {"book": {BOB, ADA, "printer@example.org"}})
    assert [binding.name for binding in found.bindings] == [f"book/{ADA}", f"book/{BOB}"]
    [first, _] = found.bindings
    assert isinstance(first, FanoutBinding)
    assert (first.remote, first.collection, first.direction, first.brake_count) == ("AgendaHub", "Contacts", "out", 3)
    account = found.account(first.account)
    assert account is not None
    assert (account.mailbox, service_of(account), account.url) == (ADA, "service", settings.accounts[0].url)
    assert found.accounts[0] == settings.accounts[0]
    assert expanded(settings, {}) is settings
    assert expanded(settings, {"other": {ADA}}) is settings


def test_long_addresses_have_names_that_are_short_and_differ() -> None:
    names = {binding_name("book", f"{'x' * 90}{number}@example.org") for number in range(50)}
    assert len(names) == 50
    assert max(map(len, names)) <= 100


def test_two_fanouts_to_one_mailbox_share_its_account() -> None:
    two = CONFIG + CONFIG[CONFIG.index("[[fanouts]]") :].replace('"book"', '"agenda"') + 'folder = "Agenda"\n'
    found = expanded(parse(two), {"book": {ADA}, "agenda": {ADA}})
    assert [binding.account for binding in found.bindings] == [f"service/{ADA}"] * 2
    assert len(found.accounts) == 2


class Plug:
    """Counts what is open; stands for a connector here because only opening and closing matters."""

    open = 0

    def __init__(self) -> None:
        Plug.open += 1

    def close(self) -> None:
        Plug.open -= 1


def test_a_hundred_mailboxes_share_the_connections_of_their_service_account() -> None:
    Plug.open = 0
    settings = expanded(parse(CONFIG), {"book": {f"person{number}@example.org" for number in range(100)}})
    accounts = settings.accounts[1:]
    connections = Connections(lambda _account: Plug())  # type: ignore[arg-type, return-value]
    first, second = connections.lend(accounts[0]), connections.lend(accounts[1])
    assert not connections.free(accounts[2])
    connections.take_back(accounts[0], first, keep=True)
    connections.take_back(accounts[1], second, keep=True)
    assert connections.lend(accounts[1]) is second
    connections.take_back(accounts[1], second, keep=True)
    for account in accounts:
        connections.take_back(account, connections.lend(account), keep=True)
        assert Plug.open <= 3
    assert Plug.open == 2


# ---------------------------------------------------------------- the daemon's keeper


@pytest.fixture
def workspace(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Workspace]:
    schema.upgrade(f"sqlite:///{tmp_path / 'agendahub.db'}")
    url = f"http://{request.node.name}.example".replace("_", "-").replace("[", "").replace("]", "")
    (tmp_path / "agendahub.toml").write_text(CONFIG.replace("http://company.example", url))
    made = Workspace(load(tmp_path / "agendahub.toml"))
    memory.company(url).people.extend([Person(ADA), Person(BOB), Person("printer@example.org")])
    yield made
    made.close()


def company_of(workspace: Workspace) -> memory.Company:
    return memory.company(workspace.settings.accounts[0].url)


def names(settings: Settings) -> list[str]:
    return [binding.name for binding in settings.bindings]


def test_the_keeper_follows_who_joins_and_asks_the_directory_when_it_is_due(workspace: Workspace) -> None:
    now = 1000.0
    keeper = FanoutKeeper(lambda: workspace, workspace.follow_members, lambda: now)
    keeper.look()
    assert names(workspace.settings) == [f"book/{ADA}", f"book/{BOB}"]
    company_of(workspace).people.append(Person("new@example.org"))
    keeper.look()
    assert len(names(workspace.settings)) == 2, "not due yet"
    now += 100_000
    keeper.look()
    assert len(names(workspace.settings)) == 3
    assert keeper.problems == []
    company_of(workspace).people.append(Person("newer@example.org"))
    workspace.loaded = load(workspace.loaded.path)
    keeper.look()
    assert len(names(workspace.settings)) == 4, "a configuration that was read again"


def test_the_keeper_tells_a_directory_that_is_down_and_asks_again_soon(workspace: Workspace) -> None:
    now = 1000.0
    keeper = FanoutKeeper(lambda: workspace, workspace.follow_members, lambda: now)
    keeper.look()
    company_of(workspace).down = True
    now += 100_000
    keeper.look()
    assert len(keeper.problems) == 1
    assert "book: The directory could not be asked" in keeper.problems[0]
    assert len(names(workspace.settings)) == 2
    company_of(workspace).down = False
    now += TRY_AGAIN * 1.2
    keeper.look()
    assert keeper.problems == []


def test_memory_has_the_capabilities(workspace: Workspace) -> None:
    connector = workspace.connector(workspace.settings.accounts[0])
    assert isinstance(connector, Directory)
    assert isinstance(connector, MakesCollections)
