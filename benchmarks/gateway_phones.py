"""Simulated phones: each keeps what it must know of its collections and takes any difference for an error."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from random import Random
from threading import Lock

from benchmarks.dav_client import Client

_RESPONSE = re.compile(rb"<D:response><D:href>([^<]*)</D:href>(.*?)</D:response>", re.DOTALL)
_ETAG = re.compile(rb"<D:getetag>([^<]*)</D:getetag>")
_TOKEN = re.compile(rb"<D:sync-token>([^<]*)</D:sync-token>")
_EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:{0}\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20260501T090000Z\r\nDTEND:20260501T100000Z\r\nSUMMARY:{1}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
_CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{0}\r\nFN:{1}\r\nN:{1};;;;\r\nEND:VCARD\r\n"


@dataclass
class Truth:
    """What the phones together wrote: entity tags by collection and name, as the server gave them."""

    now: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    ever: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    lock: Lock = field(default_factory=Lock)

    def wrote(self, folder: str, name: str, etag: str) -> None:
        """A write was answered; "" for a deletion."""
        with self.lock:
            self.ever[folder].add(etag)
            if etag:
                self.now[folder][name] = etag
            else:
                self.now[folder].pop(name, None)


@dataclass
class Phone:
    """One device. `folders`: collections by their name among all phones, with this user's address of each."""

    client: Client
    folders: dict[str, str]
    truth: Truth
    rng: Random
    state: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    tokens: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    busy: Lock = field(default_factory=Lock)  # a phone asks one thing at a time
    mine: list[tuple[str, str, str]] = field(default_factory=list)  # folder, name, entity tag

    def poll(self, folder: str) -> None:
        """Sync a collection."""
        with self.busy:
            self._poll(folder)

    def _poll(self, folder: str) -> None:
        body = (
            f'<D:sync-collection xmlns:D="DAV:"><D:sync-token>{self.tokens.get(folder, "")}</D:sync-token>'
            "<D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>"
        )
        status, answer = self.client.ask("REPORT", self.folders[folder], body)
        token = _TOKEN.search(answer)
        if status != 207 or token is None:
            self.errors.append(f"{folder}: {status} {answer[:200]!r}")
            return
        first = folder not in self.tokens
        self.tokens[folder] = token[1].decode()
        for href, about in _RESPONSE.findall(answer):
            self._learn(folder, href.decode().rpartition("/")[2], _ETAG.search(about), first=first)

    def _learn(self, folder: str, name: str, etag: re.Match[bytes] | None, *, first: bool) -> None:
        if etag is None:
            if self.state[folder].pop(name, None) is None and first:
                self.errors.append(f"{folder}: {name} is said to be gone at a first sync")
            return
        self.state[folder][name] = etag[1].decode()

    def write(self, folder: str) -> None:
        """Make, change or delete something."""
        with self.busy:
            if self.mine and self.rng.random() < 0.5:
                self._change_or_delete(*self.mine.pop(self.rng.randrange(len(self.mine))))
            else:
                self._put(folder, f"w{self.rng.getrandbits(64):016x}{'.vcf' if folder == 'people' else '.ics'}", "")

    def _change_or_delete(self, folder: str, name: str, etag: str) -> None:
        if self.rng.random() < 0.5:
            self._put(folder, name, etag)
            return
        status, answer = self.client.ask("DELETE", self.folders[folder] + name, headers={"If-Match": etag})
        if status != 204:
            self.errors.append(f"DELETE {name}: {status} {answer[:200]!r}")
        self.truth.wrote(folder, name, "")

    def _put(self, folder: str, name: str, etag: str) -> None:
        template, kind = (_CARD, "text/vcard") if folder == "people" else (_EVENT, "text/calendar")
        text = template.format(name.rpartition(".")[0], f"Version {self.rng.getrandbits(32)}")
        headers = {"If-Match": etag} if etag else {"If-None-Match": "*"}
        address = self.folders[folder] + name
        status, answer = self.client.ask("PUT", address, text, content_type=kind, headers=headers)
        tag = self.client.answered.get("etag", "")
        if status not in (201, 204) or not tag:
            self.errors.append(f"PUT {name}: {status} {answer[:200]!r}")
            return
        self.truth.wrote(folder, name, tag)
        self.mine.append((folder, name, tag))

    def check(self) -> None:
        """When all is quiet: what this phone knows is what was written, beside what was there at the beginning."""
        for folder in self.folders:
            self.poll(folder)
            known = {name: etag for name, etag in self.state[folder].items() if name.startswith("w")}
            if known != self.truth.now[folder]:
                wrong = set(known.items()) ^ set(self.truth.now[folder].items())
                self.errors.append(f"{folder}: {len(wrong)} differences, such as {next(iter(wrong))}")
