"""XML of WebDAV: the names, reading a body under bounds, and writing.

Answers are written as text, not as a tree: a listing of 10,000 items is mostly the same few elements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from dav_gateway.answers import Refused

DAV = "DAV:"
CALDAV = "urn:ietf:params:xml:ns:caldav"
CARDDAV = "urn:ietf:params:xml:ns:carddav"
CALENDARSERVER = "http://calendarserver.org/ns/"
APPLE = "http://apple.com/ns/ical/"

PREFIXES = {DAV: "D", CALDAV: "C", CARDDAV: "A", CALENDARSERVER: "CS", APPLE: "I"}
DECLARED = " ".join(f'xmlns:{prefix}="{namespace}"' for namespace, prefix in PREFIXES.items())
HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
MULTISTATUS = f"{HEAD}<D:multistatus {DECLARED}>"
MULTISTATUS_END = "</D:multistatus>\n"

MAX_DEPTH = 64
MAX_ELEMENTS = 200_000
MAX_PREFIXES = 100  # where a property stands that is to be kept

Element = etree._Element
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def dav(name: str) -> str:
    """A name in WebDAV's namespace, as lxml writes it."""
    return f"{{{DAV}}}{name}"


def cal(name: str) -> str:
    """A name in CalDAV's namespace."""
    return f"{{{CALDAV}}}{name}"


def card(name: str) -> str:
    """A name in CardDAV's namespace."""
    return f"{{{CARDDAV}}}{name}"


# ---------------------------------------------------------------- reading


def read_xml(body: bytes) -> Element | None:
    """The root of a request body; None for an empty one. Refuses (400) what is no XML, has a DOCTYPE or is too deep."""
    if not body.strip():
        return None
    if b"<!DOCTYPE" in body:
        raise Refused(400, "The request's XML has a document type declaration, which is not accepted.")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as err:
        raise Refused(400, "The request's body is not well-formed XML.") from err
    _check(root)
    return root


def _check(root: Element) -> None:
    if root.getroottree().docinfo.internalDTD is not None:  # in an encoding in which the search above does not see it
        raise Refused(400, "The request's XML has a document type declaration, which is not accepted.")
    depth = 0
    for elements, (event, _) in enumerate(etree.iterwalk(root, events=("start", "end"))):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH or elements > 2 * MAX_ELEMENTS:
            raise Refused(400, f"The request's XML has more than {MAX_DEPTH} levels or {MAX_ELEMENTS:,} elements.")


def children(element: Element) -> Iterator[Element]:
    """The elements in an element; comments and entities are passed over."""
    return (child for child in element if isinstance(child.tag, str))


def first(element: Element | None, name: str) -> Element | None:
    """The first child with this name."""
    return None if element is None else element.find(name)


def text_of(element: Element | None) -> str:
    """The text in an element, without white space around it."""
    return "" if element is None else "".join(map(str, element.itertext())).strip()


def inner_xml(element: Element) -> str:
    """An element with all it contains, as XML that stands on its own.

    It keeps the language that holds where it stands (RFC 4918 4.3), and prefixes that its values may speak of. Refuses
    (400) hundreds of prefixes, each of which would be looked for in all of it.
    """
    if len(element.nsmap) > MAX_PREFIXES:
        raise Refused(400, f"The request's XML has more than {MAX_PREFIXES} prefixes of namespaces.")
    copy = etree.fromstring(etree.tostring(element, encoding="utf-8", with_tail=False))  # in ASCII, odd names break
    around = (ancestor.get(_LANGUAGE) for ancestor in (element, *element.iterancestors()))
    language = next((found for found in around if found is not None), None)
    if language is not None:
        copy.set(_LANGUAGE, language)
    spoken = " ".join(value for inner in copy.iter() for value in (inner.text or "", *map(str, inner.attrib.values())))
    etree.cleanup_namespaces(copy, keep_ns_prefixes=[name for name in copy.nsmap if name and f"{name}:" in spoken])
    return etree.tostring(copy, encoding="unicode")


# ---------------------------------------------------------------- writing

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML 1.0 has no way to write these


def text(value: str) -> str:
    """Character data. CR is written as a reference, for XML readers turn CR LF into LF (XML 1.0 2.11)."""
    if _FORBIDDEN.search(value):
        value = _FORBIDDEN.sub("", value)
    return escape(value, {"\r": "&#13;"})


def tag(name: str) -> tuple[str, str]:
    """Prefixed name and the namespace declaration it needs, of ``{namespace}local``."""
    namespace, _, local = name.rpartition("}")
    namespace = namespace[1:]
    if namespace in PREFIXES:
        return f"{PREFIXES[namespace]}:{local}", ""
    return (f"X:{local}", f" xmlns:X={quoteattr(namespace)}") if namespace else (local, "")


def empty(name: str) -> str:
    """An element without content."""
    written, declaration = tag(name)
    return f"<{written}{declaration}/>"


def wrapped(name: str, content: str) -> str:
    """An element around XML."""
    written, declaration = tag(name)
    return f"<{written}{declaration}>{content}</{written}>" if content else f"<{written}{declaration}/>"


def href(path: str) -> str:
    """An address that is already percent-encoded."""
    return f"<D:href>{text(path)}</D:href>"


STATUS = {
    200: "HTTP/1.1 200 OK",  # Thunderbird compares it letter by letter
    403: "HTTP/1.1 403 Forbidden",
    404: "HTTP/1.1 404 Not Found",
    409: "HTTP/1.1 409 Conflict",
    424: "HTTP/1.1 424 Failed Dependency",
    507: "HTTP/1.1 507 Insufficient Storage",
}


def propstat(status: int, properties: str) -> str:
    """Properties that share a status; nothing for none."""
    if not properties:
        return ""
    return f"<D:propstat><D:prop>{properties}</D:prop><D:status>{STATUS[status]}</D:status></D:propstat>"


def response(path: str, content: str) -> str:
    """What is said of one resource."""
    return f"<D:response>{href(path)}{content}</D:response>"


def status_response(path: str, status: int, error: str = "") -> str:
    """A resource of which only a status is said; `error` is the XML of a precondition."""
    said = f"<D:error>{error}</D:error>" if error else ""
    return response(path, f"<D:status>{STATUS[status]}</D:status>{said}")


def error_body(condition: str) -> str:
    """The body that names a failed precondition (RFC 4918 16); `condition` is XML."""
    return f"{HEAD}<D:error {DECLARED}>{condition}</D:error>\n"
