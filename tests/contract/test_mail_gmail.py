"""Gmail mailboxes, through a real HTTP server on loopback: both contracts of mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from urllib.parse import urlsplit

import pytest

from connectors.google_workspace.mail import GmailMail
from connectors.google_workspace.mail_sending import GmailSender
from connectors.settings import ConnectorSettings
from tests.contract.mail_office_contract import OfficeSender, OfficeSource
from tests.contract.mail_sender_contract import Gone
from tests.contract.mail_source_world import Lying
from tests.servers.door import Door, door
from tests.servers.google_workspace.gmail import SYSTEM, Box
from tests.servers.google_workspace.protocol import Fault
from tests.servers.google_workspace.server import Google, google_workspace

_numbers = count(1)


@dataclass
class Ground:
    """The server, and how a test reaches it."""

    google: Google
    door: Door

    def settings(self, address: str, **more: object) -> ConnectorSettings:
        told = {"secret": self.google.give(address), "auth": "bearer", "max_wait": 0.0, **more}
        return ConnectorSettings(f"http://127.0.0.1:{self.door.port}/", **told)  # type: ignore[arg-type]

    def unreachable(self) -> ConnectorSettings:
        return ConnectorSettings("http://127.0.0.1:9/", secret="x", auth="bearer")


@pytest.fixture(scope="module")
def _ground() -> Iterator[Ground]:
    with google_workspace() as google, door(urlsplit(google.url).port or 0) as there:
        yield Ground(google, there)


@pytest.fixture
def ground(_ground: Ground) -> Iterator[Ground]:
    """As it was for each test."""
    kind = replace(_ground.google.switches)
    yield _ground
    vars(_ground.google.switches).update(vars(kind))
    _ground.google.faults.clear()


@pytest.fixture
def box(ground: Ground) -> Box:
    """A new one, with a label of its own."""
    made = ground.google.gmail.box(f"support{next(_numbers)}@example.com")
    made.label("Done")
    return made


@dataclass
class Mailbox:
    """Somebody's mailbox, as its owner sees it."""

    box: Box

    def put(self, folder: str, raw: bytes) -> None:
        self.box.deliver(raw, {folder, "UNREAD"})

    def lying(self, folder: str) -> Sequence[Lying]:
        return [self._seen(one.raw, one.labels, folder) for one in self.box.lying(folder)]

    def remove(self, folder: str, raw: bytes) -> None:
        self.box.remove(self._id(folder, raw))

    def mark_seen(self, folder: str, raw: bytes) -> None:
        self.box.relabel(self._id(folder, raw), take={"UNREAD"})

    def expire(self, folder: str) -> None:
        self.box.forget()

    def _id(self, folder: str, raw: bytes) -> str:
        return next(one.id for one in self.box.lying(folder) if one.raw == raw)

    def _seen(self, raw: bytes, labels: set[str], folder: str) -> Lying:
        own = labels - set(SYSTEM) - {folder}
        return Lying(raw, "UNREAD" not in labels, frozenset(self.box.names[one] for one in own))


class TestGmail(OfficeSource):
    """Labels are folders."""

    connects = GmailMail

    @pytest.fixture
    def mailbox(self, box: Box) -> Mailbox:
        return Mailbox(box)

    @pytest.fixture
    def done(self, box: Box) -> str:
        return next(one for one, name in box.names.items() if name == "Done")


class TestGmailInSmallPages(TestGmail):
    """Lists and history come a few entries at a time, the first page empty."""

    @pytest.fixture(autouse=True)
    def _small(self, ground: Ground) -> None:
        ground.google.switches.page_size, ground.google.switches.empty_pages = 3, True


@dataclass
class Post:
    """What went out of a mailbox."""

    ground: Ground
    box: Box

    def gone(self) -> Sequence[Gone]:
        sent = [one for one in self.ground.google.gmail.sent if one.sender == self.box.address]
        return [Gone(one.raw, one.recipients) for one in sent]

    @contextmanager
    def loses_answer(self) -> Iterator[None]:
        """It does not come in time."""
        self.ground.google.faults.append(Fault(method="messages.send", hold=0.6))
        yield

    def breaks_early(self) -> AbstractContextManager[object]:
        return self.ground.door.shut()

    @contextmanager
    def is_busy(self) -> Iterator[None]:
        self.ground.google.faults.append(Fault(429, headers={"Retry-After": "1"}, method="messages.send"))
        yield


class TestGmailSender(OfficeSender):
    """Who is refused is told by a mail of Google's own, some time later."""

    connects = GmailSender
    too_large = 37_000_000

    @pytest.fixture
    def far_side(self, ground: Ground, box: Box) -> Post:
        return Post(ground, box)
