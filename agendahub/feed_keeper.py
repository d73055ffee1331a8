"""Reads the feeds that users subscribed to, once an hour each, into the collections that repeat them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta

import structlog

from agendahub.feed_reading import bring_in
from agendahub.workspace import Workspace, utc_now
from config.settings import anchored
from connectors.outward import Answer, Outward
from storage import dav_feeds
from storage.database import run
from storage.dav_feeds import Feed
from storage.errors import StoreError
from sync_engine.errors import SyncError, Unavailable
from sync_engine.formats import decode
from sync_engine.ports import Clock

LOOK = 30.0  # seconds between looks at what is due
HOURLY = timedelta(hours=1)
MAX_FEED = 20 << 20  # octets
_PATIENCE = 60.0  # seconds for one feed
_THREADS = 2

log = structlog.get_logger("agendahub.feeds")


class FeedKeeper:
    """Call `look` every `LOOK` seconds, from one thread at a time."""

    def __init__(self, workspace: Callable[[], Workspace], clock: Clock = utc_now) -> None:
        self._workspace, self._clock = workspace, clock
        self._lock = threading.Lock()  # of what follows
        self._reading: dict[int, Future[None]] = {}
        self._not_before: dict[tuple[int, str], float] = {}  # after a failure, by the monotonic clock
        self._versions: dict[tuple[int, str], dict[str, str]] = {}  # what to ask with, so that the same is not sent
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="feed")
        self._stopping = threading.Event()

    def look(self) -> None:
        """Hand the feeds that are due to the threads; returns soon."""
        if self._stopping.is_set():
            return
        workspace = self._workspace()
        try:
            with workspace.database.read() as unit:
                found = dav_feeds.due(unit.session.connection, self._clock() - HOURLY)
        except StoreError:  # the daemon tells of it, and we come again
            return
        with self._lock:
            now = time.monotonic()
            for feed in found:
                waits = self._not_before.get((feed.id, feed.source), now)
                if feed.id not in self._reading and waits <= now:
                    self._reading[feed.id] = self._pool.submit(self._one, workspace, feed)

    def begin_stop(self) -> None:
        """Begin nothing more; returns at once."""
        self._stopping.set()

    def stop(self, until: float) -> bool:
        """Wait until this moment of the monotonic clock; False when a feed is still being read: no harm."""
        self.begin_stop()
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            works = list(self._reading.values())
        return not wait(works, max(0.0, until - time.monotonic())).not_done

    def _one(self, workspace: Workspace, feed: Feed) -> None:
        key = (feed.id, feed.source)
        try:
            self._read(workspace, feed)
            self._not_before.pop(key, None)
        except (SyncError, StoreError, ValueError, OSError) as err:
            self._not_before[key] = time.monotonic() + HOURLY.total_seconds()
            log.warning("a feed was not read; tried again in an hour", collection=feed.name, reason=str(err))
        except Exception:
            self._not_before[key] = time.monotonic() + HOURLY.total_seconds()
            log.exception("a feed was not read", collection=feed.name)
        finally:
            with self._lock:
                self._reading.pop(feed.id, None)

    def _read(self, workspace: Workspace, feed: Feed) -> None:
        key = (feed.id, feed.source)
        answer = fetched(outward_for_feeds(workspace), feed.source, self._versions.get(key, {}))
        if answer.status == 200:
            brought = bring_in(workspace.database, feed, decode(answer.body, ""))
            self._versions[key] = _version(answer)
            log.info("feed", collection=feed.name, new=brought.new, changed=brought.changed, gone=brought.gone)
        elif answer.status != 304:
            raise Unavailable(f"The feed's server answered {answer.status}.")
        run(workspace.database, lambda unit: dav_feeds.was_read(unit.session.connection, feed, self._clock()))


def outward_for_feeds(workspace: Workspace) -> Outward:
    """Guarded requests to wherever users point. Raises OSError for an authority's file that cannot be read."""
    server = workspace.settings.server
    own = str(anchored(workspace.loaded.folder, server.outward_ca_file)) if server.outward_ca_file else ""
    return Outward(server.outward_hosts, schemes=("https", "http"), ca_file=own, timeout=_PATIENCE)


def fetched(outward: Outward, source: str, version: dict[str, str]) -> Answer:
    """The answer to a request for a feed. webcal stands for https, or http where nobody answers that."""
    scheme, _, rest = source.partition("://")
    schemes = ("https", "http") if scheme.lower().startswith("webcal") else (scheme.lower(),)
    headers = {"accept": "text/calendar, text/plain;q=0.5, */*;q=0.1", **version}
    for tried in schemes[:-1]:
        try:
            return outward.ask("GET", f"{tried}://{rest}", headers=headers, max_body=MAX_FEED)
        except Unavailable:
            continue
    return outward.ask("GET", f"{schemes[-1]}://{rest}", headers=headers, max_body=MAX_FEED)


def _version(answer: Answer) -> dict[str, str]:
    given = {"if-none-match": "etag", "if-modified-since": "last-modified"}
    return {asked: answer.headers[name] for asked, name in given.items() if name in answer.headers}
