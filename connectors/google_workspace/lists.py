"""Lists that come in pages and have no sync token: read from the first page to the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectors.google_workspace.transport import Transport


def listed(
    transport: Transport, ask: Callable[..., Any], asked: Mapping[str, Any], key: str
) -> Iterator[Mapping[str, Any]]:
    """Each entry under `key` of what the method `ask` tells with the parameters `asked`. Raises as `Transport.ask`."""
    token = ""
    while True:
        page = transport.ask(ask(**asked, **({"pageToken": token} if token else {})))
        yield from page.get(key, ())
        token = str(page.get("nextPageToken") or "")
        if not token:
            return
