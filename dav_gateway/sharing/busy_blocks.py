"""What others see of an event with something private in it, as text; made once and remembered for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import NamedTuple

from sync_engine.errors import ItemError
from sync_engine.item import Item, digest_of
from sync_engine.model import Event
from sync_engine.privacy import masked

_MOST = 4000  # blocks that are remembered, of about a KiB


class Block(NamedTuple):
    """The text that stands in for an item's own, with its entity tag: of this text, so that it tells of no other."""

    text: str
    etag: str
    size: int  # octets


class _Remembered:
    """Blocks by the digest of the text they stand for; the least used ones are forgotten. Safe between threads."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[str, Block] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: str) -> Block | None:
        with self._lock:
            if digest in self._blocks:
                self._blocks.move_to_end(digest)
            return self._blocks.get(digest)

    def put(self, digest: str, block: Block) -> None:
        with self._lock:
            self._blocks[digest] = block
            if len(self._blocks) > _MOST:
                self._blocks.popitem(last=False)


_remembered = _Remembered()


def known_block(digest: str) -> Block | None:
    """The block for a text with this digest, if it was made lately."""
    return _remembered.get(digest)


def block_of(text: str) -> Block | None:
    """The block for an event's text; None for what is no event: of that others see nothing at all."""
    digest = digest_of(text)
    return known_block(digest) or _made(digest, text)


def _made(digest: str, text: str) -> Block | None:
    try:
        record = Item.read(text).record
    except ItemError:
        return None
    if not isinstance(record, Event):
        return None
    item = Item.of(masked(record))
    block = Block(item.text, item.digest, len(item.text.encode()))
    _remembered.put(digest, block)
    return block
