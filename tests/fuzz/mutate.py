"""Mutations of octets: of any kind, of content lines, and of XML. All chance comes from the generator that is given."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

LARGEST = 3 * 1024 * 1024  # octets of a mutant: more than any item may have

Mutation = Callable[[Random, bytes], bytes]

_DIGITS = re.compile(rb"\d+")
_NUMBERS = b"0 -1 1 00 7 53 366 999 65536 2147483648 99999999999999999999 16010101 20260229 99991231 00000000".split()
_PIECES = [
    b"\x00", b"\x7f", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xc2\x85", b"\xe2\x80\xa8", b"\xed\xa0\x80", b"\x0b",
    b"\x0c", b"\x1c", b"\r", b"\n", b"\r\n", b"\r\n ", b"\n\t", b"\r\n\r\n", b"=\r\n", b"=0D=0A", b"\\n", b"\\",
    b"\\\\",
    b'"', b'""', b";", b",", b":", b"=", b"^n", b"^'", b"^^", b".", b"%", b"'", b"\t", b" ", "ß".encode(), "İ".encode(),
    "ſ".encode(), "𝟙".encode(), "٣".encode(),
]  # fmt: skip
_NAMES = b"""UID RECURRENCE-ID DTSTART DTEND DUE DURATION RRULE EXRULE RDATE EXDATE SUMMARY ATTENDEE ORGANIZER TZID
TZOFFSETFROM TZOFFSETTO SEQUENCE ATTACH CATEGORIES X-FOO N FN ADR ORG TEL EMAIL PHOTO NOTE KIND VERSION AGENT BDAY IMPP
item1.TEL item1.X-ABLabel ITEM1.X-ABADR REV PRODID METHOD BEGIN END PERCENT-COMPLETE COMPLETED STATUS CLASS""".split()
_PARAMS = b"""TZID=Europe/Zurich|TZID=Own|TZID=|TZID="a:b;c"|VALUE=DATE|VALUE=PERIOD|VALUE=BINARY|ENCODING=BASE64
RANGE=THISANDFUTURE|ENCODING=QUOTED-PRINTABLE|CHARSET=utf-16|CHARSET=zlib|CHARSET=utf-7|TYPE=pref,home|TYPE=|PREF=1|PREF=x|CN="a|CN=a^nb|X=|X|;|HOME
TYPE="a,b",c|LANGUAGE=de|ALTID=1|RELATED=END""".replace(b"\n", b"|").split(b"|")
_VALUES = b"""FREQ=DAILY|FREQ=SECONDLY|FREQ=YEARLY;BYDAY=400MO;BYWEEKNO=53|FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30
FREQ=MONTHLY;INTERVAL=0|FREQ=DAILY;COUNT=3500|FREQ=DAILY;COUNT=99999|FREQ=MONTHLY;BYSETPOS=-366,366;BYDAY=MO,TU|FREQ=HOURLY;BYMINUTE=0,1,2,3;COUNT=9
FREQ=WEEKLY;UNTIL=00010101T000000Z|FREQ=YEARLY;UNTIL=99991231|00010101T000000|99991231T235959Z|20260329T023000|20261025T023000
20260101/P1D|20260101T000000Z/PT1H|P1W|-P1D|PT999999999S|P99999D|PT|+9999|-2359|+01|VCARD|VCALENDAR|VEVENT|VTIMEZONE
mailto:a@example.org|data:image/png;base64,AAAA|data:,|;;;;;;;;|,,,|a\\,b\\;c|=41=|3.0|4.0|2.1|group""".replace(
    b"\n", b"|"
).split(b"|")
_COMPONENTS = (b"VEVENT", b"VALARM", b"VCARD", b"VTIMEZONE", b"STANDARD", b"X-A", b"VCALENDAR", b"VTODO")
_CODECS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252", "utf-8-sig", "shift_jis")
_XML_PIECES = [
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"&#0;", b"&#13;", b"&#xD800;", b"<![CDATA[", b"]]>", b"<!--", b"-->",
    b"<?x ?>",
    b"<D:response>", b"</D:response>", b"<D:href>", b"</D:href>", b"<D:href/>", b"<D:status>HTTP/1.1 507 X</D:status>",
    b"<D:status>HTTP/1.1 404</D:status>", b"<D:href>../../etc</D:href>", b"<D:href>http://[::1/</D:href>", b"%zz",
    b"%00", b"%2f", b"//", b"<D:href>http://other.example/cal/1.ics</D:href>", b' start="20260101"', b' start="x"',
    b' name=""', b'xmlns="DAV:"', b'xmlns:D=""', b"<D:sync-token/>", b"<C:time-range/>", b"<C:comp-filter/>",
    b"<C:is-not-defined/>",
    b"<C:expand start='20260101T000000Z' end='20300101T000000Z'/>", b"<D:getetag>W/</D:getetag>",
]  # fmt: skip


# ---------------------------------------------------------------- of any octets


def _span(chance: Random, raw: bytes, most: int = 200) -> tuple[int, int]:
    start = chance.randrange(len(raw) + 1)
    return start, min(len(raw), start + chance.randrange(most + 1))


def _flip(chance: Random, raw: bytes) -> bytes:
    octets = bytearray(raw)
    for _ in range(chance.randint(1, 6)):
        if octets:
            octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
    return bytes(octets)


def _cut(chance: Random, raw: bytes) -> bytes:
    start, end = _span(chance, raw)
    return raw[:start] + raw[end:]


def _cut_off(chance: Random, raw: bytes) -> bytes:
    return raw[: chance.randrange(len(raw) + 1)]


def _insert(chance: Random, raw: bytes) -> bytes:
    at = chance.randrange(len(raw) + 1)
    return raw[:at] + chance.choice(_PIECES) * chance.choice((1, 1, 1, 2, 5)) + raw[at:]


def _repeat(chance: Random, raw: bytes) -> bytes:
    start, end = _span(chance, raw, 60)
    times = chance.choice((2, 3, 10, 100, 1000, 20_000))
    part = raw[start:end]
    return raw[:start] + part * min(times, LARGEST // max(1, len(part))) + raw[end:]


def _number(chance: Random, raw: bytes) -> bytes:
    found = list(_DIGITS.finditer(raw))
    if not found:
        return raw
    one = chance.choice(found)
    return raw[: one.start()] + chance.choice(_NUMBERS) + raw[one.end() :]


def _encode(chance: Random, raw: bytes) -> bytes:
    return raw.decode("utf-8", "replace").encode(chance.choice(_CODECS), "replace")


# ---------------------------------------------------------------- of content lines


def _lines(raw: bytes) -> list[bytes]:
    return raw.split(b"\r\n") if b"\r\n" in raw else raw.split(b"\n")


def _shuffle(chance: Random, raw: bytes) -> bytes:
    lines = _lines(raw)
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\r\n".join(lines)


def _double(chance: Random, raw: bytes) -> bytes:
    lines = _lines(raw)
    start = chance.randrange(len(lines))
    block = lines[start : start + chance.choice((1, 1, 3, 12))]
    times = chance.choice((1, 1, 2, 30, 600, 2100)) if len(block) == 1 else chance.choice((1, 2, 40))
    return b"\r\n".join([*lines[:start], *block * times, *lines[start:]])


def _fold(chance: Random, raw: bytes) -> bytes:
    ways = ((b"\r\n ", b"\r\n"), (b"\r\n", b"\n"), (b"\r\n", b"\r"), (b"\r\n ", b"\n\t "), (b"\r\n", b"\r\n\r\n"))
    if chance.random() < 0.4:
        return raw.replace(*chance.choice(ways))
    width = chance.choice((1, 2, 20, 75))
    return b"\r\n ".join(raw[at : at + width] for at in range(0, min(len(raw), 20_000), width)) + raw[20_000:]


def _grammar(chance: Random, raw: bytes) -> bytes:
    """Change one line as a property: its name, a parameter, its value."""
    lines = _lines(raw)
    at = chance.randrange(len(lines))
    head, _, value = lines[at].partition(b":")
    name, *params = head.split(b";")
    kind = chance.randrange(4)
    if kind == 0:
        name = chance.choice(_NAMES)
    elif kind == 1:
        params.insert(0, chance.choice(_PARAMS))
    elif kind == 2:
        value = chance.choice(_VALUES)
    else:
        lines.insert(at, chance.choice(_NAMES) + b":" + chance.choice(_VALUES))
        return b"\r\n".join(lines)
    lines[at] = b";".join([name, *params]) + b":" + value
    return b"\r\n".join(lines)


def _nest(chance: Random, raw: bytes) -> bytes:
    name, depth = chance.choice(_COMPONENTS), chance.choice((1, 2, 8, 40, 5000))
    lines = _lines(raw)
    at = chance.randrange(len(lines))
    inside = lines[at : at + 4] if chance.random() < 0.5 else []
    closed = [b"END:" + name] * (depth if chance.random() < 0.8 else depth - 1)
    return b"\r\n".join([*lines[:at], *[b"BEGIN:" + name] * depth, *inside, *closed, *lines[at + len(inside) :]])


def _in_xml(chance: Random, raw: bytes) -> bytes:
    at = chance.randrange(len(raw) + 1)
    return raw[:at] + chance.choice(_XML_PIECES) * chance.choice((1, 1, 1, 2, 70)) + raw[at:]


_NEXT_TO_TAGS = re.compile(rb"[<>\"]")


def _at_tag(chance: Random, raw: bytes) -> bytes:
    """Put something where a tag or a value begins or ends, so that the rest stays well-formed more often."""
    places = [found.end() for found in _NEXT_TO_TAGS.finditer(raw)]
    at = chance.choice(places) if places else 0
    return raw[:at] + chance.choice(_XML_PIECES + _PIECES) + raw[at:]


ANY: tuple[Mutation, ...] = (_flip, _cut, _cut_off, _insert, _repeat, _number)
TEXT: tuple[Mutation, ...] = (
    *ANY, _encode, _shuffle, _double, _fold, _grammar, _grammar, _grammar, _grammar, _nest, _number, _shuffle,
)  # fmt: skip
XML: tuple[Mutation, ...] = (_flip, _cut, _insert, _number, _in_xml, _at_tag, _at_tag, _at_tag, _encode, _cut_off)


def mutant(chance: Random, seeds: Sequence[bytes], mutations: Sequence[Mutation], most: int = 6) -> bytes:
    """One of the seeds, mutated a few times; now and then spliced with another one."""
    raw = chance.choice(seeds)
    if chance.random() < 0.15:
        raw = spliced(chance, raw, chance.choice(seeds))
    for _ in range(chance.randint(1, most)):
        raw = chance.choice(mutations)(chance, raw)[:LARGEST]
    return raw


def spliced(chance: Random, one: bytes, other: bytes) -> bytes:
    """Lines of one in the midst of the other."""
    lines, more = _lines(one), _lines(other)
    at, start = chance.randrange(len(lines) + 1), chance.randrange(len(more))
    return b"\r\n".join([*lines[:at], *more[start : start + chance.randint(1, 20)], *lines[at:]])
