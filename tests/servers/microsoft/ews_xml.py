"""The XML that Exchange Web Services speak: names, envelopes, faults and answers for one item of a batch."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from lxml import etree

Element = etree._Element
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
NAMES = {"t": TYPES, "m": MESSAGES, "s": SOAP}
VERSION = {"MajorVersion": "15", "MinorVersion": "1", "MajorBuildNumber": "2507", "MinorBuildNumber": "6"}


class Refused(Exception):
    """One item of a batch fails: a response code of EWS, and what to say."""

    def __init__(self, code: str, text: str = "", children: Iterable[Element] = ()) -> None:
        super().__init__(code, text)
        self.code, self.text, self.children = code, text or code, list(children)


class Fault(Exception):
    """The whole request fails: a SOAP fault in HTTP 500, with values such as BackOffMilliseconds."""

    def __init__(self, code: str, text: str = "", values: dict[str, str] | None = None) -> None:
        super().__init__(code, text)
        self.code, self.text, self.values = code, text or code, values or {}


def t(name: str, *children: Element | str | None, **attributes: str) -> Element:
    """An element of the types' namespace."""
    return _made(TYPES, name, children, attributes)


def m(name: str, *children: Element | str | None, **attributes: str) -> Element:
    """An element of the messages' namespace."""
    return _made(MESSAGES, name, children, attributes)


def local(element: Element) -> str:
    """The name without its namespace."""
    return etree.QName(element).localname


def find(element: Element, path: str) -> Element | None:
    """The first that a path with t: and m: leads to."""
    return element.find(path, NAMES)


def text(element: Element, path: str) -> str:
    """What stands there; "" if nothing does."""
    return element.findtext(path, "", NAMES) or ""


def every(element: Element, path: str) -> list[Element]:
    """All that a path leads to."""
    return list(element.iterfind(path, NAMES))


def stored(element: Element) -> str:
    """An element as text, to be kept."""
    return etree.tostring(element, encoding="unicode", with_tail=False)


def instant(moment: datetime) -> str:
    """xs:dateTime in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(words: str) -> datetime:
    """An aware time of xs:dateTime; without an offset it is UTC."""
    read = datetime.fromisoformat(words)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def success(operation: str, *children: Element, **attributes: str) -> Element:
    """<m:XResponseMessage> for what went well."""
    return m(f"{operation}ResponseMessage", m("ResponseCode", "NoError"), *children, ResponseClass="Success")


def failure(operation: str, why: Refused) -> Element:
    """<m:XResponseMessage> for what did not."""
    parts = [m("MessageText", why.text), m("ResponseCode", why.code), m("DescriptiveLinkKey", "0"), *why.children]
    return m(f"{operation}ResponseMessage", *parts, ResponseClass="Error")


def response(operation: str, messages: Iterable[Element]) -> Element:
    """<m:XResponse> around the answers of a batch."""
    return m(f"{operation}Response", m("ResponseMessages", *messages))


def envelope(body: Element) -> bytes:
    """A whole answer; every one names the server's version in its header."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap=NAMES)
    header = etree.SubElement(root, f"{{{SOAP}}}Header")
    header.append(t("ServerVersionInfo", **VERSION))
    etree.SubElement(root, f"{{{SOAP}}}Body").append(body)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def fault(why: Fault) -> Element:
    """<s:Fault> with the code in its detail."""
    root = etree.Element(f"{{{SOAP}}}Fault", nsmap=NAMES)
    etree.SubElement(root, "faultcode").text = f"t:{why.code}"
    etree.SubElement(root, "faultstring").text = why.text
    detail = etree.SubElement(root, "detail")
    etree.SubElement(detail, f"{{{ERRORS}}}ResponseCode").text = why.code
    etree.SubElement(detail, f"{{{ERRORS}}}Message").text = why.text
    if why.values:
        detail.append(t("MessageXml", *[t("Value", value, Name=name) for name, value in why.values.items()]))
    return root


def _made(space: str, name: str, children: Iterable[Element | str | None], attributes: dict[str, str]) -> Element:
    made = etree.Element(f"{{{space}}}{name}", attributes, nsmap=NAMES)
    for child in children:
        if isinstance(child, str):
            made.text = child
        elif child is not None:
            made.append(child)
    return made
