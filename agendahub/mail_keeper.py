"""Keeps the daemon's mailboxes: one thread for each that the configuration has and that is not paused."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

import structlog

from agendahub.crm_settings import crm_settings
from agendahub.lockouts import Lockouts
from agendahub.mailbox_worker import MailboxState, MailboxWorker, Took
from agendahub.texts import _
from agendahub.workspace import Workspace, utc_now
from config.settings import AccountSettings, MailboxSettings
from crm.settings import CrmSettings
from storage.admin_config import secret_times
from storage.errors import StoreError

LOOK = 2.0  # seconds between looks at the configuration and at passwords

log = structlog.get_logger("agendahub.mail")


class MailKeeper:
    """Call `look` every `LOOK` seconds, from one thread at a time."""

    def __init__(self, workspace: Callable[[], Workspace], took: Took) -> None:
        """`workspace` gives the one in use; `took` is told of each mail, from any thread."""
        self._workspace, self._took = workspace, took
        self._workers: dict[str, MailboxWorker] = {}
        self._known: dict[str, tuple[MailboxSettings, AccountSettings | None, CrmSettings]] = {}
        self._seen: Workspace | None = None
        self._settings: CrmSettings | None = None
        self._ending: list[MailboxWorker] = []
        self._lock = threading.Lock()
        self._stopping = False
        self._problem = ""

    @property
    def problems(self) -> list[str]:
        """What an admin should know, one sentence each."""
        own = [self._problem] if self._problem else []
        bad = (state for state in self.states() if state.detail and state.state != "busy")
        return own + [_("Mailbox {name}: {detail}").format(name=state.name, detail=state.detail) for state in bad]

    @property
    def need_sign_in(self) -> list[str]:
        """Accounts that wait for a person to sign in, or for a new password."""
        workers = list(self._workers.values())
        return sorted({worker.box.account for worker in workers if worker.state.state == "needs_sign_in"})

    def states(self) -> list[MailboxState]:
        """Of those that are read, by name."""
        workers = list(self._workers.values())  # another thread may end one meanwhile
        return [worker.state for worker in sorted(workers, key=lambda worker: worker.box.name)]

    def look(self) -> None:
        """Start and end threads as the configuration wants it; try again where a new password was given."""
        with self._lock:
            if self._stopping:
                return
            self._ending = [worker for worker in self._ending if not worker.join(0)]
            workspace = self._workspace()
            if not workspace.settings.mailboxes and not self._workers:
                return
            try:
                self._follow(workspace)
                self._retry(workspace)
            except StoreError as err:
                self._problem = str(err)
            else:
                self._problem = ""

    def hurry(self, names: Iterable[str]) -> None:
        """Look at these mailboxes now."""
        wanted = set(names)
        for name, worker in list(self._workers.items()):
            if name in wanted:
                worker.hurry()

    def begin_stop(self) -> None:
        """Tell all to end; returns at once."""
        with self._lock:
            self._stopping = True
            for worker in self._workers.values():
                worker.begin_stop()

    def stop(self, until: float) -> bool:
        """Wait for them until this moment of the monotonic clock; False when one is still at it: no harm."""
        self.begin_stop()
        workers = [*self._workers.values(), *self._ending]
        ended = [worker.join(max(0.0, until - time.monotonic())) for worker in workers]
        return all(ended)

    # ---------------------------------------------------------------- the configuration

    def _follow(self, workspace: Workspace) -> None:
        if workspace is not self._seen:
            self._settings = crm_settings(workspace)
            self._seen = workspace
        assert self._settings is not None
        wanted = {box.name: box for box in workspace.settings.mailboxes if not box.paused}
        for name in list(self._workers):
            box = wanted.get(name)
            if box is None or self._known[name] != self._key(workspace, box):
                self._end(name)
        for name, box in wanted.items():
            if name not in self._workers and not any(worker.box.name == name for worker in self._ending):
                self._begin(workspace, box)

    def _key(
        self, workspace: Workspace, box: MailboxSettings
    ) -> tuple[MailboxSettings, AccountSettings | None, CrmSettings]:
        assert self._settings is not None
        return box, workspace.settings.account(box.account), self._settings

    def _begin(self, workspace: Workspace, box: MailboxSettings) -> None:
        assert self._settings is not None
        self._known[box.name] = self._key(workspace, box)
        worker = self._workers[box.name] = MailboxWorker(workspace, self._settings, box, self._took)
        worker.start()
        log.info("a mailbox is read", mailbox=box.name, folders=list(box.folders))

    def _end(self, name: str) -> None:
        worker = self._workers.pop(name)
        worker.begin_stop()
        self._ending.append(worker)
        log.info("a mailbox is no longer read, or read anew", mailbox=name)

    def _retry(self, workspace: Workspace) -> None:
        waiting = [worker for worker in self._workers.values() if worker.state.state == "needs_sign_in"]
        if not waiting:
            return
        with workspace.database.read() as unit:
            given = secret_times(unit.session.connection)
        lockouts = Lockouts()
        for worker in waiting:
            lockouts.refused(worker.box.account, worker.state.tried_at or utc_now())
        renewed = lockouts.renewed(workspace.settings, given)
        self.hurry(worker.box.name for worker in waiting if worker.box.account in renewed)
