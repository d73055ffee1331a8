"""Exchange on premises (2016, 2019, SE) by EWS. `connect` makes the connector."""

from connectors.exchange.connector import ExchangeConnector
from connectors.settings import ConnectorSettings


def connect(settings: ConnectorSettings) -> ExchangeConnector:
    """For the registry."""
    return ExchangeConnector(settings)
