"""An account whose system tells of changes on a connection that we hold: one thread that listens, and connects anew."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import structlog

from agendahub.push_states import LIVE, OFF, RENEWING, only_polled
from agendahub.texts import _
from agendahub.waiting import SIGN_IN_PAUSE
from connectors.push import Hint, Stream
from sync_engine.errors import CollectionGone, NotAuthorised, SyncError, Throttled

FIRST_PAUSE = 1.0  # seconds between two connections; doubled after each that did not last
LONGEST_PAUSE = 300.0
LASTED = 60.0  # seconds: a connection that stood as long was a good one
GONE_PAUSE = 3600.0
FAREWELL = 2.5  # seconds that the thread gets to end

Report = Callable[[str, str], None]
"""Takes a state and its detail."""

log = structlog.get_logger("agendahub.push")


class Listener:
    """The thread. A hint makes bindings due; whatever goes wrong here makes them wait for their poll."""

    def __init__(self, account: str, stream: Stream, on_hint: Callable[[Hint], None], report: Report) -> None:
        self._stream = stream
        self._on_hint = on_hint
        self._report = report
        self._stopping = threading.Event()
        self._account = account
        self._short = 0  # connections in a row that did not last
        self._thread = threading.Thread(target=self._run, name=f"push {account}", daemon=True)

    def start(self) -> None:
        """Returns at once."""
        self._thread.start()

    def begin_stop(self) -> None:
        """End the connection; returns at once."""
        self._stopping.set()
        self._stream.close()

    def stop(self) -> bool:
        """Wait for the thread a little; False when it still waits for a server: it ends with the process."""
        self.begin_stop()
        self._thread.join(FAREWELL)
        return not self._thread.is_alive()

    def _run(self) -> None:
        with structlog.contextvars.bound_contextvars(account=self._account):
            while not self._stopping.is_set():
                began = time.monotonic()
                pause = self._listen()
                if time.monotonic() - began >= LASTED:
                    self._short = 0
                self._stopping.wait(max(pause, self._growing()))

    def _listen(self) -> float:
        """One connection; the least seconds until the next."""
        try:
            for hint in self._stream.hints():
                if self._stopping.is_set():
                    return 0.0
                self._report(LIVE, self._unheard())
                if hint:
                    self._on_hint(hint)
        except SyncError as err:
            return self._failed(err)
        except Exception as err:  # whatever it was, polls go on
            log.exception("listening broke off unexpectedly")
            self._report(RENEWING, _("an unexpected error ({kind}); the log has it").format(kind=type(err).__name__))
        return 0.0

    def _failed(self, err: SyncError) -> float:
        if self._stopping.is_set():
            return 0.0
        detail = " ".join([str(err), err.server_said]).strip()
        lasting = isinstance(err, (NotAuthorised, Throttled, CollectionGone))
        self._report(OFF if lasting else RENEWING, detail)
        if isinstance(err, Throttled):
            return err.retry_after
        return SIGN_IN_PAUSE if isinstance(err, NotAuthorised) else GONE_PAUSE if lasting else 0.0

    def _unheard(self) -> str:
        return only_polled(len(self._stream.unheard)) if self._stream.unheard else ""

    def _growing(self) -> float:
        pause: float = min(FIRST_PAUSE * 2 ** min(self._short, 10), LONGEST_PAUSE)
        self._short += 1
        return pause * random.uniform(0.5, 1.0)  # noqa: S311 - so that many do not come back at once
