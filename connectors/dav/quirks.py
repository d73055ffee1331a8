"""What is known of single makes of servers, told by their addresses. Everything else is found out by asking."""

from __future__ import annotations


def is_sogo(address: str) -> bool:
    """SOGo (seen with 5.8).

    It ignores ``If-None-Match: *``, makes an item anew for a PUT with ``If-Match`` when it is gone, and ignores
    ``If-Match`` in a DELETE: whatever is written there is looked at first. It also breaks connections without a word,
    about every fiftieth time: what became of a write is then read, and the write made again if it was not done.
    """
    return "/SOGo/dav/" in address
