"""A phone that keeps calendars by sync-collection alone: what it shows must be what is there."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from lxml import etree

from tests.servers.gateway import Phone
from tests.servers.multistatus_reader import read_multistatus

Shown = dict[str, tuple[str, str]]  # address -> entity tag, text

_SYNC = (
    '<D:sync-collection xmlns:D="DAV:"><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>'
    "{limit}<D:prop><D:getetag/></D:prop></D:sync-collection>"
)
_LIMIT = "<D:limit><D:nresults>{}</D:nresults></D:limit>"
_MULTIGET = (
    '<C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
    "<D:prop><D:getetag/><C:calendar-data/></D:prop>{}</C:calendar-multiget>"
)
_ETAGS = '<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>'
_XML = {"Content-Type": "application/xml"}


@dataclass
class Kept:
    """One calendar on a phone."""

    token: str = ""
    shown: Shown = field(default_factory=dict)


@dataclass
class SyncingPhone:
    """One device of a user, with what it shows."""

    user: str
    phone: Phone
    dice: random.Random
    calendars: dict[str, Kept] = field(default_factory=dict)
    homes: tuple[str, ...] = ()  # also those of others that were opened to him

    def sync(self) -> None:
        """Look which calendars there are, and read what changed in each."""
        there = [address for home in self._homes() for address in self._calendars(home)]
        self.calendars = {address: self.calendars.get(address, Kept()) for address in there}
        for address in there:
            if self._sync(address, self.calendars[address]) == 404:
                del self.calendars[address]  # taken away meanwhile

    def fresh(self) -> dict[str, Shown]:
        """All that is there, asked anew."""
        found: dict[str, Shown] = {}
        for address in [one for home in self._homes() for one in self._calendars(home)]:
            answer = self.phone.request("PROPFIND", address, data=_ETAGS, headers={"Depth": "1"})
            tags = {
                href: told.text("D:getetag")
                for href, told in read_multistatus(answer).responses.items()
                if href != address and told.has("D:getetag")
            }
            found[address] = {href: (tags[href], text) for href, (_, text) in self._read(address, list(tags)).items()}
        return found

    def _homes(self) -> list[str]:
        return [f"/dav/calendars/{name}/" for name in (self.user, *self.homes)]

    def _calendars(self, home: str) -> list[str]:
        answer = self.phone.request("PROPFIND", home, data=_ETAGS, headers={"Depth": "1"})
        if answer.status_code == 404:
            return []
        root = etree.fromstring(answer.content)
        hrefs = [str(one.text) for one in root.iter("{DAV:}href")]
        return [one for one in hrefs if one != home and not one.endswith("/~outbox/")]

    def _sync(self, address: str, kept: Kept) -> int:
        for _ in range(500):
            size = self.dice.choice((0, 0, 1, 2, 3, 7))
            limit = _LIMIT.format(size) if size else ""
            body = _SYNC.format(token=kept.token, limit=limit)
            answer = self.phone.request("REPORT", address, data=body, headers=_XML)
            if answer.status_code == 403 and "valid-sync-token" in answer.text:
                kept.token, kept.shown = "", {}
                continue
            if answer.status_code == 404:
                return 404
            told = read_multistatus(answer)
            more = told.responses.pop(address, None)
            assert more is None or (more.status == 507 and size), "only a limit cuts an answer"
            assert not size or len(told.responses) <= size
            gone = [href for href, one in told.responses.items() if one.status == 404]
            for href in gone:
                kept.shown.pop(href, None)
            changed = [href for href in told.responses if href not in gone]
            kept.shown |= self._read(address, changed)
            assert more is None or told.token != kept.token, "it goes on"
            kept.token = told.token
            if more is None:
                return 207
        raise AssertionError(f"{address} has no end")

    def _read(self, address: str, hrefs: list[str]) -> Shown:
        if not hrefs:
            return {}
        body = _MULTIGET.format("".join(f"<D:href>{href}</D:href>" for href in hrefs))
        answer = self.phone.request("REPORT", address, data=body.encode(), headers=_XML)
        if answer.status_code == 404:
            return {}
        told = read_multistatus(answer).responses
        return {
            href: (one.text("D:getetag"), one.text("C:calendar-data").replace("\r\n", "\n"))
            for href, one in told.items()
            if one.status == 200
        }
