"""The log as the daemon writes it: set up by our own code, with its text in reach of a test."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Literal

import structlog

from agendahub import logs
from agendahub.library_logs import FLOORS
from config.settings import LogSettings


@contextmanager
def log_at(level: Literal["debug", "info"]) -> Iterator[StringIO]:
    """What would stand on standard error, as JSON lines. Pytest's own is another one in fixtures than in tests."""
    root, names = logging.getLogger(), list(FLOORS)
    before = root.handlers[:], root.level, [logging.getLogger(name).level for name in names]
    logs.set_up(LogSettings(level=level, format="json"))
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    written = StringIO()
    handler.setStream(written)
    try:
        yield written
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        for name, old in zip(names, before[2], strict=True):
            logging.getLogger(name).setLevel(old)
        structlog.reset_defaults()
