"""The real daemon in this process, with its web server, beside a Google of our own; tests move the clock of both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import requests

from storage.push_subscriptions import SubscriptionRow
from tests.integration.microsoft.push_hub import PushHub, push_hub
from tests.servers.google_workspace.calendar_channels import Channel
from tests.servers.google_workspace.server import Google, google_workspace
from tests.servers.google_workspace.world import World

ADA = "ada@example.com"
AGENDA, PEOPLE, TO_DO = (
    ("agenda", f"calendars/{ADA}", "event"),
    ("people", "contacts", "contact"),
    ("to do", "", "task"),
)
LIFE = timedelta(minutes=4225)
"""That we ask for: `push_lifetime`, without a margin for clocks that differ."""
WATCH, STOP = "calendar.events.watch", "calendar.channels.stop"


@dataclass
class GoogleHub:
    """A hub, and Ada's account at Google that it is bound to. Nothing is pushed by itself: a test calls `push`."""

    hub: PushHub
    google: Google
    token: str

    def account(self, **more: str) -> str:
        """The account's section."""
        values = {"url": self.google.url, "secret": "file:token", "auth": "bearer", "timeout": "2s"} | more
        lines = [f'{name} = "{value}"' for name, value in values.items()]
        return "\n".join(['[[accounts]]\nname = "google"\nconnector = "google_workspace"', *lines])

    def binding(self, name: str, remote: str, kind: str) -> str:
        """A binding's section."""
        values = {"name": name, "account": "google", "remote": remote, "collection": name}
        lines = [f'{key} = "{value}"' for key, value in values.items()]
        return "\n".join(["[[bindings]]", *lines, f'kinds = ["{kind}"]'])

    def usual(self, **more: str) -> list[str]:
        """An account with its calendar."""
        return [self.account(**more), self.binding(*AGENDA)]

    def begin(self, *sections: str) -> None:
        """Boot, let each binding be at work once, and make the channels; their first calls come."""
        self.hub.configure(*(sections or self.usual()))
        self.hub.boot()
        self.hub.cycles()
        self.hub.look()
        self.hub.hinted_cycles()
        self.push()

    def meet(self, summary: str) -> None:
        """Ada makes an event on her phone."""
        times = {edge: {"dateTime": f"2026-03-02T{hour}:00:00Z"} for edge, hour in (("start", "10"), ("end", "11"))}
        self.google.calendar.put(ADA, summary=summary, **times)

    def push(self) -> int:
        """Google calls everybody who wants to know; how many calls that were."""
        return self.google.push()

    @property
    def channels(self) -> list[Channel]:
        """That Google calls."""
        return self.google.calendar.channels.live

    @property
    def channel(self) -> Channel:
        """The only one."""
        [found] = self.channels
        return found

    @property
    def stored(self) -> list[SubscriptionRow]:
        """What the hub knows of them."""
        return [row.subscription for row in self.hub.rows() if row.subscription is not None]

    def state(self) -> str:
        """How push is: its state, and why."""
        return self.hub.state("google")

    def asked(self, method: str) -> int:
        """Calls that Google got: events.watch, channels.stop ..."""
        return self.google.asked(method)


@contextmanager
def google_hub(folder: Path) -> Iterator[GoogleHub]:
    """Both servers, up."""
    with push_hub(folder) as hub, google_workspace(World(clock=hub.now)) as google:
        google.switches.pushes = False
        token = google.give(ADA)
        (folder / "token").write_text(token)
        yield GoogleHub(hub, google, token)


def call(channel: Channel, state: str = "exists", **more: str) -> requests.Response:
    """A call as Google makes it, with something else in it; "" leaves a header out."""
    headers = {"X-Goog-Channel-ID": channel.id, "X-Goog-Channel-Token": channel.token, "X-Goog-Resource-State": state}
    given = headers | {f"X-Goog-{name.replace('_', '-')}": value for name, value in more.items()}
    return requests.post(channel.address, headers={name: text for name, text in given.items() if text}, timeout=10)
