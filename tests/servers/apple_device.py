"""An iPhone or Mac as its Calendar, Reminders and Contacts speak: the headers and the forms of the bodies they send."""

from __future__ import annotations

from collections.abc import Iterable

import requests

from tests.servers.gateway import Phone
from tests.servers.multistatus_reader import NAMES, Multistatus, Told, read_multistatus

IPHONE = "iOS/18.1.1 (22B91) dataaccessd/1.0"
MAC = "macOS/15.1 (24B83) CalendarAgent/1050"
_LETTERS = {"D": "A", "C": "B", "A": "B", "CS": "C", "I": "D", "ME": "E"}  # the prefixes that they write


def _element(name: str) -> str:
    """<B:calendar-data xmlns:B="..."/>, each with its own declaration, but for DAV's, which stands at the root."""
    prefix, _, local = name.partition(":")
    letter = _LETTERS[prefix]
    return f"<{letter}:{local}/>" if letter == "A" else f'<{letter}:{local} xmlns:{letter}="{NAMES[prefix]}"/>'


def properties(names: str) -> str:
    """The prop element for "D:displayname CS:getctag"."""
    return f"<A:prop>{''.join(map(_element, names.split()))}</A:prop>"


class AppleDevice:
    """A signed-in device of a user."""

    def __init__(self, phone: Phone, agent: str = IPHONE) -> None:
        self.phone = phone
        phone.headers.update({"User-Agent": agent, "Accept": "*/*", "Accept-Encoding": "gzip, deflate, br"})
        phone.headers["Accept-Language"] = "de-CH,de;q=0.9"

    def send(self, method: str, path: str, body: str = "", **headers: str) -> requests.Response:
        """A request with a body of XML; `If_Match` becomes If-Match."""
        said = {"Content-Type": "text/xml", **{name.replace("_", "-"): value for name, value in headers.items()}}
        whole = f'<?xml version="1.0" encoding="UTF-8"?>\n{body}' if body else ""
        return self.phone.request(method, path, data=whole.encode(), headers=said)

    def propfind(self, path: str, names: str, depth: str = "0") -> Multistatus:
        """With both ways of asking for short answers; goes after redirects."""
        body = f'<A:propfind xmlns:A="DAV:">{properties(names)}</A:propfind>'
        brief = {"Depth": depth, "Brief": "t", "Prefer": "return=minimal"}
        answer = self.send("PROPFIND", path, body, **brief)
        if answer.status_code == 301:
            answer = self.send("PROPFIND", answer.headers["location"], body, **brief)
        return read_multistatus(answer)

    def proppatch(self, path: str, *elements: str) -> Told:
        """Each property in an instruction of its own."""
        sets = "".join(f"<A:set><A:prop>{element}</A:prop></A:set>" for element in elements)
        answer = self.send("PROPPATCH", path, f'<A:propertyupdate xmlns:A="DAV:">{sets}</A:propertyupdate>')
        return read_multistatus(answer).one()

    def changes(self, path: str, token: str = "") -> Multistatus:
        """sync-collection, with Depth 1 as it was before RFC 6578."""
        asked = f"<A:sync-token>{token}</A:sync-token><A:sync-level>1</A:sync-level>"
        body = (
            f'<A:sync-collection xmlns:A="DAV:">{asked}{properties("D:getcontenttype D:getetag")}</A:sync-collection>'
        )
        return read_multistatus(self.send("REPORT", path, body, Depth="1"))

    def multiget(self, path: str, hrefs: Iterable[str]) -> dict[str, Told]:
        """The texts."""
        some = "".join(f'<A:href xmlns:A="DAV:">{href}</A:href>' for href in hrefs)
        kind, namespace, wanted = "calendar", NAMES["C"], "D:getetag C:calendar-data C:schedule-tag CS:created-by"
        if "addressbooks" in path:
            kind, namespace, wanted = "addressbook", NAMES["A"], "D:getetag A:address-data"
        prop = properties(wanted).replace("<A:prop>", '<A:prop xmlns:A="DAV:">', 1)
        body = f'<B:{kind}-multiget xmlns:B="{namespace}">{prop}{some}</B:{kind}-multiget>'
        return read_multistatus(self.send("REPORT", path, body, Depth="1")).responses

    def put(self, path: str, text: str, **headers: str) -> requests.Response:
        """An item, in its words."""
        media = "text/vcard; charset=utf-8" if path.endswith(".vcf") else "text/calendar"
        return self.phone.put(
            path,
            data=text.encode(),
            headers={"Content-Type": media, **{name.replace("_", "-"): value for name, value in headers.items()}},
        )
