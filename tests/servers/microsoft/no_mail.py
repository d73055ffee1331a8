"""No request of sync may make a server mail somebody (R10): what could is told to every watch that is open.

The fixture in tests/conftest.py watches each test; those about such mails are marked `mails`. Where the hub answers
customers while it syncs, the answers are meant (`answers_meant`), and all else is told to the watches as ever.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_watches: list[list[str]] = []
_meant: list[list[str]] = []


def could_mail(what: str, *, answer: bool = False) -> None:
    """A front saw a request that Exchange or Microsoft 365 answers with a mail to somebody.

    `answer`: a whole mail was handed over as MIME, as senders do and sync never does.
    """
    with _lock:
        for told in _meant if answer and _meant else _watches:
            told.append(what)


@contextmanager
def watched() -> Iterator[list[str]]:
    """What could mail somebody, of all servers in this process, as it comes."""
    with _listed(_watches) as seen:
        yield seen


@contextmanager
def answers_meant() -> Iterator[list[str]]:
    """Whole mails may be sent meanwhile: they come into this list. Invitations and the like may not."""
    with _listed(_meant) as seen:
        yield seen


@contextmanager
def no_mail() -> Iterator[None]:
    """AssertionError at the end if anything could have mailed anybody."""
    with watched() as seen:
        yield
    assert not seen, f"Requests that mail people (R10): {seen}"


@contextmanager
def _listed(where: list[list[str]]) -> Iterator[list[str]]:
    seen: list[str] = []
    with _lock:
        where.append(seen)
    try:
        yield seen
    finally:
        with _lock:
            where[:] = [one for one in where if one is not seen]
