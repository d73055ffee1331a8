"""What the daemon knows of each binding: when it is due, whether it is at work, how its last cycle ended."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from agendahub.failure import StoreTrouble
from agendahub.outcome import Outcome, Result
from agendahub.waiting import BUSY_PAUSE, pause_after
from config.settings import BindingSettings


@dataclass(slots=True)
class Slot:
    """One binding. Times ending in ``_due`` are of the monotonic clock."""

    settings: BindingSettings
    due: float
    everything_due: float  # when the whole collection is listed again
    id: int | None = None  # its row, once it was worked on
    running: bool = False
    failures: int = 0  # in a row; those of our own store count as one
    store_failures: int = 0  # in a row, of our own store
    last: Outcome | None = None
    told: str = ""  # the error that was logged last ...
    told_at: datetime | None = None  # ... and when
    finished_at: datetime | None = None  # the last cycle that finished well ...
    flushed_at: datetime | None = None  # ... as far as the store knows
    hinted: float | None = None  # when to look because it was said that something changed there
    hints: int = 0  # so far

    def wanted(self) -> float:
        """When it should be worked on. A hint shortens no pause after a failure: its server said so, or is down."""
        return self.due if self.hinted is None or self.failures else min(self.due, self.hinted)

    def pause(self, outcome: Outcome, interval: float) -> float:
        """Seconds until the next try: longer the more often cycles failed in a row for this kind of reason."""
        if outcome.result is Result.BUSY:
            return BUSY_PAUSE
        before = self.store_failures if isinstance(outcome.error, StoreTrouble) else self.failures
        return pause_after(outcome.error, before + 1, interval)


class Board:
    """All slots, by binding. Methods are short and hold a lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: dict[str, Slot] = {}

    def slots(self) -> list[Slot]:
        """All of them, in the order of the configuration."""
        with self._lock:
            return list(self._slots.values())

    def slot(self, name: str) -> Slot | None:
        """Of this binding."""
        with self._lock:
            return self._slots.get(name)

    def set_bindings(self, bindings: Iterable[BindingSettings], now: float, everything_after: float) -> set[str]:
        """Follow a new configuration. New and changed bindings are due now. Gives the names of those that changed."""
        with self._lock:
            old, self._slots = self._slots, {}
            changed = set(old)
            for binding in bindings:
                slot = old.get(binding.name)
                if slot is None or slot.settings != binding:
                    running = slot is not None and slot.running
                    slot = Slot(binding, now, now + everything_after, running=running)
                else:
                    changed.discard(binding.name)
                self._slots[binding.name] = slot
            return changed

    def take_due(self, now: float) -> list[Slot]:
        """Bindings that should be worked on now, the longest waiting first."""
        with self._lock:
            ready = [s for s in self._slots.values() if s.wanted() <= now and not s.running and not s.settings.paused]
            return sorted(ready, key=Slot.wanted)

    def hurry(self, ids: Iterable[int], now: float, *, even_failed: bool = False) -> None:
        """There is something to do for these. One that failed keeps its pause: its server said so, or is down."""
        wanted = set(ids)
        with self._lock:
            for slot in self._slots.values():
                if slot.id in wanted and (even_failed or not slot.failures):
                    slot.due = min(slot.due, now)

    def hint(self, ids: Iterable[int], at: float) -> None:
        """It was said that something changed there: look `at` this time, once for all that is said until then.

        A cycle that is at work may have read that part already, so another one follows it.
        """
        wanted = set(ids)
        with self._lock:
            for slot in self._slots.values():
                if slot.id in wanted:
                    slot.hinted = at if slot.hinted is None else min(slot.hinted, at)
                    slot.hints += 1

    def begin(self, slot: Slot) -> None:
        """A cycle begins: what was said until now is known when it ends."""
        with self._lock:
            slot.running, slot.hinted = True, None

    def hurry_account(self, account: str, now: float) -> None:
        """Its sign-in was renewed."""
        with self._lock:
            for slot in self._slots.values():
                if slot.settings.account == account:
                    slot.due, slot.failures = now, 0

    def hurry_store(self, now: float) -> None:
        """The store can be reached again."""
        with self._lock:
            for slot in self._slots.values():
                if slot.last is not None and isinstance(slot.last.error, StoreTrouble):
                    slot.due, slot.store_failures = now, 0

    def store_troubles(self) -> list[str]:
        """What last cycles say about the store, each once."""
        with self._lock:
            errors = [slot.last.error for slot in self._slots.values() if slot.last is not None]
        return list(dict.fromkeys(str(error) for error in errors if isinstance(error, StoreTrouble)))

    def finish(self, slot: Slot, outcome: Outcome, due: float) -> None:
        """A cycle ended."""
        with self._lock:
            slot.running, slot.last, slot.due = False, outcome, due
            if outcome.result is Result.OK:
                slot.failures = slot.store_failures = 0
                slot.finished_at = outcome.finished_at
            elif isinstance(outcome.error, StoreTrouble):  # says nothing about the account
                slot.failures, slot.store_failures = max(slot.failures, 1), slot.store_failures + 1
            elif outcome.result is Result.FAILED:
                slot.failures += 1
            current = self._slots.get(slot.settings.name)
            if current is not None and current is not slot:  # the configuration changed meanwhile
                current.running = False

    def unflushed(self) -> list[tuple[Slot, datetime]]:
        """Finished cycles that the store does not know of yet."""
        with self._lock:
            return [
                (slot, slot.finished_at)
                for slot in self._slots.values()
                if slot.id is not None and slot.finished_at is not None and slot.finished_at != slot.flushed_at
            ]
