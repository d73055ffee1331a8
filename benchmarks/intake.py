"""Mail becomes requests: 300 a minute all the time, 1,000 a minute for ten minutes; each mail exactly one request.

The mails lie in a real Dovecot and are read by IMAP; where it is not installed, in a folder of files (ARGS="--folder").
The peer is a limit: what a minute allows each mail. `make bench-intake ARGS="--minutes 10"` lasts longer, and
ARGS="--postgresql" is on a PostgreSQL server of its own.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from sqlalchemy import func, select

from benchmarks.customer_mails import CUSTOMERS, address, mails
from benchmarks.database_cost import forget_peak, peak
from benchmarks.engine_world import postgresql
from benchmarks.report import Row, show
from connectors.imap import connect
from connectors.mail import After, MailSource
from connectors.settings import ConnectorSettings
from crm.intake.model import Taken
from crm.intake.reader import Reader, Reading
from crm.rules import keeping
from storage import schema
from storage import tables as t
from storage.admin_config import ensure_collection
from storage.database import Database
from sync_engine.item import Item
from sync_engine.model import Contact, Labelled
from sync_engine.ports import Origin
from tests.intake_here import settings
from tests.servers import dovecot as servers
from tests.servers.mail_folder import MailFolders

LIMIT = "limit"
SUSTAINED, BURST = 300, 1000  # mails a minute
PATIENCE = 5.0  # seconds until a mail should be a request, where its server is asked each second
MEMORY = 64.0  # MiB
_EVERY = 1.0  # seconds between looks
_MEGA = 1 << 20


class Place(Protocol):
    """Where mails come in."""

    def put(self, raw: bytes) -> None:
        """One comes."""

    def source(self) -> MailSource:
        """Reads them."""


@dataclass
class _Files:
    folders: MailFolders

    def put(self, raw: bytes) -> None:
        self.folders.put(raw)

    def source(self) -> MailSource:
        return self.folders


@dataclass
class _Imap:
    server: servers.Dovecot

    def put(self, raw: bytes) -> None:
        self.server.deliver(raw, [f"bench@{servers.DOMAIN}"], "x@firm.example")

    def source(self) -> MailSource:
        return connect(ConnectorSettings(self.server.url, "bench", servers.PASSWORD))


@dataclass
class Bench:
    """A hub with its customers and rules, and a mailbox."""

    database: Database
    place: Place
    rows: list[Row] = field(default_factory=list)
    expected: set[str] = field(default_factory=set)
    times: list[float] = field(default_factory=list)  # when each mail was taken in, of the monotonic clock

    def note(self, case: str, unit: str, ours: float, limit: float) -> None:
        """Add a row."""
        self.rows.append(Row(case, unit, ours, LIMIT, limit))

    def reader(self, source: MailSource) -> Reader:
        """As the daemon's."""
        reading = Reading("support", ("INBOX",), After(keyword="AgendaHub"))
        return Reader(self.database, settings(), source, reading, took=self._took)

    def _took(self, _taken: Taken) -> None:
        self.times.append(time.monotonic())


def burst(bench: Bench, count: int) -> None:
    """So many mails came at once."""
    for subject, raw in mails(count):
        bench.place.put(raw)
        bench.expected.add(subject)
    source = bench.place.source()
    before, began, cpu = forget_peak(), time.monotonic(), time.process_time()
    looked = bench.reader(source).look()
    wall, cpu = time.monotonic() - began, time.process_time() - cpu
    grown = (peak() - before) / _MEGA
    source.close()
    assert looked.taken == count, looked
    last = min(1000, count // 2)
    bench.note(f"burst, {count:,} mails at once", "ms/mail", 1000 * wall / count, 60_000 / BURST)
    took = 1000 * (bench.times[-1] - bench.times[-last]) / last
    bench.note(f"burst, the last {last:,}", "ms/mail", took, 60_000 / BURST)
    bench.note("burst, CPU", "ms/mail", 1000 * cpu / count, 60_000 / BURST)
    bench.note("burst, memory", "MiB", grown, MEMORY)


def sustained(bench: Bench, minutes: float) -> None:
    """Mails come at their pace while the mailbox is read each second."""
    count = int(SUSTAINED * minutes)
    coming = _Coming(bench.place, list(mails(count, seed=2)))
    source, before = bench.place.source(), forget_peak()
    reader, cpu = bench.reader(source), time.process_time()
    bench.times.clear()
    coming.start()
    while len(bench.times) < count:
        reader.look()
        time.sleep(_EVERY)
    cpu = time.process_time() - cpu
    source.close()
    bench.expected |= coming.subjects
    waits = sorted(taken - came for came, taken in zip(coming.times, bench.times, strict=True))
    case = f"sustained, {SUSTAINED} a minute for {minutes:g} min"
    bench.note(f"{case}, until a request (99 of 100)", "s", waits[int(len(waits) * 0.99)], PATIENCE)
    bench.note(f"{case}, CPU", "ms/mail", 1000 * cpu / count, 60_000 / SUSTAINED)
    bench.note(f"{case}, memory", "MiB", (peak() - before) / _MEGA, MEMORY)


class _Coming(threading.Thread):
    """Puts one mail after the other at its time."""

    def __init__(self, place: Place, wanted: Sequence[tuple[str, bytes]]) -> None:
        super().__init__(daemon=True)
        self._place, self._wanted = place, wanted
        self.times: list[float] = []
        self.subjects = {subject for subject, _raw in wanted}

    def run(self) -> None:
        """Until all have come."""
        began = time.monotonic()
        for number, (_subject, raw) in enumerate(self._wanted):
            time.sleep(max(0.0, began + number * 60 / SUSTAINED - time.monotonic()))
            self._place.put(raw)
            self.times.append(time.monotonic())


def judge(bench: Bench) -> None:
    """Each mail is one message of one request, with its octets."""
    into = select(t.messages.c.subject, func.count()).where(t.messages.c.direction == "in", t.messages.c.request_id > 0)
    with bench.database.read() as unit:
        rows = unit.session.connection.execute(into.group_by(t.messages.c.subject))
        found = {str(subject): int(count) for subject, count in rows}
        aside = unit.session.connection.execute(select(func.count()).select_from(t.mail_quarantine)).scalar_one()
    wrong = aside + sum(found.get(subject, 0) != 1 for subject in bench.expected) + len(found.keys() - bench.expected)
    bench.note(f"of {len(bench.expected):,} mails not exactly one request", "mails", wrong, 0)


def prepare(database: Database) -> None:
    """Customers in the address book of the company, and some rules."""
    with database.begin() as unit:
        book = ensure_collection(unit.session.connection, "Contacts", ("contact",), "", unit.session.now())
        for number in range(CUSTOMERS):
            card = Contact(uid=f"c{number}", full_name=f"Customer {number}", emails=(Labelled(address(number)),))
            unit.create_item(book, Item.of(card), Origin("benchmark"))
        for number in range(20):
            when = [{"field": "subject", "operator": "contains", "value": [f"word{number}", f"other{number}"]}]
            keeping.add(unit, {"name": f"rule {number}", "when": when, "then": {"priority": 4}}, "ada")


@contextmanager
def _bench(given: argparse.Namespace) -> Iterator[Bench]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="agendahub-bench-intake-")))
        url = stack.enter_context(postgresql()) if given.postgresql else f"sqlite:///{folder}/hub.db"
        schema.upgrade(url)
        database = Database(url)
        stack.callback(database.dispose)
        prepare(database)
        place: Place = _Files(MailFolders(folder / "mails", arrived_at=None))
        if not given.folder and not servers.why_not():
            place = _Imap(stack.enter_context(servers.dovecot()))
        elif not given.folder:
            print(f"{servers.why_not()}; mails lie in a folder of files instead", file=sys.stderr)
        yield Bench(database, place)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench-intake", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--mails", type=int, default=BURST * 10, help="in the burst")
    parser.add_argument("--minutes", type=float, default=1.0, help="of sustained mails")
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL server of its own, not on SQLite")
    parser.add_argument("--folder", action="store_true", help="mails in a folder of files, not in Dovecot")
    given = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    with _bench(given) as bench:
        print(f"{given.mails:,} mails at once", file=sys.stderr, flush=True)
        burst(bench, given.mails)
        print(f"{SUSTAINED} mails a minute", file=sys.stderr, flush=True)
        sustained(bench, given.minutes)
        judge(bench)
        where = "a folder" if isinstance(bench.place, _Files) else "Dovecot"
    name = "PostgreSQL" if given.postgresql else "SQLite"
    show(f"Mails from {where} into {name}", bench.rows, as_json=given.json)


if __name__ == "__main__":
    main()
