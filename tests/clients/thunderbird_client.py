"""Thunderbird without a screen, worked by Marionette: the calendar and the address book that people use."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.clients.client import Account, Client, last_segments, plain
from tests.clients.marionette import Marionette
from tests.servers.processes import end, free_port

_AGENT = Path(__file__).with_name("thunderbird_agent.js")
_REALM = "AgendaHub"  # what the gateway calls itself when it asks for a password
_KIND = {"series": "event"}
_START = 90.0  # seconds for a new profile on a busy machine
_SETTINGS: dict[str, Any] = {
    "app.update.disabledForTesting": True,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "calendar.timezone.local": "Europe/Berlin",
    "calendar.timezone.useSystemTimezone": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "mail.inappnotifications.enabled": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.rights.version": 1,
    "mail.spotlight.firstRunDone": True,
    "mailnews.start_page.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.enabled": False,
}


def missing() -> str:
    """What is not installed."""
    return "" if shutil.which("thunderbird") else "Thunderbird is not installed (Debian: thunderbird)."


class Thunderbird:
    """The program that runs."""

    drops: frozenset[str] = frozenset()

    def __init__(self, marionette: Marionette, account: Account) -> None:
        self._marionette, self._account = marionette, account

    def _do(self, command: str, *arguments: Any) -> Any:
        return self._marionette.run("return agent[given[0]](...given.slice(1));", command, *arguments)

    def open(self) -> None:
        """Add the account: what its wizards write when the addresses are typed."""
        account = self._account
        self._marionette.run(_AGENT.read_text())
        self._do("signIn", account.url, _REALM, account.user, account.password)
        for kind in ("event", "task", "contact"):
            self._do("open", kind, account.address(kind), account.user)

    def discover(self) -> set[str]:
        """Its wizards' search from an address."""
        account = self._account
        return last_segments(self._do("discover", account.url, account.user, account.password))

    def sync(self, *kinds: str) -> None:
        """Its "Synchronize" button."""
        for kind in kinds:
            self._do("sync", _KIND.get(kind, kind))

    def texts(self, kind: str) -> list[str]:
        """What it would export."""
        return [plain(text) for text in self._do("texts", _KIND.get(kind, kind))]

    def create(self, kind: str, text: str) -> None:
        """At the server soon."""
        self._do("create", _KIND.get(kind, kind), text.replace("\n", "\r\n"))

    def retitle(self, kind: str, uid: str, title: str) -> None:
        """At the server soon."""
        self._do("retitle", _KIND.get(kind, kind), uid, title)

    def retitle_one(self, uid: str, start: str, title: str) -> None:
        """At the server soon."""
        self._do("retitleOne", uid, start, title)

    def accept(self, uid: str, user: str) -> None:
        """At the server soon."""
        self._do("accept", uid, user)

    def delete(self, kind: str, uid: str) -> None:
        """At the server soon."""
        self._do("delete", _KIND.get(kind, kind), uid)


@contextmanager
def running(account: Account) -> Iterator[Client]:
    """With a new profile."""
    port = free_port()
    with _process(account.folder, port) as process:
        marionette = Marionette(port, _START)
        try:
            marionette.command("WebDriver:NewSession", capabilities={})
            marionette.command("Marionette:SetContext", value="chrome")
            marionette.command("WebDriver:SetTimeouts", script=120_000)
            client = Thunderbird(marionette, account)
            client.open()
            yield client
            marionette.command("Marionette:Quit", flags=["eForceQuit"])
            process.wait(30)
        finally:
            marionette.close()


@contextmanager
def _process(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    profile = folder / "profile"
    profile.mkdir()
    settings = {**_SETTINGS, "marionette.port": port}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in settings.items()]
    (profile / "user.js").write_text("".join(lines))
    command = ["thunderbird", "--marionette", "-remote-allow-system-access", "--headless", "--no-remote"]
    environment = {**os.environ, "HOME": str(folder), "MOZ_HEADLESS": "1", "TZ": "Europe/Berlin"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--profile", str(profile)], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            end(process)
