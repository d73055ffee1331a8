"""Sync tokens and ctags: a collection's epoch and the number of its newest change (RFC 6578 4)."""

from __future__ import annotations

from storage.dav_store import Shelf

_SPACE = "http://agendahub/ns/sync/"  # RFC 6578 wants a URI


def sync_token(shelf: Shelf, seq: int | None = None) -> str:
    """The token of a state of a collection; of the present one without a number."""
    return token_of(shelf.epoch, shelf.seq if seq is None else seq)


def token_of(epoch: str, seq: int) -> str:
    """The token of a state of the collection with this epoch."""
    return f"{_SPACE}{epoch}/{seq}"


def ctag(shelf: Shelf) -> str:
    """Changes with every change in the collection."""
    return f"{shelf.epoch}-{shelf.seq}"


def seq_of(token: str, shelf: Shelf) -> int | None:
    """The number in a token; None when it is not one of this collection, or what followed it is forgotten."""
    epoch, _, number = token.removeprefix(_SPACE).rpartition("/")
    if not token.startswith(_SPACE) or epoch != shelf.epoch or not number.isascii() or not number.isdigit():
        return None
    seq = int(number) if len(number) < 20 else shelf.seq + 1
    return seq if shelf.floor <= seq <= shelf.seq else None
