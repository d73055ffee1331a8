"""Microsoft 365 by Graph. `connect` makes the connector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.settings import ConnectorSettings

if TYPE_CHECKING:
    from connectors.microsoft365.connector import Microsoft365Connector


def connect(settings: ConnectorSettings) -> Microsoft365Connector:
    """For the registry. The O365 package is slow to load: only who has such an account waits for it."""
    from connectors.microsoft365.connector import Microsoft365Connector

    return Microsoft365Connector(settings)
