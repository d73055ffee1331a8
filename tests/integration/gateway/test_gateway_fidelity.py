"""Whatever a program sends comes back octet for octet; and after one field was changed elsewhere all else is there.

The files are our own samples, and the corpora of other projects where these are at hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sync_engine import recurrence
from sync_engine.errors import ItemError
from sync_engine.formats import decode, parse, split
from sync_engine.item import Item
from sync_engine.merge import merge
from sync_engine.model import Contact, Record
from sync_engine.ports import Origin, Prefer
from tests.servers.gateway import Hub, Phone, running_hub

TESTS = Path(__file__).parents[2]
CORPORA = TESTS.parents[1] / "shared" / "corpora"
FILES = sorted(
    path
    for folder in (TESTS / "samples", CORPORA)
    if folder.is_dir()
    for path in folder.rglob("*")
    if path.suffix in (".ics", ".vcf")
)
CHANGED = "Changed elsewhere"
REASONS = re.compile(  # why a file is refused: a phone sends one event, task or card, and such as can be read
    r"holds (?:a journal entry|free/busy times|\d+ items)|holds no event and no task|is neither a vCard nor an iCal"
    r"|is not a date or time|it was cut off|is neither a property nor part of one|without a known FREQ"
    r"|different UIDs|text outside|more than one|neither a vCard nor an iCalendar text"
)
HEAD = re.compile(r'((?:[^":]|"[^"]*")*):(.*)')
ENCODED = re.compile("ENCODING|BASE64|QUOTED-PRINTABLE")
MEANT_OTHERWISE = {
    "blalor.ics": {"VEVENT EXDATE"},  # of an occurrence that is there all the same: it has an override
    "issue_351_whitespace_in_property_and_params.ics": {"VCALENDAR REFRESH - INTERVAL", "REFRESH - INTERVAL pt48h"},
}
NOT_UTF_8 = {"1106817412.ics"}  # kept as text, and then the answer to PUT has no entity tag


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with running_hub(Path(tmp_path_factory.mktemp("fidelity"))) as running:
        running.user("ada")
        running.collection("agenda", "event,task")
        running.collection("people", "contact")
        yield running


@pytest.fixture(scope="module")
def phone(hub: Hub) -> Phone:
    return hub.phone("ada")


def address(path: Path, number: int) -> str:
    home = "/dav/calendars/ada/agenda/" if path.suffix == ".ics" else "/dav/addressbooks/ada/people/"
    return f"{home}{FILES.index(path)}-{number}{path.suffix}"


@cache
def singles(path: Path) -> list[str]:
    """The first items of a file, each on its own, as a phone would send them."""
    try:
        return split(decode(path.read_bytes()))[:2]
    except ItemError:
        return []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_comes_back_octet_for_octet_or_is_refused_for_a_reason(phone: Phone, path: Path) -> None:
    octets = path.read_bytes()
    put = phone.put(address(path, 0), data=octets)
    if put.status_code == 403:
        with pytest.raises(ItemError, match=REASONS):
            read(decode(octets))
        return
    assert put.status_code == 201, put.text
    got = phone.get(address(path, 0))
    assert phone.delete(address(path, 0)).status_code == 204
    if path.name in NOT_UTF_8:
        assert ("etag" in put.headers, got.text) == (False, decode(octets))
        return
    assert got.content == octets
    assert got.headers["etag"] == put.headers["etag"]


def read(text: str) -> Record:
    """As the gateway reads it; raises `ItemError` with the reason of a refusal."""
    if len(split(text)) > 1:
        raise ItemError(f"holds {len(split(text))} items")
    record = parse(text, uid_if_missing="made")
    if not isinstance(record, Contact):
        recurrence.check(record)
    return record


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_after_one_field_was_changed_elsewhere_all_else_is_still_there(hub: Hub, phone: Phone, path: Path) -> None:
    for number, text in enumerate(singles(path), 1):
        put = phone.put(address(path, number), data=text.encode())
        if put.status_code != 201:
            continue
        change_elsewhere(hub, text)
        got = phone.get(address(path, number))
        assert got.headers["etag"] != put.headers["etag"]
        assert CHANGED in got.text
        assert lost(text, got.text) <= MEANT_OTHERWISE.get(path.name, set())
        assert phone.delete(address(path, number)).status_code == 204


def change_elsewhere(hub: Hub, text: str) -> None:
    """What a sync does with an edit of the title at the other end."""
    base = parse(text, uid_if_missing="made")
    with hub.database.begin() as unit:
        collection = 2 if isinstance(base, Contact) else 1
        (item,) = unit.changed_items(collection, unit.collection_seq(collection) - 1, 2)
        here = parse(unit.texts([item.revision_id])[item.revision_id], uid_if_missing=item.uid)
        merged = merge(here, here, edited(here), Prefer.HUB)
        assert merged.conflicts == ()
        unit.update_item(item.id, Item.of(merged.record), Origin("account other"))


def edited(record: Record) -> Record:
    if isinstance(record, Contact):
        return replace(record, full_name=CHANGED)
    changes: Any = {"overrides": tuple(replace(one, summary=CHANGED) for one in record.overrides)}
    if record.master:
        changes["master"] = replace(record.master, summary=CHANGED)
    return replace(record, **changes)


def lost(before: str, after: str) -> set[str]:
    """Properties, parameters and words of a text that are not in the other one, as simple as can be seen."""
    return seen(before) - seen(after)


def seen(text: str) -> set[str]:
    """Names of properties by component, and what their values are made of."""
    found: set[str] = set()
    inside: list[str] = []
    for line in re.sub(r"(\r\n|\r|\n)[ \t]", "", text).splitlines():
        cut = HEAD.match(line)
        head, value = (cut[1], cut[2]) if cut else (line, "")
        name = re.split("[;]", head.strip().upper())[0].rpartition(".")[2]
        if name == "BEGIN":
            inside.append(value.strip().upper())
        elif name == "END" and inside:
            inside.pop()
        elif name and value.strip() and name not in ("SUMMARY", "FN", "VERSION") and line.strip() != "SEQUENCE:0":
            found.add(f"{inside[-1] if inside else ''} {name}")
            found |= set() if ENCODED.search(head.upper()) else words(name, value)
    return found


def words(name: str, value: str) -> set[str]:
    plain = re.sub(r"\\[nN]", " ", value).replace("\\", "").lower()
    found = set(re.findall(r"\w{5,}", plain))
    return {f"{name} {word}" for word in found if not re.fullmatch(r"\d{8}t?\d*z?", word)}


@pytest.mark.parametrize("part", ["ATTACH", "X-ALT-DESC", "EXDATE", "RRULE:FREQ=WEEKLY", "RECURRENCE-ID", "X-WR"])
def test_the_witness_sees_what_is_missing(part: str) -> None:
    text = (TESTS / "samples" / "event_overrides_outlook.ics").read_bytes().decode().replace("\r\n ", "")
    without = "\r\n".join(line for line in text.split("\r\n") if part not in line)
    assert lost(text, without)
