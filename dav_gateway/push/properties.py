"""WebDAV-Push: the live properties that it adds."""

from __future__ import annotations

from collections.abc import Callable

from dav_gateway.site import Call
from storage.dav_store import Shelf


def of_principal(call: Call) -> dict[str, Callable[[], str | None]]:
    """Of the user's principal."""
    del call
    return {}


def of_folder(call: Call) -> dict[str, Callable[[], str | None]]:
    """Of the root and the homes."""
    del call
    return {}


def of_shelf(call: Call, shelf: Shelf) -> dict[str, Callable[[], str | None]]:
    """Of a collection."""
    del call, shelf
    return {}
