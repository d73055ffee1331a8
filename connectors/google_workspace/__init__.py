"""Google Workspace and Gmail accounts: People, Calendar and Tasks. `connect` makes the connector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.settings import ConnectorSettings

if TYPE_CHECKING:
    from connectors.google_workspace.connector import GoogleWorkspaceConnector


def connect(settings: ConnectorSettings) -> GoogleWorkspaceConnector:
    """For the registry. Google's client library is slow to load: only who has such an account waits for it."""
    from connectors.google_workspace.connector import GoogleWorkspaceConnector

    return GoogleWorkspaceConnector(settings)
