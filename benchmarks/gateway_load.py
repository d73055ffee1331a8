"""Many phones at one daemon: steady polling, a burst, and the first sync of a large address book and calendar.

Phones poll three collections every five minutes; one request in ten writes. In the burst the times count from when a
request was due, so that waiting in a queue counts too.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import quantiles

from sqlalchemy import insert

from benchmarks.dav_client import Client
from benchmarks.gateway_phones import Phone, Truth
from benchmarks.gateway_servers import agendahub, write_items
from benchmarks.report import Row, show
from benchmarks.request_store import store_of_kind
from benchmarks.sample_contacts import contacts
from benchmarks.sample_events import events
from storage import admin_people, app_passwords, schema
from storage.database import Database
from storage.dav_store import create_collection
from storage.tables import collections
from storage.unit_of_work import SqlUnitOfWork
from tests.hub_process import Hub

_NOW = datetime(2026, 3, 1, tzinfo=UTC)
_PERIOD = 300.0  # seconds between two polls of a phone
_STOCK = 2000  # items in each of the company's collections
_TICK = 1 / 100  # seconds of CPU in /proc
_CHUNK = 50  # hrefs of a multiget


@dataclass(frozen=True, slots=True)
class Daemon:
    """A daemon with many phones."""

    pid: int
    phones: list[Phone]

    def cpu(self) -> float:
        """Seconds it worked so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * _TICK


@contextmanager
def office(count: int, store: str) -> Iterator[Daemon]:
    """A fifth as many users as phones; each sees the company's agenda and contacts, and has a calendar."""
    with tempfile.TemporaryDirectory(prefix="agendahub-load-") as name, store_of_kind(store) as url:
        schema.upgrade(url)
        passwords = _people(url, count)
        hub = Hub(Path(name))
        hub.environment["AGENDAHUB_STORE__URL"] = url
        hub.run("init")
        with hub.serving() as process:
            truth = Truth()
            phones = [_phone(hub.url, number, user, shown, truth) for number, (user, shown) in enumerate(passwords)]
            yield Daemon(process.pid, phones)


def _people(url: str, count: int) -> list[tuple[str, str]]:
    database = Database(url, clock=lambda: _NOW)
    devices: list[tuple[str, str]] = []
    try:
        with database.begin() as unit:
            connection = unit.session.connection
            values = {"created_at": _NOW}
            for number in range(max(1, count // 5)):
                user = admin_people.add_user(connection, f"u{number}", "", _NOW)
                create_collection(
                    connection, user, "own", frozenset(("event",)), {**values, "name": "Own", "epoch": f"{number:032}"}
                )
            agenda, people = (_company(unit, name, kind) for name, kind in (("agenda", "event"), ("people", "contact")))
            for number in range(count):
                shown, hashed = app_passwords.new()
                user_name = f"u{number % max(1, count // 5)}"
                admin_people.add_device(connection, user_name, f"Phone {number}", hashed, _NOW)
                devices.append((user_name, shown))
        write_items(database, agenda, {f"{uid.partition('@')[0]}.ics": text for uid, text in events(_STOCK)})
        write_items(database, people, {f"{uid}.vcf": text for uid, text in contacts(_STOCK)})
    finally:
        database.dispose()
    return devices


def _company(unit: SqlUnitOfWork, name: str, kind: str) -> int:
    row = {"slug": name, "name": name.title(), "kinds": kind, "epoch": name.ljust(32, "0"), "created_at": _NOW}
    key = unit.session.connection.execute(insert(collections).values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def _phone(url: str, number: int, user: str, password: str, truth: Truth) -> Phone:
    home = f"/dav/calendars/{user}"
    folders = {
        "agenda": f"{home}/agenda/",
        "people": f"/dav/addressbooks/{user}/people/",
        f"own {user}": f"{home}/own/",
    }
    return Phone(Client(url, user, password), folders, truth, Random(number))


# ---------------------------------------------------------------- load


def paced(jobs: list[Callable[[], object]], rate: float, workers: int) -> list[float]:
    """Run jobs at this many a second; seconds from when each was due until it was done."""
    started = time.perf_counter()

    def one(number: int, job: Callable[[], object]) -> float:
        due = started + number / rate
        while (wait := due - time.perf_counter()) > 0:
            time.sleep(wait)
        job()
        return time.perf_counter() - due

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(one, range(len(jobs)), jobs))


def jobs_of(phones: list[Phone], count: int, rng: Random) -> list[Callable[[], object]]:
    """Requests of phones in turn: nine polls, one write."""
    made: list[Callable[[], object]] = []
    for number in range(count):
        phone = phones[number % len(phones)]
        folder = rng.choice(list(phone.folders))
        work = phone.write if number % 10 == 0 else phone.poll
        made.append(lambda work=work, folder=folder: work(folder))  # type: ignore[misc]
    return made


def load(count: int, seconds: float, rate: float, store: str) -> list[Row]:
    """Steady state and burst."""
    with office(count, store) as daemon:
        phones = daemon.phones
        paced([lambda p=p, f=f: p.poll(f) for p in phones for f in p.folders], 150, 16)  # type: ignore[misc]
        before, steady = daemon.cpu(), 3 * count / _PERIOD
        began = time.perf_counter()
        paced(jobs_of(phones, int(steady * seconds), Random(1)), steady, 32)
        share = 100 * (daemon.cpu() - before) / (time.perf_counter() - began)
        took = paced(jobs_of(phones, int(rate * seconds), Random(2)), rate, 32)
        paced([phone.check for phone in phones], 60, 16)
        wrong = [error for phone in phones for error in phone.errors]
    cuts = quantiles(took, n=100)
    for error in wrong[:5]:
        print("wrong:", error)
    who = f"{count} phones"
    return [
        Row(f"{who}, steady: share of a core", "%", round(share, 2), "limit", 20),
        Row(f"{who}, burst of {rate:.0f} a second: half of the requests", "ms", round(1000 * cuts[49], 2), "limit", 15),
        Row(f"{who}, burst of {rate:.0f} a second: 99 of 100", "ms", round(1000 * cuts[98], 2), "limit", 150),
        Row(f"{who}: wrong or missing answers of {len(took):,}", "", len(wrong), "limit", 0),
    ]


# ---------------------------------------------------------------- first sync


def first_sync(store: str, event_count: int, contact_count: int) -> list[Row]:
    """A new phone reads everything, fifty items at a time."""
    with agendahub(event_count, store=store, contact_count=contact_count) as filled:
        client = filled.client()
        client.ask("OPTIONS", filled.calendar)
        before, started = _resident(filled.pid), time.perf_counter()
        texts = 0
        for path, name, data in (
            (filled.calendar, "C:calendar", "C:calendar-data"),
            (filled.book, "A:addressbook", "A:address-data"),
        ):
            texts += _read_all(client, path, name, data)
        took, after = time.perf_counter() - started, _resident(filled.pid, peak=True)
    if texts != event_count + contact_count:
        raise RuntimeError(f"only {texts} items came")
    case = f"first sync of {contact_count:,} contacts and {event_count:,} events"
    return [
        Row(case, "s", round(took, 2), "limit", 60),
        Row(f"{case}: memory the daemon needs more", "MiB", round(after - before, 1), "limit", 100),
    ]


def _read_all(client: Client, path: str, name: str, data: str) -> int:
    spaces = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:A="urn:ietf:params:xml:ns:carddav"'
    body = (
        f"<D:sync-collection {spaces}><D:sync-token/><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop>"
        "</D:sync-collection>"
    )
    _, answer = client.ask("REPORT", path, body)
    hrefs = [found.decode() for found in re.findall(rb"<D:href>([^<]*)</D:href>", answer)]
    texts = 0
    for start in range(0, len(hrefs), _CHUNK):
        wanted = "".join(f"<D:href>{href}</D:href>" for href in hrefs[start : start + _CHUNK])
        body = f"<{name}-multiget {spaces}><D:prop><D:getetag/><{data}/></D:prop>{wanted}</{name}-multiget>"
        texts += client.ask("REPORT", path, body)[1].count(b"BEGIN:VC")
    return texts


def _resident(pid: int, *, peak: bool = False) -> float:
    """MiB."""
    field = "VmHWM" if peak else "VmRSS"
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024


def main() -> None:
    """Run both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phones", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=60, help="of the steady state, and of the burst")
    parser.add_argument("--rate", type=float, default=100, help="requests a second in the burst")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--contacts", type=int, default=10_000)
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    rows = load(wanted.phones, wanted.seconds, wanted.rate, wanted.store)
    rows += first_sync(wanted.store, wanted.events, wanted.contacts)
    show(f"Many phones at one daemon on {wanted.store}", rows, as_json=wanted.json)


if __name__ == "__main__":
    main()
