"""Rings when something comes into a mail folder: a stream of notifications (E16), listened to in a thread of its own.

A server that has no connection to spare, or breaks them, rings less: nothing but the time until a mail is seen depends
on it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from connectors.exchange.places import Place
from connectors.exchange.streaming import EwsStream
from connectors.settings import ConnectorSettings
from sync_engine.errors import AccountError, Throttled
from sync_engine.model import Kind

_SOON = 0.5  # seconds until a stream that ended as agreed is opened again, doubled each time that it did not last
_AGAIN = 60.0  # seconds after a failure
_NAP = 0.3  # seconds between looks whether to stop
_FAREWELL = 10.0


class MailBell:
    """Of one folder. `wait` is for one thread."""

    def __init__(self, settings: ConnectorSettings, folder_id: str) -> None:
        folder = Place(Kind.EVENT, folder_id).collection  # of which kind its items are is nothing to a stream
        self._stream = EwsStream(settings, [folder])
        self._rung, self._closed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._listen, name="mail notifications", daemon=True)
        self._thread.start()

    def wait(self, seconds: float, stopped: Callable[[], bool]) -> bool:
        """Until it rings, which it also does once it can be heard; False when the time is over or `stopped` says so."""
        end = time.monotonic() + seconds
        while not stopped() and (left := end - time.monotonic()) > 0:
            if self._rung.wait(min(_NAP, left)):
                self._rung.clear()
                return True
        return False

    def close(self) -> None:
        """End the stream."""
        self._closed.set()
        self._stream.close()
        self._thread.join(_FAREWELL)

    def _listen(self) -> None:
        pause = _SOON
        while not self._closed.is_set():
            began = time.monotonic()
            least = self._heard()
            lasted = time.monotonic() - began > _AGAIN
            pause = _SOON if lasted else min(pause * 2, _AGAIN)
            self._closed.wait(max(pause, least))

    def _heard(self) -> float:
        """Until the stream ends; gives the seconds that the server wants to be left alone."""
        try:
            for hint in self._stream.hints():
                if hint:
                    self._rung.set()
        except Throttled as err:
            return err.retry_after
        except AccountError:
            return _AGAIN
        return 0.0
