"""Radicale (A) and Xandikos (B), which can be stopped and started again, each behind a line that can be cut."""

from __future__ import annotations

import random
from contextlib import ExitStack
from pathlib import Path

import requests

from demo.dav_client import DavCollection
from tests.servers.processes import Program, free_port, radicale_program, xandikos_program
from tests.torture.people import Place
from tests.torture.wire import Wire


class DavServer:
    """One server with a calendar."""

    def __init__(self, name: str, program: Program, home: str, dice: random.Random) -> None:
        self.name, self.program = name, program
        self.program.start()
        self._url = f"http://127.0.0.1:{program.port}/"
        if name == "A":
            requests.request("MKCOL", f"{self._url}ada/", auth=("ada", "secret"), timeout=20)
        self.path = f"/{home}/agenda/"
        self.collection = DavCollection(f"{self._url.rstrip('/')}{self.path}", "event", "ada", "secret")
        self.collection.session.trust_env = False
        self.collection.make()
        self.wire = Wire(program.port, dice)

    @property
    def url(self) -> str:
        """As the daemon reaches it."""
        return f"http://127.0.0.1:{self.wire.port}/"

    def place(self) -> Place:
        """As people reach it: by a line that holds."""
        return Place(self.name, self.collection.url, ("ada", "secret"))

    def stop(self) -> None:
        """Connections are refused from now on."""
        self.wire.down()
        self.program.stop()

    def start(self) -> None:
        """Again."""
        for lock in self.program.folder.rglob("index.lock"):  # Xandikos forgets it when it is ended in a write
            lock.unlink()
        self.program.start()
        self.wire.up()

    def close(self) -> None:
        """For good."""
        self.wire.close()
        self.program.stop()
        self.collection.session.close()


def start_both(stack: ExitStack, folder: Path, dice: random.Random) -> dict[str, DavServer]:
    """They end with the stack."""
    found = {}
    for name, make, home in (("A", radicale_program, "ada"), ("B", xandikos_program, "ada/calendars")):
        place = folder / make.__name__.partition("_")[0]
        place.mkdir()
        found[name] = DavServer(name, make(place, free_port()), home, dice)
        stack.callback(found[name].close)
    return found
