"""A client program of people, as the tests see it: what a person does with it, and what it then shows.

Each works for one account of the hub with a calendar ("events"), a task list ("tasks") and an address book ("people").
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.servers.gateway import Phone

FOLDER = {"event": "calendars", "series": "calendars", "task": "calendars", "contact": "addressbooks"}
SLUG = {"event": "events", "series": "events", "task": "tasks", "contact": "people"}
PATIENCE = 40.0  # seconds that a client may take for one step: the machine may be busy


@dataclass(frozen=True, slots=True)
class Account:
    """What a person types into a client, and a folder for what the client keeps."""

    url: str
    user: str
    password: str
    folder: Path

    def address(self, kind: str) -> str:
        """The collection for a kind of item."""
        return f"{self.url}/dav/{FOLDER[kind]}/{self.user}/{SLUG[kind]}/"


class Client(Protocol):
    """A client that runs. Texts are iCalendar objects and vCards with LF and without folds."""

    drops: frozenset[str]
    """Marks of the samples that it is known to lose in an item when it changes it."""

    def discover(self) -> set[str]:
        """The collections it finds from the server's bare address: "events", "tasks", "people" and so on."""

    def sync(self, *kinds: str) -> None:
        """Bring its collections for these kinds into step with the server, or begin to."""

    def texts(self, kind: str) -> list[str]:
        """The items it shows now, in its own words."""

    def create(self, kind: str, text: str) -> None:
        """Make an item as a person would; it need not be at the server before the next sync."""

    def retitle(self, kind: str, uid: str, title: str) -> None:
        """Change the title of an item, of a series the whole one's; the name of a contact."""

    def retitle_one(self, uid: str, start: str, title: str) -> None:
        """Change the title of one occurrence, whose start in UTC is given: 20270308T080000Z."""

    def accept(self, uid: str, user: str) -> None:
        """Accept an invitation to an event as this user."""

    def delete(self, kind: str, uid: str) -> None:
        """Delete an item."""


@dataclass(frozen=True, slots=True)
class Program:
    """A client that can be started, if it is installed."""

    name: str
    missing: Callable[[], str]
    """A sentence on what is not installed; "" when all is."""
    running: Callable[[Account], AbstractContextManager[Client]]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another device of the same person, which speaks to the server directly."""

    phone: Phone
    user: str

    def path(self, kind: str, uid: str) -> str:
        """Where the samples are put."""
        return f"/dav/{FOLDER[kind]}/{self.user}/{SLUG[kind]}/{uid}.{'vcf' if kind == 'contact' else 'ics'}"

    def put(self, kind: str, uid: str, text: str) -> None:
        """Make or change an item."""
        media = "text/vcard" if kind == "contact" else "text/calendar"
        headers = {"Content-Type": f"{media}; charset=utf-8"}
        answer = self.phone.put(self.path(kind, uid), data=text.replace("\n", "\r\n").encode(), headers=headers)
        assert answer.status_code in {201, 204}, answer.text

    def change(self, uid: str, old: str, new: str) -> None:
        """Change an event that came here by an invitation, wherever it is."""
        folder = self.path("event", "").rpartition("/")[0] + "/"
        (href,) = (href for href in self._hrefs(folder) if uid in self.phone.get(href).text)
        found = self.phone.get(href)
        text = plain(found.content.decode())
        assert old in text, text
        headers = {"Content-Type": "text/calendar; charset=utf-8", "If-Match": found.headers["etag"]}
        changed = text.replace(old, new).replace("\n", "\r\n")
        assert self.phone.put(href, data=changed.encode(), headers=headers).status_code == 204

    def delete(self, kind: str, uid: str) -> None:
        """Delete an item that was put here."""
        assert self.phone.delete(self.path(kind, uid)).status_code == 204

    def texts(self, kind: str) -> list[str]:
        """All that the server has."""
        folder = self.path(kind, "").rpartition("/")[0] + "/"
        return [plain(self.phone.get(href).content.decode()) for href in self._hrefs(folder)]

    def _hrefs(self, folder: str) -> list[str]:
        body = '<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
        listed = self.phone.request("PROPFIND", folder, data=body, headers={"Depth": "1"})
        hrefs = [part.partition("<")[0] for part in listed.text.split("<D:href>")[1:]]
        return [href for href in hrefs if not href.endswith("/")]


def slugs(kinds: Iterable[str]) -> list[str]:
    """The collections that these kinds are in, each once."""
    return list(dict.fromkeys(SLUG[kind] for kind in kinds))


def last_segments(addresses: Iterable[str]) -> set[str]:
    """The names of collections, of their addresses."""
    return {address.rstrip("/").rpartition("/")[2] for address in addresses}


def plain(text: str) -> str:
    """A text with LF and without folds."""
    return text.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "")


def with_uid(texts: list[str], uid: str) -> str:
    """The item with this UID, which its title names too: not all clients show UIDs; "" for none."""
    return next((text for text in texts if uid in text), "")


def until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """The first true answer of a condition; fails when there is none in time."""
    end = time.monotonic() + seconds
    while True:
        if found := condition():
            return found
        assert time.monotonic() < end, f"within {seconds:.0f} seconds not: {what}"
        time.sleep(0.2)
