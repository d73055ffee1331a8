"""Push: outside systems tell that something may have changed, and the bindings concerned are looked at soon.

Hints only: nothing that they say is believed, and every binding is polled as if there were none (SYNC.md R28). One
thread looks after all subscriptions; every connection that is held open has a thread of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from agendahub.board import Board
from agendahub.failure import Failure
from agendahub.fanout import MailboxAccount
from agendahub.push_address import public_address
from agendahub.push_hooks import Hooks
from agendahub.push_keeper import Keeper
from agendahub.push_listener import Listener
from agendahub.push_states import OFF, RENEWING, States
from agendahub.texts import _
from agendahub.workspace import Workspace, utc_now
from config.settings import AccountSettings
from connectors.push import Hint, Streaming, Webhooks
from storage.errors import StoreError
from storage.push_subscriptions import BoundRow, bound
from sync_engine.errors import SyncError

LOOK = 5.0  # seconds between looks at what is to be done
PAUSE = 0.2  # seconds between two looks at least
GATHER = 2.0  # seconds: what is told within them is one cycle
TRY_AGAIN = timedelta(minutes=5)  # after an account could not be used at all
FAREWELL = 3.0  # seconds that the thread gets to end

log = structlog.get_logger("agendahub.push")

_OFF = _('the configuration says push = "off" for this account')


@dataclass(slots=True)
class _Line:
    """What is held for one account."""

    settings: AccountSettings
    streaming: Streaming | None = None
    keeper: Keeper | None = None
    listener: Listener | None = None
    collections: frozenset[str] = field(default_factory=frozenset)  # that the listener listens to
    not_before: datetime | None = None  # after it could not be set up
    stale: bool = False  # is to be set up anew


class Push:
    """Start it, and stop it; tell it when the configuration changed."""

    def __init__(
        self,
        workspace: Callable[[], Workspace],
        board: Board,
        hinted: Callable[[str, int], None] = lambda _account, _count: None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """`workspace` gives the one in use; `hinted` is told how many bindings of an account a hint made due."""
        self.states = States()
        self.hooks = Hooks()
        self._workspace, self._board, self._hinted, self._clock = workspace, board, hinted, clock
        self._lines: dict[str, _Line] = {}
        self._remotes: dict[tuple[str, str], list[int]] = {}  # account, collection -> bindings
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="push", daemon=True)

    def start(self) -> None:
        """Returns at once."""
        self._thread.start()

    def begin_stop(self) -> None:
        """End all connections; returns at once."""
        self._stopping.set()
        self._wake.set()
        for line in list(self._lines.values()):
            if line.listener is not None:
                line.listener.begin_stop()

    def stop(self, *, tell: bool = True) -> None:
        """Wait a little for the threads: whatever still waits for a server ends with the process.

        `tell`: write to the store that nobody listens any more.
        """
        self.begin_stop()
        if self._thread.is_alive():
            self._thread.join(FAREWELL)
        end = time.monotonic() + FAREWELL
        for line in list(self._lines.values()):
            if line.listener is not None and time.monotonic() < end:
                line.listener.stop()
            if line.keeper is not None and not self._thread.is_alive():
                line.keeper.close()
        for state in self.states.all():
            self.states.report(state.account, OFF, _("AgendaHub does not run"), self._clock())
        if tell:
            self.states.write(self._workspace().database)

    def look_soon(self) -> None:
        """Something changed: the configuration, or what a call said."""
        self._wake.set()

    def try_again(self, account: str) -> None:
        """Its sign-in was renewed."""
        line = self._lines.get(account)
        if line is not None:
            line.stale = True
        self._wake.set()

    # ---------------------------------------------------------------- one look

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self.look(self._clock())
            except StoreError as err:
                log.debug("no look: the store does not answer", reason=str(err))
            except Exception:  # push is a help; what goes wrong in it must not end it
                log.exception("a look at the subscriptions broke off unexpectedly")
            self._wake.wait(LOOK)
            self._stopping.wait(PAUSE)

    def look(self, now: datetime) -> None:
        """Do what is due for every account."""
        workspace = self._workspace()
        if not self._lines and not any(_may_tell(account) for account in workspace.settings.accounts):
            self.hooks.ready = True
            self.states.write(workspace.database)
            return
        rows, active = self._rows(workspace)
        told_of = {row.account for found in rows.values() for row in found if row.binding in active or row.subscription}
        accounts = [one for one in workspace.settings.accounts if _may_tell(one) and one.name in told_of]
        for name in self._lines.keys() - {account.name for account in accounts}:
            self._end(self._lines.pop(name), rows.get(name, []), gone=True)
            self.states.forget(name)
        for account in accounts:
            if self._stopping.is_set():
                return
            self._look_at(workspace, account, rows.get(account.name, []), active, now)
        self.hooks.ready = True
        self.states.write(workspace.database)

    def _rows(self, workspace: Workspace) -> tuple[dict[str, list[BoundRow]], set[str]]:
        """The rows of each account, and the names of bindings that bring changes in."""
        settings = [slot.settings for slot in self._board.slots()]
        active = {binding.name for binding in settings if not binding.paused and binding.direction != "out"}
        rows: dict[str, list[BoundRow]] = {}
        remotes: dict[tuple[str, str], list[int]] = {}
        with workspace.database.read() as unit:
            for row in bound(unit.session.connection):
                rows.setdefault(row.account, []).append(row)
                if row.binding in active:
                    remotes.setdefault((row.account, row.remote_id), []).append(row.binding_id)
        self._remotes = remotes
        return rows, active

    def _look_at(
        self, workspace: Workspace, account: AccountSettings, rows: Sequence[BoundRow], active: set[str], now: datetime
    ) -> None:
        line = self._line(workspace, account, rows, now)
        wanted = [row for row in rows if row.binding in active]
        if line.keeper is not None:
            state, detail = line.keeper.look(rows, {row.binding_id for row in wanted}, now)
            self.states.report(account.name, state, detail, now)
        elif line.streaming is not None:
            self._listen(line, frozenset(row.remote_id for row in wanted), now)

    def _line(self, workspace: Workspace, account: AccountSettings, rows: Sequence[BoundRow], now: datetime) -> _Line:
        """What is held for the account as it is configured now."""
        line = self._lines.get(account.name)
        if line is not None:
            if line.settings == account and not line.stale and not (line.not_before and line.not_before <= now):
                return line
            self._end(line, rows, gone=_is_elsewhere(line.settings, account))
        line = self._lines[account.name] = _Line(account)
        try:
            self._set_up(workspace, line, rows)
        except (Failure, SyncError, StoreError, ValueError) as err:
            line.not_before = now + TRY_AGAIN
            self.states.report(account.name, OFF, str(err), now)
        return line

    def _set_up(self, workspace: Workspace, line: _Line, rows: Sequence[BoundRow]) -> None:
        """Raises what says why not."""
        from connectors.registry import push

        account = line.settings
        if account.push == "off" and not any(row.subscription for row in rows):
            raise Failure(_OFF)
        found = push(account.connector, workspace.connector_settings(account))
        if not isinstance(found, Webhooks):
            line.streaming = found
            return
        address = public_address(workspace.settings.server.base_url, account.url)
        keeper = self._keeper(workspace, account, found, address)
        if account.push == "off":  # since it was last set up: what stands from then is ended
            keeper.end(rows)
            raise Failure(_OFF)
        line.keeper = keeper

    def _keeper(self, workspace: Workspace, account: AccountSettings, webhooks: Webhooks, address: str) -> Keeper:
        due = partial(self._due, account.name)
        lifetime = timedelta(seconds=account.push_lifetime)
        return Keeper(account.name, webhooks, self.hooks, workspace.database, due, self.look_soon, address, lifetime)

    def _listen(self, line: _Line, collections: frozenset[str], now: datetime) -> None:
        """Have a listener for exactly these."""
        name = line.settings.name
        if line.collections == collections or line.streaming is None:
            return
        if line.listener is not None:
            line.listener.stop()
        self.states.report(name, RENEWING, _("connecting"), now)
        stream = line.streaming.stream(sorted(collections))
        line.collections = collections
        line.listener = Listener(name, stream, partial(self._heard, name), partial(self._say, name))
        line.listener.start()

    def _end(self, line: _Line, rows: Sequence[BoundRow], *, gone: bool) -> None:
        """`gone`: the account is not to be heard of any more; else it goes on with other settings."""
        if line.listener is not None:
            line.listener.stop()
        if line.keeper is not None and gone:
            line.keeper.end(rows)
        elif line.keeper is not None:
            line.keeper.close()

    # ---------------------------------------------------------------- what comes in, in other threads

    def _heard(self, account: str, hint: Hint) -> None:
        self._due(account, {number for collection in hint for number in self._remotes.get((account, collection), ())})

    def _due(self, account: str, binding_ids: Iterable[int]) -> None:
        numbers = set(binding_ids)
        self._board.hint(numbers, time.monotonic() + GATHER)
        self._hinted(account, len(numbers))

    def _say(self, account: str, state: str, detail: str) -> None:
        if not self._stopping.is_set():
            self.states.report(account, state, detail, self._clock())


def _may_tell(account: AccountSettings) -> bool:
    """Not the single mailboxes of a fan-out: what is put into them seldom changes there, and they are many."""
    from connectors.registry import PUSH

    return account.connector in PUSH and not isinstance(account, MailboxAccount)


def _is_elsewhere(old: AccountSettings, new: AccountSettings) -> bool:
    """Whether it is another account now, or is to be let alone."""
    ends = ("connector", "url", "username", "mailbox", "tenant", "client_id")
    return new.push == "off" or any(getattr(old, name) != getattr(new, name) for name in ends)
