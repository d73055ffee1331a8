"""Keeps the daemon's fan-outs: looks into the directory now and then, and has the bindings follow who is in them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from agendahub.fanout_members import Looked, active_members, refresh
from agendahub.waiting import spread
from agendahub.workspace import Workspace
from config.loading import Loaded
from config.settings import FanoutSettings
from storage.errors import StoreError

LOOK = 5.0  # seconds between looks at what is due, and at what a command changed
TRY_AGAIN = 600.0  # seconds, after a directory that could not be believed
_REMIND = 86400.0

log = structlog.get_logger("agendahub.fanout")


@dataclass(slots=True)
class _Known:
    """What is known of one fan-out. Times are of the monotonic clock."""

    settings: FanoutSettings
    loaded: Loaded  # the configuration that it was last refreshed for
    due: float
    problem: str = ""
    told_at: float = 0.0


class FanoutKeeper:
    """Call `look` every `LOOK` seconds, from one thread at a time."""

    def __init__(
        self,
        workspace: Callable[[], Workspace],
        follow: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`workspace` gives the one in use; `follow` is called when somebody joined or left."""
        self._workspace, self._follow, self._clock = workspace, follow, clock
        self._known: dict[str, _Known] = {}
        self._seen: dict[str, set[str]] | None = None  # by the bindings as they are; None: follow in any case

    @property
    def problems(self) -> list[str]:
        """Of directories that could not be believed."""
        return [f"{name}: {known.problem}" for name, known in list(self._known.items()) if known.problem]

    def follow_again(self) -> None:
        """The bindings could not be brought in line just now: the next look does it."""
        self._seen = None

    def look(self) -> None:
        """Do what is due."""
        workspace = self._workspace()
        fanouts = workspace.loaded.settings.fanouts
        self._known = {fanout.name: self._state(fanout, workspace.loaded) for fanout in fanouts}
        if not fanouts:
            return
        try:
            for known in self._known.values():
                if self._clock() >= known.due:
                    self._refresh(workspace, known)
            members = active_members(workspace)
            if members != self._seen:
                self._follow()
                self._seen = members
        except StoreError:  # the daemon tells of it, and we come again
            return

    def _state(self, fanout: FanoutSettings, loaded: Loaded) -> _Known:
        """With a new configuration it is due now: a right may have been given too."""
        known = self._known.get(fanout.name)
        if known is None:
            return _Known(fanout, loaded, self._clock())
        if known.loaded is not loaded:
            known.settings, known.loaded, known.due = fanout, loaded, self._clock()
        return known

    def _refresh(self, workspace: Workspace, known: _Known) -> None:
        looked = refresh(workspace, known.settings)
        now = self._clock()
        known.due = now + spread(TRY_AGAIN if looked.problem else workspace.settings.sync.reconcile)
        if looked.joined or looked.left:
            log.info("members changed", fanout=looked.fanout, joined=len(looked.joined), left=len(looked.left))
        self._tell(known, looked, now)

    def _tell(self, known: _Known, looked: Looked, now: float) -> None:
        """A new problem at once, the same one again once a day."""
        if looked.problem and (looked.problem != known.problem or now - known.told_at > _REMIND):
            log.warning("the members of a fan-out are not known", fanout=looked.fanout, reason=looked.problem)
            known.told_at = now
        known.problem = looked.problem
