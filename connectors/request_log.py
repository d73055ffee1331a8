"""What is asked of servers, for an admin who looks for a fault: one line a request, at level debug.

Method, host, path, status and time; never a query, a header or a body, for these hold tokens and what people wrote.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

FIELDS = ("method", "host", "path", "asks", "status", "ms")
"""Of a line. `asks`: what is asked of an address that all requests go to."""
_log = logging.getLogger(__name__)


@dataclass
class Note:
    """What became of a request."""

    status: int | str = ""  # of the answer; the name of the error where none came


@contextmanager
def noted(method: str, url: str, asks: Callable[[], str] | None = None) -> Iterator[Note]:
    """Around one request, which is told when it ends; `ms` is the time until the head of the answer."""
    note, began = Note(), time.monotonic()
    try:
        yield note
    except Exception as err:
        note.status = type(err).__name__
        raise
    finally:
        if _log.isEnabledFor(logging.DEBUG):
            parts, ms = urlsplit(url), round((time.monotonic() - began) * 1000)
            told = (method, parts.hostname or "", parts.path, asks() if asks else None, note.status, ms)
            _log.debug("request", extra={name: one for name, one in zip(FIELDS, told, strict=True) if one is not None})
