"""The one visible list of connectors. A new connector is one file or folder and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from connectors import dav, memory
from connectors.push import Streaming, Webhooks
from connectors.settings import ConnectorSettings
from sync_engine.ports import Connector

Factory: TypeAlias = Callable[[ConnectorSettings], Connector]


def _exchange(settings: ConnectorSettings) -> Connector:
    from connectors.exchange import connect

    return connect(settings)


def _google_workspace(settings: ConnectorSettings) -> Connector:
    from connectors.google_workspace import connect

    return connect(settings)


def _microsoft365(settings: ConnectorSettings) -> Connector:
    from connectors.microsoft365 import connect

    return connect(settings)


CONNECTORS: Mapping[str, Factory] = MappingProxyType(  # large libraries are loaded with their first account
    {
        "dav": dav.connect,
        "exchange": _exchange,
        "google_workspace": _google_workspace,
        "memory": memory.connect,
        "microsoft365": _microsoft365,
    }
)


def connect(kind: str, settings: ConnectorSettings) -> Connector:
    """Make the connector for an account. Raises ValueError for a kind that is not in the list."""
    if kind not in CONNECTORS:
        raise ValueError(f"There is no connector {kind!r}; choose one of {', '.join(sorted(CONNECTORS))}.")
    return CONNECTORS[kind](settings)


def _push_microsoft365(settings: ConnectorSettings) -> Webhooks:
    from connectors.microsoft365.subscriptions import GraphSubscriptions

    return GraphSubscriptions(settings)


def _push_exchange(settings: ConnectorSettings) -> Streaming:
    from connectors.exchange.streaming import EwsStreams

    return EwsStreams(settings)


def _push_google_workspace(settings: ConnectorSettings) -> Webhooks:
    from connectors.google_workspace.channels import CalendarChannels

    return CalendarChannels(settings)


PushFactory: TypeAlias = Callable[[ConnectorSettings], Streaming | Webhooks]

PUSH: Mapping[str, PushFactory] = MappingProxyType(  # those whose system tells of changes before it is asked
    {
        "exchange": _push_exchange,
        "google_workspace": _push_google_workspace,
        "microsoft365": _push_microsoft365,
    }
)


def push(kind: str, settings: ConnectorSettings) -> Streaming | Webhooks:
    """How an account of a kind in `PUSH` tells of changes, with connections of its own."""
    return PUSH[kind](settings)
