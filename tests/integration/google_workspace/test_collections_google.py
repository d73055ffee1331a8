"""Which collections an account at Google has, when not all of Google's services are open to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from connectors.google_workspace import connect
from connectors.google_workspace.connector import GoogleWorkspaceConnector
from connectors.settings import ConnectorSettings
from sync_engine.errors import NoAccess, NotAuthorised
from tests.servers.google_workspace.protocol import Fault
from tests.servers.google_workspace.server import Google, google_workspace

ADA = "ada@example.com"
NOT_ENABLED = "Google Tasks API has not been used in project 1 before or it is disabled."


@pytest.fixture
def google() -> Iterator[Google]:
    with google_workspace() as made:
        yield made


@pytest.fixture
def connector(google: Google) -> Iterator[GoogleWorkspaceConnector]:
    settings = ConnectorSettings(google.url, secret=google.give(ADA), auth="bearer", timeout=2.0)
    with closing(connect(settings)) as made:
        yield made


def test_all_that_is_open_is_there(connector: GoogleWorkspaceConnector) -> None:
    found = [(one.id.partition("/")[0], sorted(one.kinds), one.read_only) for one in connector.collections()]
    assert found == [
        ("contacts", ["contact"], False), ("otherContacts", ["contact"], True), ("calendars", ["event"], False),
        ("lists", ["task"], False),
    ]  # fmt: skip


def test_a_service_that_the_project_has_not_switched_on_is_left_out(
    google: Google, connector: GoogleWorkspaceConnector
) -> None:
    google.faults.append(Fault(403, "accessNotConfigured", NOT_ENABLED, method="tasks.tasklists.list"))
    assert [one.id.partition("/")[0] for one in connector.collections()] == ["contacts", "otherContacts", "calendars"]


def test_an_account_to_which_nothing_is_open_says_so(google: Google, connector: GoogleWorkspaceConnector) -> None:
    google.faults.append(Fault(403, "accessNotConfigured", NOT_ENABLED, times=9))
    with pytest.raises(NoAccess):
        connector.collections()


def test_a_sign_in_that_ended_is_no_service_that_is_closed(google: Google, connector: GoogleWorkspaceConnector) -> None:
    google.world.grants.clear()
    with pytest.raises(NotAuthorised) as raised:
        connector.collections()
    assert not isinstance(raised.value, NoAccess)
