"""Two connectors to one account at Google, as the contract wants them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.google_workspace.connector import GoogleWorkspaceConnector
from connectors.settings import ConnectorSettings
from sync_engine.ports import Connector
from tests.contract.connector_contract import ConnectorContract
from tests.servers.google_workspace.server import Google

ADA = "ada@example.com"


def opened(google: Google) -> Iterator[Connector]:
    """To Ada's account."""
    connector = GoogleWorkspaceConnector(ConnectorSettings(google.url, secret=google.give(ADA), auth="bearer"))
    yield connector
    connector.close()


class GoogleContract(ConnectorContract):
    """Kept at Google; each file says how long a server, `google`, is used."""

    @pytest.fixture
    def connector(self, google: Google) -> Iterator[Connector]:
        yield from opened(google)

    @pytest.fixture
    def somebody(self, google: Google) -> Iterator[Connector]:
        yield from opened(google)
