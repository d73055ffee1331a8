"""Testing an account at Microsoft that mailboxes use: what is not asked for is not tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from connectors.microsoft.probe import probe
from connectors.microsoft.sign_in_scopes import Resource
from connectors.probing import Step
from connectors.registry import connect
from connectors.settings import ConnectorSettings
from tests.servers.microsoft.ews import exchange_server
from tests.servers.microsoft.graph import Graph
from tests.servers.microsoft.graph_protocol import Fault
from tests.servers.microsoft.mailbox import Exchange
from tests.servers.microsoft.serving import serving

ADA = "ada@example.com"
MAIL_ONLY = {"mail": "read send", "syncs": ""}
BOTH = {"mail": "read", "syncs": "yes"}


@pytest.fixture
def graph() -> Iterator[Graph]:
    made = Graph(Exchange())
    made.server.add_mailbox(ADA, "Ada")
    with serving(made.app()) as made.url:
        yield made


def steps_of(settings: ConnectorSettings, resource: Resource, **options: str) -> list[Step]:
    kind = "exchange" if resource is Resource.EWS else "microsoft365"
    return list(probe(replace(settings, options=options), lambda s: connect(kind, s), resource=resource))


def names(steps: list[Step]) -> list[str]:
    assert all(one.ok for one in steps), steps
    return [one.name for one in steps if one.name in {"mailbox", "read", "mails"}]


def test_each_use_of_an_account_is_tried_at_microsoft_365(graph: Graph) -> None:
    settings = ConnectorSettings(f"{graph.url}/v1.0", secret=graph.sign_in.give(ADA), auth="bearer")
    assert names(steps_of(settings, Resource.GRAPH, **BOTH)) == ["mailbox", "read", "mails"]
    assert names(steps_of(settings, Resource.GRAPH)) == ["mailbox", "read"]
    graph.requests.clear()
    steps = steps_of(settings, Resource.GRAPH, **MAIL_ONLY)
    assert names(steps) == ["mails"]
    assert steps[-1].detail.startswith("6 folders: INBOX, Drafts")
    assert {path for _, path in graph.requests} == {"/me/mailFolders", "/me/mailFolders/inbox"}
    graph.faults.append(Fault(403, "ErrorAccessDenied", path="/mailFolders"))
    assert not steps_of(settings, Resource.GRAPH, **MAIL_ONLY)[-1].ok


def test_each_use_of_an_account_is_tried_at_exchange() -> None:
    with exchange_server() as site:
        settings = ConnectorSettings(site.url, "ada", "secret")
        assert names(steps_of(settings, Resource.EWS, **BOTH)) == ["mailbox", "read", "mails"]
        assert names(steps_of(settings, Resource.EWS, **MAIL_ONLY)) == ["mails"]
