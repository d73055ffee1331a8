"""Reading multi-status answers (RFC 4918 13) as they come in, without trusting who sent them.

No entities, no network, no DOCTYPE, no huge trees; each response is turned into a value and its tree dropped at once,
so that memory does not grow with the listing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

from lxml import etree

from sync_engine.errors import SuspectListing

MOST_RESOURCES = 500_000  # of one answer

D = "{DAV:}"
_RESPONSE, _HREF, _STATUS, _PROPSTAT, _PROP = D + "response", D + "href", D + "status", D + "propstat", D + "prop"
_TOKEN, _ERROR, _ROOT = D + "sync-token", D + "error", D + "multistatus"
_DOCTYPE = "The server's answer has a DOCTYPE, which no DAV server sends; nothing of it is used."


@dataclass(frozen=True, slots=True)
class Property:
    """The value of one property that the server found."""

    text: str = ""
    names: frozenset[str] = frozenset()  # {namespace}name of all elements inside
    hrefs: tuple[str, ...] = ()
    component_names: frozenset[str] = frozenset()  # of supported-calendar-component-set


@dataclass(frozen=True, slots=True)
class Resource:
    """One response element."""

    href: str
    status: int = 0  # of the resource as a whole; 0 when it only has properties
    found: Mapping[str, Property] = field(default_factory=dict)  # by {namespace}name
    error: str = ""  # name of the first precondition inside DAV:error

    def text(self, name: str) -> str:
        """Text of a property; "" when it is not there."""
        value = self.found.get(name)
        return value.text if value else ""


@dataclass(slots=True)
class Multistatus:
    """A whole answer."""

    resources: list[Resource] = field(default_factory=list)
    sync_token: str = ""


class MultistatusReader:
    """Takes the pieces of a body; `result` is there after the end was reached. Raises SuspectListing."""

    def __init__(self) -> None:
        self.result = Multistatus()

    def __call__(self, pieces: Iterator[bytes]) -> None:
        self.result = Multistatus()
        parser = _parser()
        try:
            self._read(parser, pieces)
        except etree.XMLSyntaxError as err:
            raise SuspectListing(
                "The server's answer is not complete XML; nothing of it is used.", server_said=str(err)[:300]
            ) from err

    def _read(self, parser: etree.XMLPullParser, pieces: Iterable[bytes]) -> None:
        rooted = False
        for piece in pieces:
            if not rooted and b"<!DOCTYPE" in piece:
                raise SuspectListing(_DOCTYPE)
            parser.feed(piece)
            rooted = self._take(parser, rooted=rooted)
        root = parser.close()
        if not rooted:
            _check_root(root)
        self._take(parser, rooted=rooted)

    def _take(self, parser: etree.XMLPullParser, *, rooted: bool) -> bool:
        """Use the elements that are complete by now; True once the root is known to be the right one."""
        for _, element in cast("Iterable[tuple[str, etree._Element]]", parser.read_events()):
            if not rooted:
                _check_root(element.getroottree().getroot())
                rooted = True
            if element.tag == _RESPONSE:
                self.result.resources.append(_resource(element))
                if len(self.result.resources) > MOST_RESOURCES:
                    raise SuspectListing(
                        f"The server's answer lists more than {MOST_RESOURCES:,} items; nothing of it is used."
                    )
                _drop(element)
            elif _depth_is_one(element):
                self.result.sync_token = (element.text or "").strip()
        return rooted


def _parser() -> etree.XMLPullParser:
    return etree.XMLPullParser(
        events=("end",),
        tag=(_RESPONSE, _TOKEN),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _check_root(root: etree._Element) -> None:
    document = root.getroottree().docinfo
    if document.doctype:  # type: ignore[attr-defined]  # the stubs do not know it
        raise SuspectListing(_DOCTYPE)
    if root.tag != _ROOT:
        name = _local(root)
        raise SuspectListing(
            f"The server answered with <{name}> where a DAV listing was asked for; is the address right?"
        )


def _local(element: etree._Element) -> str:
    """The name without its namespace; libxml2 lets names pass that lxml's QName refuses."""
    return str(element.tag).rpartition("}")[2]


def _depth_is_one(element: etree._Element) -> bool:
    parent = element.getparent()
    return parent is not None and parent.tag == _ROOT


def _drop(element: etree._Element) -> None:
    element.clear()
    while (before := element.getprevious()) is not None:
        parent = before.getparent()
        if parent is None:
            return
        parent.remove(before)


def _resource(element: etree._Element) -> Resource:
    href, status, error = "", 0, ""
    found: dict[str, Property] = {}
    for child in element:
        if child.tag == _HREF:
            href = (child.text or "").strip()
        elif child.tag == _STATUS:
            status = status_of(child.text)
        elif child.tag == _PROPSTAT and status_of(child.findtext(_STATUS)) // 100 == 2:
            found.update((prop.tag, _property(prop)) for prop in child.iterfind(f"{_PROP}/*"))
        elif child.tag == _ERROR and len(child):
            error = _local(child[0])
    return Resource(href, status, found, error)


def _property(element: etree._Element) -> Property:
    if not len(element):
        return Property(element.text or "")
    inside = list(element.iterdescendants("{*}*"))
    return Property(
        (element.text or "").strip(),
        frozenset(e.tag for e in inside),
        tuple((e.text or "").strip() for e in inside if e.tag == _HREF),
        frozenset(e.get("name", "").upper() for e in inside if e.get("name")),
    )


@lru_cache(maxsize=64)
def status_of(line: str | None) -> int:
    """The number in "HTTP/1.1 200 OK"; 0 when there is none."""
    parts = (line or "").split(None, 2)
    number = next((p for p in parts if p.isascii() and p.isdigit()), "0")
    return int(number) if len(number) == 3 else 0
