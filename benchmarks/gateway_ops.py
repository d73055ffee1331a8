"""What a phone asks of a server again and again, each as a request that is timed and an answer that is checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from statistics import median
from threading import Thread
from time import perf_counter

from benchmarks.dav_client import Client
from benchmarks.gateway_servers import Filled

_SPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:A="urn:ietf:params:xml:ns:carddav"'
_ETAGS = f"<D:propfind {_SPACES}><D:prop><D:getetag/></D:prop></D:propfind>"
_HREF = re.compile(rb"<(?:\w+:)?href>([^<]*)</(?:\w+:)?href>")
_TOKEN = re.compile(r"<(?:\w+:)?sync-token[^>]*>([^<]*)</(?:\w+:)?sync-token>")
_LONGEST, _MOST, _LEAST = 1.5, 200, 3  # seconds and rounds of one case


@dataclass
class Folder:
    """One collection under measurement, as one client knows it."""

    filled: Filled
    contacts: bool
    client: Client
    rng: Random
    hrefs: list[str] = field(default_factory=list)
    token: str = ""
    number: int = 0

    @property
    def path(self) -> str:
        """Its address."""
        return self.filled.book if self.contacts else self.filled.calendar

    @property
    def data(self) -> str:
        """The property with the text of an item."""
        return "A:address-data" if self.contacts else "C:calendar-data"

    def begin(self) -> None:
        """What a client knows after its first sync."""
        status, answer = self.client.ask("PROPFIND", self.path, _ETAGS, depth="1")
        _must(status == 207, self, answer)
        self.hrefs = [found.decode() for found in _HREF.findall(answer) if not found.endswith(b"/")]
        self.token = self.sync()[1]

    def sync(self) -> tuple[bytes, str]:
        """What changed since the token, and the new one."""
        body = (
            f"<D:sync-collection {_SPACES}><D:sync-token>{self.token}</D:sync-token><D:sync-level>1</D:sync-level>"
            "<D:prop><D:getetag/></D:prop></D:sync-collection>"
        )
        status, answer = self.client.ask("REPORT", self.path, body)
        found = _TOKEN.search(answer.decode())
        _must(status == 207 and found is not None, self, answer)
        assert found is not None
        return answer, found[1]

    def new(self) -> tuple[str, str]:
        """An item that is not there yet: its address and text."""
        self.number += 1
        uid = f"new-{self.rng.getrandbits(64):016x}-{self.number}"
        return f"{self.path}{uid}{'.vcf' if self.contacts else '.ics'}", _CARD.format(
            uid
        ) if self.contacts else _EVENT.format(uid, self.number % 28 + 1)

    def put(self) -> None:
        """Write it."""
        address, text = self.new()
        self.write(address, text)

    def write(self, address: str, text: str) -> None:
        """PUT."""
        kind = "text/vcard" if self.contacts else "text/calendar"
        status, answer = self.client.ask("PUT", address, text, content_type=f"{kind}; charset=utf-8")
        _must(status in (200, 201, 204), self, answer)


def listing(folder: Folder) -> Callable[[], None]:
    """PROPFIND with Depth 1, entity tags."""

    def work() -> None:
        status, answer = folder.client.ask("PROPFIND", folder.path, _ETAGS, depth="1")
        _must(status == 207 and answer.count(b"href>") >= 2 * len(folder.hrefs), folder, answer)

    return work


def no_change(folder: Folder) -> Callable[[], None]:
    """sync-collection with the newest token."""
    folder.token = folder.sync()[1]

    def work() -> None:
        folder.sync()

    return work


def one_change(folder: Folder) -> Callable[[], None]:
    """sync-collection after one item came."""
    folder.token = folder.sync()[1]
    folder.put()

    def work() -> None:
        answer, _ = folder.sync()
        _must(b"new-" in answer, folder, answer)

    return work


def multiget(folder: Folder) -> Callable[[], None]:
    """The texts of 100 items."""
    wanted = folder.rng.sample(folder.hrefs, min(100, len(folder.hrefs)))
    name = "A:addressbook-multiget" if folder.contacts else "C:calendar-multiget"
    hrefs = "".join(f"<D:href>{href}</D:href>" for href in wanted)
    body = f"<{name} {_SPACES}><D:prop><D:getetag/><{folder.data}/></D:prop>{hrefs}</{name}>"
    mark = b"BEGIN:VCARD" if folder.contacts else b"BEGIN:VCALENDAR"

    def work() -> None:
        status, answer = folder.client.ask("REPORT", folder.path, body)
        _must(status == 207 and answer.count(mark) == len(wanted), folder, answer)

    return work


def query(folder: Folder) -> Callable[[], None]:
    """The events of one month; contacts by a part of their address."""
    month = folder.rng.randrange(1, 13)
    if folder.contacts:
        text = f"person{folder.rng.randrange(min(len(folder.hrefs), 1000) // 2)}"
        inner = f'<A:filter><A:prop-filter name="EMAIL"><A:text-match>{text}</A:text-match></A:prop-filter></A:filter>'
        body = f"<A:addressbook-query {_SPACES}><D:prop><D:getetag/></D:prop>{inner}</A:addressbook-query>"
    else:
        after = f"2027{1:02}01" if month == 12 else f"2026{month + 1:02}01"
        inner = f'<C:time-range start="2026{month:02}01T000000Z" end="{after}T000000Z"/>'
        inner = f'<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">{inner}</C:comp-filter></C:comp-filter>'
        body = (
            f"<C:calendar-query {_SPACES}><D:prop><D:getetag/></D:prop><C:filter>{inner}</C:filter></C:calendar-query>"
        )

    def work() -> None:
        status, answer = folder.client.ask("REPORT", folder.path, body, depth="1")
        _must(status == 207 and b"getetag" in answer, folder, answer)

    return work


def put_new(folder: Folder) -> Callable[[], None]:
    """PUT of an item that is not there."""
    address, text = folder.new()
    return lambda: folder.write(address, text)


def get(folder: Folder) -> Callable[[], None]:
    """GET of an item."""
    address = folder.rng.choice(folder.hrefs)

    def work() -> None:
        status, answer = folder.client.ask("GET", address)
        _must(status == 200 and b"END:VC" in answer, folder, answer)

    return work


CASES: dict[str, Callable[[Folder], Callable[[], None]]] = {
    "PROPFIND, all entity tags": listing,
    "sync, no change": no_change,
    "sync, 1 change": one_change,
    "multiget 100": multiget,
    "query": query,
    "PUT new": put_new,
    "GET": get,
}


def measure(filled: Filled, *, contacts: bool, clients: int) -> dict[str, float]:
    """Milliseconds of each case in the median over all requests of this many clients at once."""
    folders = [Folder(filled, contacts, filled.client(), Random(f"{contacts} {clients} {n}")) for n in range(clients)]
    for folder in folders:
        folder.begin()
    found = {name: _median(case, folders) for name, case in CASES.items()}
    for folder in folders:
        folder.client.close()
    return found


def _median(case: Callable[[Folder], Callable[[], None]], folders: Sequence[Folder]) -> float:
    took: list[list[float]] = [[] for _ in folders]
    failed: list[BaseException] = []

    def run(folder: Folder, mine: list[float]) -> None:
        try:
            case(folder)()  # not counted: what a server does once
            started = perf_counter()
            least = _LEAST if len(folders) == 1 else 1
            while len(mine) < least or (perf_counter() - started < _LONGEST and len(mine) < _MOST):
                work = case(folder)
                begin = perf_counter()
                work()
                mine.append(perf_counter() - begin)
        except BaseException as err:
            failed.append(err)

    threads = [Thread(target=run, args=pair) for pair in zip(folders, took, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return 1000 * median(one for mine in took for one in mine)


def _must(right: bool, folder: Folder, answer: bytes) -> None:
    if not right:
        raise RuntimeError(f"{folder.filled.name} answered otherwise than expected: {answer[:400]!r}")


_CARD = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{0}\r\nFN:New One {0}\r\nN:One;New;;;\r\n"
    "EMAIL:{0}@example.org\r\nTEL:+41 1\r\nEND:VCARD\r\n"
)
_EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:{0}\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:202605{1:02}T090000Z\r\nDTEND:202605{1:02}T100000Z\r\nSUMMARY:New {0}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
