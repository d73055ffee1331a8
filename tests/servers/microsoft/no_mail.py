"""No request of sync may make a server mail somebody (R10): what could is told to every watch that is open.

The fixture in tests/conftest.py watches each test; those about such mails are marked `mails`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_watches: list[list[str]] = []


def could_mail(what: str) -> None:
    """A front saw a request that Exchange or Microsoft 365 answers with a mail to somebody."""
    with _lock:
        for watch in _watches:
            watch.append(what)


@contextmanager
def watched() -> Iterator[list[str]]:
    """What could mail somebody, of all servers in this process, as it comes."""
    seen: list[str] = []
    with _lock:
        _watches.append(seen)
    try:
        yield seen
    finally:
        with _lock:
            _watches[:] = [one for one in _watches if one is not seen]


@contextmanager
def no_mail() -> Iterator[None]:
    """AssertionError at the end if anything could have mailed anybody."""
    with watched() as seen:
        yield
    assert not seen, f"Requests that mail people (R10): {seen}"
