"""What a client takes out of a multistatus answer, read strictly: what is not as the standards say fails here."""

from __future__ import annotations

from dataclasses import dataclass, field

import requests
from lxml import etree

NAMES = {
    "D": "DAV:",
    "C": "urn:ietf:params:xml:ns:caldav",
    "A": "urn:ietf:params:xml:ns:carddav",
    "CS": "http://calendarserver.org/ns/",
    "I": "http://apple.com/ns/ical/",
    "ME": "http://me.com/_namespace/",
    "P": "https://bitfire.at/webdav-push",
}


def named(name: str) -> str:
    """ "D:href" as lxml writes it."""
    prefix, _, local = name.partition(":")
    return f"{{{NAMES[prefix]}}}{local}"


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of one resource."""

    status: int  # of the resource; 200 where properties are told
    found: dict[str, etree._Element] = field(default_factory=dict)  # with status 200
    refused: dict[str, int] = field(default_factory=dict)  # the others

    def text(self, name: str) -> str:
        """The text of a property that must be there."""
        return "".join(map(str, self.found[named(name)].itertext())).strip()

    def hrefs(self, name: str) -> list[str]:
        """The addresses in a property; none where it is not there."""
        element = self.found.get(named(name))
        return [] if element is None else [str(href.text) for href in element.iter(named("D:href"))]

    def has(self, name: str) -> bool:
        """Whether a property is there."""
        return named(name) in self.found

    def types(self) -> set[str]:
        """What kind of resource it is."""
        return {str(child.tag) for child in self.found[named("D:resourcetype")]}


@dataclass(frozen=True, slots=True)
class Multistatus:
    """A whole answer."""

    responses: dict[str, Told]
    token: str

    def one(self) -> Told:
        """What is said of the only resource."""
        (told,) = self.responses.values()
        return told


def read_multistatus(answer: requests.Response) -> Multistatus:
    """The answer to PROPFIND, PROPPATCH or REPORT; fails unless it is a 207 in which each address stands once."""
    assert answer.status_code == 207, (answer.status_code, answer.text[:500])
    assert answer.headers["content-type"].partition(";")[0] in {"application/xml", "text/xml"}
    root = etree.fromstring(answer.content)
    assert root.tag == named("D:multistatus")
    responses: dict[str, Told] = {}
    for response in root.iterfind(named("D:response")):
        (href,) = (str(element.text) for element in response.iterfind(named("D:href")))
        assert href not in responses, href
        responses[href] = _told(response)
    return Multistatus(responses, root.findtext(named("D:sync-token"), ""))


def _told(response: etree._Element) -> Told:
    status = response.findtext(named("D:status"))
    propstats = response.findall(named("D:propstat"))
    assert (status is None) == bool(propstats), etree.tostring(response)
    if status is not None:
        return Told(_code(status))
    told = Told(200)
    for propstat in propstats:
        code = _code(str(propstat.findtext(named("D:status"))))
        (prop,) = propstat.findall(named("D:prop"))
        for element in prop:
            assert str(element.tag) not in told.found.keys() | told.refused.keys(), element.tag
            if code == 200:
                told.found[str(element.tag)] = element
            else:
                told.refused[str(element.tag)] = code
    return told


def _code(line: str) -> int:
    version, code, _ = line.split(" ", 2)
    assert version == "HTTP/1.1"
    return int(code)
