"""expand-property (RFC 3253 3.8): properties that are addresses, with properties of what is at those addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from lxml import etree

from dav_gateway.answers import Answer, Refused
from dav_gateway.elements import DECLARED, Element, dav, empty, response, status_response, wrapped
from dav_gateway.multistatus import multistatus
from dav_gateway.properties import said
from dav_gateway.resource import Resource, resource_at, resource_of
from dav_gateway.site import Call
from storage.unit_of_work import SqlUnitOfWork

DEEPEST = 4  # addresses behind addresses
MOST = 500  # resources in an answer
_HREF = re.compile("<D:href>([^<]*)</D:href>")


@dataclass(slots=True)
class _Expansion:
    call: Call
    unit: SqlUnitOfWork
    left: int = MOST

    def described(self, resource: Resource, wanted: Element, depth: int) -> str:
        """The response element of a resource, with those of what its properties lead to."""
        self.left -= 1
        found, missing = [], []
        for asked in wanted.iterchildren(dav("property")):
            name = f"{{{asked.get('namespace', 'DAV:')}}}{asked.get('name', '')}"
            content = resource.values[name]() if name in resource.values else None
            if content is not None:
                found.append(wrapped(name, self._expanded(content, asked, depth)))
            elif name in resource.kept:
                found.append(resource.kept[name])
            elif _can_be_written(name):
                missing.append(empty(name))
        return response(resource.path, said(found, missing, minimal=self.call.minimal))

    def _expanded(self, content: str, asked: Element, depth: int) -> str:
        if depth >= DEEPEST or next(asked.iterchildren(dav("property")), None) is None:
            return content
        return _HREF.sub(lambda found: self._behind(found, asked, depth), content)

    def _behind(self, found: re.Match[str], asked: Element, depth: int) -> str:
        """An address stays as it is when it leads out of this gateway, or when the answer is long enough."""
        path = unescape(found[1])
        place = self.call.place_of(path) if path.startswith("/") else None
        if self.left <= 0 or place is None:
            return found[0]
        resource = resource_of(self.call, self.unit, place)
        return status_response(path, 404) if resource is None else self.described(resource, asked, depth + 1)


_NAME = re.compile(r"""\{[^\s<>"'{}|\\^`]*\}[^\W\d][\w.-]*""")  # what can be the name of an element that we write


def _can_be_written(name: str) -> bool:
    """Here names come as text, which no XML reader has judged: a namespace can be one that readers refuse."""
    if not _NAME.fullmatch(name):
        return False
    try:
        etree.fromstring(f"<x {DECLARED}>{empty(name)}</x>")
    except etree.XMLSyntaxError:
        return False
    return True


def answer(call: Call, report: Element) -> Answer:
    """The properties of the address itself, and of what they lead to."""
    if call.depth not in ("", "0"):
        raise Refused(400, "This report goes with Depth: 0.")
    if call.place.href or call.place.steps:
        raise Refused(403, "This report is for folders and principals.", condition="<D:supported-report/>")
    with call.read() as unit:
        piece = _Expansion(call, unit).described(resource_at(call, unit), report, 0)
    return multistatus(iter([piece]))
