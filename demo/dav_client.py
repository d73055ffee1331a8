"""A plain DAV client: how the demo looks into a server and edits there, without any code of the product."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field

import requests
from lxml import etree

_SPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:r="urn:ietf:params:xml:ns:carddav"'
_LIST = f"<d:propfind {_SPACES}><d:prop><d:getetag/><d:resourcetype/></d:prop></d:propfind>"
_HOW = {"contact": ("r:addressbook-multiget", "r:address-data"), "other": ("c:calendar-multiget", "c:calendar-data")}
_PATIENCE = 60  # seconds


@dataclass(frozen=True, slots=True)
class Held:
    """One item as a server holds it."""

    href: str
    etag: str
    text: str

    @property
    def uid(self) -> str:
        """From the text."""
        return next(line[4:].strip() for line in self.text.splitlines() if line.upper().startswith("UID:"))


class ChangedMeanwhile(RuntimeError):
    """What is written over is not what was read."""


@dataclass
class DavCollection:
    """One collection at one server."""

    url: str
    kind: str
    user: str = ""
    password: str = ""
    session: requests.Session = field(default_factory=requests.Session)

    def make(self) -> None:
        """Make it, for its kind."""
        if self.kind == "contact":
            kinds = "<d:resourcetype><d:collection/><r:addressbook/></d:resourcetype>"
            self._send("MKCOL", self.url, f"<d:mkcol {_SPACES}><d:set><d:prop>{kinds}</d:prop></d:set></d:mkcol>")
        else:
            name = {"event": "VEVENT", "task": "VTODO"}[self.kind]
            comp = f'<c:supported-calendar-component-set><c:comp name="{name}"/></c:supported-calendar-component-set>'
            body = f"<c:mkcalendar {_SPACES}><d:set><d:prop>{comp}</d:prop></d:set></c:mkcalendar>"
            self._send("MKCALENDAR", self.url, body)

    def put(self, name: str, text: str, etag: str = "") -> None:
        """Store a text, under the condition that it is still as read (or new)."""
        kind = "text/vcard" if self.kind == "contact" else "text/calendar"
        condition = {"If-Match": etag} if etag else {"If-None-Match": "*"}
        url = urllib.parse.urljoin(self.url, name)
        self._send("PUT", url, text, **condition, **{"Content-Type": f"{kind}; charset=utf-8"})

    def etags(self) -> dict[str, str]:
        """Every item's path and entity tag."""
        found = {}
        for href, props in self._multistatus("PROPFIND", _LIST, Depth="1").items():
            if props.find(".//{DAV:}collection") is None:
                found[href] = props.findtext(".//{DAV:}getetag") or ""
        return found

    def held(self) -> list[Held]:
        """Every item."""
        report, data = _HOW["contact" if self.kind == "contact" else "other"]
        hrefs = "".join(f"<d:href>{href}</d:href>" for href in self.etags())
        if not hrefs:
            return []
        body = f"<{report} {_SPACES}><d:prop><d:getetag/><{data}/></d:prop>{hrefs}</{report}>"
        local = data.partition(":")[2]
        found = [
            Held(href, props.findtext(".//{DAV:}getetag") or "", props.findtext(f".//{{*}}{local}") or "")
            for href, props in self._multistatus("REPORT", body, Depth="1").items()
        ]
        return [held for held in found if held.text]  # others were deleted between the two requests

    def items(self) -> dict[str, Held]:
        """Every item, by UID. Two with one UID are a duplicate: that is an error."""
        found = self.held()
        by_uid = {held.uid: held for held in found}
        if len(by_uid) != len(found):
            raise AssertionError(f"{self.url} holds duplicates")
        return by_uid

    def edit(self, uid: str, change: Callable[[str], str]) -> None:
        """Read one item, change its text, write it back; again when another change came between, as clients do."""
        for more in (True, True, False):
            held = self.items()[uid]
            if change(held.text) == held.text:
                raise AssertionError(f"the edit of {uid} changes nothing")
            try:
                self.put(held.href, change(held.text), held.etag)
            except ChangedMeanwhile:
                if not more:
                    raise
            else:
                return

    def delete(self, uid: str) -> None:
        """Delete one item."""
        held = self.items()[uid]
        self._send("DELETE", urllib.parse.urljoin(self.url, held.href), "", **{"If-Match": held.etag})

    def _multistatus(self, method: str, body: str, **headers: str) -> dict[str, etree._Element]:
        answer = self._send(method, self.url, body, **headers)
        tree = etree.fromstring(answer.content, etree.XMLParser(resolve_entities=False, no_network=True))
        return {r.findtext("{DAV:}href") or "": r for r in tree.iterfind("{DAV:}response")}

    def _send(self, method: str, url: str, body: str, **headers: str) -> requests.Response:
        headers = {"Content-Type": "application/xml; charset=utf-8"} | headers
        sign_in = (self.user, self.password) if self.user else None
        answer = self.session.request(method, url, data=body.encode(), headers=headers, auth=sign_in, timeout=_PATIENCE)
        if answer.status_code >= 400:
            kind = ChangedMeanwhile if answer.status_code == 412 else RuntimeError
            raise kind(f"{method} {url}: {answer.status_code} {answer.text[:300]}")
        return answer
