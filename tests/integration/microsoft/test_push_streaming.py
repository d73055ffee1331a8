"""EWS streaming as hints: the real exchangelib on the test server (E16, R28)."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from connectors.exchange.streaming import EwsStream
from connectors.push import Hint
from connectors.settings import ConnectorSettings
from sync_engine.errors import AccountError, NotAuthorised, Throttled, Unavailable
from tests.servers.certificates import certificates
from tests.servers.microsoft.ews import PATH, add_person, application
from tests.servers.microsoft.ews_call import Site
from tests.servers.microsoft.ews_client import Desk
from tests.servers.microsoft.serving import serving

PATIENCE = 10.0
END = "end"


@dataclass
class Listener:
    """A thread that listens once, and what it heard."""

    stream: EwsStream
    heard: queue.Queue[Hint | AccountError | str] = field(default_factory=queue.Queue)
    thread: threading.Thread | None = None

    def begin(self) -> None:
        """Listen until the connection ends."""
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            for hint in self.stream.hints():
                self.heard.put(hint)
        except AccountError as err:
            self.heard.put(err)
        else:
            self.heard.put(END)

    def next(self) -> object:
        """The next thing that is no mere heartbeat."""
        while not (found := self.heard.get(timeout=PATIENCE)):
            pass
        return found

    def stop(self) -> float:
        """Seconds until the thread was gone."""
        began = time.monotonic()
        self.stream.close()
        assert self.thread is not None
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        return time.monotonic() - began


def folder(desk: Desk, name: str) -> str:
    """The id of the collection."""
    found = desk.site.exchange.mailbox("ada@example.com").well_known(name)
    return f"{'calendars' if name == 'calendar' else name}/{found.id}"


def settings(desk: Desk, password: str = "secret") -> ConnectorSettings:
    """Of Ada's account."""
    return ConnectorSettings(url=desk.site.url, username="ada", secret=password, timeout=5)


@contextmanager
def listening(desk: Desk, *names: str, silence: float = 5, password: str = "secret") -> Iterator[Listener]:
    """To these folders, on a connection of its own."""

    stream = EwsStream(settings(desk, password), [folder(desk, name) for name in names], silence=silence)
    listener = Listener(stream)
    listener.begin()
    try:
        yield listener
    finally:
        listener.stop()


def test_e16_a_change_is_heard_and_says_where(ews: Desk) -> None:
    box = ews.site.exchange.mailbox("ada@example.com")
    with listening(ews, "contacts", "calendar", "tasks") as listener:
        assert listener.next() == {folder(ews, "contacts"), folder(ews, "calendar"), folder(ews, "tasks")}, (
            "what was before the connection may be lost"
        )
        began = time.monotonic()
        box.create("tasks", {})
        assert listener.next() == {folder(ews, "tasks")}
        assert time.monotonic() - began < 1
        item = box.create("contacts", {})
        assert listener.next() == {folder(ews, "contacts")}
        box.delete(item.id)
        assert listener.next() == {folder(ews, "contacts")}
    assert len([name for name in ews.site.requests if name == "Subscribe"]) == 1, "all folders in one subscription"


def test_e16_a_public_folder_is_polled_and_the_others_are_heard(ews: Desk) -> None:
    public = f"public/calendars/{ews.site.add_public_folder('calendar', 'Holidays').id}"
    own = folder(ews, "calendar")
    listener = Listener(EwsStream(settings(ews), [own, public], silence=5))
    listener.begin()
    try:
        assert listener.next() == {own, public}
        assert listener.stream.unheard == {public}
        ews.site.exchange.mailbox("ada@example.com").create("calendar", {})
        assert listener.next() == {own}
    finally:
        listener.stop()


def test_r28_after_a_broken_connection_everything_is_due(ews: Desk) -> None:
    with listening(ews, "contacts") as listener:
        assert listener.next() == {folder(ews, "contacts")}
        ews.site.mood.cut_streams = True
        broken = listener.next()
        assert isinstance(broken, Unavailable)
        ews.site.exchange.mailbox("ada@example.com").create("contacts", {})
        ews.site.mood.cut_streams = False
        listener.begin()
        assert listener.next() == {folder(ews, "contacts")}
    assert ews.site.requests.count("Subscribe") == 1, "the subscription outlives its connection"


def test_r28_after_the_agreed_end_of_a_connection_everything_is_due(ews: Desk) -> None:
    with listening(ews, "contacts") as listener:
        assert listener.next() == {folder(ews, "contacts")}
        ews.site.mood.close_streams = True
        assert listener.next() == END
        ews.site.mood.close_streams = False
        listener.begin()
        assert listener.next() == {folder(ews, "contacts")}
    assert ews.site.requests.count("Subscribe") == 1


def test_r28_missed_events_and_a_forgotten_subscription_make_a_new_one(ews: Desk) -> None:
    with listening(ews, "contacts") as listener:
        assert listener.next() == {folder(ews, "contacts")}
        ews.site.mood.miss_events = True
        assert listener.next() == END
        ews.site.mood.miss_events = False
        listener.begin()
        assert listener.next() == {folder(ews, "contacts")}
        ews.site.mood.close_streams = True
        assert listener.next() == END
        ews.site.mood.close_streams = False
        ews.site.subscriptions.clear()
        listener.begin()
        assert listener.next() == END
        listener.begin()
        assert listener.next() == {folder(ews, "contacts")}
    assert ews.site.requests.count("Subscribe") == 3


def test_e16_no_room_for_another_connection_asks_for_patience(ews: Desk) -> None:
    ews.site.mood.max_streams = 0
    with listening(ews, "contacts") as listener:
        refused = listener.next()
        assert isinstance(refused, Throttled)
        assert refused.retry_after >= 60


def test_a_wrong_password_is_told_at_once(ews: Desk) -> None:
    with listening(ews, "contacts", password="wrong") as listener:
        assert isinstance(listener.next(), NotAuthorised)


def test_a_silent_connection_is_taken_for_dead(ews: Desk) -> None:
    ews.site.mood.heartbeat = 60
    with listening(ews, "contacts", silence=0.5) as listener:
        assert listener.next() == {folder(ews, "contacts")}
        assert isinstance(listener.next(), Unavailable)


@pytest.mark.parametrize("heartbeat", [0.2, 60.0])
def test_closing_ends_it_at_once_and_tells_the_server(ews: Desk, heartbeat: float) -> None:
    ews.site.mood.heartbeat = heartbeat
    with listening(ews, "contacts", silence=60) as listener:
        assert listener.next() == {folder(ews, "contacts")}
        assert listener.stop() < 2
        assert listener.next() == END
    assert ews.site.subscriptions == {}


def test_e16_others_go_on_while_the_stream_is_open(ews: Desk) -> None:
    ews.account.protocol.max_connections = 1  # with a stream from the same pool, this would wait for ever
    with listening(ews, "contacts") as listener:
        assert listener.next() == {folder(ews, "contacts")}
        ews.site.exchange.mailbox("ada@example.com").create("contacts", {})
        assert [verb for verb, _item in ews.account.contacts.sync_items()] == ["create"]
        assert listener.next() == {folder(ews, "contacts")}


def test_e15_folders_of_others_are_heard_on_the_same_connection_where_the_server_tells(ews: Desk) -> None:
    site = ews.site
    for name in ("bob", "eve"):
        add_person(site, name, "x", f"{name}@example.com", name)
    site.delegates.add(("ada@example.com", "bob@example.com"))
    calendars = {n: site.exchange.mailbox(f"{n}@example.com").well_known("calendar").id for n in ("bob", "eve")}
    bobs, eves = (f"users/{name}@example.com/calendars/{key}" for name, key in calendars.items())
    mine = folder(ews, "contacts")
    listener = Listener(EwsStream(settings(ews), [mine, bobs, eves], silence=5))
    listener.begin()
    try:
        assert listener.next() == {mine, bobs, eves}
        assert listener.stream.unheard == {eves}
        site.exchange.mailbox("bob@example.com").create(calendars["bob"], {})
        assert listener.next() == {bobs}
        assert site.streams == 1
    finally:
        listener.stop()
    assert site.subscriptions == {}


def test_over_tls_too_closing_ends_it_at_once(tmp_path: Path) -> None:
    site = Site()
    add_person(site, "ada", "secret", "ada@example.com", "Ada")
    certificate, ca_file = certificates(tmp_path)
    with serving(application(site), certificate) as url:
        site.mood.heartbeat = 60
        box = site.exchange.mailbox("ada@example.com")
        mine = f"contacts/{box.well_known('contacts').id}"
        made = ConnectorSettings(url=url + PATH, username="ada", secret="secret", timeout=5, ca_file=str(ca_file))
        listener = Listener(EwsStream(made, [mine]))
        listener.begin()
        assert listener.next() == {mine}
        box.create("contacts", {})
        assert listener.next() == {mine}
        assert listener.stop() < 2
        assert listener.next() == END
