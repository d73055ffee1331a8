"""The laws of the formats, for whatever text there may be."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from sync_engine.errors import Rejected, Unreadable
from sync_engine.formats import decode, parse, render, split
from sync_engine.limits import check
from sync_engine.model import Contact

SAMPLES = Path(__file__).parents[1] / "samples"
TEXTS = [decode(path.read_bytes()) for path in sorted(SAMPLES.glob("*.*")) if "export" not in path.name]

# ruff: noqa: SIM905 - a list literal of words fills the screen
NAMES = """FN N NICKNAME ORG TITLE ROLE EMAIL TEL ADR URL IMPP BDAY NOTE CATEGORIES PHOTO KIND UID REV PRODID
VERSION KEY X-Foo X-ABLabel AGENT DTSTART DTEND DUE DURATION SUMMARY LOCATION STATUS CLASS ORGANIZER ATTENDEE
RRULE RDATE EXDATE ATTACH SEQUENCE DTSTAMP RECURRENCE-ID PERCENT-COMPLETE COMPLETED TRANSP BEGIN END""".split()
PARAMS = """TYPE=home|TYPE=pref,cell|PREF=1|PREF=2|HOME|QUOTED-PRINTABLE|ENCODING=b|BASE64|CHARSET=latin-1|VALUE=uri
VALUE=DATE|VALUE=PERIOD|TZID=Europe/Berlin|TZID="A, B"|TZID=|CN="a;b:c,d"|CN=a^nb^^^'|CN=""|X-P|LANGUAGE=de
RANGE=THISANDFUTURE|MEDIATYPE=image/gif|TYPE=jpeg|ALTID=1|B\"""".replace("\n", "|").split("|")
WORDS = """20260101|20260101T090000|20260101T090000Z|20260101T090000Z/PT1H|FREQ=DAILY;COUNT=2|VCARD|VALARM|VEVENT|group
data:image/png;base64,AAAA|http://a.example/,;|mailto:a@b|1|a=3Db=|4.0|;;a,b;;""".replace("\n", "|").split("|")
VALUES = st.one_of(st.text(max_size=30), st.text(alphabet='\\;,:nN^"= aä', max_size=15), st.sampled_from(WORDS))
LINES = st.builds(
    lambda group, name, params, value: f"{group}{name}{''.join(';' + one for one in params)}:{value}",
    st.sampled_from(["", "", "", "item1.", "Item1.", "item2."]),
    st.sampled_from(NAMES),
    st.lists(st.sampled_from(PARAMS), max_size=3),
    VALUES,
)


def wrapped(kind: str, version: str, lines: list[str]) -> str:
    head = {"VCARD": f"BEGIN:VCARD\r\nVERSION:{version}\r\n"}.get(kind, f"BEGIN:VCALENDAR\r\nBEGIN:{kind}\r\n")
    tail = {"VCARD": "END:VCARD\r\n"}.get(kind, f"END:{kind}\r\nEND:VCALENDAR\r\n")
    return head + "".join(f"{line}\r\n" for line in lines) + tail


ITEMS = st.builds(
    wrapped,
    st.sampled_from(["VCARD", "VCARD", "VEVENT", "VTODO"]),
    st.sampled_from(["2.1", "3.0", "4.0"]),
    st.lists(LINES, max_size=8),
)


@settings(max_examples=400, deadline=None)
@given(ITEMS)
def test_what_is_written_is_read_as_the_same_record(text: str) -> None:
    try:
        record = parse(text, uid_if_missing="made")
    except Unreadable:
        return
    again = parse(render(record), uid_if_missing="made")
    assert again == record
    assert render(parse(render(again))) == render(again)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.text(), st.builds("".join, st.lists(st.one_of(LINES, st.sampled_from('\r\n \t:;"=\\')), max_size=12)))
)
def test_no_text_makes_any_other_error(text: str) -> None:
    for one in [text, *split(text)]:
        try:
            parse(one)
        except Unreadable as error:
            message = str(error)
            assert message.endswith(".")
    try:
        check(text)
    except Rejected:
        return


@settings(max_examples=200, deadline=None)
@given(
    st.binary(), st.one_of(st.none(), st.text(max_size=12), st.sampled_from(["utf-16", "zlib", "idna", "hex", "utf-7"]))
)
def test_any_octets_become_text(raw: bytes, charset: str | None) -> None:
    assert isinstance(decode(raw, charset), str)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([text for text in TEXTS if "PRINTABLE" not in text]), st.integers(0, 2**32), st.integers(1, 60))
def test_order_case_and_folding_are_no_differences(text: str, seed: int, width: int) -> None:
    shuffled = reordered(text.replace("\r\n", "\n"), random.Random(seed))
    folded = "\n".join("\n ".join(line[at : at + width] for at in range(0, len(line), width)) for line in shuffled)
    assert parse(folded) == parse(text)


def reordered(text: str, chance: random.Random) -> list[str]:
    """The same lines in another order, each in its component, with names in lower case."""
    result: list[str] = []
    pending: list[str] = []
    for line in text.replace("\n ", "").split("\n"):
        if line.startswith(("BEGIN:", "END:")):
            chance.shuffle(pending)
            result += [*pending, line]
            pending = []
        elif line:
            name, colon, value = line.partition(":")
            keep = '"' in name or name.startswith(("X-", "item"))
            pending.append(line if keep or ";" in name else f"{name.lower()}{colon}{value}")
    return result


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(TEXTS), st.data())
def test_a_text_with_any_part_cut_out_is_read_or_refused(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    try:
        record = parse(text[:start] + text[end:], uid_if_missing="made")
    except Unreadable:
        return
    assert parse(render(record)) == record


def test_the_samples_are_of_all_kinds() -> None:
    kinds = {type(parse(text)).__name__ for text in TEXTS}
    assert kinds == {"Contact", "Event", "Task"}
    assert isinstance(parse(TEXTS[0]), Contact)
