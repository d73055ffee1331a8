"""The hub's daemon on one database, two real servers, and people who work at all three places."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from demo.dav_client import DavCollection
from storage import tables as t
from storage.admin_lists import conflicts, quarantine
from storage.database import Database
from tests.servers.processes import free_port
from tests.torture.daemon import Daemon
from tests.torture.ledger import Ledger
from tests.torture.people import Person, Place
from tests.torture.report import Report
from tests.torture.servers import DavServer, start_both
from tests.torture.stores import Store, make_store

HUB = "/dav/calendars/ada/agenda/"
PROBE = "/dav/calendars/ada/probe/"
PACE = 0.25  # seconds between two edits of one person
ALL = ("A", "B", "P")


class World:
    """Everything of one run. Ends with the stack."""

    def __init__(self, stack: ExitStack, kind: str, folder: Path, seed: int) -> None:
        self.kind, self.folder = kind, folder
        self.dice = random.Random(f"{kind} {seed} disasters")
        self.report = Report()
        self.servers: dict[str, DavServer] = start_both(stack, folder, random.Random(f"{kind} {seed} lines"))
        self.store: Store = make_store(kind, stack, folder)
        self.daemon = self._set_up(stack)
        self.ledger = Ledger(ALL)
        places = {name: server.place() for name, server in self.servers.items()} | {"P": self.phone(HUB)}
        self.people = {
            name: Person(place, self.ledger, random.Random(f"{kind} {seed} {name}"), PACE)
            for name, place in places.items()
        }
        self.probe = self.phone(PROBE)

    def _set_up(self, stack: ExitStack) -> Daemon:
        daemon = Daemon(self.folder, free_port())
        stack.callback(daemon.close)
        daemon.command("init", "--database", self.store.url)
        config = self.folder / "agendahub.toml"
        text = config.read_text().replace("# port = 8008", f"port = {daemon.port}")
        config.write_text(text.replace('# interval = "5m"', 'interval = "1s"', 1) + "".join(self._sections()))
        daemon.command("user", "add", "ada")
        daemon.auth = ("ada", json.loads(daemon.command("device", "add", "ada", "phone", "--json"))["password"])
        return daemon

    def _sections(self) -> Iterator[str]:
        (self.folder / "secret").write_text("secret\n")
        for name, server in self.servers.items():
            yield f'\n[[accounts]]\nname = "{name}"\nurl = "{server.url}"\nusername = "ada"\nsecret = "file:secret"\n'
            yield f'\n[[bindings]]\nname = "{name}"\naccount = "{name}"\nremote = "{server.path}"\n'
            yield 'collection = "Agenda"\nkinds = ["event"]\nbrake_count = 10000\n'  # the brake would hide losses

    def phone(self, path: str) -> Place:
        """A device at the gateway."""
        return Place("P", self.daemon.url + path, self.daemon.auth)

    # ---------------------------------------------------------------- people

    def begin(self) -> None:
        """Everything runs."""
        self.daemon.start()
        self.daemon.until_it_serves()
        self.daemon.until_cycles(1)
        self.daemon.gateway = HUB
        assert self.probe.status("MKCALENDAR") == 201
        for person in self.people.values():
            person.start()

    def check_people(self) -> None:
        """Fails when one met something that must not be."""
        for person in self.people.values():
            if person.error is not None:
                raise AssertionError(f"{person.name}: {person.error}") from person.error

    @contextmanager
    def hands_off(self, *names: str) -> Iterator[None]:
        """These people are not in the middle of anything."""
        with ExitStack() as stack:
            for name in names:
                stack.enter_context(self.people[name].hands)
            yield

    def leave(self) -> None:
        """All people stop."""
        for person in self.people.values():
            person.stop()
        self.check_people()
        self.report.edits.update(self.ledger.done)
        self.report.took("phone answered", max(self.people["P"].place.slowest, self.probe.slowest))

    # ---------------------------------------------------------------- what there is

    def held(self) -> dict[str, list[tuple[str, str]]]:
        """Place -> (UID, text) of all items."""
        phone = DavCollection(self.daemon.url + HUB, "event", *self.daemon.auth)
        phone.session.trust_env = False
        seen = {**{name: server.collection for name, server in self.servers.items()}, "hub": phone}
        try:
            return {name: [(held.uid, held.text) for held in place.held()] for name, place in seen.items()}
        finally:
            phone.session.close()

    def etags(self) -> dict[str, dict[str, str]]:
        """Place -> entity tags of all items; a write changes one."""
        return {name: server.collection.etags() for name, server in self.servers.items()}

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The hub's store, beside the daemon."""
        database = Database(self.store.url)
        try:
            yield database
        finally:
            database.dispose()

    def open_ends(self) -> dict[str, object]:
        """What the store says is not finished, and how much it holds."""
        with self.database() as database, database.read() as unit:
            connection = unit.session.connection
            return {
                "quarantine": [f"{row.title}: {row.message}" for row in quarantine(connection)],
                "intents": len(connection.execute(t.intents.select()).all()),
                "holds": len(connection.execute(t.holds.select()).all()),
                "seqs": connection.execute(t.collections.select().order_by(t.collections.c.id)).scalars().all(),
                "revisions": len(connection.execute(t.revisions.select().with_only_columns(t.revisions.c.id)).all()),
            }

    def conflicts(self) -> str:
        """The log of what lost, as text."""
        with self.database() as database, database.read() as unit:
            return json.dumps([row.fields for row in conflicts(unit.session.connection, all_of_them=True)])

    def wait(self, least: float, most: float) -> None:
        """A moment."""
        time.sleep(self.dice.uniform(least, most))
