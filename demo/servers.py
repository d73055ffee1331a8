"""The two real servers of the demo: Radicale is A, Xandikos is B."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import requests

from demo.dav_client import DavCollection
from tests.servers import processes
from tests.servers.processes import Server

KINDS = ("contact", "event", "task")
_NAMES = {"contact": "contacts", "event": "agenda", "task": "tasks"}


@dataclass
class DemoServer:
    """A server with a collection for each kind."""

    label: str
    server: Server
    collections: dict[str, DavCollection] = field(default_factory=dict)


def start(stack: ExitStack, folder: Path) -> dict[str, DemoServer]:
    """Start both servers on free ports and make empty collections; they end with the stack."""
    a = DemoServer("Radicale", stack.enter_context(processes.radicale(_folder(folder, "radicale"))))
    b = DemoServer("Xandikos", stack.enter_context(processes.xandikos(_folder(folder, "xandikos"))))
    requests.request("MKCOL", f"{a.server.url}ada/", auth=("ada", "secret"), timeout=20)
    _make_collections(a, dict.fromkeys(KINDS, "ada"))
    _make_collections(b, {"contact": "ada/contacts", "event": "ada/calendars", "task": "ada/calendars"})
    return {"A": a, "B": b}


def _folder(parent: Path, name: str) -> Path:
    made = parent / name
    made.mkdir()
    return made


def _make_collections(at: DemoServer, homes: dict[str, str]) -> None:
    for kind, home in homes.items():
        url = f"{at.server.url}{home}/demo-{_NAMES[kind]}/"
        at.collections[kind] = DavCollection(url, kind, at.server.username, at.server.password)
        at.collections[kind].make()
