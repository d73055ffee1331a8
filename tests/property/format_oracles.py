"""What other people's readers see in a text: every property with its parameters and values, whatever their order.

Used to prove that nothing is lost. What has no meaning is evened out: folding, order, the case of what is
case-insensitive, how a list is spread over lines, stamps, needless escapes, base64 line breaks, said defaults.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import icalendar
import vobject

STAMPS = {"DTSTAMP", "CREATED", "LAST-MODIFIED", "REV", "PRODID", "VERSION", "SEQUENCE"}
LISTS = {"CATEGORIES", "EXDATE", "RDATE", "RESOURCES", "NICKNAME", "FREEBUSY"}
DROPPED = {"CHARSET", "VALUE", "ENCODING", "X-VOBJ-ORIGINAL-TZID"}  # say how a value is written, not what it is
ENCODINGS = {"QUOTED-PRINTABLE", "BASE64"}


class CannotRead(Exception):
    """The oracle has nothing to say about this text."""


@contextmanager
def _quietly() -> Iterator[None]:
    """Oracles complain to the log; the logs of other tests are none of their business."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


@_quietly()
def seen_by_vobject(text: str) -> Counter[str]:
    """All properties as vobject reads them. Raises CannotRead."""
    try:
        roots = list(vobject.readComponents(_wrapped(text), transform=False))
        found = Counter(_of_vobject(roots[0], ""))
    except Exception as error:
        raise CannotRead(str(error)) from error
    if len(roots) != 1:
        raise CannotRead("several items")
    return found


def _of_vobject(component: vobject.base.Component, path: str) -> Iterator[str]:
    for child in component.getChildren():
        if isinstance(child, vobject.base.Component):
            yield from _of_vobject(child, f"{path}/{child.name.upper()}")
            continue
        params = {name.upper(): values for name, values in child.params.items()}
        singles = [name for name in child.singletonparams if name.upper() not in ENCODINGS]
        if singles and component.name == "VCARD":  # 2.1
            params["TYPE"] = [*params.get("TYPE", []), *singles]
        value = ",".join(child.value) if isinstance(child.value, list) else str(child.value)
        if "BASE64" in str(params.get("ENCODING")).upper() or str(params.get("ENCODING")).upper() == "['B']":
            value = "".join(value.split())
        yield from _facts(path, child.name, params, value)


def _wrapped(text: str) -> str:
    """A calendar around a lone event."""
    if text.lstrip("\ufeff\r\n ")[:12].upper() in ("BEGIN:VEVENT", "BEGIN:VTODO\r", "BEGIN:VTODO\n"):
        return "BEGIN:VCALENDAR\r\n" + text.rstrip() + "\r\nEND:VCALENDAR\r\n"
    return text


def lost(before: Counter[str], after: Counter[str]) -> set[str]:
    """What was seen before and is not any more. vobject cuts texts at bare commas: a longer text still has it."""
    return {fact for fact in set(before) - set(after) if not any(other.startswith(fact) for other in after)}


@_quietly()
def seen_by_icalendar(text: str) -> Counter[str]:
    """All properties as icalendar reads them. Raises CannotRead."""
    if "QUOTED-PRINTABLE" in text.upper():
        raise CannotRead("icalendar does not decode quoted-printable")
    try:
        root = icalendar.Component.from_ical(_wrapped(text))
        return Counter(_of_icalendar(root, ""))
    except Exception as error:
        raise CannotRead(str(error)) from error


def _of_icalendar(component: icalendar.Component, path: str) -> Iterator[str]:
    if component.errors:
        raise CannotRead(str(component.errors))
    properties: list[tuple[str, Any]] = component.property_items(recursive=False, sorted=False)
    for name, value in properties:
        if name in ("BEGIN", "END"):
            continue
        params = {key.upper(): found for key, found in getattr(value, "params", {}).items()}
        raw = value.to_ical()
        yield from _facts(path, name, params, raw.decode() if isinstance(raw, bytes) else str(raw))
    for child in component.subcomponents:
        yield from _of_icalendar(child, f"{path}/{child.name}")


def _facts(path: str, name: str, params: dict[str, object], value: str) -> Iterator[str]:
    name = {"KIND": "X-ADDRESSBOOKSERVER-KIND"}.get(name.upper(), name.upper())
    if name in STAMPS or not value.strip(";, "):
        return
    given = sorted(f"{key}={_param(key, found)}" for key, found in params.items() if key not in DROPPED)
    given = [one for one in given if not one.endswith("=")]
    for one in _values(name, value):
        yield f"{path} {name} {given} {one}"


def _values(name: str, value: str) -> list[str]:
    if name in LISTS:
        return [_text(one) for one in re.findall(r"(?:[^\\,]|\\.)+", value, re.DOTALL)]
    if name == "RRULE":
        parts = value.upper().replace("\\", "").split(";")
        return [";".join(sorted(part.strip() for part in parts if part))]
    if name in ("STATUS", "CLASS", "TRANSP", "X-ADDRESSBOOKSERVER-KIND", "DURATION"):
        return [value.strip().upper()]
    return [_text(value)]


def _text(value: str) -> str:
    value = value.replace("\r\n", "\n").replace("\\n", "\n").replace("\\N", "\n")
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", re.sub(r"\\(.)", r"\1", value)).strip(" ;")


def _param(name: str, values: object) -> str:
    found = [values] if isinstance(values, str) else list(values)  # type: ignore[call-overload]
    words = [word for one in found for word in (one.split(",") if name == "TYPE" else [one])]
    if name in ("TYPE", "PARTSTAT", "ROLE", "RSVP", "CUTYPE", "RELTYPE", "RELATED", "FBTYPE", "RANGE"):
        words = sorted({word.strip().upper() for word in words})
    return ",".join(word.strip('"') for word in words)
