"""A gateway that offers WebDAV-Push, a keeper that is looked through by hand, and a push service to tell."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import requests
from sqlalchemy import func, select

import config
from agendahub.webdav_push_keeper import WebdavPushKeeper, keys_of, offer_of
from agendahub.workspace import Workspace
from dav_gateway.app import gateway
from storage import tables
from storage.secrets import create_key_file
from tests.servers.gateway import Hub, Phone, running_hub, serving
from tests.servers.push_service import PUSH, PushService, Subscription, push_service

AGENDA = "/dav/calendars/ada/agenda/"
ASK = (
    f'<propfind xmlns="DAV:" xmlns:P="{PUSH}"><prop><P:transports/><P:topic/><P:supported-triggers/><sync-token/>'
    "</prop></propfind>"
)


def event(uid: str, summary: str = "x") -> str:
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n"
        f"DTSTART:20260301T090000Z\r\nSUMMARY:{summary}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


@dataclass
class World:
    """A gateway that offers push, a keeper that is looked through by hand, and a push service."""

    hub: Hub
    service: PushService
    workspace: Workspace
    ticks: float = 0.0
    results: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keys = keys_of(self.workspace)
        self.keeper = self.new_keeper()

    def new_keeper(self) -> WebdavPushKeeper:
        return WebdavPushKeeper(
            lambda: self.workspace, self.keys, self.results.append, self.hub.clock, lambda: self.ticks
        )

    def look(self, times: int = 2) -> None:
        """Look, and wait for what was begun; changes are told at the second look."""
        for _ in range(times):
            self.ticks += 1
            self.keeper.look()
            for work in list(self.keeper._works):
                work.result(10)

    def ahead(self, **passed: float) -> None:
        self.hub.clock.ahead += timedelta(**passed)

    def registrations(self) -> int:
        return int(self.hub.execute(select(func.count()).select_from(tables.push_registrations)).scalar())


@contextmanager
def world_over(folder: Path, url: str = "") -> Iterator[World]:
    with running_hub(folder, url=url) as bare, push_service(folder) as service:
        file = folder / "agendahub.toml"
        create_key_file(folder / "agendahub.key")
        file.write_text(
            '[server]\nbase_url = "https://hub.example.org"\noutward_hosts = ["127.0.0.1"]\n'
            f'outward_ca_file = "{service.ca_file}"\n'
        )
        workspace = Workspace(config.load(file))
        workspace.database = bare.database
        push = offer_of(workspace, keys_of(workspace))
        with serving(gateway(bare.database, clock=bare.clock, push=push)) as address:
            world = World(Hub(address, bare.database, bare.clock, bare.phones), service, workspace)
            world.hub.user("ada")
            world.hub.collection("agenda", "event,task")
            world.look(1)  # makes the keys
            yield world
            assert world.keeper.stop(time.monotonic() + 5)


def register(phone: Phone, subscription: Subscription, path: str = AGENDA, **more: str) -> requests.Response:
    return phone.post(path, data=subscription.register_body(**more), headers={"Content-Type": "application/xml"})


def path_of(answer: requests.Response) -> str:
    assert answer.status_code == 204, answer.text
    return answer.headers["location"].removeprefix("https://hub.example.org")
