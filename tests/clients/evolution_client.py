"""evolution-data-server, the store behind Evolution and GNOME's calendar, on a message bus of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.clients.agent_process import AgentProcess
from tests.clients.client import Account, Client, last_segments, plain

_AGENT = Path(__file__).with_name("evolution_agent.py")
_PYTHON = "/usr/bin/python3"
_LIBRARIES = ("EDataServer-1.2", "ECal-2.0", "EBook-1.2", "EBookContacts-1.2")
_PROGRAMS = ("dbus-run-session", "gnome-keyring-daemon", _PYTHON)
# The keyring is opened with an empty password's stand-in: a session without a screen has nobody to ask.
_START = 'eval "$(echo -n x | gnome-keyring-daemon --unlock --components=secrets 2>/dev/null)"; exec "$0" "$1"'
# Without a route to the outside GNOME takes the machine for offline, and loopback for out of reach.
_ONLINE = "[org/gnome/evolution-data-server]\nnetwork-monitor-gio-name='always-online'\n"
_KIND = {"series": "event"}


def missing() -> str:
    """What is not installed."""
    for program in _PROGRAMS:
        if not shutil.which(program):
            return f"{program} is not installed (Debian: dbus gnome-keyring python3-gi)."
    folders = [*Path("/usr/lib").glob("*/girepository-1.0"), Path("/usr/lib/girepository-1.0")]
    for library in _LIBRARIES:
        if not any((folder / f"{library}.typelib").exists() for folder in folders):
            return f"evolution-data-server's {library} is not installed (Debian: gir1.2-{library.lower()})."
    return ""


class Evolution:
    """The agent that works it."""

    drops: frozenset[str] = frozenset()

    def __init__(self, agent: AgentProcess, account: Account) -> None:
        self._agent, self._account = agent, account

    def discover(self) -> set[str]:
        """Its search for collections when an account is added."""
        account = self._account
        return last_segments(self._agent.ask("discover", account.url, account.user, account.password))

    def sync(self, *kinds: str) -> None:
        """Ask it to refresh, which it does in the background."""
        for kind in kinds:
            self._agent.ask("sync", _KIND.get(kind, kind))

    def texts(self, kind: str) -> list[str]:
        """What it gives to Evolution."""
        return [plain(text) for text in self._agent.ask("texts", _KIND.get(kind, kind))]

    def create(self, kind: str, text: str) -> None:
        """At the server when this returns."""
        self._agent.ask("create", _KIND.get(kind, kind), text.replace("\n", "\r\n"))

    def retitle(self, kind: str, uid: str, title: str) -> None:
        """At the server when this returns."""
        self._agent.ask("retitle", _KIND.get(kind, kind), uid, title)

    def retitle_one(self, uid: str, start: str, title: str) -> None:
        """At the server when this returns."""
        self._agent.ask("retitle_one", uid, start, title)

    def accept(self, uid: str, user: str) -> None:
        """At the server when this returns."""
        self._agent.ask("accept", uid, user)

    def delete(self, kind: str, uid: str) -> None:
        """At the server when this returns."""
        self._agent.ask("delete", _KIND.get(kind, kind), uid)


@contextmanager
def running(account: Account) -> Iterator[Client]:
    """Its services end with their message bus, which ends with the agent."""
    command = ["dbus-run-session", "--", "bash", "-c", _START, _PYTHON, str(_AGENT)]
    with AgentProcess.running(command, _environment(account.folder), account.folder / "log") as agent:
        for kind in ("event", "task", "contact"):
            agent.ask("open", kind, account.address(kind), account.user, account.password)
        yield Evolution(agent, account)


def _environment(folder: Path) -> dict[str, str]:
    places = {"XDG_RUNTIME_DIR": "run", "XDG_CONFIG_HOME": "c", "XDG_CACHE_HOME": "k", "XDG_DATA_HOME": "d"}
    for name in places.values():
        (folder / name).mkdir(mode=0o700)
    settings = folder / "c/glib-2.0/settings"
    settings.mkdir(parents=True)
    (settings / "keyfile").write_text(_ONLINE)
    found = {name: value for name, value in os.environ.items() if not name.startswith(("DBUS_", "PYTHON"))}
    found |= {name: str(folder / below) for name, below in places.items()}
    return found | {
        "HOME": str(folder), "GIO_USE_VFS": "local", "GSETTINGS_BACKEND": "keyfile", "NO_AT_BRIDGE": "1",
        "LC_ALL": "C.UTF-8",
    }  # fmt: skip
