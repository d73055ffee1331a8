"""Tells phones of changes at once (WebDAV-Push): looks who is behind, and hands messages to their push services.

Changes are collected for a moment: a collection is told of when it was quiet for one look, or when somebody has waited
long. What was told is written down after it was handed over: a process that is killed in between tells it twice, which
harms nobody; nothing is forgotten.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

import structlog

from agendahub.texts import _
from agendahub.workspace import Workspace, utc_now
from config.settings import anchored
from connectors.outward import Outward
from connectors.outward_rules import Rules
from dav_gateway.push.message import Outcome, Verdict, send
from dav_gateway.push.offer import Offer
from dav_gateway.push.subscription import digest
from dav_gateway.push.vapid import Keys, Vapid, subject_of
from storage import dav_push, secrets
from storage.dav_push import Behind
from storage.errors import StoreError
from sync_engine.ports import Clock

LOOK = 1.0  # seconds between looks
PATIENCE = 10.0  # seconds that a collection which keeps changing is waited for
CLEAN = 3600.0
GIVE_UP = 20  # failures in a row, over about three days, until a registration is dropped
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 6 * 3600.0  # seconds after a failure; doubled for each further one
_MOST = 500  # messages that are looked up at once
_THREADS = 8
_OF_ONE_HOST = 4  # messages to one push service at once, so that a slow one holds up no other
_LATEST = 20  # doublings of the pause

log = structlog.get_logger("agendahub.webdav_push")


@dataclass(slots=True)
class _Changing:
    """A collection that somebody is to be told of. Times are of the monotonic clock."""

    seq: int
    since: float


class WebdavPushKeeper:
    """Call `look` every `LOOK` seconds, from one thread at a time."""

    def __init__(
        self,
        workspace: Callable[[], Workspace],
        keys: Keys,
        told: Callable[[str], None] = lambda _: None,
        clock: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`told` is called with what became of each message, from any thread."""
        self._workspace, self._keys, self._told = workspace, keys, told
        self._clock, self._monotonic = clock, monotonic
        self._changing: dict[int, _Changing] = {}
        self._lock = threading.Lock()  # of what follows
        self._queues: dict[str, deque[Behind]] = {}  # by push service
        self._working: Counter[str] = Counter()  # threads, by push service
        self._flying: set[int] = set()  # registrations
        self._just_told: dict[int, int] = {}  # registration -> number, since the last look began
        self._works: set[Future[None]] = set()
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="webdav-push")
        self._outward: tuple[Workspace, Outward] | None = None
        self._clean_at = 0.0
        self.problems: list[str] = []

    def look(self) -> None:
        """Hand messages that are due to the threads; returns soon."""
        if self._stopping.is_set():
            return
        workspace = self._workspace()
        try:
            vapid = self._keys.vapid()
            self._clean(workspace)
            self._begin()
            with workspace.database.read() as unit:
                found = dav_push.behind(unit.session.connection, self._clock(), _MOST)
        except secrets.KeyProblem as err:
            self.problems = [_("Phones are not told of changes: {reason}").format(reason=err)]
            return
        except StoreError:  # the daemon tells of it, and we come again
            return
        outward = self._outward_of(workspace)
        if outward is None:
            return
        self.problems = []
        self._hand_out(partial(self._send, workspace, outward, vapid), self._settled(found))

    def begin_stop(self) -> None:
        """Begin nothing more; returns at once."""
        self._stopping.set()

    def stop(self, until: float) -> bool:
        """Wait until this moment of the monotonic clock; False when a message is still under way: no harm."""
        self.begin_stop()
        self._pool.shutdown(wait=False, cancel_futures=True)
        return not wait(self._works, max(0.0, until - time.monotonic())).not_done

    # ---------------------------------------------------------------- what is due

    def _begin(self) -> None:
        with self._lock:
            self._just_told.clear()
            self._works = {work for work in self._works if not work.done()}

    def _settled(self, found: list[Behind]) -> list[Behind]:
        """Those whose collection did not change since the last look, or has changed for long."""
        now = self._monotonic()
        newest = {behind.collection_id: behind.seq for behind in found}
        settled = set()
        for key, seq in newest.items():
            before = self._changing.get(key)
            if before is not None and (before.seq == seq or now - before.since >= PATIENCE):
                settled.add(key)
        self._changing = {
            key: _Changing(seq, self._changing[key].since if key in self._changing and key not in settled else now)
            for key, seq in newest.items()
        }
        return [behind for behind in found if behind.collection_id in settled]

    def _hand_out(self, send_one: Callable[[Behind], None], settled: list[Behind]) -> None:
        """Queue what is due by push service, and have up to `_OF_ONE_HOST` threads work at each queue."""
        queues: dict[str, deque[Behind]] = {}
        with self._lock:
            for behind in settled:
                if behind.id not in self._flying and self._just_told.get(behind.id, -1) < behind.seq:
                    queues.setdefault(urlsplit(behind.endpoint).netloc, deque()).append(behind)
            self._queues = queues
            for host, queue in queues.items():
                for _ in range(min(len(queue), _OF_ONE_HOST - self._working[host])):
                    self._start(host, send_one)

    def _start(self, host: str, send_one: Callable[[Behind], None]) -> None:
        self._working[host] += 1
        try:
            self._works.add(self._pool.submit(self._work, host, send_one))
        except RuntimeError:  # the pool was shut down meanwhile
            self._working[host] -= 1

    def _outward_of(self, workspace: Workspace) -> Outward | None:
        if self._outward is None or self._outward[0] is not workspace:
            try:
                self._outward = workspace, outward_of(workspace)
            except OSError as err:
                self.problems = [_("[server] outward_ca_file cannot be used: {reason}").format(reason=err)]
                return None
        return self._outward[1]

    # ---------------------------------------------------------------- in a thread

    def _work(self, host: str, send_one: Callable[[Behind], None]) -> None:
        """Send what waits for one push service, one after the other."""
        while (behind := self._next(host)) is not None:
            try:
                send_one(behind)
            except StoreError as err:
                log.info("a push message was not sent or not noted; it is sent again", reason=str(err))
            except Exception:
                log.exception("a push message broke off unexpectedly")
            finally:
                with self._lock:
                    self._flying.discard(behind.id)

    def _next(self, host: str) -> Behind | None:
        """The next message; None when there is no more, and this thread is done."""
        with self._lock:
            queue = self._queues.get(host)
            if queue and not self._stopping.is_set():
                self._flying.add(queue[0].id)
                return queue.popleft()
            self._working[host] -= 1
            if not self._working[host]:
                del self._working[host]
            return None

    def _send(self, workspace: Workspace, outward: Outward, vapid: Vapid, behind: Behind) -> None:
        try:
            keys = dav_push.keys_of(self._keys.key, behind)
        except secrets.KeyProblem:  # of another key file: nothing can be sent to it any more
            self._after(workspace, behind, Outcome(Verdict.GONE, "its keys cannot be read"))
            return
        subject = subject_of(workspace.settings.server.base_url)
        self._after(workspace, behind, send(outward, vapid, behind, keys, subject, self._clock()))

    def _after(self, workspace: Workspace, behind: Behind, outcome: Outcome) -> None:
        failures = behind.failures + 1
        with workspace.database.begin() as unit:
            connection = unit.session.connection
            if outcome.verdict is Verdict.SENT:
                dav_push.told(connection, [(behind.id, behind.seq)])
            elif outcome.verdict is Verdict.GONE or failures >= GIVE_UP:
                dav_push.drop(connection, [behind.id])
            else:
                retry_at = self._clock() + timedelta(seconds=pause(failures, outcome.wait))
                dav_push.not_told(connection, behind.id, failures, retry_at)
        with self._lock:
            self._just_told[behind.id] = behind.seq
        self._told(outcome.verdict.value)
        if outcome.verdict is not Verdict.SENT:
            where = digest(behind.endpoint)
            log.info("a push message was not taken", reason=outcome.reason, failures=failures, endpoint=where)

    # ---------------------------------------------------------------- now and then

    def _clean(self, workspace: Workspace) -> None:
        now = self._monotonic()
        if now < self._clean_at:
            return
        self._clean_at = now + CLEAN
        with workspace.database.begin() as unit:
            gone = dav_push.forget_stale(unit.session.connection, self._clock())
        if gone:
            log.info("forgot push registrations that are over", count=gone)


def pause(failures: int, asked: float | None) -> float:
    """Seconds until a message is tried again: as long as the push service asks, or ever longer."""
    own: float = min(_FIRST_PAUSE * 2 ** min(failures - 1, _LATEST), _LONGEST_PAUSE)
    return own if asked is None else max(asked, _FIRST_PAUSE)


def outward_of(workspace: Workspace) -> Outward:
    """Requests to push services. Raises OSError for an authority's file that cannot be read."""
    server = workspace.settings.server
    own = str(anchored(workspace.loaded.folder, server.outward_ca_file)) if server.outward_ca_file else ""
    return Outward(server.outward_hosts, ca_file=own)


def keys_of(workspace: Workspace) -> Keys:
    """The keys, for the keeper and the gateway together."""
    return Keys(workspace.database, lambda: secrets.read_key(workspace.loaded.key_file))


def offer_of(workspace: Workspace, keys: Keys) -> Offer:
    """What the gateway offers."""
    parts = urlsplit(workspace.settings.server.base_url)
    origin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return Offer(keys, Rules(workspace.settings.server.outward_hosts), origin)
