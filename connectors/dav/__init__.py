"""CalDAV and CardDAV. `connect` makes the connector, `probe.probe` tests an account step by step."""

from connectors.dav.connector import DavConnector
from connectors.settings import ConnectorSettings


def connect(settings: ConnectorSettings) -> DavConnector:
    """For the registry."""
    return DavConnector(settings)
