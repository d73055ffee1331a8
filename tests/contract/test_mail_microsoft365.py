"""Mailboxes of Microsoft 365, through a real Graph server on loopback: both contracts of mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from urllib.parse import urlsplit

import pytest

from connectors.microsoft365.mail import Microsoft365Mail
from connectors.microsoft365.mail_sending import Microsoft365Sender
from connectors.settings import ConnectorSettings
from tests.contract.mail_office_contract import OfficeSender, OfficeSource
from tests.contract.mail_sender_contract import Gone
from tests.contract.mail_source_world import Lying
from tests.contract.microsoft_office import OfficeMailbox, gone_from, with_done
from tests.servers.door import Door, door
from tests.servers.microsoft.graph import Graph
from tests.servers.microsoft.graph_protocol import Fault
from tests.servers.microsoft.mailbox import Exchange
from tests.servers.microsoft.mailbox import Mailbox as Box
from tests.servers.microsoft.no_mail import answers_meant
from tests.servers.microsoft.serving import serving

_numbers = count(1)


@dataclass
class Ground:
    """The server, and how the test reaches it."""

    graph: Graph
    door: Door

    def settings(self, address: str, **more: object) -> ConnectorSettings:
        told = {"secret": self.graph.sign_in.give(address), "auth": "bearer", "max_wait": 0.0, **more}
        return ConnectorSettings(f"http://127.0.0.1:{self.door.port}/v1.0", **told)  # type: ignore[arg-type]

    def unreachable(self) -> ConnectorSettings:
        return ConnectorSettings("http://127.0.0.1:9/v1.0", secret="x", auth="bearer")


@pytest.fixture(scope="module")
def _ground() -> Iterator[Ground]:
    graph = Graph(Exchange())
    with serving(graph.app()) as graph.url, door(urlsplit(graph.url).port or 0) as there:
        graph.url = f"http://127.0.0.1:{there.port}"  # by which it links to itself
        yield Ground(graph, there)


@pytest.fixture
def ground(_ground: Ground) -> Iterator[Ground]:
    """As it was for each test."""
    kind = replace(_ground.graph.switches)
    yield _ground
    vars(_ground.graph.switches).update(vars(kind))
    _ground.graph.faults.clear()


class Office(OfficeMailbox):
    """Somebody's mailbox, as its owner sees it."""

    def __init__(self, graph: Graph, box: Box) -> None:
        super().__init__(box)
        self.graph = graph

    def lying(self, folder: str) -> Sequence[Lying]:
        found = self.items(folder)
        return [Lying(one.mime, one.fields["isRead"], frozenset(one.fields.get("categories") or ())) for one in found]

    def mark_seen(self, folder: str, raw: bytes) -> None:
        self.box.update(self.item(folder, raw), {"isRead": True})

    def expire(self, folder: str) -> None:
        self.graph.deltas.forget()


@pytest.fixture
def box(ground: Ground) -> Box:
    """A new one, with a folder below the inbox."""
    return with_done(ground.graph.server.add_mailbox(f"support{next(_numbers)}@example.org", "Support"))


class TestMicrosoft365Mail(OfficeSource):
    """As Graph mostly is."""

    connects = Microsoft365Mail

    @pytest.fixture
    def mailbox(self, ground: Ground, box: Box) -> Office:
        return Office(ground.graph, box)

    @pytest.fixture
    def done(self) -> str:
        return "INBOX/Done"


@pytest.mark.slow
class TestMicrosoft365MailUnkind(TestMicrosoft365Mail):
    """All that Graph may do, at once (G1-G5): and no sizes, and batches whose mails are no base64."""

    @pytest.fixture(autouse=True)
    def _unkind(self, ground: Ground) -> None:
        switches = ground.graph.switches
        switches.sparse = switches.repeats = switches.empty_pages = switches.backwards = True
        switches.early_tombstones, switches.removed_reason, switches.page_size = True, "changed", 7
        switches.mail_sizes, switches.plain_batches, switches.expired_status = False, True, 400


@dataclass
class Post:
    """What went out of a mailbox."""

    ground: Ground
    box: Box

    def gone(self) -> Sequence[Gone]:
        return gone_from(self.ground.graph.server, self.box)

    @contextmanager
    def loses_answer(self) -> Iterator[None]:
        """It does not come in time."""
        self.ground.graph.faults.append(Fault(path="/sendMail", hold=0.6))
        yield

    def breaks_early(self) -> AbstractContextManager[object]:
        return self.ground.door.shut()

    @contextmanager
    def is_busy(self) -> Iterator[None]:
        self.ground.graph.faults.append(Fault(429, headers={"Retry-After": "1"}, path="/sendMail"))
        yield


@pytest.mark.mails
class TestMicrosoft365Sender(OfficeSender):
    """Who is refused is told by a mail of Microsoft's own, some time later."""

    connects = Microsoft365Sender
    too_large = 5_000_000  # of text; files may be larger

    @pytest.fixture(autouse=True)
    def _meant(self) -> Iterator[None]:
        with answers_meant():
            yield

    @pytest.fixture
    def far_side(self, ground: Ground, box: Box) -> Post:
        return Post(ground, box)

    def same(self, handed: bytes, gone: bytes) -> bool:
        """The real one rewrites headers; the test server keeps all."""
        return handed == gone
