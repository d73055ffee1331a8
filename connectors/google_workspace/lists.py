"""Lists that are read from the first page to the last, for what is in them now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.google_workspace.feeds import pages
from connectors.google_workspace.transport import Transport


def listed(transport: Transport, service: Any, asked: Mapping[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """The entries, called `name`, of all pages that `service.list` gives with these parameters. Raises as `pages`."""
    for page in pages(transport, service.list(**asked), service.list_next):
        yield from page.records(name)
