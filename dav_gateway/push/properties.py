"""WebDAV-Push: the live properties that it adds (draft-bitfire-webdav-push 2.1)."""

from __future__ import annotations

from collections.abc import Callable

from dav_gateway.push.names import DECLARED, push
from dav_gateway.push.offer import Offer, topic_of
from dav_gateway.site import Call
from storage.dav_store import Shelf

TRIGGERS = f"<P:content-update {DECLARED}><D:depth>1</D:depth></P:content-update>"


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
    offer = call.site.push
    if offer is None or shelf.id <= 0:
        return {}
    known: Offer = offer
    return {
        push("transports"): lambda: _transports(known.keys.public()),
        push("topic"): lambda: topic_of(shelf.id, shelf.epoch) if known.keys.public() else None,
        push("supported-triggers"): lambda: TRIGGERS if known.keys.public() else None,
    }


def _transports(public: str) -> str | None:
    if not public:
        return None
    key = f'<P:vapid-public-key type="p256ecdsa">{public}</P:vapid-public-key>'
    return f"<P:web-push {DECLARED}>{key}</P:web-push>"
