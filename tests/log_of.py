"""The log as the daemon writes it: set up by our own code, with its text in reach of a test."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any, Literal

import pytest
import structlog

from agendahub import logs
from agendahub.library_logs import FLOORS
from agendahub.redaction import sentence
from config.settings import LogSettings
from sync_engine.errors import SyncError


class Heard(logging.Handler):
    """What was logged at all, before anything is taken out."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.text += record.getMessage() + "\n"


@contextmanager
def hearing() -> Iterator[Heard]:
    """What a log that was set up before is made from."""
    raw = Heard()
    logging.getLogger().addHandler(raw)
    yield raw
    logging.getLogger().removeHandler(raw)


def told(*acts: Callable[[], Any]) -> str:
    """Texts and tracebacks of what they raise."""
    texts = []
    for act in acts:
        try:
            act()
        except SyncError as err:
            texts += [sentence(str(err)), err.server_said, "".join(traceback.format_exception(err))]
    return "\n".join(texts)


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


@pytest.fixture(name="log")
def log_at_debug() -> Iterator[StringIO]:
    """Ours, at level debug: what stands in it."""
    with log_at("debug") as written:
        yield written


@pytest.fixture(name="heard")
def heard_by_log(log: StringIO) -> Iterator[Heard]:
    """What our log was made from."""
    with hearing() as raw:
        yield raw


def nowhere_in(secret: Iterable[str], seen: str, errors: str, database: str, account: str) -> None:
    """None of these words: in what was logged or shown, in errors, in the database with the account's tokens."""
    files = Path(database.removeprefix("sqlite:///")).parent.glob("*.db*")
    kept = b"".join(file.read_bytes() for file in files if file.is_file())
    assert f"tokens of {account}".encode() in kept
    for word in secret:
        assert word not in seen, word
        assert word not in errors, word
        assert word.encode() not in kept, word
