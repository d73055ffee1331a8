"""What a connector says that will be kept of a record is what it reads of it afterwards, at both servers of Outlook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from demo.items import demo_items
from sync_engine.errors import ItemError, Unreadable
from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.model import Kind, Record, Task
from sync_engine.ports import Changed, RemoteRef, Write
from tests.integration.microsoft import exchange_desk, microsoft365_desk
from tests.integration.microsoft.microsoft365_desk import calendar_of
from tests.property import microsoft_records, records
from tests.property.series_drawn import with_occurrences
from tests.servers.microsoft.mailbox import Mailbox

SAMPLES = Path(__file__).parents[2] / "samples"
_NUMBERS = count()


@dataclass
class Outlook:
    """A connector, and a collection for each kind."""

    connector: Any
    places: dict[Kind, str]
    mailbox: Mailbox

    def touch(self) -> None:
        """The server gives every item another version, and changes nothing."""
        for item_id in list(self.mailbox.items):
            self.mailbox.touch(item_id)

    def versions(self) -> dict[str, str]:
        """Of all items: whoever writes one changes its version."""
        return {item.id: item.change_key for item in self.mailbox.items.values()}

    def write(self, kind: Kind, writes: Sequence[Write]) -> list[Any]:
        """As the engine does: as many at once as may be."""
        most = self.connector.most_writes
        parts = [writes[n : n + most] for n in range(0, len(writes), most)]
        return [answer for part in parts for answer in self.connector.write(self.places[kind], part)]

    def read(self, kind: Kind, refs: Sequence[RemoteRef]) -> dict[str, Record]:
        """What is there, by id."""
        found = self.connector.fetch(self.places[kind], [ref.id for ref in refs])
        return {one.ref.id: one.item.record for one in found if isinstance(one, Changed)}


@contextmanager
def exchange() -> Iterator[Outlook]:
    with exchange_desk.desk_of_ada() as desk:
        yield Outlook(desk.connector, {kind: desk.place(kind) for kind in Kind}, desk.ada)


@contextmanager
def microsoft365() -> Iterator[Outlook]:
    with microsoft365_desk.desk_of_ada() as desk:
        places = {Kind.CONTACT: desk.contacts(), Kind.EVENT: desk.calendar(), Kind.TASK: desk.tasks()}
        yield Outlook(desk.connector, places, desk.ada)


@pytest.fixture(scope="module", params=[exchange, microsoft365], ids=["exchange", "microsoft365"])
def outlook(request: pytest.FixtureRequest) -> Iterator[Outlook]:
    made: Callable[[], Any] = request.param
    with made() as found:
        yield found


def check(outlook: Outlook, kind: Kind, these: Sequence[Record]) -> Counter[str]:
    """Create, look, change to the next one, look; tells how many of each outcome."""
    items = [Item.of(with_uid(one, f"kept-{next(_NUMBERS)}")) for one in these]
    made = outlook.write(kind, [Write(None, item, key=f"key-{item.uid}") for item in items])
    told = _compared(outlook, kind, items, made)
    there = [(item, ref) for item, ref in zip(items, made, strict=True) if isinstance(ref, RemoteRef)]
    others = [Item.of(with_uid(there[n - 1][0].record, item.uid)) for n, (item, _) in enumerate(there)]
    read = outlook.read(kind, [ref for _, ref in there])
    bases = [Item.of(with_uid(read[ref.id], item.uid)) for item, ref in there]
    writes = [Write(ref, other, base) for (_, ref), other, base in zip(there, others, bases, strict=True)]
    return told + _compared(outlook, kind, others, outlook.write(kind, writes))


def _compared(outlook: Outlook, kind: Kind, items: Sequence[Item], answers: Sequence[Any]) -> Counter[str]:
    told: Counter[str] = Counter()
    read = outlook.read(kind, [answer for answer in answers if isinstance(answer, RemoteRef)])
    for item, answer in zip(items, answers, strict=True):
        kept = outlook.connector.kept(item.record)
        if isinstance(answer, RemoteRef):
            assert kept is not None, item.text
            there = with_uid(_without_stamp(read[answer.id], kept), item.uid)
            assert not differences(kept, there), (differences(kept, there), item.text)
            assert kept == there
            told["written"] += 1
        else:
            assert isinstance(answer, ItemError), answer
            told["refused"] += 1
    return told


def _without_stamp(read: Record, kept: Record) -> Record:
    """When a task was done, where nobody said it, is the server's word."""
    if not isinstance(read, Task) or not isinstance(kept, Task) or not read.master or not kept.master:
        return read
    return replace(read, master=replace(read.master, completed=kept.master.completed)) if _unsaid(kept) else read


def _unsaid(task: Task) -> bool:
    return task.master is not None and task.master.status == "COMPLETED" and task.master.completed is None


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Which fields differ: what a record says is long."""
    if not is_dataclass(one) or type(one) is not type(other):
        return [] if one == other else [f"{where}: {one!r} is not {other!r}"]
    names = [one.name for one in fields(one) if one.compare]
    return [told for name in names for told in differences(getattr(one, name), getattr(other, name), f"{where}.{name}")]


def _samples() -> Iterator[Record]:
    for path in sorted(SAMPLES.glob("*.[vi]c[fs]")):
        for part in _parts(path.read_text(encoding="utf-8", errors="replace")):
            try:
                yield Item.read(part, uid_if_missing="none").record
            except Unreadable:
                continue


def _parts(text: str) -> list[str]:
    """A file may have several cards."""
    cards = text.split("BEGIN:VCARD")[1:]
    return [f"BEGIN:VCARD{card}" for card in cards] or [text]


@pytest.mark.parametrize("kind", list(Kind))
def test_r20_of_the_items_of_programs_what_is_read_is_what_was_said(outlook: Outlook, kind: Kind) -> None:
    demo = [Item.read(one.text).record for one in demo_items(contacts=12, events=24, tasks=8)]
    these = [one for one in [*demo, *_samples()] if Item.of(one).kind is kind]
    told = check(outlook, kind, these)
    assert told["written"] > 1.8 * len(these), told


@pytest.mark.parametrize("start", ["20260301T090000", "20260303T090000Z"])
def test_r20_an_occurrence_of_a_series_that_ends_in_another_zone_is_read_as_it_was_said(
    outlook: Outlook, start: str
) -> None:
    own = "DTSTART:20260301T090000\r\nDTEND:20260303T090000Z\r\nRRULE:FREQ=DAILY\r\nSUMMARY:Flight\r\n"
    changed = f"RECURRENCE-ID:20260301T090000\r\nDTSTART:{start}\r\nDTEND:20260303T090000Z\r\nSUMMARY:Late flight\r\n"
    told = check(outlook, Kind.EVENT, [calendar_of("flight", own, changed).record])
    assert told == {"written": 2}


_DRAWN = {
    Kind.CONTACT: microsoft_records.contacts() | records.contacts,
    Kind.EVENT: microsoft_records.events().flatmap(with_occurrences) | records.events,
    Kind.TASK: microsoft_records.tasks() | records.tasks,
}


@pytest.mark.parametrize("kind", list(Kind))
@settings(max_examples=2, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_r20_of_any_record_what_is_read_is_what_was_said(outlook: Outlook, kind: Kind, data: st.DataObject) -> None:
    drawn = data.draw(st.lists(_DRAWN[kind], min_size=15, max_size=15))
    check(outlook, kind, [Item.read(Item.of(one).text).record for one in drawn])
