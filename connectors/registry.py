"""The one visible list of connectors. A new connector is one file or folder and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from connectors import dav, memory
from connectors.settings import ConnectorSettings
from sync_engine.ports import Connector

Factory: TypeAlias = Callable[[ConnectorSettings], Connector]

CONNECTORS: Mapping[str, Factory] = MappingProxyType(
    {
        "dav": dav.connect,
        "memory": memory.connect,
    }
)


def connect(kind: str, settings: ConnectorSettings) -> Connector:
    """Make the connector for an account. Raises ValueError for a kind that is not in the list."""
    if kind not in CONNECTORS:
        raise ValueError(f"There is no connector {kind!r}; choose one of {', '.join(sorted(CONNECTORS))}.")
    return CONNECTORS[kind](settings)
